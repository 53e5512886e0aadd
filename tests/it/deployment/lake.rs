//! What `template.yaml` deploys for the tables of dashboards: the function, the bucket, Athena.

use std::collections::BTreeSet;

use kaizala_webhook::lake::{
    BUCKET_NAME, EXPORTS_PREFIX, PLANS_PREFIX, REJECTED_PREFIX, STATE_KEY, TABLE_ARN, TABLES_PREFIX,
    metrics::{GONE_ITEMS, LAG, REJECTED_LINES},
};
use serde_json::{Value, json};

use crate::support::template::{all, only, template};

#[test]
fn the_function_of_the_tables_gets_the_environment_that_it_reads_and_no_other() {
    let template = template();
    let (table, _) = only(&template, "AWS::DynamoDB::Table");
    let (bucket, _) = only(&template, "AWS::S3::Bucket");
    let function = &template["Resources"]["Lake"];
    let endpoint = json!({"Fn::If": ["HasDynamoDbEndpoint", {"Ref": "DynamoDbEndpointUrl"}, {"Ref": "AWS::NoValue"}]});

    assert_eq!(
        function["Properties"]["Environment"]["Variables"],
        json!({
            (TABLE_ARN): {"Fn::GetAtt": [table, "Arn"]},
            (BUCKET_NAME): {"Ref": bucket},
            "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
            "AWS_ENDPOINT_URL_S3": endpoint,
        })
    );
    assert_eq!(function["Metadata"]["BuildProperties"]["Binary"], "lake");
    // Metrics are read out of log lines in JSON.
    assert_eq!(function["Properties"]["LoggingConfig"]["LogFormat"], "JSON");
}

#[test]
fn the_function_of_the_tables_may_export_this_table_and_write_its_own_prefixes_and_delete_nothing() {
    let template = template();
    let (table, _) = only(&template, "AWS::DynamoDB::Table");
    let (bucket, _) = only(&template, "AWS::S3::Bucket");
    let statements = &template["Resources"]["Lake"]["Properties"]["Policies"][0]["Statement"];

    let own = [EXPORTS_PREFIX, STATE_KEY, PLANS_PREFIX, TABLES_PREFIX, REJECTED_PREFIX];
    let prefixes: BTreeSet<_> = own.iter().filter_map(|prefix| prefix.split('/').next()).collect();
    let mut actions: Vec<_> = Vec::new();
    for statement in statements.as_array().expect("it is a list") {
        assert_eq!(statement["Effect"], "Allow");
        let resource = statement["Resource"].to_string();
        assert!(resource.contains(table.as_str()) || resource.contains(bucket.as_str()), "{resource}");
        match &statement["Action"] {
            Value::Array(list) => actions.extend(list.iter().filter_map(Value::as_str)),
            action => actions.extend(action.as_str()),
        }
        if statement["Sid"] == "ReadAndWriteFiles" {
            let written: Vec<_> =
                prefixes.iter().map(|prefix| json!({"Fn::Sub": format!("${{{bucket}.Arn}}/{prefix}/*")})).collect();
            let mut found = statement["Resource"].as_array().expect("it is a list").clone();
            found.sort_by_key(Value::to_string);
            assert_eq!(found, written);
        }
    }
    actions.sort_unstable();
    actions.dedup();
    assert_eq!(
        actions,
        [
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeExport",
            "dynamodb:ExportTableToPointInTime",
            "dynamodb:GetItem",
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutObject",
            "s3:PutObjectAcl",
        ]
    );
}

#[test]
fn what_is_in_the_bucket_is_deleted_when_it_is_of_no_more_use_and_the_state_never() {
    let template = template();
    let (_, bucket) = only(&template, "AWS::S3::Bucket");
    let rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"].as_array().expect("there are rules");
    let days = |prefix: &str| {
        let rule = rules.iter().find(|rule| rule["Prefix"] == prefix || rule["Fn::If"][1]["Prefix"] == prefix);
        rule.unwrap_or_else(|| panic!("no rule for {prefix}"))
    };

    // Longer than a table can be recovered, so that no export that is in flight is without its files.
    assert_eq!(days("lake/exports/")["ExpirationInDays"], 36);
    assert_eq!(days("lake/plans/")["ExpirationInDays"], 36);
    for prefix in ["tables/", "rejected/"] {
        let [condition, rule, otherwise] = &days(prefix)["Fn::If"].as_array().expect("it depends")[..] else {
            panic!("{prefix}")
        };
        assert_eq!(condition, "EventsExpire");
        assert_eq!(rule["ExpirationInDays"], json!({"Ref": "RetentionDays"}));
        assert_eq!(*otherwise, json!({"Ref": "AWS::NoValue"}));
    }
    for rule in rules {
        let prefix = rule["Prefix"].as_str().or(rule["Fn::If"][1]["Prefix"].as_str());
        let is_state = prefix.is_some_and(|prefix| STATE_KEY.starts_with(prefix));
        assert!(!is_state && (prefix.is_some() || rule["ExpirationInDays"].is_null()), "{rule}");
    }
}

#[test]
fn queries_are_broken_off_at_a_limit_and_their_results_lie_where_no_table_is() {
    let template = template();
    let (_, workgroup) = only(&template, "AWS::Athena::WorkGroup");
    let configuration = &workgroup["Properties"]["WorkGroupConfiguration"];

    assert_eq!(configuration["BytesScannedCutoffPerQuery"], json!({"Ref": "MaxBytesPerQuery"}));
    assert_eq!(configuration["EnforceWorkGroupConfiguration"], true);
    let results = configuration["ResultConfiguration"]["OutputLocation"]["Fn::Sub"].as_str().expect("put together");
    assert_eq!(results, "s3://${ExportsBucket}/query-results/");
    for (name, table) in all(&template, "AWS::Glue::Table") {
        let location = table["Properties"]["TableInput"]["StorageDescriptor"]["Location"]["Fn::Sub"].as_str();
        assert!(location.is_none_or(|location| location.starts_with("s3://${ExportsBucket}/tables/")), "{name}");
    }
}

/// A definition without what is in it on a condition.
fn otherwise(definition: &Value, condition: &Value) -> Value {
    match definition {
        Value::Object(object) if object.get("Fn::If").is_some_and(|alternatives| alternatives[0] == *condition) => {
            object["Fn::If"][2].clone()
        }
        Value::Object(object) => {
            object.iter().map(|(name, value)| (name.clone(), otherwise(value, condition))).collect()
        }
        Value::Array(list) => list.iter().map(|value| otherwise(value, condition)).collect(),
        value => value.clone(),
    }
}

#[test]
fn the_dashboard_shows_the_tables_metrics_where_there_are_tables() {
    let template = template();
    let (_, dashboard) = only(&template, "AWS::CloudWatch::Dashboard");
    let [body, variables] =
        &dashboard["Properties"]["DashboardBody"]["Fn::Sub"].as_array().expect("it is put together")[..]
    else {
        panic!("there are a text and what goes into it")
    };
    let [condition, with_tables, without] = &variables["LakeWidgets"]["Fn::If"].as_array().expect("it depends")[..]
    else {
        panic!("it depends on a condition")
    };
    assert_eq!(condition, "HasDashboardTables");
    let widgets = |widgets: &Value| {
        let body = body.as_str().expect("it is text").replace("${LakeWidgets}", widgets.as_str().expect("it is text"));
        let body: Value = serde_json::from_str(&body).expect("it is JSON");
        body["widgets"].as_array().expect("it is a list").clone()
    };
    let (with_tables, without) = (widgets(&with_tables["Fn::Sub"]), widgets(without));
    assert_eq!(with_tables.len(), without.len() + 3);
    let shown = json!(with_tables).to_string();
    for metric in [LAG, REJECTED_LINES, GONE_ITEMS] {
        assert!(shown.contains(&format!("\"{metric}\"")) && !json!(without).to_string().contains(metric), "{metric}");
    }
    // None lies on another.
    let places: BTreeSet<_> = with_tables.iter().map(|widget| (widget["y"].as_u64(), widget["x"].as_u64())).collect();
    assert_eq!(places.len(), with_tables.len());
}

/// What points to something that is there on a condition is there on the same condition.
#[test]
fn without_tables_for_dashboards_nothing_of_them_is_deployed() {
    let template = template();
    let condition = json!("HasDashboardTables");
    let resources = template["Resources"].as_object().expect("it has resources");
    let conditional: Vec<_> =
        resources.iter().filter(|(_, resource)| resource["Condition"] == condition).map(|(name, _)| name).collect();
    assert!(conditional.len() > 20, "{conditional:?}");
    for name in &conditional {
        let (by_ref, by_attribute) = (format!("{{\"Ref\":\"{name}\"}}"), format!("{{\"Fn::GetAtt\":[\"{name}\","));
        let users = resources.iter().chain(template["Outputs"].as_object().expect("it has outputs"));
        for (user, definition) in users {
            let text = otherwise(definition, &condition).to_string();
            if text.contains(&by_ref) || text.contains(&by_attribute) || text.contains(&format!("${{{name}}}")) {
                assert_eq!(definition["Condition"], condition, "{user} needs {name}");
            }
        }
    }
    for metered in ["AWS::Serverless::StateMachine", "AWS::Glue::Table", "AWS::Athena::WorkGroup"] {
        for (name, _) in all(&template, metered) {
            assert!(conditional.contains(&name), "{name}");
        }
    }
    assert!(conditional.contains(&&"Lake".to_owned()));
}
