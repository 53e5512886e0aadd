//! A Lambda environment: the process of the receiver, and the runtime API from which it fetches its events.
//!
//! The runtime interface emulator of `lambda.rs` runs the release binary; this one runs the binary that is built with the
//! tests, and tells an answer from an error of the function.

use std::{process::Command, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use kaizala_webhook::token::TokenDigest;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{
        Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::timeout,
};
use uuid::Uuid;

use super::{
    events::CALLBACK_TOKEN,
    process::{PATIENCE, Process},
    world::{TABLE, World},
};

const NEXT: &str = "/2018-06-01/runtime/invocation/next";

/// A Lambda environment. It takes one event at a time.
pub struct Environment {
    pub process: Process,
    events: Sender<String>,
    outcomes: Receiver<Result<Value, Value>>,
}

#[derive(Clone)]
struct RuntimeApi {
    events: Arc<Mutex<Receiver<String>>>,
    outcomes: Sender<Result<Value, Value>>,
}

impl Environment {
    /// Starts the function over the world's table.
    pub async fn start(world: &World) -> Self {
        let ((events, next), (outcome, outcomes)) = (channel(1), channel(1));
        let api = RuntimeApi { events: Arc::new(Mutex::new(next)), outcomes: outcome };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(serve).with_state(api)).await });
        let mut command = Command::new(env!("CARGO_BIN_EXE_receiver"));
        command
            .env_clear()
            .env("TABLE_NAME", TABLE)
            .env("CALLBACK_TOKEN_SHA256", TokenDigest::of(CALLBACK_TOKEN.as_bytes()).to_string())
            .env("AWS_ENDPOINT_URL_DYNAMODB", world.proxy.url())
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "test_function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON");
        Self { process: Process::start(&mut command), events, outcomes }
    }

    /// Invokes the function with an event. Returns its answer or its error.
    pub async fn invoke(&mut self, event: &Value) -> Result<Value, Value> {
        self.events.send(event.to_string()).await.expect("somebody serves it");
        let outcome = timeout(PATIENCE, self.outcomes.recv()).await.ok().flatten();
        outcome
            .unwrap_or_else(|| panic!("there is no answer to {event}; the function said:\n{}", self.process.output()))
    }
}

async fn serve(State(api): State<RuntimeApi>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if head.method == Method::GET && path == NEXT {
        let Some(event) = api.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
        let response = Response::builder()
            .header("lambda-runtime-aws-request-id", Uuid::new_v4().to_string())
            .header("lambda-runtime-deadline-ms", "4102444800000")
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-west-1:000000000000:function:test_function",
            );
        return response.body(Body::from(event)).expect("it is a response");
    }
    let body = to_bytes(body, usize::MAX).await.expect("the request arrives");
    let body = serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{path}: {error}"));
    // The test may have ended.
    let _ = api.outcomes.send(if path.ends_with("/response") { Ok(body) } else { Err(body) }).await;
    StatusCode::ACCEPTED.into_response()
}
