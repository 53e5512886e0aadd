//! A function that is configured wrongly does not start, and says which variable it is.

use std::process::Command;

use crate::support::process::run;

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// Starts the function with those variables and returns what it says as it ends.
fn refusal(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_receiver"));
    let output = run(command.env_clear().envs(variables.iter().copied()), b"");
    assert!(!output.status.success());
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_missing_or_malformed_variable_is_named_and_the_function_does_not_start() {
    let (table, digests, region) =
        (("TABLE_NAME", "t"), ("CALLBACK_TOKEN_SHA256", DIGEST), ("AWS_REGION", "eu-west-1"));
    let cases: [(&[(&str, &str)], &str); 10] = [
        (&[digests, region], "TABLE_NAME is not set"),
        (&[("TABLE_NAME", ""), digests, region], "TABLE_NAME is not set"),
        (&[table, region], "CALLBACK_TOKEN_SHA256 is not set"),
        (&[table, ("CALLBACK_TOKEN_SHA256", " "), region], "CALLBACK_TOKEN_SHA256 is not set"),
        (&[table, ("CALLBACK_TOKEN_SHA256", "hunter2"), region], "CALLBACK_TOKEN_SHA256 digest 1 is not 64 hex digits"),
        (&[table, ("CALLBACK_TOKEN_SHA256", "hunter2"), region], "`kaizala token digest`"),
        (&[table, digests, ("RETENTION_DAYS", "0"), region], "RETENTION_DAYS is not a positive integer"),
        (&[table, digests, ("RETENTION_DAYS", "-1"), region], "RETENTION_DAYS is not a positive integer"),
        (&[table, digests, ("RETENTION_DAYS", "a year"), region], "RETENTION_DAYS is not a positive integer"),
        (&[table, digests], "AWS_REGION is not set"),
    ];
    for (variables, expected) in cases {
        let said = refusal(variables);
        assert!(said.contains(expected), "{variables:?}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
