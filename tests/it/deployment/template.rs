//! `template.yaml` and the code agree, and the template is sound.

use std::{collections::HashSet, fs};

use aws_sdk_dynamodb::types::{KeySchemaElement, ProjectionType};
use kaizala_webhook::receiver::{CALLBACK_TOKEN_SHA256, RETENTION_DAYS, TABLE_NAME, WEBHOOK_PATH};
use serde_json::{Value, json};

use crate::support::{
    World,
    template::{all, only, root, template},
};

#[test]
fn the_table_has_the_documented_keys_index_and_expiry() {
    let template = template();
    let (_, table) = only(&template, "AWS::DynamoDB::Table");
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let properties = &table["Properties"];

    assert_eq!(properties["KeySchema"], json!([key("groupId", "HASH"), key("eventKey", "RANGE")]));
    assert_eq!(
        properties["GlobalSecondaryIndexes"],
        json!([{
            "IndexName": "byTime",
            "KeySchema": [key("groupId", "HASH"), key("receivedAt", "RANGE")],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }])
    );
    let mut names: Vec<_> = properties["AttributeDefinitions"].as_array().unwrap().iter().collect();
    names.sort_by_key(|definition| definition["AttributeName"].to_string());
    let string = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    assert_eq!(json!(names), json!([string("eventKey"), string("groupId"), string("receivedAt")]));
    assert_eq!(properties["TimeToLiveSpecification"], json!({"AttributeName": "expiresAt", "Enabled": true}));
}

#[test]
fn the_table_is_tagged_with_the_version_and_the_digests_that_doctor_compares() {
    let template = template();
    let (_, table) = only(&template, "AWS::DynamoDB::Table");
    let digests = json!({"Fn::Join": [" ", {"Fn::Split": [",", {"Ref": "CallbackTokenSha256"}]}]});
    let tags = json!([
        {"Key": "kaizala-webhook:template", "Value": env!("CARGO_PKG_VERSION")},
        {"Key": "kaizala-webhook:tokens", "Value": digests},
    ]);
    assert_eq!(table["Properties"]["Tags"], tags);
}

#[test]
fn the_table_is_encrypted_recoverable_and_survives_the_stack() {
    let template = template();
    let (_, table) = only(&template, "AWS::DynamoDB::Table");

    assert_eq!((&table["DeletionPolicy"], &table["UpdateReplacePolicy"]), (&json!("Retain"), &json!("Retain")));
    assert_eq!(table["Properties"]["DeletionProtectionEnabled"], true);
    assert_eq!(table["Properties"]["SSESpecification"]["SSEEnabled"], true);
    let recovery = &table["Properties"]["PointInTimeRecoverySpecification"];
    assert_eq!(recovery["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["Properties"]["BillingMode"], "PAY_PER_REQUEST");
}

#[test]
fn the_function_gets_the_environment_that_it_reads_and_no_other() {
    let template = template();
    let function = &template["Resources"]["Receiver"];
    let variables = function["Properties"]["Environment"]["Variables"].as_object().expect("it has an environment");
    let mut names: Vec<_> = variables.keys().map(String::as_str).collect();
    names.sort_unstable();

    assert_eq!(names, ["AWS_ENDPOINT_URL_DYNAMODB", CALLBACK_TOKEN_SHA256, RETENTION_DAYS, TABLE_NAME]);
    assert_eq!(function["Metadata"]["BuildMethod"], "rust-cargolambda");
    assert_eq!(function["Metadata"]["BuildProperties"]["Binary"], "receiver");
    let (table, _) = only(&template, "AWS::DynamoDB::Table");
    assert_eq!(variables[TABLE_NAME], json!({"Ref": table}));
    assert_eq!(variables[CALLBACK_TOKEN_SHA256], json!({"Ref": "CallbackTokenSha256"}));
    let optional =
        |condition: &str, parameter: &str| json!({"Fn::If": [condition, {"Ref": parameter}, {"Ref": "AWS::NoValue"}]});
    assert_eq!(variables[RETENTION_DAYS], optional("EventsExpire", "RetentionDays"));
    assert_eq!(variables["AWS_ENDPOINT_URL_DYNAMODB"], optional("HasDynamoDbEndpoint", "DynamoDbEndpointUrl"));
}

#[test]
fn every_method_of_the_webhook_reaches_the_function_in_the_format_that_it_reads_and_with_time_to_answer() {
    let template = template();
    let function = &template["Resources"]["Receiver"];
    let events = function["Properties"]["Events"].as_object().expect("it has events");
    assert_eq!(events.len(), 1);
    for event in events.values() {
        assert_eq!(event["Type"], "HttpApi");
        assert_eq!(event["Properties"]["Path"], WEBHOOK_PATH);
        assert_eq!(event["Properties"]["Method"], "ANY");
        assert_eq!(event["Properties"]["PayloadFormatVersion"], "2.0");
    }
    assert!(function["Properties"]["Timeout"].as_u64() > Some(4), "a 503 takes up to four seconds");
    assert_eq!(function["Properties"]["LoggingConfig"]["LogFormat"], "JSON");
}

#[tokio::test]
async fn the_local_table_is_the_templates() {
    let world = World::new().await;
    let (_, table) = {
        let template = template();
        let (name, table) = only(&template, "AWS::DynamoDB::Table");
        (name.clone(), table["Properties"].clone())
    };

    let described = world.describe().await;

    let keys = |schema: &[KeySchemaElement]| -> Vec<_> {
        schema
            .iter()
            .map(|key| json!({"AttributeName": key.attribute_name(), "KeyType": key.key_type().as_str()}))
            .collect()
    };
    assert_eq!(json!(keys(described.key_schema())), table["KeySchema"]);
    let [index] = described.global_secondary_indexes() else { panic!("there is one index") };
    let expected = &table["GlobalSecondaryIndexes"][0];
    assert_eq!(json!(index.index_name()), expected["IndexName"]);
    assert_eq!(json!(keys(index.key_schema())), expected["KeySchema"]);
    let projection = index.projection().and_then(|projection| projection.projection_type()).map(ProjectionType::as_str);
    assert_eq!(json!(projection), expected["Projection"]["ProjectionType"]);
    assert_eq!(json!(world.expiry_attribute().await), table["TimeToLiveSpecification"]["AttributeName"]);
}

#[test]
fn the_function_may_put_and_get_items_of_its_table_and_nothing_else() {
    let template = template();
    let (table, _) = only(&template, "AWS::DynamoDB::Table");
    let function = &template["Resources"]["Receiver"];
    let policies = function["Properties"]["Policies"].as_array().expect("it has policies");

    let statements: Vec<_> =
        policies.iter().flat_map(|policy| policy["Statement"].as_array().expect("inline").iter()).collect();
    let [statement] = statements.as_slice() else { panic!("there are several statements") };
    let mut actions: Vec<_> =
        statement["Action"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["dynamodb:GetItem", "dynamodb:PutItem"]);
    assert_eq!(statement["Effect"], "Allow");
    assert_eq!(statement["Resource"], json!({"Fn::GetAtt": [table, "Arn"]}));
}

/// An alias serves a published version, and SAM publishes one when the template changes, not when a parameter does.
#[test]
fn every_parameter_that_reaches_the_function_is_in_the_description_that_makes_a_new_version() {
    fn parameters(value: &Value, names: &mut HashSet<String>) {
        match value {
            Value::Object(members) => {
                names.extend(members.get("Ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| parameters(value, names));
            }
            Value::Array(list) => list.iter().for_each(|value| parameters(value, names)),
            _ => {}
        }
    }
    let template = template();
    let function = &template["Resources"]["Receiver"];
    let properties = &function["Properties"];
    assert_eq!(
        (&properties["AutoPublishAlias"], &properties["AutoPublishAliasAllProperties"]),
        (&json!("live"), &json!(true))
    );
    let description = properties["VersionDescription"]["Fn::Sub"].as_str().expect("it is put together");

    let mut names = HashSet::new();
    for versioned in ["MemorySize", "LoggingConfig", "Environment", "Timeout", "Handler", "Tracing"] {
        parameters(&properties[versioned], &mut names);
    }
    names.retain(|name| template["Parameters"].get(name).is_some());

    // An emulator's, where nobody minds.
    assert!(names.remove("DynamoDbEndpointUrl"));
    assert!(names.contains("CallbackTokenSha256") && names.len() > 3, "{names:?}");
    for name in &names {
        assert!(description.contains(&format!("${{{name}}}")), "{name}");
    }
    let tokens = "0".repeat(3 * 65 - 1);
    let longest = [
        ("CallbackTokenSha256", tokens.as_str()),
        ("MemorySize", "10240"),
        ("LogLevel", "DEBUG"),
        ("Tracing", "Disabled"),
        ("RetentionDays", "99999"),
    ]
    .into_iter()
    .fold(description.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value));
    assert!(!longest.contains("${"), "{longest}");
    assert!(longest.len() <= 256, "Lambda allows 256 characters");
}

#[test]
fn a_gradual_deployment_watches_nothing_that_needs_the_alias_itself() {
    let template = template();
    let function = &template["Resources"]["Receiver"];
    let alarms = function["Properties"]["DeploymentPreference"]["Alarms"].as_array().expect("it has alarms");
    assert!(!alarms.is_empty());
    for alarm in alarms {
        let alarm = &template["Resources"][alarm["Ref"].as_str().expect("by name")];
        assert!(
            !alarm.to_string().contains("\"Api\""),
            "the API points to the alias: CloudFormation would go round in circles"
        );
    }
}

#[test]
fn the_access_log_has_no_query_string_no_address_and_no_user_agent() {
    let template = template();
    let (_, api) = only(&template, "AWS::Serverless::HttpApi");
    let format = api["Properties"]["AccessLogSettings"]["Format"].as_str().expect("there is a format");

    let fields: Value = serde_json::from_str(format).expect("it is one JSON object on one line");

    let variables: Vec<_> = fields.as_object().expect("it is").values().filter_map(Value::as_str).collect();
    assert!(variables.contains(&"$context.status") && variables.contains(&"$context.requestId"));
    for variable in variables {
        let told =
            ["requestId", "requestTimeEpoch", "httpMethod", "routeKey", "status", "responseLength", "responseLatency"];
        let name = variable.strip_prefix("$context.").expect("it is a variable");
        assert!(told.contains(&name) || name.starts_with("integration") || name == "error.responseType", "{name}");
    }
    assert!(!format.contains('\n'));
}

#[test]
fn the_exports_bucket_is_encrypted_private_tls_only_and_survives_the_stack() {
    let template = template();
    let (name, bucket) = only(&template, "AWS::S3::Bucket");
    let properties = &bucket["Properties"];

    // One that a failed first deployment made is empty, and goes with it.
    assert_eq!(
        (&bucket["DeletionPolicy"], &bucket["UpdateReplacePolicy"]),
        (&json!("RetainExceptOnCreate"), &json!("Retain"))
    );
    let encryption = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
    assert_eq!(encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    let access = properties["PublicAccessBlockConfiguration"].as_object().expect("it is there");
    assert!(access.len() == 4 && access.values().all(|blocked| *blocked == true));
    assert!(properties["LifecycleConfiguration"]["Rules"].as_array().is_some_and(|rules| !rules.is_empty()));
    let (_, policy) = only(&template, "AWS::S3::BucketPolicy");
    assert_eq!(policy["Properties"]["Bucket"], json!({"Ref": name}));
    let statement = &policy["Properties"]["PolicyDocument"]["Statement"][0];
    assert_eq!(
        (&statement["Effect"], &statement["Principal"], &statement["Action"]),
        (&json!("Deny"), &json!("*"), &json!("s3:*"))
    );
    assert_eq!(statement["Condition"], json!({"Bool": {"aws:SecureTransport": "false"}}));
}

#[test]
fn traces_are_off_unless_they_are_asked_for() {
    let template = template();
    let function = &template["Resources"]["Receiver"];
    let parameter = &template["Parameters"]["Tracing"];

    assert_eq!(function["Properties"]["Tracing"], json!({"Ref": "Tracing"}));
    // SAM takes `Disabled` for no tracing, and gives the role no permission for X-Ray.
    assert_eq!(
        (&parameter["Default"], &parameter["AllowedValues"]),
        (&json!("Disabled"), &json!(["Disabled", "Active"]))
    );
}

#[test]
fn a_flood_of_requests_is_cut_off_at_a_rate_that_costs_tens_of_dollars_a_day() {
    let template = template();
    let (_, api) = only(&template, "AWS::Serverless::HttpApi");
    let settings = &api["Properties"]["DefaultRouteSettings"];
    let limit = json!({"Ref": "MaxRequestsPerSecond"});

    assert_eq!((&settings["ThrottlingRateLimit"], &settings["ThrottlingBurstLimit"]), (&limit, &limit));
    assert_eq!(template["Parameters"]["MaxRequestsPerSecond"]["Default"], 200);
}

/// Dashboards are the only thing of the stack whose name an account has once for all regions.
#[test]
fn two_stacks_of_the_same_name_in_two_regions_do_not_want_the_same_dashboard() {
    let template = template();
    let (_, dashboard) = only(&template, "AWS::CloudWatch::Dashboard");

    assert_eq!(dashboard["Properties"]["DashboardName"], json!({"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}));
    // Roles and policies too, had they names.
    for (name, named) in all(&template, "AWS::IAM::Role").into_iter().chain(all(&template, "AWS::IAM::ManagedPolicy")) {
        let properties = &named["Properties"];
        assert!(properties["RoleName"].is_null() && properties["ManagedPolicyName"].is_null(), "{name}");
    }
    let (_, bucket) = only(&template, "AWS::S3::Bucket");
    assert!(bucket["Properties"].get("BucketName").is_none());
}

/// Whatever has a name of its own has the stack's in it.
#[test]
fn two_stacks_in_one_region_want_nothing_under_the_same_name() {
    let template = template();
    let names = [
        "Name",
        "QueueName",
        "RoleName",
        "ManagedPolicyName",
        "AlarmName",
        "LogGroupName",
        "DashboardName",
        "FunctionName",
        "TableName",
        "TopicName",
    ];
    let mut count = 0;
    for (name, resource) in template["Resources"].as_object().expect("it has resources") {
        // Whoever gives a domain says which stack has it.
        for member in names.into_iter().filter(|_| resource["Type"] != "AWS::Route53::RecordSet") {
            if let Some(given) = resource["Properties"].get(member) {
                count += 1;
                let is_of_another =
                    given["Ref"].as_str().is_some_and(|other| template["Resources"].get(other).is_some());
                assert!(is_of_another || given.to_string().contains("AWS::StackName"), "{name}: {given}");
            }
        }
    }
    assert!(count > 20);
    let (_, database) = only(&template, "AWS::Glue::Database");
    assert!(database["Properties"]["DatabaseInput"]["Name"].to_string().contains("AWS::StackName"));
}

#[test]
fn the_schedule_group_is_named_after_the_stack() {
    let template = template();
    let (_, group) = only(&template, "AWS::Scheduler::ScheduleGroup");
    assert_eq!(group["Properties"]["Name"], json!({"Ref": "AWS::StackName"}));
}

/// With JSON logs, Lambda writes its report of an invocation as JSON as well, without a level. A timeout shows there alone.
#[test]
fn timeouts_that_lambda_reports_are_looked_for_where_json_logs_have_them() {
    let template = template();
    let (_, dashboard) = only(&template, "AWS::CloudWatch::Dashboard");
    let body = dashboard["Properties"]["DashboardBody"]["Fn::Sub"][0].as_str().expect("it is put together");
    let body: Value = serde_json::from_str(&body.replace("${LakeWidgets}", "")).expect("it is JSON");
    let queries: Vec<_> = body["widgets"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|widget| widget["properties"]["query"].as_str())
        .collect();
    let [query] = queries[..] else { panic!("{queries:?}") };
    assert!(query.contains("type = 'platform.report' and record.status != 'success'"), "{query}");
    assert!(query.contains("fields") && query.contains("record.status"), "{query}");

    let runbook = fs::read_to_string(root().join("docs/runbook.md")).expect("it is there");
    assert!(!runbook.contains("REPORT") && runbook.contains("record.metrics.initDurationMs"));
}

#[test]
fn no_secret_has_a_default() {
    let template = template();
    for (name, parameter) in template["Parameters"].as_object().expect("it has parameters") {
        if name.contains("Token") || name.contains("Secret") {
            assert!(parameter.get("Default").is_none(), "{name}");
        }
    }
}
