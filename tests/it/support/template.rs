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
