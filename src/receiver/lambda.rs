//! The receiver as a Lambda function, behind an API Gateway HTTP API or a function URL, which share the event format
//! (payload 2.0).
//!
//! `lambda_http` lends its runtime and the form of the answer, but does not read the event: it builds a URL out of Host,
//! `X-Forwarded-Proto`, path and query, and decodes the body, and whatever does not fit ends in a panic or an error of the
//! function. A stranger writes all of these. So nothing in an event is required here, and what cannot be read is absent.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

use super::{
    Receiver,
    request::{Body, WebhookRequest},
};
use crate::{
    clock::now,
    event::{
        Timestamp,
        json::{JsonObject, string},
    },
    store::Arrival,
};

/// An event as API Gateway hands it over, unread.
pub type GatewayEvent = Box<RawValue>;

/// Serves events until the environment ends.
///
/// # Errors
/// When Lambda's runtime interface cannot be reached.
pub async fn serve(receiver: Receiver) -> Result<(), Error> {
    lambda_runtime::run(service_fn(|event| async { Ok::<_, Infallible>(answer(&receiver, event).await) })).await
}

/// Answers one event, whatever it holds.
pub async fn answer(receiver: &Receiver, event: LambdaEvent<GatewayEvent>) -> ApiGatewayV2httpResponse {
    let LambdaEvent { payload, context } = event;
    let (request, arrival) = read(&payload, context.request_id);
    // As large as the body, which has been copied out of it.
    drop(payload);
    gateway_answer(receiver.answer(request, arrival).await)
}

/// Time and id of the arrival are API Gateway's, which saw the request first and logs it under that id; where it does not
/// say them, they are the clock's and Lambda's.
fn read(event: &RawValue, lambda_request_id: String) -> (WebhookRequest, Arrival) {
    let event = Members::of(event);
    let context = event.object("requestContext");
    let arrival = Arrival {
        received_at: context
            .text("timeEpoch")
            .parse()
            .ok()
            .filter(|millis| *millis > 0)
            .and_then(Timestamp::from_epoch_millis)
            .unwrap_or_else(now),
        request_id: [context.text("requestId"), lambda_request_id].into_iter().find(|id| !id.is_empty()),
    };
    let body = event.text("body").into();
    let request = WebhookRequest {
        method: context.object("http").text("method"),
        path: event.text("rawPath"),
        query: event.text("rawQueryString"),
        headers: event.object("headers").headers(),
        body: if event.is("isBase64Encoded") { Body::Base64(body) } else { Body::Plain(body) },
    };
    (request, arrival)
}

/// An object of the event; empty where the event has none.
struct Members<'a>(Option<JsonObject<'a>>);

impl<'a> Members<'a> {
    fn of(value: &'a RawValue) -> Self {
        Self(JsonObject::parse(value.get()))
    }

    fn object(&self, name: &str) -> Self {
        Self(self.0.as_ref().and_then(|members| members.object(name)))
    }

    fn is(&self, name: &str) -> bool {
        self.0.as_ref().and_then(|members| members.flag(name)).unwrap_or(false)
    }

    /// The text that a member is; its JSON where it is anything else, empty where there is none.
    fn text(&self, name: &str) -> String {
        let value = self.0.as_ref().and_then(|members| members.raw(name));
        value.map(|value| string(value).unwrap_or(value.get().into()).into_owned()).unwrap_or_default()
    }

    /// The members as headers, without those that HTTP does not allow.
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in self.0.iter().flat_map(JsonObject::members) {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = string(value).and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok());
            if let (Ok(name), Some(value)) = (name, value) {
                // Fails only at tens of thousands of headers.
                let _ = headers.try_append(name, value);
            }
        }
        headers
    }
}

/// Not by `lambda_http`, which decodes and encodes the body by its charset and so loses a byte order mark and all that is
/// not UTF-8: a validation token is echoed byte for byte.
fn gateway_answer(response: Response<Bytes>) -> ApiGatewayV2httpResponse {
    let (head, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = head.status.as_u16().into();
    answer.headers = head.headers;
    answer.body = Some(match String::from_utf8(body.into()) {
        Ok(text) => lambda_http::Body::Text(text),
        Err(error) => {
            answer.is_base64_encoded = true;
            lambda_http::Body::Binary(error.into_bytes())
        }
    });
    answer
}
