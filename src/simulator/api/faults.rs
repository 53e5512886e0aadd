//! Failures of the API that a test asks for.

use std::collections::VecDeque;

use axum::{
    extract::Request,
    http::{
        StatusCode, Uri,
        header::{CONTENT_TYPE, HOST, LOCATION},
    },
    response::{IntoResponse, Response},
};

use super::{header, refusal::Refusal};

/// Where a call comes in. In Kaizala these are two hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `GET /v1/accessToken`.
    AccessToken,
    /// Everything that takes an access token.
    Endpoint,
}

/// What goes wrong with a call. Nothing is done, and nothing is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, with that many seconds in `Retry-After`.
    TooManyRequests {
        /// Seconds.
        retry_after: u64,
    },
    /// An error body under status 200.
    ErrorUnder200,
    /// That status, with a body that is not JSON: something in between answers instead of Kaizala.
    Status(StatusCode),
}

/// Where the endpoint has moved to, as `Location` tells it. Microsoft's documentation puts the new endpoint URL there,
/// HTTP the whole URL of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPlace {
    /// `Location` is this base URL, and the client has to put the call's path behind it.
    EndpointUrl(String),
    /// `Location` is this base URL (without a slash at the end) with the call's path and query behind it.
    WholeUrl(String),
}

#[derive(Default)]
pub(super) struct Faults {
    pub(super) moved: Option<NewPlace>,
    planned: VecDeque<(Door, Fault)>,
}

impl Faults {
    pub(super) fn plan(&mut self, calls: usize, door: Door, fault: Fault) {
        self.planned.extend(std::iter::repeat_n((door, fault), calls));
    }

    pub(super) fn next(&mut self, door: Door) -> Option<Fault> {
        let index = self.planned.iter().position(|(at, _)| *at == door)?;
        self.planned.remove(index).map(|(_, fault)| fault)
    }

    /// The answer to a call that came to the old place.
    pub(super) fn moved_away(&self, request: &Request) -> Option<Response> {
        let call = request.uri().path_and_query().map_or("/", |call| call.as_str());
        let (base, location) = match self.moved.as_ref()? {
            NewPlace::EndpointUrl(base) => (base, base.clone()),
            NewPlace::WholeUrl(base) => (base, format!("{base}{call}")),
        };
        let is_there = base.parse::<Uri>().is_ok_and(|new| {
            new.authority().is_some_and(|authority| authority.as_str() == header(request.headers(), HOST.as_str()))
        });
        (!is_there).then(|| (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        match self {
            Self::TooManyRequests { retry_after } => Refusal::TooManyRequests { retry_after }.into_response(),
            Self::ErrorUnder200 => {
                let mut response = Refusal::Unexplained.into_response();
                *response.status_mut() = StatusCode::OK;
                response
            }
            Self::Status(status) => {
                (status, [(CONTENT_TYPE, "text/html")], format!("<h1>{status}</h1>")).into_response()
            }
        }
    }
}
