//! Who may see the page. A name that somebody else's DNS server points at this machine would make a browser take his page for
//! ours and let it read bodies, so every request has to name this server as its host, and as its origin where it has one.

use axum::http::{HeaderMap, Uri, header};

/// The names of this machine.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];
/// The port that a host without one means.
const DEFAULT_PORT: u16 = 80;

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    /// It is for another host, or does not say for which.
    Host,
    /// A page of another origin has sent it.
    Origin,
}

/// Checks that a request is for this server, and that no page of another origin has sent it.
pub(super) fn check(uri: &Uri, headers: &HeaderMap, port: u16) -> Result<(), Stranger> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Stranger::Host) };
    let of_uri = uri.authority().is_none_or(|authority| is_here(authority.as_str(), port));
    if !of_uri || !host.to_str().is_ok_and(|host| is_here(host, port)) {
        return Err(Stranger::Host);
    }
    let is_ours = |origin: &str| origin.strip_prefix("http://").is_some_and(|host| is_here(host, port));
    if headers.get_all(header::ORIGIN).iter().all(|origin| origin.to_str().is_ok_and(is_ours)) {
        Ok(())
    } else {
        Err(Stranger::Origin)
    }
}

fn is_here(host: &str, port: u16) -> bool {
    NAMES.iter().any(|name| match host.to_ascii_lowercase().strip_prefix(name) {
        Some("") => port == DEFAULT_PORT,
        Some(rest) => rest.strip_prefix(':') == Some(&*port.to_string()),
        None => false,
    })
}
