//! The recipes of `dashboards/` return what they promise, run over an export in DynamoDB's own layout.

use std::{path::Path, process::Command};

use crate::support::process::{run, tool};

/// Runs a Python script of the repository, which says by its exit code whether all is well and otherwise what is not.
fn succeeds(script: &str, arguments: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = run(Command::new(tool("bin/python")).arg(script).args(arguments).current_dir(root), b"");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}:\n{said}");
}

#[test]
fn every_athena_view_returns_the_expected_rows_of_the_newest_complete_export() {
    succeeds("tests/dashboards/run_athena.py", &[]);
}

#[test]
fn the_athena_stack_holds_the_views_as_they_are() {
    succeeds("scripts/athena-stack.py", &["--check"]);
}

#[test]
fn every_duckdb_recipe_returns_the_expected_rows() {
    succeeds("tests/dashboards/run_duckdb.py", &[]);
}
