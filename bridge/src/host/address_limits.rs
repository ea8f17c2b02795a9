//! How many inbound connections one address and one subnet have, and may have.
//!
//! An address is an IPv4 address or an IPv6 /64, a subnet an IPv4 /24 or an IPv6 /48. Subnets of
//! private networks are not counted: there many nodes of one owner share one. Loopback is not
//! counted at all, unless asked for.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy)]
pub struct AddressLimits {
    pub of_address_max: u32,
    pub of_subnet_max: u32,
    pub counts_loopback: bool,
}

/// What a connection is counted as; none: it is not.
#[derive(Default)]
pub struct Place {
    address: Option<IpAddr>,
    subnet: Option<IpAddr>,
}

pub struct AddressCounts {
    limits: AddressLimits,
    addresses: HashMap<IpAddr, u32>,
    subnets: HashMap<IpAddr, u32>,
}

fn masked(ip: IpAddr, bits_4: u32, bits_6: u32) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & (u32::MAX << (32 - bits_4))).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - bits_6))).into(),
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback(),
    }
}

fn is_full(counts: &HashMap<IpAddr, u32>, of: Option<IpAddr>, max: u32) -> bool {
    of.is_some_and(|ip| counts.get(&ip).copied().unwrap_or(0) >= max)
}

fn leave(counts: &mut HashMap<IpAddr, u32>, of: Option<IpAddr>) {
    let Some(ip) = of else { return };
    if let Some(count) = counts.get_mut(&ip) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&ip);
        }
    }
}

impl AddressCounts {
    pub fn new(limits: AddressLimits) -> AddressCounts {
        AddressCounts { limits, addresses: HashMap::new(), subnets: HashMap::new() }
    }

    /// Counts it until it leaves. Err: what is too much.
    pub fn admit(&mut self, ip: IpAddr) -> Result<Place, String> {
        let ip = ip.to_canonical();
        if ip.is_loopback() && !self.limits.counts_loopback {
            return Ok(Place::default());
        }
        let place = Place {
            address: Some(masked(ip, 32, 64)),
            subnet: (!is_private(ip)).then(|| masked(ip, 24, 48)),
        };
        let AddressLimits { of_address_max, of_subnet_max, .. } = self.limits;
        if is_full(&self.addresses, place.address, of_address_max) {
            return Err(format!("more than {of_address_max} connections from one address"));
        }
        if is_full(&self.subnets, place.subnet, of_subnet_max) {
            return Err(format!("more than {of_subnet_max} connections from one subnet"));
        }
        place.address.map(|ip| *self.addresses.entry(ip).or_default() += 1);
        place.subnet.map(|ip| *self.subnets.entry(ip).or_default() += 1);
        Ok(place)
    }

    pub fn leave(&mut self, place: &Place) {
        leave(&mut self.addresses, place.address);
        leave(&mut self.subnets, place.subnet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> AddressCounts {
        AddressCounts::new(AddressLimits { of_address_max: 2, of_subnet_max: 3, counts_loopback: false })
    }

    fn admit(counts: &mut AddressCounts, ip: &str) -> Result<Place, String> {
        counts.admit(ip.parse().unwrap())
    }

    #[test]
    fn holds_addresses_and_subnets_to_their_limits_until_one_leaves() {
        for [a, b, c, elsewhere] in [
            ["1.2.3.4", "1.2.3.5", "1.2.3.6", "1.2.4.4"],
            ["2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:2:1::1"],
        ] {
            let mut counts = counts();
            let first = admit(&mut counts, a).unwrap();
            admit(&mut counts, a).unwrap();
            assert!(admit(&mut counts, a).is_err_and(|why| why.contains("2 connections from one address")));
            admit(&mut counts, b).unwrap();
            assert!(admit(&mut counts, c).is_err_and(|why| why.contains("3 connections from one subnet")));
            admit(&mut counts, elsewhere).unwrap();
            counts.leave(&first);
            admit(&mut counts, c).unwrap();
        }
    }

    #[test]
    fn takes_an_ipv6_64_for_one_address() {
        let mut counts = counts();
        admit(&mut counts, "2001:db8:1:1::1").unwrap();
        admit(&mut counts, "2001:db8:1:1::2").unwrap();
        assert!(admit(&mut counts, "2001:db8:1:1:ffff::3").is_err());
        assert!(admit(&mut counts, "::ffff:1.2.3.4").is_ok());
        assert!(counts.addresses.contains_key(&"1.2.3.4".parse::<IpAddr>().unwrap()));
    }

    #[test]
    fn counts_no_loopback_and_no_subnet_of_a_private_network() {
        let mut counts = counts();
        for i in 0..10 {
            admit(&mut counts, "127.0.0.1").unwrap();
            admit(&mut counts, &format!("192.168.1.{i}")).unwrap();
            admit(&mut counts, &format!("fd00:0:0:{i}::1")).unwrap();
        }
        admit(&mut counts, "192.168.1.1").unwrap();
        assert!(admit(&mut counts, "192.168.1.1").is_err());
        assert!(counts.subnets.is_empty());
    }

    #[test]
    fn forgets_what_has_left() {
        let mut counts = counts();
        let place = admit(&mut counts, "1.2.3.4").unwrap();
        counts.leave(&place);
        assert!(counts.addresses.is_empty() && counts.subnets.is_empty());
    }
}
