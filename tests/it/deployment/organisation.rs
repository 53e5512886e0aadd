//! What an organisation asks of a stack: a domain of its own, bounded roles, readers who see no more than the dashboards,
//! stages.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::{Map, Value, json};

use crate::support::{
    process::{run, tool},
    template::{all, only, root, template, transformed},
};

/// Whether CloudFormation would go on with these values of parameters: the other ones are empty.
fn is_accepted(template: &Value, given: &[(&str, &str)]) -> bool {
    let parameters: Map<String, Value> = template["Parameters"]
        .as_object()
        .expect("it has parameters")
        .iter()
        .map(|(name, parameter)| {
            let value = given.iter().find(|(other, _)| other == name).map(|(_, value)| json!(value));
            (name.clone(), value.unwrap_or_else(|| parameter["Default"].clone()))
        })
        .collect();
    let rules = template["Rules"].as_object().expect("it has rules");
    rules.values().all(|rule| {
        !holds(&rule["RuleCondition"], &parameters)
            || rule["Assertions"].as_array().expect("a list").iter().all(|a| holds(&a["Assert"], &parameters))
    })
}

/// A condition of a rule, of the functions that the rules use.
fn holds(condition: &Value, parameters: &Map<String, Value>) -> bool {
    let value = |operand: &Value| operand["Ref"].as_str().map_or(operand.clone(), |name| parameters[name].clone());
    let (function, operands) = condition.as_object().expect("a function").iter().next().expect("one");
    let operands = operands.as_array().expect("a list");
    match function.as_str() {
        "Fn::Not" => !holds(&operands[0], parameters),
        "Fn::And" => operands.iter().all(|operand| holds(operand, parameters)),
        "Fn::Equals" => value(&operands[0]) == value(&operands[1]),
        other => panic!("{other}"),
    }
}

#[test]
fn half_a_domain_is_refused_before_anything_is_made() {
    let template = template();
    let domain = [("DomainName", "a.example.com"), ("CertificateArn", "arn"), ("HostedZoneId", "Z1")];
    for chosen in 0..8 {
        let given: Vec<_> = (0..3).filter(|bit| chosen & (1 << bit) != 0).map(|bit| domain[bit]).collect();
        assert_eq!(is_accepted(&template, &given), [0, 3].contains(&given.len()), "{given:?}");
    }
}

#[test]
fn the_old_url_is_closed_on_demand_alone_and_not_where_there_is_no_other() {
    let template = template();
    let closed = ("DisableExecuteApi", "true");
    let domain = [("DomainName", "a.example.com"), ("CertificateArn", "arn"), ("HostedZoneId", "Z1"), closed];
    assert!(is_accepted(&template, &domain) && !is_accepted(&template, &[closed]));

    assert_eq!(template["Parameters"]["DisableExecuteApi"]["Default"], "false");
    let (_, api) = only(&template, "AWS::Serverless::HttpApi");
    let disabled = json!({"Fn::If": ["IsExecuteApiDisabled", true, false]});
    assert_eq!(api["Properties"]["DisableExecuteApiEndpoint"], disabled);
    let is_disabled = json!({"Fn::Equals": [{"Ref": "DisableExecuteApi"}, "true"]});
    assert_eq!(template["Conditions"]["IsExecuteApiDisabled"], is_disabled);
    let transformed = transformed();
    let (_, api) = only(&transformed, "AWS::ApiGatewayV2::Api");
    assert!(api.to_string().contains(&format!("\"disableExecuteApiEndpoint\":{disabled}")), "{api}");
}

#[test]
fn a_domain_takes_tls_1_2_leads_to_the_api_and_is_the_callback_url() {
    let template = transformed();
    let (domain_name, domain) = only(&template, "AWS::ApiGatewayV2::DomainName");
    let (_, mapping) = only(&template, "AWS::ApiGatewayV2::ApiMapping");
    let (_, record) = only(&template, "AWS::Route53::RecordSet");
    let (stage, _) = only(&template, "AWS::ApiGatewayV2::Stage");
    for resource in [domain, mapping, record] {
        assert_eq!(resource["Condition"], "HasDomain");
    }

    assert_eq!(domain["Properties"]["DomainNameConfigurations"][0]["SecurityPolicy"], "TLS_1_2");
    assert_eq!(
        mapping["Properties"],
        json!({"ApiId": {"Ref": "Api"}, "DomainName": {"Ref": domain_name}, "Stage": {"Ref": stage}})
    );
    assert_eq!(
        record["Properties"]["AliasTarget"]["DNSName"],
        json!({"Fn::GetAtt": [domain_name, "RegionalDomainName"]})
    );
    let [condition, with_domain, _] =
        &template["Outputs"]["CallbackUrl"]["Value"]["Fn::If"].as_array().expect("it depends")[..]
    else {
        panic!("it is one of two")
    };
    assert_eq!((condition, with_domain), (&json!("HasDomain"), &json!({"Fn::Sub": "https://${DomainName}/webhook"})));
}

#[test]
fn every_role_has_the_permissions_boundary_also_those_that_sam_makes() {
    let template = transformed();
    let bounded =
        json!({"Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]});
    let roles = all(&template, "AWS::IAM::Role");
    for (name, role) in &roles {
        assert_eq!(role["Properties"]["PermissionsBoundary"], bounded, "{name}");
    }
    let names: BTreeSet<_> = roles.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "DeploymentRole",
            "EventPipeRole",
            "LakeRole",
            "LakeStateMachineRole",
            "LakeStateMachineScheduleRole",
            "ReceiverRole"
        ]
        .into()
    );
    let (_, deployments) = only(&template, "AWS::CodeDeploy::DeploymentGroup");
    assert_eq!(deployments["Properties"]["ServiceRoleArn"], json!({"Fn::GetAtt": ["DeploymentRole", "Arn"]}));
}

#[test]
fn what_cannot_be_delivered_is_kept_for_two_weeks() {
    let template = transformed();
    let queues = all(&template, "AWS::SQS::Queue");
    assert_eq!(queues.len(), 2);
    for (name, queue) in queues {
        assert_eq!(queue["Properties"]["MessageRetentionPeriod"], 14 * 24 * 60 * 60, "{name}");
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{name}");
    }
    let (_, schedule) = only(&template, "AWS::Scheduler::Schedule");
    let queue = json!({"Fn::GetAtt": ["ExportScheduleFailures", "Arn"]});
    assert_eq!(schedule["Properties"]["Target"]["DeadLetterConfig"]["Arn"], queue);
    let role = &template["Resources"]["LakeStateMachineScheduleRole"];
    assert!(role["Properties"]["Policies"].to_string().contains("sqs:SendMessage"), "{role}");
}

#[test]
fn a_reader_of_the_dashboards_may_query_and_sees_nothing_but_tables_and_results() {
    let template = template();
    let (name, policy) = only(&template, "AWS::IAM::ManagedPolicy");
    assert_eq!(policy["Condition"], "HasDashboardTables");
    assert_eq!(template["Outputs"]["DashboardReaderPolicyArn"]["Value"], json!({"Ref": name}));
    let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array().expect("a list");

    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let text = |value: &Value| value.as_str().or(value["Fn::Sub"].as_str()).map(str::to_owned);
    let mut written = BTreeSet::new();
    let mut files = BTreeSet::new();
    for statement in statements {
        assert_eq!(statement["Effect"], "Allow");
        let resources = list(&statement["Resource"]);
        for action in list(&statement["Action"]).iter().map(|action| action.as_str().expect("a name")) {
            let (service, verb) = action.split_once(':').expect("of a service");
            assert!(["athena", "glue", "s3"].contains(&service) && !action.contains('*'), "{action}");
            if !["Get", "List", "BatchGet"].iter().any(|reading| verb.starts_with(reading)) {
                written.insert(action.to_owned());
            }
            for resource in resources.iter().filter_map(text) {
                assert!(
                    resource != "*" || ["athena:ListDataCatalogs", "athena:ListWorkGroups"].contains(&action),
                    "{action}"
                );
                if action.ends_with("Object") {
                    files.insert(format!("{action} {resource}"));
                }
            }
        }
    }
    let expected =
        ["athena:StartQueryExecution", "athena:StopQueryExecution", "s3:AbortMultipartUpload", "s3:PutObject"];
    assert_eq!(written, expected.map(str::to_owned).into());
    let expected = [
        "s3:GetObject ${ExportsBucket.Arn}/query-results/*",
        "s3:GetObject ${ExportsBucket.Arn}/tables/*",
        "s3:PutObject ${ExportsBucket.Arn}/query-results/*",
    ];
    assert_eq!(files, expected.map(str::to_owned).into());
}

#[test]
fn each_stage_deploys_a_stack_and_tags_of_its_own() {
    let script =
        "import json, sys, tomlkit; json.dump(tomlkit.parse(open('samconfig.toml').read()).unwrap(), sys.stdout)";
    let output = run(Command::new(tool("bin/python")).args(["-c", script]).current_dir(root()), b"");
    let stages: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let (mut stacks, mut tags) = (BTreeSet::new(), BTreeSet::new());
    for stage in ["default", "dev", "prod"] {
        let deploy = &stages[stage]["deploy"]["parameters"];
        assert_eq!(
            (&deploy["capabilities"], &deploy["resolve_s3"]),
            (&json!("CAPABILITY_IAM"), &json!(true)),
            "{stage}"
        );
        stacks.insert(stages[stage]["global"]["parameters"]["stack_name"].to_string());
        tags.insert(deploy["tags"].to_string());
    }
    assert_eq!((stacks.len(), tags.len()), (3, 3));
    let deploy = fs::read_to_string(root().join("docs/deploy.md")).expect("it is there");
    assert!(deploy.contains("--config-env prod"));
}
