//! Why something failed, for a person: each address that was tried, and what it said.

use libp2p::swarm::{ConnectionError, DialError};

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
