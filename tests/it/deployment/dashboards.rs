//! The recipes of `dashboards/` return what they promise, run over an export in DynamoDB's own layout.

use std::{env, fs, path::Path, process::Command};

use kaizala_webhook::{
    lake::TABLES_PREFIX,
    simulator::plan::{DeliveryPlan, Mix},
};

use crate::{
    lake::{
        aws::{Aws, MINUTE, attributes},
        simulated::simulated_lake,
        storage::{download, execute, finished, lake as lake_of, rows},
    },
    support::{
        World,
        process::{run, tool},
        tables::{self, stored, text, write_export},
        world::TABLE,
    },
};

/// Runs a Python script of the repository, which says by its exit code whether all is well and otherwise what is not.
fn succeeds(script: &str, arguments: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = run(Command::new(tool("bin/python")).arg(script).args(arguments).current_dir(root), b"");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}:\n{said}");
}

#[test]
fn the_athena_views_and_the_duckdb_recipe_over_the_lake_have_the_rows_of_an_export() {
    let scratch = tempfile::tempdir().expect("there is a place for files");
    let (aws, events) = simulated_lake(scratch.path(), 1500);
    let (lake, export) = (scratch.path().join("lake"), scratch.path().join("export"));
    download(&aws.bucket, TABLES_PREFIX, &lake);
    let (code, _, error) =
        tables::export(&["--from", text(&events), "--format", "ndjson", "--out", text(&export)], &[]);
    assert_eq!(code, 0, "{error}");

    succeeds("tests/dashboards/run_athena.py", &["--lake", text(&lake), "--export", text(&export)]);
    let tables = lake.join(TABLES_PREFIX);
    succeeds("tests/dashboards/run_duckdb.py", &["--lake", text(&tables), "--export", text(&export)]);
}

#[test]
fn every_duckdb_recipe_returns_the_expected_rows() {
    succeeds("tests/dashboards/run_duckdb.py", &[]);
}

#[test]
fn the_questions_are_answered_as_the_events_themselves_answer_them_over_files_and_over_the_lake() {
    let scratch = tempfile::tempdir().expect("there is a place for files");
    let (events, files, lake) =
        (scratch.path().join("events"), scratch.path().join("files"), scratch.path().join("lake"));
    let aws = Aws::new("2026-11-23T10:00:30Z");
    let plan = DeliveryPlan::new(3, Mix { events: 800, duplicates: 0.0, revisions: 0.1 });
    // Twenty minutes apart, so that there are several days.
    let time =
        |number: usize| format!("2026-11-{:02}T{:02}:{:02}:00.000Z", 1 + number / 72, number / 3 % 24, number % 3 * 20);
    let mut items: Vec<_> =
        (0..).zip(plan.stored()).flat_map(|(number, sent)| stored(sent.body, &time(number), sent.is_edit)).collect();
    let unreadable = (0..5).map(|number| format!("not JSON, {number}").into_bytes()).chain([vec![0xff, 0xfe]]);
    items.extend((0..).zip(unreadable).flat_map(|(number, body)| stored(body, &time(30 * number), false)));
    write_export(&events, &items, 3);
    let (code, _, error) = tables::export(&["--from", text(&events), "--out", text(&files)], &[]);
    assert_eq!(code, 0, "{error}");
    succeeds("tests/dashboards/run_questions.py", &["--events", text(&events), "--tables", text(&files)]);

    for item in &items {
        aws.table().put(attributes(item));
    }
    aws.table().now += 5 * MINUTE;
    assert!(finished(execute(&lake_of(&aws), || aws.now())).expect("it works"));
    download(&aws.bucket, TABLES_PREFIX, &lake);
    let lake = lake.join(TABLES_PREFIX);
    succeeds("tests/dashboards/run_questions.py", &["--events", text(&events), "--lake", text(&lake)]);
}

/// The command lines that a page shows: in Markdown its blocks of shell, in SQL what its comments indent.
fn command_lines(page: &str, is_sql: bool) -> Vec<String> {
    if !is_sql {
        let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
        return blocks.filter(|block| block.contains("duckdb")).map(str::to_owned).collect();
    }
    let lines: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("--   ")).collect();
    if lines.is_empty() { Vec::new() } else { vec![lines.join("\n")] }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_line_of_the_duckdb_recipes_runs_as_it_is_written() {
    let world = World::new().await;
    for id in 0..3 {
        world.deliver_body(format!(r#"{{"eventId":"{id}","eventType":"X","groupId":"g","data":{{}}}}"#)).await;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = tempfile::tempdir().expect("there is a place for files");
    let (aws, _) = simulated_lake(scratch.path(), 100);
    download(&aws.bucket, TABLES_PREFIX, scratch.path());
    let tables = scratch.path().join(TABLES_PREFIX);
    let in_lake = rows(&aws.bucket)["events"].len();
    let mut path =
        vec![tool("bin/duckdb").with_file_name(""), Path::new(env!("CARGO_BIN_EXE_kaizala")).with_file_name("")];
    path.extend(env::split_paths(&env::var_os("PATH").expect("there is one")));
    let path = env::join_paths(path).expect("no folder has a colon");
    let mut found = 0;
    for page in ["docs/dashboards.md", "dashboards/duckdb/parquet.sql", "dashboards/duckdb/lake.sql"] {
        for commands in command_lines(&fs::read_to_string(root.join(page)).expect("it is text"), page.ends_with("sql"))
        {
            found += 1;
            // The one thing that is not as it is written: there is no S3 here.
            let (here, events) = match commands.split_once("s3://") {
                Some((before, after)) => {
                    let (_, after) = after.split_once('\'').expect("the address is quoted");
                    (format!("{before}{}'{after}", text(&tables)), in_lake)
                }
                None => (commands, 3),
            };
            let folder = tempfile::tempdir().expect("there is a place for files");
            std::os::unix::fs::symlink(root.join("dashboards"), folder.path().join("dashboards")).expect("it is made");
            let mut shell = Command::new("sh");
            shell.args(["-e", "-c", &here]).current_dir(folder.path()).env("PATH", &path).env("HOME", folder.path());
            shell.env("TABLE_NAME", TABLE).env("AWS_ENDPOINT_URL_DYNAMODB", world.proxy.url());

            let output = run(&mut shell, b"SELECT 'there are ' || count(*) || ' events' FROM events;");

            let said =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success() && said.contains(&format!("there are {events} events")), "{here}\n{said}");
        }
    }
    assert_eq!(found, 4, "command lines with DuckDB");
}
