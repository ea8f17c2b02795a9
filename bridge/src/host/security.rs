//! TLS or Noise, whichever the two sides agree on; TLS first, whose ciphers the processor may help
//! with. A host may offer one of them only.

use std::future::Future;
use std::pin::Pin;

use futures::future::Either as EitherIo;
use futures::{AsyncRead, AsyncWrite};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use libp2p::{identity, noise, PeerId};

use super::config::SecurityChoice;
use super::piping::Gather;
use super::reasons;
use super::tls::{self, Tls};

#[derive(Clone)]
pub struct Security {
    noise: noise::Config,
    tls: Tls,
    choice: SecurityChoice,
}

type Secured<C> = EitherIo<noise::Output<C>, Gather<futures_rustls::TlsStream<C>>>;
type Upgrading<C> = Pin<Box<dyn Future<Output = Result<(PeerId, Secured<C>), std::io::Error>> + Send>>;

impl Security {
    pub fn new(key: &identity::Keypair, choice: SecurityChoice) -> Result<Security, String> {
        Ok(Security {
            noise: noise::Config::new(key).map_err(|error| reasons::chain(&error))?,
            tls: Tls::new(key).map_err(|error| reasons::chain(error.as_ref()))?,
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
        let tls = std::iter::once(tls::NAME).filter(|_| self.choice != SecurityChoice::Noise);
        let noise = self.noise.protocol_info().filter(|_| self.choice != SecurityChoice::Tls);
        tls.chain(noise).collect::<Vec<_>>().into_iter()
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
            let (peer, stream) = self.tls.accept(socket).await?;
            Ok((peer, EitherIo::Right(Gather::new(stream))))
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
            let (peer, stream) = self.tls.connect(socket).await?;
            Ok((peer, EitherIo::Right(Gather::new(stream))))
        })
    }
}
