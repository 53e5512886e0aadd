//! What a request asks for.

use super::{
    WEBHOOK_PATH, answer::Refusal, callback::Unverified, handshake::validation_token, request::WebhookRequest,
};

/// A request to the webhook.
pub(super) enum Call {
    /// Kaizala validates the URL and wants this token back.
    Handshake { token: Vec<u8> },
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
        let is_empty = body.is_empty();
        let callback = || Self::Callback(Unverified::new(headers, body));
        match (method.as_str(), is_empty) {
            ("GET", _) => match validation_token(&query)? {
                Some(token) => Ok(Self::Handshake { token }),
                None => Err(Refusal::NoValidationToken),
            },
            ("POST", true) => match validation_token(&query)? {
                Some(token) => Ok(Self::Handshake { token }),
                None => Ok(callback()),
            },
            // Only an empty body makes it a handshake: an event stays one whatever is in the query.
            ("POST", false) => Ok(callback()),
            _ => Err(Refusal::MethodNotAllowed),
        }
    }
}
