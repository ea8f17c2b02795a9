//! TLS 1.3 of libp2p, with the ciphers in this machine's order of speed.
//!
//! The library's own upgrade prefers ChaCha20, which takes three times as long as AES where the
//! processor has instructions for it. Certificates are made, read and checked by the library.

use std::net::Ipv4Addr;
use std::sync::Arc;

use futures::{AsyncRead, AsyncWrite};
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use libp2p::identity::Keypair;
use libp2p::tls::certificate;
use libp2p::PeerId;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{self, cipher_suite};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};

use super::tls_certificates::OfPeers;

pub const NAME: &str = "/tls/1.0.0";

#[derive(Clone)]
pub struct Tls {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

/// Ciphers of which the first that the other side has as well is taken.
fn provider() -> CryptoProvider {
    let aes = [cipher_suite::TLS13_AES_128_GCM_SHA256, cipher_suite::TLS13_AES_256_GCM_SHA384];
    let chacha = [cipher_suite::TLS13_CHACHA20_POLY1305_SHA256];
    let cipher_suites = match has_aes() {
        true => [&aes[..], &chacha].concat(),
        false => [&chacha[..], &aes].concat(),
    };
    CryptoProvider { cipher_suites, ..aws_lc_rs::default_provider() }
}

fn has_aes() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

impl Tls {
    pub fn new(key: &Keypair) -> Result<Tls, Box<dyn std::error::Error>> {
        // Of the library's settings, all but the order of the ciphers.
        let theirs_client = libp2p::tls::make_client_config(key, None)?;
        let theirs_server = libp2p::tls::make_server_config(key)?;
        let provider = Arc::new(provider());
        let mut client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(OfPeers))
            .with_client_cert_resolver(theirs_client.client_auth_cert_resolver.clone());
        client.alpn_protocols = theirs_client.alpn_protocols;
        // Each connection shows anew who the peer is.
        client.resumption = Resumption::disabled();
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::new(OfPeers))
            .with_cert_resolver(theirs_server.cert_resolver.clone());
        server.alpn_protocols = theirs_server.alpn_protocols;
        server.send_tls13_tickets = 0;
        Ok(Tls { client: Arc::new(client), server: Arc::new(server) })
    }

    pub async fn accept<C>(self, socket: C) -> std::io::Result<(PeerId, TlsStream<C>)>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        with_peer(TlsAcceptor::from(self.server).accept(socket).await?.into())
    }

    pub async fn connect<C>(self, socket: C) -> std::io::Result<(PeerId, TlsStream<C>)>
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        // An address in place of a name, so that none is sent.
        let nobody = ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into());
        with_peer(TlsConnector::from(self.client).connect(nobody, socket).await?.into())
    }
}

fn with_peer<C>(stream: TlsStream<C>) -> std::io::Result<(PeerId, TlsStream<C>)> {
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let [only] = certificates else {
        return Err(std::io::Error::other("the peer showed no certificate"));
    };
    let peer = certificate::parse(only).map_err(std::io::Error::other)?.peer_id();
    Ok((peer, stream))
}
