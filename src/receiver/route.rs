//! What a request asks for.

use super::{
    WEBHOOK_PATH, answer::Refusal, callback::Unverified, cloud_events::Mode, grant::requested_origin,
    handshake::validation_token, request::WebhookRequest,
};

/// A request to the webhook.
pub(super) enum Call {
    /// Kaizala validates the URL and wants this token back.
    Handshake { token: Vec<u8> },
    /// A sender of CloudEvents asks for permission to deliver.
    Permission { origin: String },
    /// Somebody delivers an event.
    Callback(Unverified),
}

impl Call {
    /// Reads a request by its path, its method and, where that makes a difference, its query.
    pub(super) fn read(request: WebhookRequest) -> Result<Self, Refusal> {
        let WebhookRequest { method, path, query, headers, body } = request;
        if path != WEBHOOK_PATH {
            return Err(Refusal::NotFound);
        }
        // An event in binary mode may have no data.
        let is_empty = body.is_empty() && Mode::of(&headers) != Mode::Binary;
        match (method.as_str(), is_empty) {
            ("GET", _) => match validation_token(&query)? {
                Some(token) => Ok(Self::Handshake { token }),
                None => Err(Refusal::NoValidationToken),
            },
            ("POST", true) => match validation_token(&query)? {
                Some(token) => Ok(Self::Handshake { token }),
                None => Ok(Self::Callback(Unverified::new(headers, body))),
            },
            // Only an empty body makes it a handshake: an event stays one whatever is in the query.
            ("POST", false) => Ok(Self::Callback(Unverified::new(headers, body))),
            ("OPTIONS", _) => match requested_origin(&headers) {
                Some(origin) => Ok(Self::Permission { origin }),
                None => Err(Refusal::MethodNotAllowed),
            },
            _ => Err(Refusal::MethodNotAllowed),
        }
    }
}
