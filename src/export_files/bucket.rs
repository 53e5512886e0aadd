//! A bucket in S3, reached as the AWS configuration says.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{ProvideCredentials, SharedCredentialsProvider};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as TcpConnector},
    rt::TokioExecutor,
};
use object_store::{
    ClientOptions, CredentialProvider,
    aws::{AmazonS3, AmazonS3Builder, AwsCredential},
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
        HttpResponseBody, HttpService,
    },
};

/// What the AWS tools call the variable for an S3 elsewhere.
const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL_S3";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The bucket of that name; S3 is asked nothing yet.
///
/// # Errors
/// If the system's certificates cannot be read, or `AWS_ENDPOINT_URL_S3` is not a URL.
pub fn open_bucket(name: &str, config: &SdkConfig) -> object_store::Result<AmazonS3> {
    let mut builder = AmazonS3Builder::new().with_bucket_name(name).with_http_connector(Connector);
    if let Some(region) = config.region() {
        builder = builder.with_region(region.as_ref());
    }
    if let Some(provider) = config.credentials_provider() {
        builder = builder.with_credentials(Arc::new(Credentials(provider)));
    }
    if let Ok(endpoint) = std::env::var(ENDPOINT_VARIABLE)
        && !endpoint.is_empty()
    {
        let is_plain = endpoint.starts_with("http://");
        builder = builder.with_endpoint(endpoint).with_allow_http(is_plain);
    }
    builder.build()
}

/// The credentials that the AWS configuration provides.
#[derive(Debug)]
struct Credentials(SharedCredentialsProvider);

#[async_trait]
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let credentials = self
            .0
            .provide_credentials()
            .await
            .map_err(|source| object_store::Error::Generic { store: "S3", source: source.into() })?;
        Ok(Arc::new(AwsCredential {
            key_id: credentials.access_key_id().to_owned(),
            secret_key: credentials.secret_access_key().to_owned(),
            token: credentials.session_token().map(str::to_owned),
        }))
    }
}

/// HTTP as the rest of this project has it: one stack, TLS on ring.
#[derive(Debug)]
struct Connector;

#[derive(Debug)]
struct Service(Client<HttpsConnector<TcpConnector>, HttpRequestBody>);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut tcp = TcpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let tls = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|source| object_store::Error::Generic { store: "S3", source: source.into() })?;
        let connector = tls.https_or_http().enable_http1().wrap_connector(tcp);
        Ok(HttpClient::new(Service(Client::builder(TokioExecutor::new()).build(connector))))
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let response = self.0.request(request).await.map_err(|error| {
            let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Request };
            HttpError::new(kind, error)
        })?;
        Ok(response
            .map(|body| HttpResponseBody::new(body.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error)))))
    }
}
