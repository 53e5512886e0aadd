//! `kaizala export --wide`: which cards have a file, and where.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{
    process::run,
    tables::{export, read_ndjson, sorted, text, write_export},
    wide::{exported, question, response, wide, wide_of},
};

#[test]
fn no_two_cards_share_a_file_whatever_their_ids() {
    let long = "x".repeat(300);
    let other = format!("{}y", "x".repeat(299));
    let ids = [
        "a/b", "a:b", "a-b", "A-B", "a_b", "..", ".", "con", "nul.x", "com1", "a b", "é", &long, &other, "unnamed", "p",
    ];
    let asked = json!([question("Q", "Text", &json!("x"))]);
    let of_actions = ids.iter().enumerate().flat_map(|(at, id)| {
        [
            response(&format!("a{at}"), &json!({"actionId": id}), &asked),
            response(&format!("p{at}"), &json!({"packageId": id}), &asked),
        ]
        .concat()
    });
    let items = [of_actions.collect(), response("none", &json!({}), &asked)].concat();

    let tables = wide_of(&items);

    let paths: BTreeSet<_> = tables.keys().map(|path| path.to_lowercase()).collect();
    assert_eq!(paths.len(), 2 * ids.len() + 1);
    assert!(tables.values().all(|table| table.rows.len() == 1));
    let names: BTreeSet<_> = tables.values().map(|table| table.resource["name"].to_string()).collect();
    assert_eq!(names.len(), tables.len());
    assert!(
        names.iter().all(|name| !name.contains(|c: char| !matches!(c, '"' | '.' | '-' | '_' | 'a'..='z' | '0'..='9')))
    );
    assert!(paths.contains("wide/a-b.ndjson") && paths.contains("wide/p.ndjson"));
}

#[cfg(unix)]
#[test]
fn thousands_of_cards_and_a_very_large_one_take_few_open_files() {
    let long = "x".repeat(300_000);
    let small = (0..3_000).flat_map(|at| {
        let answer = question("Number", "Numeric", &json!(at));
        response(&format!("s{at}"), &json!({"actionId": format!("card-{at}")}), &json!([answer]))
    });
    let large = (0..80).flat_map(|at| {
        let answer = question("Text", "Text", &json!(format!("{at} {long}")));
        response(&format!("l{at}"), &json!({"actionId": "large"}), &json!([answer]))
    });
    let items: Vec<_> = small.chain(large).collect();
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items, 2);

    let command = format!(
        "ulimit -n 64; exec {} export --from {} --out {} --format ndjson --wide --json",
        env!("CARGO_BIN_EXE_kaizala"),
        text(&raw),
        text(&out)
    );
    let output = run(Command::new("sh").args(["-c", &command]), b"");

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&summary["wide"]["cards"], &summary["wide"]["rows"]), (&json!(3_001), &json!(3_080)));
    let tables = wide(&out);
    assert_eq!(tables["wide/large.ndjson"].rows.len(), 80);
    let numbers = tables.iter().filter(|(path, _)| *path != "wide/large.ndjson");
    let sum: f64 = numbers.map(|(_, table)| table.rows[0]["number"].as_f64().expect("it is a number")).sum();
    assert!((sum - f64::from(2_999 * 3_000 / 2)).abs() < 0.5, "{sum}");
}

#[test]
fn cards_are_picked_by_id_and_one_that_no_event_names_is_an_error() {
    let asked = json!([question("Q", "Text", &json!("x"))]);
    let items: Vec<_> = [json!({"actionId": "one"}), json!({"actionId": "two"}), json!({"packageId": "three"})]
        .iter()
        .enumerate()
        .flat_map(|(at, card)| response(&format!("r{at}"), card, &asked))
        .collect();
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &items, 1);
    let ids = |out: &Path| -> Vec<Value> {
        let rows = wide(out).into_values().flat_map(|table| table.rows);
        rows.map(|row| if row["action_id"].is_null() { row["package_id"].clone() } else { row["action_id"].clone() })
            .collect()
    };

    exported(&raw, &out, &["--format", "ndjson", "--card", "one", "--card", "three"]);
    assert_eq!(sorted(ids(&out)), [json!("one"), json!("three")]);
    assert_eq!(read_ndjson(&out)["responses"].len(), 3);

    let common = ["--from", text(&raw), "--out", text(&out), "--format", "ndjson"];
    let (code, _, error) = export(&[&common[..], &["--wide", "--card", "four"]].concat(), &[]);
    assert!(code == 1 && error.contains("no event names the card four") && error.contains("action_id"), "{error}");
    assert_eq!(ids(&out).len(), 2, "what was there is still there");
    assert_eq!(export(&[&common[..], &["--card", "one"]].concat(), &[]).0, 2);
}

#[test]
fn wide_tables_are_replaced_with_their_export_and_a_file_of_somebody_else_among_them_is_kept() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (raw, out) = (folder.path().join("raw"), folder.path().join("out"));
    write_export(&raw, &response("r", &json!({"actionId": "card"}), &json!([question("Q", "Text", &json!("x"))])), 1);
    exported(&raw, &out, &["--format", "csv"]);
    exported(&raw, &out, &["--format", "ndjson"]);
    assert!(out.join("wide/card.ndjson").exists() && !out.join("wide/card.csv").exists());

    fs::write(out.join("wide/notes.txt"), "mine").expect("it is written");
    let common = ["--from", text(&raw), "--out", text(&out), "--format", "csv"];
    let (code, _, error) = export(&common, &[]);
    assert!(code == 1 && error.contains("notes.txt"), "{error}");
    fs::remove_file(out.join("wide/notes.txt")).expect("it is there");
    assert_eq!(export(&common, &[]).0, 0);
    assert!(!out.join("wide").exists() && out.join("events.csv").exists());
}
