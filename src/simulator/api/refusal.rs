//! Answers: JSON, and errors as Kaizala words them.

use std::fmt;

use axum::{
    http::{
        StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

const JSON: &str = "application/json; charset=utf-8";

/// Why a call is refused. Only the code of [`Refusal::InvalidToken`] is known from Kaizala.
pub(super) enum Refusal {
    /// A token or a credential is missing, wrong or expired. Which one is not said.
    InvalidToken,
    /// What is wrong with the request.
    InvalidRequest(String),
    /// Why the callback URL was not validated.
    InvalidCallback(String),
    /// What is not there.
    NotFound(&'static str),
    /// Seconds after which there may be room for another call.
    TooManyRequests { retry_after: u64 },
    /// Kaizala's own fault.
    Unexplained,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest(_) | Self::InvalidCallback(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unexplained => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// `errorCode` and `errorCategoryKey`.
    fn code_and_category(&self) -> (&'static str, &'static str) {
        match self {
            Self::InvalidToken => ("InvalidToken", "AuthException"),
            Self::InvalidRequest(_) => ("InvalidRequest", "ValidationException"),
            Self::InvalidCallback(_) => ("CallbackValidationFailed", "ValidationException"),
            Self::NotFound(_) => ("NotFound", "ResourceException"),
            Self::TooManyRequests { .. } => ("TooManyRequests", "ThrottlingException"),
            Self::Unexplained => ("InternalError", "ServiceException"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidToken => f.write_str("Invalid token. A token or credential is missing, wrong or expired."),
            Self::InvalidRequest(what) => write!(f, "Invalid request. {what}."),
            Self::InvalidCallback(why) => write!(f, "The callback URL could not be validated: {why}."),
            Self::NotFound(what) => write!(f, "There is no such {what}."),
            Self::TooManyRequests { retry_after } => write!(f, "Too many calls. Try again after {retry_after} s."),
            Self::Unexplained => f.write_str("Something went wrong."),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, category) = self.code_and_category();
        let body = json!({ "message": self.to_string(), "errorCode": code, "errorCategoryKey": category });
        let mut response = (self.status(), [(CONTENT_TYPE, JSON)], body.to_string()).into_response();
        if let Self::TooManyRequests { retry_after } = self {
            response.headers_mut().insert(RETRY_AFTER, retry_after.into());
        }
        response
    }
}

/// A JSON answer.
pub(super) fn ok(body: &Value) -> Response {
    ([(CONTENT_TYPE, JSON)], body.to_string()).into_response()
}
