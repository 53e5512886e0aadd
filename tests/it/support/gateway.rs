//! A small API Gateway: serves a receiver by HTTP on a port.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, Uri};
use kaizala_webhook::receiver::Receiver;
use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, sync::Semaphore, task::spawn_blocking};
use uuid::Uuid;

use super::{
    lambda::{Lambda, try_invoke},
    world::{World, arrival},
};

/// A receiver within this process, behind a URL.
pub struct Served {
    pub url: Uri,
    unavailable: Arc<AtomicUsize>,
}

impl Served {
    pub async fn start(receiver: Receiver) -> Self {
        let unavailable = Arc::new(AtomicUsize::new(0));
        let url = listen(Router::new().fallback(answer).with_state((receiver, unavailable.clone()))).await;
        Self { url, unavailable }
    }

    /// How often the answer was 503.
    pub fn unavailable(&self) -> usize {
        self.unavailable.load(Ordering::SeqCst)
    }
}

async fn answer(State((receiver, unavailable)): State<(Receiver, Arc<AtomicUsize>)>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("the request arrives");
    let response = receiver.answer(Request::from_parts(head, body), arrival()).await;
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        unavailable.fetch_add(1, Ordering::SeqCst);
    }
    response.map(Body::from)
}

/// Several processes of the release binary behind one URL.
pub struct Lambdas {
    pub url: Uri,
    environments: Arc<Vec<Environment>>,
    proxy_url: String,
}

struct Environment {
    lambda: Mutex<Lambda>,
    /// The processes, each of which takes one event at a time.
    idle: Semaphore,
}

impl Lambdas {
    pub async fn start(world: &World, count: usize) -> Self {
        let environment = |_| Environment { lambda: Mutex::new(Lambda::start(world)), idle: Semaphore::new(1) };
        let environments: Arc<Vec<_>> = Arc::new((0..count).map(environment).collect());
        let next = Arc::new(AtomicUsize::new(0));
        let url = listen(Router::new().fallback(invoke).with_state((environments.clone(), next))).await;
        Self { url, environments, proxy_url: world.proxy.url().to_owned() }
    }

    /// Kills a process, whatever it is doing, and starts another in its place. Returns whether there was one to kill.
    pub fn replace(&self, index: usize) -> bool {
        let mut lambda = self.environments[index].lambda.lock().expect("nobody panics while holding it");
        let killed = lambda.process.kill_children() > 0;
        *lambda = Lambda::start_with(&[("AWS_ENDPOINT_URL_DYNAMODB", &self.proxy_url)]);
        killed
    }
}

type Pool = (Arc<Vec<Environment>>, Arc<AtomicUsize>);

async fn invoke(State((environments, next)): State<Pool>, request: Request) -> Response {
    let event = gateway_event(request).await;
    let environment = &environments[next.fetch_add(1, Ordering::Relaxed) % environments.len()];
    let idle = environment.idle.acquire().await.expect("it is never closed");
    let port = environment.lambda.lock().expect("nobody panics while holding it").port();
    let answer = spawn_blocking(move || try_invoke(port, &event)).await.expect("it does not panic");
    drop(idle);
    // API Gateway answers 502 if the function crashes.
    answer.and_then(|answer| response(&answer)).unwrap_or_else(|| StatusCode::BAD_GATEWAY.into_response())
}

/// Makes the event that API Gateway passes to the function for a request.
pub async fn gateway_event(request: Request) -> Value {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("the request arrives");
    let headers: Map<_, _> = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value.to_str().expect("it is text"))))
        .collect();
    json!({
        "version": "2.0",
        "routeKey": "ANY /webhook",
        "rawPath": head.uri.path(),
        "rawQueryString": head.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "http": {"method": head.method.as_str(), "path": head.uri.path(), "protocol": "HTTP/1.1"},
            "requestId": Uuid::new_v4().to_string(),
            "stage": "$default",
            "timeEpoch": 0,
        },
        "body": String::from_utf8(body.into()).expect("the tests send text"),
        "isBase64Encoded": false,
    })
}

/// Makes the HTTP response that API Gateway sends for the function's answer: `None` if that is not a valid answer.
pub fn response(answer: &Value) -> Option<Response> {
    let status = StatusCode::from_u16(answer["statusCode"].as_u64()?.try_into().ok()?).ok()?;
    Some((status, answer["body"].as_str()?.to_owned()).into_response())
}

/// Serves a webhook on a port of its own.
pub async fn listen(app: Router) -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/webhook").parse().expect("it is a URI")
}
