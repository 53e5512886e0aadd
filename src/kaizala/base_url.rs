//! The base URL of the API, to which the paths of calls are appended.

use std::{fmt, str::FromStr};

use http::{Uri, uri::Scheme};
use serde::{Deserialize, Serialize};

/// The beginning of all documented paths. Kaizala returns URLs without it, but people may paste URLs with it.
const VERSION: &str = "/v1";

const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The base URL of an API, without a slash at the end. It is https or on this machine, because secrets are sent there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl(String);

/// Why a text is not a [`BaseUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseUrlError {
    /// It is not an absolute URL, or it has a query.
    NotAUrl,
    /// It is neither https nor on this machine.
    NotHttps,
}

impl fmt::Display for BaseUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "is not a URL like https://api.kaiza.la",
            Self::NotHttps => "is not https, and secrets would travel in the open",
        })
    }
}

impl std::error::Error for BaseUrlError {}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        let uri: Uri = text.trim().parse().map_err(|_| BaseUrlError::NotAUrl)?;
        let (Some(scheme), Some(authority), None) = (uri.scheme(), uri.authority(), uri.query()) else {
            return Err(BaseUrlError::NotAUrl);
        };
        let is_local = *scheme == Scheme::HTTP && LOOPBACK_HOSTS.contains(&authority.host());
        if *scheme != Scheme::HTTPS && !is_local {
            return Err(BaseUrlError::NotHttps);
        }
        let path = uri.path().trim_end_matches('/');
        let path = path.strip_suffix(VERSION).unwrap_or(path).trim_end_matches('/');
        Ok(Self(format!("{scheme}://{authority}{path}")))
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = BaseUrlError;

    fn try_from(text: String) -> Result<Self, BaseUrlError> {
        text.parse()
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl BaseUrl {
    /// The URL of Kaizala's own API, by Microsoft's documentation.
    pub const KAIZALA: &str = "https://api.kaiza.la";

    /// The URL of a call.
    pub(super) fn join(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.0)
    }

    /// The base URL that the header `Location` names in a redirection of a call to `path_and_query`. By Microsoft's documentation
    /// it is the new endpoint; by HTTP it is the whole URL of the call. Both are understood.
    pub(super) fn moved(location: &str, path_and_query: &str) -> Result<Self, BaseUrlError> {
        location.strip_suffix(path_and_query).unwrap_or(location).parse()
    }
}
