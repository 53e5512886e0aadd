//! A small Lambda: several environments, each a process of the receiver with a runtime API, behind one URL like that of API
//! Gateway. It is faster than the runtime interface emulator, and its environments can be killed.
//!
//! The runtime API: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::{
    collections::HashMap,
    path::Path,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{self, DefaultBodyLimit, Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{StatusCode, Uri};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    gateway::{gateway_event, listen, response},
    lambda::configuration,
};

/// The function's timeout, as in `template.yaml`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// All environments of a function.
pub struct Environments {
    pub url: Uri,
    gateway: Arc<Gateway>,
    processes: Vec<(Arc<Environment>, Command, Child)>,
}

struct Gateway {
    waiting: mpsc::Sender<Invocation>,
    unavailable: AtomicUsize,
    crashed: AtomicUsize,
}

/// An event that waits for an environment.
struct Invocation {
    id: String,
    event: String,
    answer: oneshot::Sender<Bytes>,
}

struct Environment {
    next: Arc<tokio::sync::Mutex<mpsc::Receiver<Invocation>>>,
    /// Those who wait for the answer to an invocation of this environment: one at a time, unless an invocation got lost.
    running: Mutex<HashMap<String, oneshot::Sender<Bytes>>>,
}

impl Environments {
    /// Starts a number of processes of a receiver over the DynamoDB at a URL.
    pub async fn start(receiver: &Path, count: usize, dynamodb_url: &str) -> Self {
        let (waiting, next) = mpsc::channel(1);
        let next = Arc::new(tokio::sync::Mutex::new(next));
        let mut processes = Vec::new();
        for _ in 0..count {
            let environment = Arc::new(Environment { next: next.clone(), running: Mutex::default() });
            let mut command = Command::new(receiver);
            command
                .env_clear()
                .envs(configuration())
                .env("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url)
                .env("AWS_LAMBDA_RUNTIME_API", serve_runtime_api(environment.clone()).await)
                .env("AWS_LAMBDA_FUNCTION_NAME", "soak")
                .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
                .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .kill_on_drop(true);
            let child = command.spawn().expect("the receiver starts");
            processes.push((environment, command, child));
        }
        let gateway = Arc::new(Gateway { waiting, unavailable: AtomicUsize::new(0), crashed: AtomicUsize::new(0) });
        let url = listen(Router::new().fallback(invoke).with_state(gateway.clone())).await;
        Self { url, gateway, processes }
    }

    /// Kills an environment, whatever it is doing, and starts another in its place.
    pub async fn replace(&mut self, index: usize) {
        let count = self.processes.len();
        let (environment, command, child) = &mut self.processes[index % count];
        child.kill().await.expect("it can be killed");
        environment.running.lock().expect("nobody panics while holding it").clear();
        *child = command.spawn().expect("the receiver starts again");
    }

    /// How often the receiver answered 503.
    pub fn unavailable(&self) -> usize {
        self.gateway.unavailable.load(Ordering::Relaxed)
    }

    /// How often an environment died on an event or did not answer in time, which is a 502 or 504 at API Gateway.
    pub fn crashed(&self) -> usize {
        self.gateway.crashed.load(Ordering::Relaxed)
    }
}

async fn invoke(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let event = gateway_event(request).await;
    let id = event["requestContext"]["requestId"].as_str().unwrap_or_default().to_owned();
    let (answer, answered) = oneshot::channel();
    let invocation = Invocation { id, event: event.to_string(), answer };
    gateway.waiting.send(invocation).await.expect("there are environments");
    let answer = timeout(TIMEOUT, answered).await.ok().and_then(Result::ok);
    let response = answer.and_then(|answer| response(&serde_json::from_slice::<Value>(&answer).ok()?));
    match &response {
        Some(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
            gateway.unavailable.fetch_add(1, Ordering::Relaxed);
        }
        Some(_) => {}
        None => {
            gateway.crashed.fetch_add(1, Ordering::Relaxed);
        }
    }
    response.unwrap_or_else(|| StatusCode::BAD_GATEWAY.into_response())
}

/// Serves the runtime API to one environment and returns its address.
async fn serve_runtime_api(environment: Arc<Environment>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    let app = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
        .layer(DefaultBodyLimit::disable())
        .with_state(environment);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn next(State(environment): State<Arc<Environment>>) -> Response {
    let Some(invocation) = environment.next.lock().await.recv().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Invocation { id, event, answer } = invocation;
    let deadline = SystemTime::now() + TIMEOUT;
    let deadline = deadline.duration_since(UNIX_EPOCH).expect("it is after 1970").as_millis().to_string();
    environment.running.lock().expect("nobody panics while holding it").insert(id.clone(), answer);
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", id),
        ("Lambda-Runtime-Deadline-Ms", deadline),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:soak".to_owned()),
        ("Content-Type", "application/json".to_owned()),
    ];
    (headers, event).into_response()
}

async fn answered(
    State(environment): State<Arc<Environment>>,
    extract::Path(id): extract::Path<String>,
    answer: Bytes,
) -> StatusCode {
    if let Some(waiting) = environment.running.lock().expect("nobody panics while holding it").remove(&id) {
        // The sender may have given up waiting.
        let _ = waiting.send(answer);
    }
    StatusCode::ACCEPTED
}

async fn failed(State(environment): State<Arc<Environment>>, extract::Path(id): extract::Path<String>) -> StatusCode {
    environment.running.lock().expect("nobody panics while holding it").remove(&id);
    StatusCode::ACCEPTED
}
