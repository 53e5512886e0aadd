//! `template.yaml` and the code agree, and the template is sound.

use std::{path::Path, process::Command};

use aws_sdk_dynamodb::types::{KeySchemaElement, ProjectionType};
use kaizala_webhook::{
    receiver::{CALLBACK_TOKEN_SHA256, RETENTION_DAYS, TABLE_NAME, WEBHOOK_PATH},
    store::schema::{BY_TIME, EVENT_KEY, EXPIRES_AT, GROUP_ID, RECEIVED_AT},
};
use serde_json::{Value, json};

use super::support::{
    World,
    process::{run, tool},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The template as JSON, by SAM's own reader of YAML.
fn template() -> Value {
    let script = "import json,sys; from samcli.yamlhelper import yaml_parse; json.dump(yaml_parse(open('template.yaml').read()), sys.stdout)";
    let output = run(Command::new(tool("bin/python")).args(["-c", script]).current_dir(root()), b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// The properties of the only resource of a type.
fn only<'a>(template: &'a Value, resource_type: &str) -> (&'a String, &'a Value) {
    let resources = template["Resources"].as_object().expect("it has resources");
    let mut found = resources.iter().filter(|(_, resource)| resource["Type"] == resource_type);
    let resource = found.next().unwrap_or_else(|| panic!("there is no {resource_type}"));
    assert!(found.next().is_none(), "there are several {resource_type}");
    resource
}

#[test]
fn the_table_has_the_codes_keys_index_and_expiry() {
    let template = template();
    let (_, table) = only(&template, "AWS::DynamoDB::Table");
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let properties = &table["Properties"];

    assert_eq!(properties["KeySchema"], json!([key(GROUP_ID, "HASH"), key(EVENT_KEY, "RANGE")]));
    assert_eq!(
        properties["GlobalSecondaryIndexes"],
        json!([{
            "IndexName": BY_TIME,
            "KeySchema": [key(GROUP_ID, "HASH"), key(RECEIVED_AT, "RANGE")],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }])
    );
    let mut names: Vec<_> = properties["AttributeDefinitions"].as_array().unwrap().iter().collect();
    names.sort_by_key(|definition| definition["AttributeName"].to_string());
    let string = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    assert_eq!(json!(names), json!([string(EVENT_KEY), string(GROUP_ID), string(RECEIVED_AT)]));
    assert_eq!(properties["TimeToLiveSpecification"], json!({"AttributeName": EXPIRES_AT, "Enabled": true}));
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
    let (_, function) = only(&template, "AWS::Serverless::Function");
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
    let (_, function) = only(&template, "AWS::Serverless::Function");
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
    let (_, function) = only(&template, "AWS::Serverless::Function");
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

#[test]
fn no_secret_has_a_default() {
    let template = template();
    for (name, parameter) in template["Parameters"].as_object().expect("it has parameters") {
        if name.contains("Token") || name.contains("Secret") {
            assert!(parameter.get("Default").is_none(), "{name}");
        }
    }
}

#[test]
fn cfn_lint_and_sam_find_nothing_to_object_to() {
    let commands: [(&str, &[&str]); 2] = [("bin/cfn-lint", &["template.yaml"]), ("bin/sam", &["validate", "--lint"])];
    for (program, arguments) in commands {
        let mut command = Command::new(tool(program));
        command
            .args(arguments)
            .current_dir(root())
            .env("SAM_CLI_TELEMETRY", "0")
            .env("AWS_DEFAULT_REGION", "eu-west-1");
        let output = run(&mut command, b"");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{program}: {said}");
    }
}
