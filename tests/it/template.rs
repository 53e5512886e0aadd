//! `template.yaml` and the code agree, and the template is sound.

use std::{path::Path, process::Command};

use kaizala_webhook::{
    receiver::{CALLBACK_TOKEN_SHA256, RETENTION_DAYS, TABLE_NAME, WEBHOOK_PATH},
    store::schema::{BY_TIME, EVENT_KEY, EXPIRES_AT, GROUP_ID, RECEIVED_AT},
};
use serde_json::{Value, json};

use super::support::process::{run, tool};

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
    for event in function["Properties"]["Events"].as_object().expect("it has events").values() {
        assert_eq!(event["Properties"]["Path"], WEBHOOK_PATH);
    }
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
