//! Why something failed, for a person: each address that was tried, and what it said.

use libp2p::swarm::DialError;

/// An error and what caused it, without what only repeats the one before.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

pub fn dial(error: &DialError) -> String {
    match error {
        DialError::Transport(attempts) => attempts
            .iter()
            .map(|(address, error)| format!("{address}: {}", chain(error)))
            .collect::<Vec<_>>()
            .join("; "),
        DialError::NoAddresses => "no address of the peer is known".to_string(),
        DialError::WrongPeerId { obtained, address } => format!("{address}: another peer is there, {obtained}"),
        DialError::Denied { cause } => format!("refused here: {}", chain(cause)),
        other => chain(other),
    }
}
