//! Callback tokens: digests in the configuration, and the commands that make them.

use std::process::Command;

use kaizala_webhook::token::{AcceptedTokens, InvalidDigests, TokenDigest};
use serde_json::Value;

use crate::support::process::run;

fn kaizala(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let output = run(Command::new(env!("CARGO_BIN_EXE_kaizala")).args(arguments), input);
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (output.status.code().expect("it exits"), text(output.stdout), text(output.stderr))
}

#[test]
fn while_tokens_rotate_the_old_and_the_new_one_are_accepted() {
    let (old, new) = (TokenDigest::of(b"old"), TokenDigest::of(b"new"));
    let tokens: AcceptedTokens = format!(" {old} ,{}", new.to_string().to_uppercase()).parse().expect("it is a list");

    assert!(tokens.accepts(b"old") && tokens.accepts(b"new"));
    assert!(!tokens.accepts(b"other") && !tokens.accepts(b"") && !tokens.accepts(old.to_string().as_bytes()));
}

#[test]
fn a_list_that_is_not_all_digests_is_refused_by_position_without_quoting_it() {
    let good = TokenDigest::of(b"x").to_string();
    let parse = |list: &str| list.parse::<AcceptedTokens>().map(|_| ()).expect_err("it is malformed");

    assert_eq!(parse(""), InvalidDigests::Empty);
    assert_eq!(parse("  "), InvalidDigests::Empty);
    assert_eq!(parse(&format!("{good},")), InvalidDigests::Malformed { position: 2, length: 0 });
    assert_eq!(parse(&good[1..]), InvalidDigests::Malformed { position: 1, length: 63 });
    assert_eq!(
        parse(&format!("{good},{}", good.replace(|_: char| true, "g"))),
        InvalidDigests::Malformed { position: 2, length: 64 }
    );
    let pasted = parse("my-secret-token").to_string();
    assert!(!pasted.contains("my-secret-token") && pasted.contains("digest 1 is not"), "{pasted}");
}

#[test]
fn token_new_prints_a_fresh_token_and_its_digest() {
    let (code, first, _) = kaizala(&["token", "new", "--json"], b"");
    let (_, second, _) = kaizala(&["token", "new", "--json"], b"");
    let first: Value = serde_json::from_str(&first).expect("it is JSON");

    assert_eq!(code, 0);
    let token = first["token"].as_str().expect("it is a string");
    assert_eq!(hex::decode(token).expect("it is hex").len(), 32);
    assert_eq!(first["sha256"], TokenDigest::of(token.as_bytes()).to_string());
    assert!(!second.contains(token));
}

#[test]
fn token_digest_reads_stdin_without_its_line_break() {
    let digest = TokenDigest::of(b"my token").to_string();
    for input in [&b"my token"[..], b"my token\n", b"my token\r\n"] {
        let (code, output, _) = kaizala(&["token", "digest"], input);
        assert_eq!((code, output.trim()), (0, digest.as_str()));
    }
    let (_, output, _) = kaizala(&["token", "digest", "--json"], b"my token\n");
    assert_eq!(serde_json::from_str::<Value>(&output).expect("it is JSON")["sha256"], digest);
}

#[test]
fn commands_exit_with_1_when_they_fail_and_2_when_they_are_misused() {
    let (code, _, error) = kaizala(&["token", "digest"], b"\n");
    assert_eq!(code, 1);
    assert!(error.contains("kaizala token digest <"), "{error}");

    assert_eq!(kaizala(&["token", "digest", "a-token-on-the-command-line"], b"").0, 2);
    assert_eq!(kaizala(&["no-such-command"], b"").0, 2);
    assert_eq!(kaizala(&["--help"], b"").0, 0);
}
