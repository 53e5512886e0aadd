//! Callback URLs: which ones are the same, which host they call, and which parts may be shown.

use std::{error::Error, fmt, str::FromStr};

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// A callback URL without user, password, query and fragment, which may hold secrets: fit to be shown.
pub fn shown_url(url: &str) -> String {
    let Ok(mut shown) = Url::parse(url) else { return "(not a URL)".to_owned() };
    if shown.cannot_be_a_base() {
        return format!("{}:…", shown.scheme());
    }
    let more = if shown.query().is_some() { "?…" } else { "" };
    // These fail only for URLs without a host, which have neither a user nor a password.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(None);
    shown.set_fragment(None);
    format!("{shown}{more}")
}

/// Whether two callback URLs lead to the same place. A server may return a URL in another form: with a slash at the end, with or
/// without the default port, or with other characters percent-encoded. Fragments are ignored, since they are never sent.
pub fn same_url(one: &str, other: &str) -> bool {
    one == other || Destination::of(one).is_some_and(|one| Some(one) == Destination::of(other))
}

#[derive(PartialEq)]
struct Destination {
    scheme: String,
    user: (Vec<u8>, Vec<u8>),
    host: CallbackHost,
    path: Vec<Vec<u8>>,
    query: Vec<(String, String)>,
}

impl Destination {
    fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let decoded = |text: &str| percent_decode_str(text).collect::<Vec<_>>();
        Some(Self {
            scheme: url.scheme().to_owned(),
            user: (decoded(url.username()), decoded(url.password().unwrap_or_default())),
            host: CallbackHost::of_url(&url)?,
            path: url.path().trim_end_matches('/').split('/').map(decoded).collect(),
            query: url.query_pairs().into_owned().collect(),
        })
    }
}

/// A host that callbacks go to, on one port or on any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackHost {
    host: Host<String>,
    port: Option<u16>,
}

/// A text that is not a [`CallbackHost`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAHost;

impl fmt::Display for NotAHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a host such as example.com or example.com:8443")
    }
}

impl Error for NotAHost {}

impl CallbackHost {
    /// The host that a callback URL calls, on its port: `None` if the text is not a URL with a host.
    pub fn of(url: &str) -> Option<Self> {
        Self::of_url(&Url::parse(url).ok()?)
    }

    fn of_url(url: &Url) -> Option<Self> {
        Some(Self { host: url.host()?.to_owned(), port: url.port_or_known_default() })
    }

    /// Whether a callback URL calls this host.
    pub fn is_called_by(&self, url: &str) -> bool {
        Self::of(url)
            .is_some_and(|called| called.host == self.host && (self.port.is_none() || called.port == self.port))
    }
}

/// Reads `example.com` as the host on any port, and `example.com:8443` as the host on one port.
impl FromStr for CallbackHost {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let (host, port) = match text.rsplit_once(':') {
            // The colons within an IPv6 address, which is in brackets, do not begin a port.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_| NotAHost)?)),
            _ => (text, None),
        };
        Ok(Self { host: Host::parse(host).map_err(|_| NotAHost)?, port })
    }
}

impl fmt::Display for CallbackHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}
