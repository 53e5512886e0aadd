//! The function itself, killed with SIGKILL at every write of a step and started again each time.

use std::{
    net::SocketAddr,
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use kaizala_webhook::{
    lake::{Begun, Step, StepOutput},
    simulator::plan::{DeliveryPlan, Mix},
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{
    aws::{Aws, MINUTE, attributes, stored_item},
    function::{command_at, invocation},
    s3,
    storage::{execute, finished, lake, rows, rows_of_an_export},
};
use crate::support::{
    events::noise,
    tables::{stored, text, write_export},
};

/// When a process is killed: at one of its writes, counted from 0.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// S3 has the request, and nothing is written yet.
    Before(u32),
    /// It is written, and the answer is lost.
    After(u32),
}

/// What a process has come to.
enum End {
    Killed,
    Answered(Value),
}

/// Lambda, DynamoDB and S3 for one process.
struct Cloud {
    aws: Aws,
    step: Value,
    was_invoked: AtomicU32,
    writes: AtomicU32,
    death: Death,
    ends: UnboundedSender<End>,
}

async fn serve(State(cloud): State<Arc<Cloud>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path();
    if path.ends_with("/invocation/next") {
        if cloud.was_invoked.fetch_add(1, Ordering::Relaxed) > 0 {
            return std::future::pending().await;
        }
        return invocation(&cloud.step);
    }
    if path.ends_with("/response") || path.ends_with("/error") {
        let _ = cloud.ends.send(End::Answered(serde_json::from_slice(&body).unwrap_or(Value::Null)));
        return StatusCode::ACCEPTED.into_response();
    }
    if let Some(target) = headers.get("x-amz-target") {
        assert!(target.to_str().is_ok_and(|target| target.ends_with(".GetItem")), "{target:?}");
        let asked: Value = serde_json::from_slice(&body).expect("it is JSON");
        let key = |name: &str| asked["Key"][name]["S"].as_str().expect("it is a key").to_owned();
        let item = cloud.aws.table().items.get(&(key("groupId"), key("eventKey"))).cloned();
        return item.map_or_else(|| json!({}), |item| json!({ "Item": item })).to_string().into_response();
    }
    let write = (method == Method::PUT).then(|| cloud.writes.fetch_add(1, Ordering::Relaxed));
    let dies = match (write, cloud.death) {
        (Some(write), Death::Before(at)) if write == at => true,
        (Some(write), Death::After(at)) if write == at => {
            s3::answer(&cloud.aws.bucket, &method, &uri, &headers, body.clone()).await;
            true
        }
        _ => false,
    };
    if dies {
        let _ = cloud.ends.send(End::Killed);
        return std::future::pending().await;
    }
    s3::answer(&cloud.aws.bucket, &method, &uri, &headers, body).await
}

/// Ends with what holds it, so that a test that fails leaves no process behind.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // On Unix, this is SIGKILL.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Has a process of its own do a step, which is killed when it comes to the write.
async fn do_step(aws: &Aws, step: &Value, death: Death) -> End {
    let (ends, mut end) = unbounded_channel();
    let none = || AtomicU32::new(0);
    let cloud = Cloud { aws: aws.clone(), step: step.clone(), was_invoked: none(), writes: none(), death, ends };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address: SocketAddr = listener.local_addr().expect("it is bound");
    let app = Router::new().fallback(serve).with_state(Arc::new(cloud));
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let process = Process(command_at(address).spawn().expect("it starts"));
    let end = end.recv().await.expect("the server is there");
    drop(process);
    server.abort();
    end
}

/// Does a step, in as many processes as it takes: each is killed one write later than the one before it. Returns how many
/// were.
async fn survives(aws: &Aws, step: Value) -> u32 {
    let mut killed = 0;
    for death in (0..).flat_map(|write| [Death::Before(write), Death::After(write)]) {
        match do_step(aws, &step, death).await {
            End::Killed => killed += 1,
            End::Answered(answer) => {
                assert!(answer["errorType"].is_null(), "{step}: {answer}");
                return killed;
            }
        }
    }
    unreachable!("a step has an end")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_killed_at_every_write_leaves_the_rows_of_a_fresh_export() {
    let aws = Aws::new("2026-11-23T10:00:30Z");
    let plan = DeliveryPlan::new(7, Mix { events: 80, duplicates: 0.0, revisions: 0.2 });
    let mut items = plan.stored().flat_map(|sent| stored(sent.body, "2026-11-23T10:00:00Z", sent.is_edit));
    for item in items.by_ref().take(50) {
        aws.table().put(attributes(&item));
    }
    aws.table().now += 5 * MINUTE;
    assert!(finished(execute(&lake(&aws), || aws.now())).expect("it works"));

    // A window with new events, one of them in parts, with some that are written again, and with some that are deleted.
    let before: Vec<_> = aws.table().items.clone().into_iter().collect();
    for (key, _) in before.iter().step_by(7) {
        aws.table().write(key.clone(), None);
    }
    for (_, item) in before.iter().skip(1).step_by(7) {
        let mut item = item.clone();
        item.insert("receivedAt".to_owned(), json!({"S": "2026-11-23T10:01:00.000Z"}));
        aws.table().put(item);
    }
    let large = json!({"eventId": "large", "eventType": "TextMessageCreated", "groupId": "g", "data": {"text": noise("large", 600 * 1024)}});
    for item in items.chain(stored(large.to_string(), "2026-11-23T10:10:00Z", false)) {
        aws.table().put(attributes(&item));
    }
    aws.table().now += 20 * MINUTE;
    let StepOutput::Begun(Begun::Export { export_arn, .. }) =
        finished(lake(&aws).run(Step::Begin, aws.now())).expect("it begins")
    else {
        panic!("there is an export")
    };
    let StepOutput::Planned(planned) =
        finished(lake(&aws).grouping_by(1).run(Step::Plan { export_arn: export_arn.clone() }, aws.now()))
            .expect("it plans")
    else {
        panic!("there is a plan")
    };
    assert!(planned.groups.len() > 1);

    for group in planned.groups {
        let killed = survives(&aws, json!({"step": "convert", "exportArn": export_arn, "group": group})).await;
        assert!(killed > 10, "{killed}");
    }
    let killed = survives(&aws, json!({"step": "remove", "exportArn": export_arn})).await;
    assert!(killed > 4, "{killed}");
    finished(lake(&aws).run(Step::Finish { export_arn }, aws.now())).expect("it ends");

    let folder = tempfile::tempdir().expect("there is a place for files");
    let stored: Vec<_> = aws.table().items.values().map(stored_item).collect();
    write_export(folder.path(), &stored, 2);
    assert_eq!(rows(&aws.bucket), rows_of_an_export(text(folder.path())));
}
