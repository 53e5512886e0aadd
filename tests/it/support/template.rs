//! Reads `template.yaml`.

use std::{path::Path, process::Command};

use serde_json::Value;

use super::process::{run, tool};

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The template as JSON, read by SAM's own YAML reader.
pub fn template() -> Value {
    let script = "import json,sys; from samcli.yamlhelper import yaml_parse; json.dump(yaml_parse(open('template.yaml').read()), sys.stdout)";
    let output = run(Command::new(tool("bin/python")).args(["-c", script]).current_dir(root()), b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// The template as CloudFormation gets it: SAM's own resources made into those of AWS.
pub fn transformed() -> Value {
    let script = "import json, sys\n\
        from samcli.yamlhelper import yaml_parse\n\
        from samtranslator.parser.parser import Parser\n\
        from samtranslator.translator.translator import Translator\n\
        template = yaml_parse(open('template.yaml').read())\n\
        for resource in template['Resources'].values():\n\
        \u{20}   for local in {'CodeUri', 'DefinitionUri'} & resource['Properties'].keys():\n\
        \u{20}       resource['Properties'][local] = 's3://bucket/key'\n\
        defaults = {name: str(given.get('Default', '')) for name, given in template['Parameters'].items()}\n\
        json.dump(Translator({}, Parser()).translate(template, defaults), sys.stdout, default=str)\n";
    let mut command = Command::new(tool("bin/python"));
    let output = run(command.args(["-c", script]).env("AWS_DEFAULT_REGION", "eu-west-1").current_dir(root()), b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// The properties of the only resource of a type.
pub fn only<'a>(template: &'a Value, resource_type: &str) -> (&'a String, &'a Value) {
    let found = all(template, resource_type);
    let [resource] = found[..] else { panic!("there are {} {resource_type}", found.len()) };
    resource
}

/// The resources of a type, by name.
pub fn all<'a>(template: &'a Value, resource_type: &str) -> Vec<(&'a String, &'a Value)> {
    let resources = template["Resources"].as_object().expect("it has resources");
    resources.iter().filter(|(_, resource)| resource["Type"] == resource_type).collect()
}
