//! The HTTP client of everything that calls somebody: TLS on ring, certificates from the system.

use std::io;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client with a pool of connections of its own.
///
/// # Errors
/// When the system's certificates cannot be read.
pub(crate) fn http_client() -> io::Result<HttpClient> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    // Head and body go out apart; without this the second waits for the acknowledgement of the first.
    http.set_nodelay(true);
    let https = HttpsConnectorBuilder::new().with_native_roots()?;
    let https = https.https_or_http().enable_http1().wrap_connector(http);
    Ok(Client::builder(TokioExecutor::new()).build(https))
}
