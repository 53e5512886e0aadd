//! A proxy in front of DynamoDB. It counts the requests, and breaks those that a test chooses.

use std::{
    collections::{HashMap, VecDeque},
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    response::Response,
};
use http::{
    StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Barrier, time::sleep};

/// What goes wrong with a request to DynamoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// An error of DynamoDB's own; nothing is done.
    ServerError,
    /// DynamoDB throttles the request; nothing is done.
    Throttling,
    /// DynamoDB finds the request invalid; nothing is done.
    Rejection,
    /// DynamoDB does not accept the credentials; nothing is done.
    Denial,
    /// No answer ever; nothing is done.
    Hang,
    /// The request is carried out, but the answer never arrives.
    LostAnswer,
    /// The connection is closed without an answer; nothing is done.
    Drop,
    /// The request is carried out, and the connection is closed without an answer.
    DropAnswer,
    /// The answer comes late, but in time.
    Slow,
    /// The answer comes later than a delivery waits for one.
    Late,
    /// The write conflicts with a transaction on the same item; nothing is done.
    TransactionConflict,
    /// The transaction is cancelled because of one of its writes, for the given reason; nothing is done.
    Cancelled(&'static str),
    /// The request waits until another one with the same fault has arrived.
    Meeting,
}

/// A delay that is shorter than the timeout of an attempt, so that the store waits for the answer.
const SLOW: Duration = Duration::from_millis(500);
/// A delay that is longer than the timeout of an attempt of the receiver's store.
const LATE: Duration = Duration::from_millis(1700);

#[derive(Clone)]
pub struct Proxy {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    client: Client<HttpConnector, Body>,
    plan: Mutex<FaultPlan>,
    meeting: Barrier,
}

#[derive(Default)]
struct FaultPlan {
    seen: Vec<(String, Value)>,
    /// Whether requests are forgotten, because in a long run they would fill the memory.
    forgets: bool,
    /// The consumed capacity, if the test measures it.
    consumed: Option<Vec<Value>>,
    next: VecDeque<Option<Fault>>,
    always: Option<Fault>,
    /// Faults that recur, each with after how many requests.
    every: Vec<(usize, Fault)>,
    passed: usize,
    broken: HashMap<Fault, usize>,
    /// What is answered to operations that the engine does not have.
    answers: HashMap<String, Value>,
}

impl FaultPlan {
    fn fault(&mut self) -> Option<Fault> {
        self.passed += 1;
        let due = self.every.iter().find(|(nth, _)| self.passed.is_multiple_of(*nth)).map(|(_, fault)| *fault);
        let fault = self.next.pop_front().unwrap_or(self.always.or(due));
        if let Some(fault) = fault {
            *self.broken.entry(fault).or_default() += 1;
        }
        fault
    }
}

impl Proxy {
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            plan: Mutex::default(),
            meeting: Barrier::new(2),
        });
        let app = Router::new().fallback(handle).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers an operation that the engine does not have, from now on.
    pub fn answer(&self, operation: &str, answer: Value) {
        self.plan(|plan| plan.answers.insert(operation.to_owned(), answer));
    }

    /// Breaks every request from now on.
    pub fn always(&self, fault: Fault) {
        self.plan(|plan| plan.always = Some(fault));
    }

    /// Breaks every `nth` request from now on, in addition to other faults.
    pub fn every(&self, nth: usize, fault: Fault) {
        self.plan(|plan| plan.every.push((nth, fault)));
    }

    /// Forgets all requests from now on.
    pub fn forget(&self) {
        self.plan(|plan| plan.forgets = true);
    }

    /// How many requests were broken by a fault.
    pub fn broken(&self, fault: Fault) -> usize {
        self.plan(|plan| plan.broken.get(&fault).copied().unwrap_or_default())
    }

    /// Plans a fault for the next request that has no plan yet.
    pub fn next(&self, fault: Fault) {
        self.plan(|plan| plan.next.push_back(Some(fault)));
    }

    /// Plans to let a number of requests pass before the faults that are planned later.
    pub fn next_passes(&self, requests: usize) {
        self.plan(|plan| plan.next.extend(vec![None; requests]));
    }

    /// How many requests have arrived.
    pub fn passed(&self) -> usize {
        self.plan(|plan| plan.passed)
    }

    /// Lets everything pass again.
    pub fn heal(&self) {
        self.plan(|plan| {
            plan.always = None;
            plan.every.clear();
            plan.next.clear();
        });
    }

    /// Takes the operations that were requested since the last call.
    pub fn take_operations(&self) -> Vec<String> {
        self.take_requests().into_iter().map(|(operation, _)| operation).collect()
    }

    /// Takes the operations that were requested since the last call, with their bodies.
    pub fn take_requests(&self) -> Vec<(String, Value)> {
        self.plan(|plan| std::mem::take(&mut plan.seen))
    }

    /// Makes the engine report the consumed capacity of every request from now on.
    pub fn count_capacity(&self) {
        self.plan(|plan| plan.consumed = Some(Vec::new()));
    }

    /// Takes the capacity that was consumed since the last call, as DynamoDB reports it. Refused requests are not reported.
    pub fn take_consumed(&self) -> Vec<Value> {
        self.plan(|plan| plan.consumed.as_mut().map(std::mem::take)).expect("it was asked for")
    }

    fn plan<T>(&self, change: impl FnOnce(&mut FaultPlan) -> T) -> T {
        change(&mut self.shared.plan.lock().expect("nothing panics while it holds the plan"))
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("the request arrives");
    let fault = {
        let mut plan = shared.plan.lock().expect("nothing panics while it holds the plan");
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        if !plan.forgets {
            plan.seen.push((operation.to_owned(), serde_json::from_slice(&body).expect("it is JSON")));
        }
        if let Some(answer) = plan.answers.get(operation) {
            return Response::new(Body::from(answer.to_string()));
        }
        plan.fault()
    };
    let request = Request::from_parts(head, Body::from(body));
    match fault {
        None => forward(&shared, request).await,
        Some(Fault::ServerError) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        Some(Fault::Throttling) => refuse(StatusCode::BAD_REQUEST, "ProvisionedThroughputExceededException"),
        Some(Fault::Rejection) => refuse(StatusCode::BAD_REQUEST, "ValidationException"),
        Some(Fault::Denial) => refuse(StatusCode::BAD_REQUEST, "AccessDeniedException"),
        Some(Fault::Hang) => pending().await,
        Some(Fault::LostAnswer) => {
            forward(&shared, request).await;
            pending().await
        }
        Some(Fault::Drop) => drop_connection(),
        Some(Fault::DropAnswer) => {
            forward(&shared, request).await;
            drop_connection()
        }
        Some(Fault::Slow) => {
            sleep(SLOW).await;
            forward(&shared, request).await
        }
        Some(Fault::Late) => {
            sleep(LATE).await;
            forward(&shared, request).await
        }
        Some(Fault::TransactionConflict) => refuse(StatusCode::BAD_REQUEST, "TransactionConflictException"),
        Some(Fault::Cancelled(reason)) => cancel(reason),
        Some(Fault::Meeting) => {
            shared.meeting.wait().await;
            forward(&shared, request).await
        }
    }
}

async fn forward(shared: &Shared, mut request: Request) -> Response {
    let uri = format!("{}{}", shared.upstream, request.uri().path());
    *request.uri_mut() = uri.parse().expect("the upstream's URI is one");
    let counts = shared.plan.lock().expect("nothing panics while it holds the plan").consumed.is_some();
    if counts {
        request = asking_for_capacity(request).await;
    }
    // An engine that was killed closes its connections.
    let Ok(response) = shared.client.request(request).await else { drop_connection() };
    let (head, body) = response.into_parts();
    let Ok(body) = to_bytes(Body::new(body), usize::MAX).await else { drop_connection() };
    if counts {
        note_consumed(shared, &body);
    }
    Response::from_parts(head, Body::from(body))
}

/// Makes a request ask for the consumed capacity. Its signature is then wrong, but the engine does not check signatures.
async fn asking_for_capacity(request: Request) -> Request {
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("it is there already");
    let mut asked: Value = serde_json::from_slice(&body).expect("it is JSON");
    asked["ReturnConsumedCapacity"] = json!("INDEXES");
    head.headers.remove(CONTENT_LENGTH);
    Request::from_parts(head, Body::from(asked.to_string()))
}

fn note_consumed(shared: &Shared, answer: &Bytes) {
    let mut answer: Value = serde_json::from_slice(answer).expect("it is JSON");
    let consumed = answer["ConsumedCapacity"].take();
    let mut plan = shared.plan.lock().expect("nothing panics while it holds the plan");
    plan.consumed.as_mut().expect("it was asked for").extend(Some(consumed).filter(|consumed| !consumed.is_null()));
}

/// Ends the task that serves the connection, without a message.
fn drop_connection() -> ! {
    std::panic::resume_unwind(Box::new("the connection is dropped on purpose"))
}

fn refuse(status: StatusCode, code: &str) -> Response {
    failed(status, code, json!({}))
}

fn cancel(reason: &str) -> Response {
    let reasons = json!({"CancellationReasons": [{"Code": "None"}, {"Code": reason, "Message": "made up by a test"}]});
    failed(StatusCode::BAD_REQUEST, "TransactionCanceledException", reasons)
}

fn failed(status: StatusCode, code: &str, mut body: Value) -> Response {
    body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{code}"));
    body["message"] = json!("made up by a test");
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/x-amz-json-1.0");
    response.body(Body::from(body.to_string())).expect("it is a response")
}
