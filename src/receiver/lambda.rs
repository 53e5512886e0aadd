//! The receiver as `lambda_http` wants it: API Gateway HTTP APIs (payload 2.0) and Lambda function URLs.

use std::{
    convert::Infallible,
    future::{self, Future},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
use lambda_http::{Body, IntoResponse, Request, RequestExt, request::RequestContext};
use tower_service::Service;

use super::{Receiver, now};
use crate::{event::Timestamp, store::Arrival};

/// Translates between `lambda_http` and a [`Receiver`].
#[derive(Clone)]
pub struct LambdaReceiver(Receiver);

impl From<Receiver> for LambdaReceiver {
    fn from(receiver: Receiver) -> Self {
        Self(receiver)
    }
}

/// An answer on its way to API Gateway. `lambda_http` would decode and re-encode the body by its charset, which loses a
/// byte order mark and all that is not UTF-8; a validation token is to be echoed byte for byte.
pub struct LambdaAnswer(Response<Bytes>);

impl Service<Request> for LambdaReceiver {
    type Response = LambdaAnswer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<LambdaAnswer, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let arrival = arrival(&request);
        request.extensions_mut().insert(arrival);
        let request = request.map(|body| match body {
            Body::Empty => Bytes::new(),
            Body::Text(text) => text.into(),
            Body::Binary(bytes) => bytes.into(),
            other => Bytes::copy_from_slice(&other),
        });
        let receiver = self.0.clone();
        Box::pin(async move { Ok(LambdaAnswer(receiver.answer(request).await)) })
    }
}

/// Arrival time and id by API Gateway, which saw the request first and logs it under that id; else by the clock and by
/// Lambda.
fn arrival(request: &Request) -> Arrival {
    let by_gateway = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => Some(context),
        _ => None,
    };
    let by_lambda = || request.lambda_context_ref().map(|context| context.request_id.clone());
    Arrival {
        received_at: by_gateway
            .map(|context| context.time_epoch)
            .filter(|millis| *millis > 0)
            .and_then(Timestamp::from_epoch_millis)
            .unwrap_or_else(now),
        request_id: by_gateway
            .and_then(|context| context.request_id.clone())
            .or_else(by_lambda)
            .filter(|id| !id.is_empty()),
    }
}

impl IntoResponse for LambdaAnswer {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        let response = self.0.map(|body| match String::from_utf8(body.into()) {
            Ok(text) => Body::Text(text),
            Err(error) => Body::Binary(error.into_bytes()),
        });
        Box::pin(future::ready(response))
    }
}
