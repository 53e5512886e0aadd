//! What CloudWatch reads out of the log, and that alarms and dashboard watch nothing else.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
};

use kaizala_webhook::{event::EventType, lake, receiver::metrics};
use serde_json::{Value, json};

use crate::support::{
    Fault, World,
    lambda::Lambda,
    sample, samples,
    template::{all, only, root, template},
};

/// Metrics as an alarm names them: namespace, name, and dimensions by name, with the values that occurred.
#[derive(Default)]
struct Emitted(BTreeMap<(String, String, BTreeSet<String>), HashSet<Vec<String>>>);

impl Emitted {
    /// Reads a log line as CloudWatch would; a line that breaks the rules is a failure.
    fn read(&mut self, line: &Value) {
        let embedded = &line["_aws"];
        assert!(embedded["Timestamp"].as_u64().is_some_and(|millis| millis > 1_600_000_000_000), "{line}");
        for directive in embedded["CloudWatchMetrics"].as_array().expect("a list of directives") {
            let namespace = directive["Namespace"].as_str().expect("a name");
            let metrics = directive["Metrics"].as_array().expect("a list of metrics");
            assert!(!metrics.is_empty());
            for dimensions in directive["Dimensions"].as_array().expect("a list of sets") {
                let names: BTreeSet<_> = dimensions
                    .as_array()
                    .expect("a set")
                    .iter()
                    .map(|name| name.as_str().unwrap().to_owned())
                    .collect();
                let value = |name: &String| line[name].as_str().filter(|value| !value.is_empty()).map(str::to_owned);
                let values: Option<Vec<_>> = names.iter().map(value).collect();
                let values = values.unwrap_or_else(|| panic!("a dimension of {names:?} is not text in {line}"));
                for metric in metrics {
                    let name = metric["Name"].as_str().expect("a name");
                    assert!(line[name].is_number(), "{name} is not a number in {line}");
                    assert!(["Count", "Bytes", "Milliseconds"].contains(&metric["Unit"].as_str().unwrap()));
                    self.0.entry((namespace.into(), name.into(), names.clone())).or_default().insert(values.clone());
                }
            }
        }
    }

    fn values(&self, metric: &str, dimensions: &[&str]) -> HashSet<Vec<String>> {
        let names = dimensions.iter().map(|name| (*name).to_owned()).collect();
        self.0.get(&(metrics::NAMESPACE.to_owned(), metric.to_owned(), names)).cloned().unwrap_or_default()
    }

    fn includes(&self, metric: &str, dimensions: &BTreeMap<String, String>) -> bool {
        let names: Vec<_> = dimensions.keys().map(String::as_str).collect();
        self.values(metric, &names).contains(&dimensions.values().cloned().collect::<Vec<_>>())
    }
}

/// The name that the emulator gives the function.
const FUNCTION: &str = "test_function";

/// What the release binary says of all sample events and of one that cannot be stored.
async fn emitted() -> Emitted {
    let world = World::new().await;
    let lambda = Lambda::start(&world);
    let mut emitted = Emitted::default();
    let mut deliver = |sample: &crate::support::Sample| {
        lambda.invoke(sample);
        let request_id = sample.event["requestContext"]["requestId"].clone();
        let line = lambda
            .process
            .wait_for(|line| serde_json::from_str::<Value>(line).ok().filter(|line| line["requestId"] == request_id));
        if line["message"] != "handshake" {
            emitted.read(&line);
        }
    };
    samples().iter().for_each(&mut deliver);
    world.proxy.always(Fault::Throttling);
    deliver(&sample("text-message-created"));
    emitted
}

#[tokio::test(flavor = "multi_thread")]
async fn every_delivery_and_every_refusal_is_counted_under_dimensions_of_a_limited_number() {
    let emitted = emitted().await;

    assert_eq!(emitted.values(metrics::DELIVERIES, &[metrics::FUNCTION_NAME]), [vec![FUNCTION.to_owned()]].into());
    let second = |metric, dimension: &str| -> BTreeSet<_> {
        // Sets of dimensions are in the order of their names.
        let values = emitted.values(metric, &[metrics::FUNCTION_NAME, dimension]);
        values.into_iter().flatten().filter(|value| value != FUNCTION).collect()
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        second(metrics::DELIVERIES, metrics::OUTCOME),
        texts(&["duplicate", metrics::FAILED, "quarantined", "revised", "stored"])
    );
    let mut types: BTreeSet<_> = EventType::ALL.iter().map(|event_type| event_type.name().to_owned()).collect();
    types.insert(metrics::OTHER_EVENT_TYPE.to_owned());
    assert_eq!(
        second(metrics::DELIVERIES, metrics::EVENT_TYPE),
        types,
        "the samples have all types and an unknown one"
    );
    assert_eq!(second(metrics::REFUSED, metrics::REASON), texts(&["unauthorized"]));
    for metric in [metrics::STORE_FAILURES, metrics::BODY_BYTES, metrics::STORE_LATENCY] {
        assert!(!emitted.values(metric, &[metrics::FUNCTION_NAME]).is_empty(), "{metric}");
    }
}

/// Metrics of AWS services, from their documentation, with the dimensions under which they are counted.
const OF_AWS: [(&str, &str, &[&str]); 13] = [
    ("AWS/ApiGateway", "5xx", &["ApiId"]),
    ("AWS/ApiGateway", "4xx", &["ApiId"]),
    ("AWS/ApiGateway", "Latency", &["ApiId"]),
    ("AWS/Lambda", "Errors", &["FunctionName"]),
    ("AWS/Lambda", "Throttles", &["FunctionName"]),
    ("AWS/DynamoDB", "WriteThrottleEvents", &["TableName"]),
    ("AWS/DynamoDB", "WriteThrottleEvents", &["TableName", "GlobalSecondaryIndexName"]),
    ("AWS/DynamoDB", "SystemErrors", &["TableName", "Operation"]),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", &["QueueName"]),
    ("AWS/Scheduler", "InvocationDroppedCount", &["ScheduleGroup"]),
    ("AWS/States", "ExecutionsFailed", &["StateMachineArn"]),
    ("AWS/States", "ExecutionsTimedOut", &["StateMachineArn"]),
    ("AWS/States", "ExecutionsAborted", &["StateMachineArn"]),
];

/// The metric of an alarm, which may stand in metric math.
fn watched(alarm: &Value) -> &Value {
    let properties = &alarm["Properties"];
    let in_math = &properties["Metrics"][0]["MetricStat"]["Metric"];
    if in_math.is_null() { properties } else { in_math }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_alarm_watches_a_metric_under_dimensions_with_which_it_is_emitted() {
    let (template, emitted) = (template(), emitted().await);
    let filtered: Vec<_> = all(&template, "AWS::Logs::MetricFilter")
        .into_iter()
        .flat_map(|(_, filter)| filter["Properties"]["MetricTransformations"].as_array().cloned().unwrap_or_default())
        .map(|metric| (metric["MetricNamespace"].clone(), metric["MetricName"].clone()))
        .collect();
    // What an alarm may point to, and the value that stands for it here.
    let stands_for = |reference: &Value| match reference["Ref"].as_str().or(reference["Fn::GetAtt"][0].as_str()) {
        Some("Receiver") => FUNCTION.to_owned(),
        Some(other) => {
            assert!(template["Resources"].get(other).is_some(), "{other}");
            other.to_owned()
        }
        None => reference.as_str().expect("a text").to_owned(),
    };
    let mut count = 0;
    for (name, alarm) in all(&template, "AWS::CloudWatch::Alarm") {
        let metric = watched(alarm);
        count += 1;
        let dimensions: BTreeMap<_, _> = metric["Dimensions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|dimension| (dimension["Name"].as_str().expect("a name").to_owned(), stands_for(&dimension["Value"])))
            .collect();
        let (namespace, metric_name) = (&metric["Namespace"], &metric["MetricName"]);
        let by_filter = dimensions.is_empty() && filtered.contains(&(namespace.clone(), metric_name.clone()));
        let by_us = *namespace == metrics::NAMESPACE
            && metric_name.as_str().is_some_and(|metric_name| emitted.includes(metric_name, &dimensions));
        // The function that makes the tables counts under no other dimension.
        let by_the_lake = *namespace == metrics::NAMESPACE
            && [lake::metrics::REJECTED_LINES, lake::metrics::LAG].map(|name| json!(name)).contains(metric_name)
            && dimensions == [(metrics::FUNCTION_NAME.to_owned(), "Lake".to_owned())].into();
        let by_aws = OF_AWS.iter().any(|(of, named, under)| {
            namespace == of && metric_name == named && dimensions.keys().eq(under.iter().collect::<BTreeSet<_>>())
        });
        assert!(by_filter || by_us || by_the_lake || by_aws, "{name} watches {metric}");
    }
    assert!(count > 10);
}

#[test]
fn every_alarm_tells_somebody_and_has_an_entry_in_the_runbook() {
    let template = template();
    let (topic, _) = only(&template, "AWS::SNS::Topic");
    let runbook = fs::read_to_string(root().join("docs/runbook.md")).expect("there is a runbook");
    for (name, alarm) in all(&template, "AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        assert_eq!(properties["AlarmActions"], json!([{"Ref": topic}]), "{name}");
        assert!(properties["TreatMissingData"].is_string(), "{name}");
        let alarm_name = properties["AlarmName"]["Fn::Sub"].as_str().expect("it is put together");
        let suffix = alarm_name.strip_prefix("${AWS::StackName}-").expect("it begins with the stack");
        assert!(runbook.contains(&format!("\n## {suffix}\n")), "{name}: no entry for {suffix}");
    }
}

/// Without metric math, CloudWatch looks further back than the evaluation periods, and the alarm comes hours late.
#[test]
fn an_hour_without_deliveries_counts_as_zero_and_zero_is_alarming() {
    let template = template();
    let alarm = &template["Resources"]["SilenceAlarm"];
    let silence = &alarm["Properties"];
    assert_eq!(watched(alarm)["MetricName"], metrics::DELIVERIES);
    let [deliveries, filled] = &silence["Metrics"].as_array().expect("it is metric math")[..] else {
        panic!("{silence}")
    };
    assert_eq!((&deliveries["MetricStat"]["Stat"], &deliveries["MetricStat"]["Period"]), (&json!("Sum"), &json!(3600)));
    let expression = format!("FILL({}, 0)", deliveries["Id"].as_str().expect("it has an id"));
    assert_eq!((&filled["Expression"], &filled["ReturnData"]), (&json!(expression), &json!(true)));
    assert_eq!(deliveries["ReturnData"], false);
    assert_eq!(silence["EvaluationPeriods"], json!({"Ref": "SilenceHours"}));
    assert_eq!((&silence["ComparisonOperator"], &silence["Threshold"]), (&json!("LessThanThreshold"), &json!(1)));
    // Where there has never been a delivery, there is nothing to fill.
    assert_eq!(silence["TreatMissingData"], "breaching");
}

#[test]
fn the_dashboard_shows_metrics_that_are_emitted() {
    let template = template();
    let (_, dashboard) = only(&template, "AWS::CloudWatch::Dashboard");
    let parts = &dashboard["Properties"]["DashboardBody"]["Fn::Sub"];
    let body = parts[0].as_str().expect("it is put together");
    let of_the_lake = parts[1]["LakeWidgets"]["Fn::If"][1]["Fn::Sub"].as_str().expect("they are put together");
    let body: Value = serde_json::from_str(&body.replace("${LakeWidgets}", of_the_lake)).expect("it is JSON");
    let widgets = body["widgets"].as_array().expect("a list");
    let directives = metrics::OF_A_DELIVERY.iter().chain(metrics::OF_A_REFUSAL);
    let mut ours: HashSet<_> = directives.flat_map(|directive| directive.metrics).map(|metric| metric.name).collect();
    ours.extend([lake::metrics::LAG, lake::metrics::REJECTED_LINES, lake::metrics::GONE_ITEMS]);
    let mut shown = HashSet::new();
    for widget in widgets {
        let mut namespace = &Value::Null;
        for line in widget["properties"]["metrics"].as_array().into_iter().flatten() {
            // Three dots stand for the metric of the line before, a dot for its namespace alone.
            if line[0] == "..." {
                continue;
            }
            namespace = if line[0] == "." { namespace } else { &line[0] };
            if *namespace == metrics::NAMESPACE {
                shown.insert(line[1].as_str().expect("a name"));
            }
        }
    }
    shown.remove("${AWS::StackName}-ThrottledRequests");
    assert_eq!(shown, ours);
}
