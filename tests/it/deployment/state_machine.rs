//! The state machine asks for steps that there are, and knows what comes of them.

use std::{collections::BTreeSet, fs, process::Command};

use kaizala_webhook::lake::{Begun, Finished, Idle, Planned, Progress, Step};
use serde_json::{Value, json};

use crate::support::{
    process::{run, tool},
    template::{only, root, template},
};

const DEFINITION: &str = "statemachine/lake.asl.json";

fn definition() -> Value {
    let text = fs::read_to_string(root().join(DEFINITION)).expect("it is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// All states by name, those of the map too.
fn states(definition: &Value) -> Vec<(&String, &Value)> {
    let outer = definition["States"].as_object().expect("it has states");
    let inner = outer["Convert"]["ItemProcessor"]["States"].as_object().expect("it has states");
    outer.iter().chain(inner).collect()
}

/// The states that call the function.
fn calls(definition: &Value) -> Vec<(&String, &Value)> {
    let all = states(definition).into_iter();
    all.filter(|(_, state)| state["Resource"] == "arn:aws:states:::lambda:invoke").collect()
}

#[test]
fn it_takes_the_steps_of_the_function_in_their_order() {
    let definition = definition();
    let step = |state: &Value| -> Step {
        assert_eq!(state["Arguments"]["FunctionName"], "${LakeFunctionArn}");
        let mut payload = state["Arguments"]["Payload"].clone();
        // What stands there is an expression, which gives a number.
        if payload.get("group").is_some() {
            payload["group"] = json!(7);
        }
        serde_json::from_value(payload).expect("the function knows it")
    };
    let export_arn = "{% $exportArn %}".to_owned();
    let convert = &definition["States"]["Convert"];

    let mut taken = Vec::new();
    let mut name = definition["StartAt"].as_str().expect("it has a start");
    // Along the way on which everything goes well.
    while definition["States"][name]["Type"] != "Succeed" {
        let state = &definition["States"][name];
        let state = if name == "Convert" { &convert["ItemProcessor"]["States"]["ConvertGroup"] } else { state };
        if state["Resource"] == "arn:aws:states:::lambda:invoke" {
            taken.push(step(state));
        }
        name = match name {
            "Begun" | "Complete" => &definition["States"][name]["Choices"][0]["Next"],
            "Alone" | "CaughtUp" => &definition["States"][name]["Default"],
            _ => &definition["States"][name]["Next"],
        }
        .as_str()
        .expect("it goes on");
    }

    assert_eq!(
        taken,
        [
            Step::Begin,
            Step::Status { export_arn: export_arn.clone() },
            Step::Plan { export_arn: export_arn.clone() },
            Step::Convert { export_arn: export_arn.clone(), group: 7 },
            Step::Remove { export_arn: export_arn.clone() },
            Step::Finish { export_arn },
        ]
    );
    assert_eq!(convert["Items"], "{% $states.input.groups %}");
}

#[test]
fn it_decides_by_what_the_function_answers() {
    let definition = definition();
    let condition = |state: &str| definition["States"][state]["Choices"][0]["Condition"].clone();
    let equal = |name: &str, answer: &Value| {
        json!(format!("{{% $states.input.{name} = '{}' %}}", answer[name].as_str().expect("it is a text")))
    };
    let window = serde_json::from_value(json!({"from": null, "to": "2026-01-14T10:00:00Z"})).expect("it is a window");

    let export = json!(Begun::Export { export_arn: "the ARN".to_owned(), window });
    assert_eq!(condition("Begun"), equal("next", &export));
    assert_eq!(export["exportArn"], "the ARN");
    assert_ne!(json!(Begun::Nothing { because: Idle::WindowTooShort })["next"], export["next"]);
    assert_eq!(condition("Complete"), equal("status", &json!(Progress::Complete)));
    assert_eq!(json!(Planned { groups: vec![0, 1] }), json!({"groups": [0, 1]}));
    let done = json!(Finished { done: kaizala_webhook::event::Timestamp::EPOCH });
    assert!(done["done"].is_string() && condition("CaughtUp").to_string().contains("$states.input.done"));
}

#[test]
fn it_repeats_everything_but_the_errors_that_stay() {
    let errors = fs::read_to_string(root().join("src/lake/error.rs")).expect("it is there");
    let mut stay: BTreeSet<_> =
        errors.split('"').filter(|text| text.starts_with("Lake.") && !text.contains(' ')).collect();
    for passes in ["Lake.DynamoDb", "Lake.Storage"] {
        assert!(stay.remove(passes));
    }
    let definition = definition();
    for (name, state) in calls(&definition) {
        let [not_repeated, repeated] = &state["Retry"].as_array().expect("it is a list")[..] else { panic!("{name}") };
        let names = not_repeated["ErrorEquals"].as_array().expect("it is a list");
        assert_eq!(names.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>(), stay, "{name}");
        assert_eq!(not_repeated["MaxAttempts"], 0, "{name}");
        assert_eq!(repeated["ErrorEquals"], json!(["States.ALL"]), "{name}");
        assert!(repeated["MaxAttempts"].as_u64() > Some(2), "{name}");
        // The map fails with the error of a group.
        let caught = if name == "ConvertGroup" { &definition["States"]["Convert"] } else { state };
        let expected = if name == "Begin" { Value::Null } else { json!(["Lake.NotInFlight"]) };
        assert_eq!(caught["Catch"][0]["ErrorEquals"], expected, "{name}");
    }
    assert_eq!(calls(&definition).len(), 6);
}

/// cfn-lint knows the language of state machines, but does not follow the template into the file.
#[test]
fn its_definition_is_valid() {
    let text = fs::read_to_string(root().join(DEFINITION)).expect("it is there");
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {"StateMachine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": "arn:aws:iam::123456789012:role/a-role",
                "DefinitionString": text,
                "DefinitionSubstitutions": {"LakeFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:lake"},
            },
        }},
    });
    let folder = tempfile::tempdir().expect("there is a place for files");
    let file = folder.path().join("template.json");
    fs::write(&file, template.to_string()).expect("it can be written");

    let output = run(Command::new(tool("bin/cfn-lint")).args(["--regions", "eu-west-1", "--"]).arg(&file), b"");

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn it_can_start_the_function_and_is_started_by_a_schedule_without_a_name() {
    let template = template();
    let (name, machine) = only(&template, "AWS::Serverless::StateMachine");
    let properties = &machine["Properties"];
    let arn = json!({"Fn::GetAtt": ["Lake", "Arn"]});

    assert_eq!(name, "LakeStateMachine");
    assert_eq!(properties["DefinitionUri"], DEFINITION);
    assert_eq!(properties["DefinitionSubstitutions"], json!({"LakeFunctionArn": arn}));
    let own = "${AWS::StackName}-lake";
    assert_eq!(properties["Name"], json!({"Fn::Sub": own}));
    let own = format!("arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:{own}");
    assert_eq!(
        properties["Policies"][0]["Statement"],
        json!([
            {"Sid": "TakeSteps", "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn},
            {"Sid": "LookForOtherExecutions", "Effect": "Allow", "Action": "states:ListExecutions", "Resource": {"Fn::Sub": own}},
        ])
    );
    let schedule = &properties["Events"]["Schedule"];
    assert_eq!(schedule["Type"], "ScheduleV2");
    assert_eq!(schedule["Properties"]["OmitName"], true);
    assert_eq!(schedule["Properties"]["ScheduleExpression"], json!({"Fn::Sub": "rate(${ExportEvery})"}));
    assert_eq!(template["Parameters"]["ExportEvery"]["Default"], "1 hour");
}
