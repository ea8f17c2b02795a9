//! Why something failed, for a person, in one line: each address that was tried, and what it said.

use libp2p::core::transport::TransportError;
use libp2p::swarm::{ConnectionError, DialError};
use libp2p::Multiaddr;

use super::addresses::without_peer;

/// Above the list of the errors of one address, which may be one alone, and stand within another list.
const LIST_TITLE: &str = "Multiple dial errors occurred:";
const LIST_BULLET: &str = "\n - ";

/// An error and what caused it, without what only repeats the one before.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = in_one_line(&error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = in_one_line(&error.to_string());
        if text.is_empty() {
            text = next;
        } else if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

fn in_one_line(said: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in said.split(LIST_TITLE).flat_map(|list| list.split(LIST_BULLET)).map(str::trim) {
        if !part.is_empty() && !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join(", ")
}

/// None: this node closed it.
pub fn closed(cause: Option<&ConnectionError>) -> String {
    let error = match cause {
        None => return "closed by this node".to_string(),
        Some(ConnectionError::KeepAliveTimeout) => return "nobody had a use for it".to_string(),
        Some(ConnectionError::IO(error)) => error,
    };
    let said = chain(error);
    let lower = said.to_lowercase();
    let means = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // Errors of errors: their kinds are lost on the way here, their words are not.
    if means(&["connection is closed", "closed by peer", "aborted by peer", "broken pipe"]) {
        return "closed by the peer".to_string();
    }
    if means(&["reset by peer", "connection abort", "connection reset"]) {
        return "cut off by the peer or on the way to it".to_string();
    }
    if means(&["timed out"]) {
        return "nothing more was heard of the peer".to_string();
    }
    if means(&["unexpected end of file", "early eof"]) {
        return "the peer went without closing it".to_string();
    }
    format!("the connection failed: {said}")
}

pub fn dial(error: &DialError) -> String {
    match error {
        DialError::Transport(attempts) => attempts.iter().map(attempt).collect::<Vec<_>>().join("; "),
        DialError::NoAddresses => "no address of the peer is known".to_string(),
        DialError::WrongPeerId { obtained, address } => {
            format!("{}: another peer is there, {obtained}", without_peer(address.clone()))
        }
        DialError::LocalPeerId { .. } => "it is this node itself".to_string(),
        DialError::Aborted => "the attempt was ended".to_string(),
        DialError::Denied { cause } => format!("refused here: {}", chain(cause)),
        other => chain(other),
    }
}

/// Two peers that dial each other at the same time, each from the port at which it listens, get one connection between
/// them, on which both begin and none answers.
pub fn dialled_at_once(error: &DialError) -> bool {
    let DialError::Transport(attempts) = error else { return false };
    attempts.iter().any(|one| attempt(one).contains("got ClientHello when expecting"))
}

fn attempt((address, error): &(Multiaddr, TransportError<std::io::Error>)) -> String {
    let why = match error {
        TransportError::MultiaddrNotSupported(_) => "this node has no transport for such an address".to_string(),
        TransportError::Other(error) => chain(error),
    };
    format!("{}: {why}", without_peer(address.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    #[test]
    fn says_in_one_line_what_each_address_answered() {
        let peer = "/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";
        let refused = io::Error::other("Multiple dial errors occurred:\n - \n - Connection refused\n - Connection refused");
        let error = DialError::Transport(vec![
            (address(&format!("/ip4/127.0.0.1/tcp/1{peer}")), TransportError::Other(refused)),
            (address("/ip4/127.0.0.1/sctp/1"), TransportError::MultiaddrNotSupported(address("/ip4/127.0.0.1/sctp/1"))),
        ]);
        assert_eq!(
            dial(&error),
            "/ip4/127.0.0.1/tcp/1: Connection refused; \
             /ip4/127.0.0.1/sctp/1: this node has no transport for such an address"
        );
    }

    #[test]
    fn knows_when_both_have_dialled() {
        let tcp = || address("/ip4/127.0.0.1/tcp/1");
        let said = "received unexpected handshake message: got ClientHello when expecting ServerHello";
        let head_on = |text| DialError::Transport(vec![(tcp(), TransportError::Other(io::Error::other(text)))]);
        assert!(dialled_at_once(&head_on(said)));
        assert!(!dialled_at_once(&head_on("Connection refused")));
        assert!(!dialled_at_once(&DialError::NoAddresses));
    }

    #[test]
    fn keeps_the_relay_of_an_address() {
        let relay = "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit";
        let error = DialError::Transport(vec![(address(relay), TransportError::Other(io::Error::other("no reservation")))]);
        assert_eq!(dial(&error), format!("{relay}: no reservation"));
    }
}
