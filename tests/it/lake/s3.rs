//! S3 over HTTP, as far as the lake asks for it, over a bucket in memory.

use std::fmt::Write as _;

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;
use object_store::{
    Error, GetOptions, GetRange, ObjectMeta, ObjectStore, PutMode, PutOptions, UpdateVersion, memory::InMemory,
    path::Path as Key,
};
use percent_encoding::percent_decode_str;

/// What the bucket is called, in the path of every request.
pub const BUCKET: &str = "a-bucket";

/// Answers one request.
pub async fn answer(bucket: &InMemory, method: &Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Response {
    let path = uri.path().trim_start_matches('/');
    let key = path.strip_prefix(BUCKET).expect("it is a request to the bucket").trim_start_matches('/');
    let key = Key::from_url_path(key).expect("it is a key");
    let answered = match *method {
        Method::GET if key.as_ref().is_empty() => list(bucket, uri.query().unwrap_or_default()).await,
        Method::GET => get(bucket, &key, headers, false).await,
        Method::HEAD => get(bucket, &key, headers, true).await,
        Method::PUT => put(bucket, &key, headers, body).await,
        _ => panic!("the lake asks for {method} {uri}"),
    };
    answered.unwrap_or_else(|error| match error {
        Error::NotFound { .. } => StatusCode::NOT_FOUND.into_response(),
        Error::AlreadyExists { .. } | Error::Precondition { .. } => StatusCode::PRECONDITION_FAILED.into_response(),
        error => panic!("{method} {uri}: {error}"),
    })
}

async fn get(bucket: &InMemory, key: &Key, headers: &HeaderMap, head: bool) -> Result<Response, Error> {
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes=-")?.parse().ok());
    let options = GetOptions { range: range.map(GetRange::Suffix), head, ..GetOptions::default() };
    let found = bucket.get_opts(key, options).await?;
    let (size, range) = (found.meta.size, found.range.clone());
    let length = if head { size } else { range.end - range.start };
    let described = [
        (header::ETAG, found.meta.e_tag.clone().unwrap_or_default()),
        (header::LAST_MODIFIED, found.meta.last_modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1))),
    ];
    let status = if headers.contains_key(header::RANGE) { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let content = if head { Bytes::new() } else { found.bytes().await? };
    Ok((status, described, content).into_response())
}

async fn put(bucket: &InMemory, key: &Key, headers: &HeaderMap, body: Bytes) -> Result<Response, Error> {
    let e_tag = headers.get(header::IF_MATCH).map(|e_tag| e_tag.to_str().expect("it is text").to_owned());
    let mode = match e_tag {
        _ if headers.contains_key(header::IF_NONE_MATCH) => PutMode::Create,
        Some(e_tag) => PutMode::Update(UpdateVersion { e_tag: Some(e_tag), version: None }),
        None => PutMode::Overwrite,
    };
    let put = bucket.put_opts(key, body.into(), PutOptions::from(mode)).await?;
    Ok([(header::ETAG, put.e_tag.unwrap_or_default())].into_response())
}

/// All of a list at once: the buckets of tests are small.
async fn list(bucket: &InMemory, query: &str) -> Result<Response, Error> {
    let query = |name: &str| {
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.map(|value| percent_decode_str(value).decode_utf8().expect("it is text").into_owned())
    };
    let prefix = query("prefix").map(|prefix| Key::from(prefix.trim_end_matches('/')));
    let after = query("start-after").unwrap_or_default();
    let mut xml = "<ListBucketResult>".to_owned();
    if query("delimiter").is_some() {
        for folder in bucket.list_with_delimiter(prefix.as_ref()).await?.common_prefixes {
            write!(xml, "<CommonPrefixes><Prefix>{folder}/</Prefix></CommonPrefixes>").expect("there is memory");
        }
    } else {
        let mut objects: Vec<ObjectMeta> = bucket.list(prefix.as_ref()).try_collect().await?;
        objects.retain(|object| object.location.as_ref() > after.as_str());
        objects.sort_by(|a, b| a.location.cmp(&b.location));
        for ObjectMeta { location, size, last_modified, e_tag, .. } in objects {
            let (time, e_tag) = (last_modified.to_rfc3339(), e_tag.unwrap_or_default());
            let described = format!("<Size>{size}</Size><LastModified>{time}</LastModified><ETag>{e_tag}</ETag>");
            write!(xml, "<Contents><Key>{location}</Key>{described}</Contents>").expect("there is memory");
        }
    }
    Ok((xml + "</ListBucketResult>").into_response())
}
