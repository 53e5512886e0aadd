//! What a delivery costs in log lines, and that no alarm and no query looks for a line that is not written.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    World,
    lambda::Lambda,
    sample,
    template::{all, only, root, template},
};

fn access_log_format(template: &Value) -> String {
    let (_, api) = only(template, "AWS::Serverless::HttpApi");
    api["Properties"]["AccessLogSettings"]["Format"].as_str().expect("there is a format").to_owned()
}

/// The costs in the README count with these, and the 26 bytes that CloudWatch adds to each.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_writes_one_line_of_the_function_and_one_of_the_api_and_together_a_kilobyte() {
    let world = World::new().await;
    let lambda = Lambda::start_with(&[
        ("AWS_ENDPOINT_URL_DYNAMODB", world.proxy.url()),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        // As long as the one that CloudFormation gives it.
        ("AWS_LAMBDA_FUNCTION_NAME", "kaizala-webhook-Receiver-ABCDEFGHIJKL"),
    ]);
    let sample = sample("text-message-created");
    lambda.invoke(&sample);
    let request_id = sample.event["requestContext"]["requestId"].as_str().expect("it has one").to_owned();
    let line = lambda.process.wait_for(|line| line.contains(&request_id).then(|| line.to_owned()));

    let values = [
        ("requestId", request_id.as_str()),
        ("httpMethod", "POST"),
        ("status", "200"),
        ("responseLatency", "12"),
        ("integration.error", "-"),
        ("error.responseType", "-"),
    ];
    let access = values
        .iter()
        .fold(access_log_format(&template()), |line, (name, value)| line.replace(&format!("$context.{name}"), value));

    assert!(!access.contains("$context"), "{access}");
    assert!((600..=900).contains(&line.len()), "{} bytes: {line}", line.len());
    assert!((100..=160).contains(&access.len()), "{} bytes: {access}", access.len());
}

#[test]
fn what_is_left_out_of_the_logs_is_looked_for_by_no_alarm_and_no_entry_of_the_runbook() {
    let template = template();
    let format: Value = serde_json::from_str(&access_log_format(&template)).expect("it is JSON");
    let (access_logs, _) = all(&template, "AWS::Logs::LogGroup")
        .into_iter()
        .find(|(name, _)| *name == "AccessLogs")
        .expect("there is one for the API");
    let filters = all(&template, "AWS::Logs::MetricFilter");
    assert!(!filters.is_empty());
    for (name, filter) in filters {
        assert_eq!(filter["Properties"]["LogGroupName"], json!({"Ref": access_logs}), "{name}");
        let pattern = filter["Properties"]["FilterPattern"].as_str().expect("a text");
        let field = pattern.split("$.").nth(1).and_then(|rest| rest.split(' ').next()).expect("it looks for a field");
        assert!(format[field].is_string(), "{name} looks for {field}");
    }
    let runbook = fs::read_to_string(root().join("docs/runbook.md")).expect("it is there");
    assert!(runbook.contains("`integrationError`") && format["integrationError"].is_string());

    // A timeout, a crash: Lambda's report of an invocation that failed is of the level WARN. The other ones, which tell of cold
    // starts, are there on demand.
    let logging = &template["Resources"]["Receiver"]["Properties"]["LoggingConfig"];
    assert_eq!(logging["SystemLogLevel"], json!({"Fn::If": ["LogsInvocations", "INFO", "WARN"]}));
    let on_demand = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "LogLevel"}, "INFO"]}]});
    assert_eq!(template["Conditions"]["LogsInvocations"], on_demand);
    assert!(runbook.contains("`LogLevel=DEBUG`"), "where the lines of cold starts come from");
}
