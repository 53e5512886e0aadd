//! `kaizala simulate export --incremental` and the lake, one behind the other.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use kaizala_webhook::lake::Step;

use super::{
    aws::{Aws, MINUTE},
    storage::{execute, finished, lake, rows, rows_of_an_export},
};
use crate::support::{
    dev::Dev,
    process::run,
    tables::{exported, text},
};

fn simulate(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    let output = run(command.args(["simulate", "export"]).args(arguments).env_clear(), b"");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

/// Puts what was written below a folder into the bucket, as an upload would.
fn upload(aws: &Aws, root: &Path, folder: &Path) {
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it is there").path();
        if path.is_dir() {
            upload(aws, root, &path);
        } else {
            let key = path.strip_prefix(root).expect("it is below").to_str().expect("it is Unicode");
            aws.plant(key, fs::read(&path).expect("it is there"));
        }
    }
}

/// A lake of made-up events, of which some came after its first export, and where an export of all of them is.
pub fn simulated_lake(scratch: &Path, events: u32) -> (Aws, PathBuf) {
    let folder = |name: &str| scratch.join(name);
    let (before, after, changes) = (folder("before"), folder("after"), folder("changes"));
    let (first_events, all_events) = ((events * 3 / 5).to_string(), events.to_string());
    let aws = Aws::new("2026-11-23T10:05:30Z");
    // Ids of exports that the lake will get for its first and its second export.
    let id = |number: i64| format!("{:014}-{number:08x}", aws.now().epoch_millis() + number);
    let first = id(0);

    let common = ["--seed", "7", "--prefix", "lake/exports"];
    let full =
        ["--events", &first_events, "--until", "2026-11-23T10:04:00Z", "--export-id", &first, "--out", text(&before)];
    assert!(simulate(&[&common[..], &full].concat()).contains(" items in "));
    finished(lake(&aws).run(Step::Begin, aws.now())).expect("it begins");
    upload(&aws, &before, &before);
    assert!(finished(execute(&lake(&aws), || aws.now())).expect("it works"));

    aws.table().now += 20 * MINUTE;
    let second = id(1);
    let state = before.join("lake/exports");
    let incremental = [
        "--events",
        &all_events,
        "--incremental",
        "--before",
        text(&state),
        "--since",
        "2026-11-23T10:04:00Z",
        "--until",
        "2026-11-23T10:24:00Z",
        "--export-id",
        &second,
        "--out",
        text(&changes),
    ];
    assert!(simulate(&[&common[..], &incremental].concat()).contains(" changes in "));
    finished(lake(&aws).run(Step::Begin, aws.now())).expect("it begins");
    upload(&aws, &changes, &changes);
    assert!(finished(execute(&lake(&aws), || aws.now())).expect("it works"));

    simulate(&[&common[..2], &["--events", &all_events, "--out", text(&after)]].concat());
    (aws, after)
}

#[test]
fn simulated_exports_make_the_lake_that_an_export_of_the_same_events_makes() {
    let scratch = tempfile::tempdir().expect("there is a place for files");
    let (aws, after) = simulated_lake(scratch.path(), 100);

    let expected = rows_of_an_export(text(&after));
    assert!(expected["events"].len() > 60);
    assert_eq!(rows(&aws.bucket), expected);
}

#[tokio::test]
async fn an_export_of_a_table_holds_what_the_table_holds() {
    const TOKEN: &str = "a-token-for-simulations";
    let scratch = tempfile::tempdir().expect("there is a place for files");
    let dev = Dev::start(&["--memory"], Some(TOKEN));
    let delivered = run(
        Command::new(env!("CARGO_BIN_EXE_kaizala"))
            .args(["simulate", "deliver", "--url", &dev.url, "--endpoint-url", &dev.db_url, "--events", "60"])
            .env("KAIZALA_CALLBACK_TOKEN", TOKEN),
        b"",
    );
    assert_eq!(delivered.status.code(), Some(0));

    simulate(&["--from", "table", "--endpoint-url", &dev.db_url, "--out", text(scratch.path())]);

    let of_the_table = exported("table", &["--endpoint-url", &dev.db_url]);
    assert!(of_the_table["events"].len() > 30);
    assert_eq!(exported(text(scratch.path()), &[]), of_the_table);
}
