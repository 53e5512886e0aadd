//! What `kaizala doctor` says of exports and of the tables that are made of them.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri},
};
use kaizala_webhook::{clock::now, event::Timestamp};
use object_store::{ObjectStoreExt, memory::InMemory, path::Path as Key};
use serde_json::{Value, json};

use crate::{
    lake::s3::{self, BUCKET},
    support::{Operator, operator::Ran},
};

const MINUTE: i64 = 60_000;

/// An operator of a deployment whose exports and whose bucket are made up.
struct Deployment {
    operator: Operator,
    bucket: Arc<InMemory>,
    s3: String,
}

impl Deployment {
    async fn new() -> Self {
        let bucket = Arc::new(InMemory::new());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let s3 = format!("http://{}", listener.local_addr().expect("it is bound"));
        let serve =
            async |State(bucket): State<Arc<InMemory>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                s3::answer(&bucket, &method, &uri, &headers, body).await
            };
        let app = Router::new().fallback(serve).with_state(bucket.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { operator: Operator::new().await, bucket, s3 }
    }

    /// The exports that there are: the minutes since each was begun, its type and its status.
    fn exports(&self, exports: &[(i64, &str, &str)]) {
        let listed = exports.iter().map(|(minutes, kind, status)| {
            let id = format!("{:014}-1a2b3c4d", ago(*minutes).epoch_millis());
            let arn = format!("arn:aws:dynamodb:eu-west-1:123456789012:table/kaizala-events/export/{id}");
            json!({"ExportArn": arn, "ExportStatus": status, "ExportType": kind})
        });
        let listed: Vec<Value> = listed.collect();
        self.operator.world.proxy.answer("ListExports", json!({ "ExportSummaries": listed }));
    }

    /// Where exports lie.
    fn exports_lie_under(&self, prefix: &str) {
        let described = json!({"ExportDescription": {"S3Bucket": BUCKET, "S3Prefix": prefix}});
        self.operator.world.proxy.answer("DescribeExport", described);
    }

    async fn state(&self, state: &str) {
        let state = Bytes::from(state.to_owned());
        self.bucket.put(&Key::from("lake/state.json"), state.into()).await.expect("memory takes it");
    }

    /// The result and the detail of a check.
    async fn finds(&self, check: &str) -> (String, String) {
        // A spelling of this machine that the command does not take for an emulator.
        let url = self.operator.world.proxy.url().replace("127.0.0.1", "127.1");
        let environment = [
            ("AWS_ENDPOINT_URL_DYNAMODB", url.as_str()),
            ("AWS_ENDPOINT_URL_S3", &self.s3),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        let ran: Ran = self.operator.run_with(&["doctor", "--json"], &environment).await;
        let json = ran.json_whatever_the_code();
        let found = json["checks"].as_array().expect("it is a list").iter().find(|found| found["check"] == check);
        let found = found.unwrap_or_else(|| panic!("there is no {check}: {ran:?}"));
        let text = |name: &str| found[name].as_str().expect("it is text").to_owned();
        (text("result"), text("detail"))
    }

    async fn assert_found(&self, check: &str, result: &str, about: &str) {
        let (found, detail) = self.finds(check).await;
        assert!(found == result && detail.contains(about), "{check}: {found}: {detail}");
    }
}

fn ago(minutes: i64) -> Timestamp {
    Timestamp::from_epoch_millis(now().epoch_millis() - minutes * MINUTE).expect("it is in range")
}

#[tokio::test]
async fn an_export_is_old_when_the_next_one_is_overdue_and_by_hand_it_never_is() {
    let deployment = Deployment::new().await;
    deployment.exports(&[]);
    deployment.assert_found("last export", "not checked", "none of the last 90 days").await;
    deployment.assert_found("tables", "not checked", "DashboardTables").await;

    deployment.exports_lie_under("lake/exports");
    deployment.exports(&[(300, "FULL_EXPORT", "COMPLETED"), (125, "INCREMENTAL_EXPORT", "COMPLETED")]);
    deployment.assert_found("last export", "ok", "2h ago").await;
    deployment.exports(&[(300, "FULL_EXPORT", "COMPLETED"), (190, "INCREMENTAL_EXPORT", "COMPLETED")]);
    deployment.assert_found("last export", "to do", "`lake-behind` in docs/runbook.md").await;
    deployment.exports(&[(5, "INCREMENTAL_EXPORT", "FAILED"), (65, "INCREMENTAL_EXPORT", "COMPLETED")]);
    deployment.assert_found("last export", "to do", "`lake-failed` in docs/runbook.md").await;

    deployment.exports_lie_under("exports");
    deployment.exports(&[(5 * 24 * 60, "FULL_EXPORT", "COMPLETED")]);
    deployment.assert_found("last export", "ok", "5d ago").await;
    deployment.assert_found("tables", "not checked", "DashboardTables").await;
}

#[tokio::test]
async fn the_tables_are_behind_when_what_was_written_three_hours_ago_is_not_in_them() {
    let deployment = Deployment::new().await;
    deployment.exports_lie_under("lake/exports");
    // The last is one by hand.
    deployment.exports(&[(10, "FULL_EXPORT", "COMPLETED"), (60, "INCREMENTAL_EXPORT", "COMPLETED")]);

    deployment.assert_found("tables", "not checked", "on its way").await;
    deployment.state(r#"{"inFlight":{"exportArn":"an ARN","from":null,"to":"2026-11-23T10:04:00Z"}}"#).await;
    deployment.assert_found("tables", "not checked", "on its way").await;
    let done = ago(70);
    deployment.state(&json!({"done": done.to_string()}).to_string()).await;
    deployment.assert_found("tables", "ok", &format!("before {done}")).await;
    let done = ago(200);
    deployment.state(&json!({"done": done.to_string()}).to_string()).await;
    deployment.assert_found("tables", "to do", &format!("before {done}, 3h ago: see `lake-behind`")).await;
    deployment.state("not a state").await;
    deployment.assert_found("tables", "to do", "s3://a-bucket/lake/state.json").await;
}
