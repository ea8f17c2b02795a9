//! Noise or TLS, whichever the two sides agree on; Noise first. A host may offer one of them only.

use std::future::Future;
use std::pin::Pin;

use futures::future::Either as EitherIo;
use futures::{AsyncRead, AsyncWrite};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use libp2p::{identity, noise, tls, PeerId};

use super::config::SecurityChoice;
use super::reasons;

#[derive(Clone)]
pub struct Security {
    noise: noise::Config,
    tls: tls::Config,
    choice: SecurityChoice,
}

type Secured<C> = EitherIo<noise::Output<C>, tls::TlsStream<C>>;
type Upgrading<C> = Pin<Box<dyn Future<Output = Result<(PeerId, Secured<C>), std::io::Error>> + Send>>;

impl Security {
    pub fn new(key: &identity::Keypair, choice: SecurityChoice) -> Result<Security, String> {
        Ok(Security {
            noise: noise::Config::new(key).map_err(|error| reasons::chain(&error))?,
            tls: tls::Config::new(key).map_err(|error| reasons::chain(&error))?,
            choice,
        })
    }

    fn noise_name(&self) -> &'static str {
        self.noise.protocol_info().next().unwrap_or("")
    }
}

impl UpgradeInfo for Security {
    type Info = &'static str;
    type InfoIter = std::vec::IntoIter<&'static str>;

    fn protocol_info(&self) -> Self::InfoIter {
        let noise = self.noise.protocol_info().filter(|_| self.choice != SecurityChoice::Tls);
        let tls = self.tls.protocol_info().filter(|_| self.choice != SecurityChoice::Noise);
        noise.chain(tls).collect::<Vec<_>>().into_iter()
    }
}

impl<C> InboundConnectionUpgrade<C> for Security
where
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    type Output = (PeerId, Secured<C>);
    type Error = std::io::Error;
    type Future = Upgrading<C>;

    fn upgrade_inbound(self, socket: C, name: &'static str) -> Upgrading<C> {
        Box::pin(async move {
            if name == self.noise_name() {
                let done = self.noise.upgrade_inbound(socket, name).await.map_err(std::io::Error::other)?;
                return Ok((done.0, EitherIo::Left(done.1)));
            }
            let done = self.tls.upgrade_inbound(socket, name).await.map_err(std::io::Error::other)?;
            Ok((done.0, EitherIo::Right(done.1)))
        })
    }
}

impl<C> OutboundConnectionUpgrade<C> for Security
where
    C: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    type Output = (PeerId, Secured<C>);
    type Error = std::io::Error;
    type Future = Upgrading<C>;

    fn upgrade_outbound(self, socket: C, name: &'static str) -> Upgrading<C> {
        Box::pin(async move {
            if name == self.noise_name() {
                let done = self.noise.upgrade_outbound(socket, name).await.map_err(std::io::Error::other)?;
                return Ok((done.0, EitherIo::Left(done.1)));
            }
            let done = self.tls.upgrade_outbound(socket, name).await.map_err(std::io::Error::other)?;
            Ok((done.0, EitherIo::Right(done.1)))
        })
    }
}
