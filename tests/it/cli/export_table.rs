//! `kaizala export --from table`: the live table, scanned.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use crate::support::{
    Fault, World,
    events::noise,
    process::PATIENCE,
    samples,
    tables::{export, exported, text, write_export},
    world::TABLE,
};

fn arguments<'a>(world: &'a World, more: &[&'a str]) -> Vec<&'a str> {
    [&["--table", TABLE, "--endpoint-url", world.proxy.url()], more].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_table_and_an_export_of_it_give_the_same_rows() {
    let world = World::new().await;
    for sample in samples() {
        world.deliver(&sample).await;
    }
    // One in parts, and one that is gzipped.
    for text in [noise("a", 1024 * 1024), "again and again ".repeat(40_000)] {
        world
            .deliver_body(format!(
                r#"{{"eventId":"{}","eventType":"TextMessageCreated","groupId":"g","data":{{"text":"{text}"}}}}"#,
                text.len()
            ))
            .await;
    }
    let folder = tempfile::tempdir().expect("there is a place for files");
    let items: Vec<_> = world.all_items().await.into_values().collect();
    write_export(folder.path(), &items, 4);

    let live = exported("table", &arguments(&world, &["--segments", "3", "--read-rate", "100000"]));

    assert_eq!(live, exported(text(folder.path()), &[]));
    assert!(live["events"].len() > 30 && live["quarantine"].len() == 9, "{}", live["quarantine"].len());
    let lengths = live["messages"].iter().filter_map(|row| row["text"].as_str()).map(str::len);
    assert_eq!(lengths.filter(|length| *length > 10_000).count(), 2);
}

/// A table of some pages.
async fn world_of_pages() -> World {
    let world = World::new().await;
    for id in 0..12 {
        let body = format!(
            r#"{{"eventId":"{id}","eventType":"TextMessageCreated","groupId":"g{id}","data":{{"text":"{}"}}}}"#,
            noise(&id.to_string(), 350_000)
        );
        world.deliver_body(body).await;
    }
    world.proxy.take_operations();
    world
}

/// Exports the table page by page, with further arguments.
fn scanned(world: &World, out: &Path, more: &[&str]) -> (i32, String, String) {
    let common = ["--from", "table", "--out", text(out), "--format", "ndjson", "--segments", "1", "--json"];
    export(&arguments(world, &[&common, more].concat()), &[])
}

/// Lets an export fail after two pages, in a way that passes.
fn interrupted(world: &World, out: &Path) -> String {
    world.proxy.next_passes(2);
    world.proxy.always(Fault::Denial);
    let (code, _, error) = scanned(world, out, &[]);
    assert_eq!(code, 1, "{error}");
    world.proxy.heal();
    world.proxy.take_operations();
    error
}

fn entries(folder: &Path) -> Vec<String> {
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.expect("it is").file_name().into_string().expect("it is text");
    let mut entries: Vec<_> = fs::read_dir(folder).expect("it is there").map(name).collect();
    entries.sort();
    entries
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_fails_goes_on_where_it_was_and_says_how_old_it_is() {
    let world = world_of_pages().await;
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().join("out");
    assert_eq!(scanned(&world, &out, &[]).0, 0);
    let all = world.proxy.take_operations().len();
    assert!(all >= 4, "the table has {all} pages");
    let before = fs::read(out.join("messages.ndjson")).expect("it is there");

    let error = interrupted(&world, &out);
    assert!(error.contains("run the same command to resume"), "{error}");
    assert_eq!(fs::read(out.join("messages.ndjson")).expect("it is there"), before);

    let (code, output, error) = scanned(&world, &out, &[]);

    assert_eq!(code, 0, "{output}{error}");
    assert!(
        error.contains("the scan that began at 2") && error.contains("s ago; use --no-resume to start again"),
        "{error}"
    );
    assert_eq!(world.proxy.take_operations().len(), all - 2);
    assert!(output.contains(r#""items":12"#), "{output}");
    assert_eq!(entries(folder.path()), ["out"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_goes_on_only_for_the_same_table_region_and_filters() {
    let (world, other) = (world_of_pages().await, World::new().await);
    other.deliver_body(r#"{"eventId":"other","eventType":"X","groupId":"g","data":{}}"#).await;
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().join("out");
    assert_eq!(scanned(&world, &out, &[]).0, 0);
    let all = world.proxy.take_operations().len();

    for more in [["--region", "eu-west-1"], ["--group", "g1"], ["--since", "2023-03-06"], ["--profile", "other"]] {
        interrupted(&world, &out);
        let (code, _, error) = scanned(&world, &out, &more);
        assert_eq!((code, world.proxy.take_operations().len()), (0, all), "{more:?}: {error}");
        assert!(!error.contains("going on"), "{more:?}: {error}");
    }

    interrupted(&world, &out);
    assert_eq!(scanned(&other, &out, &[]).0, 0);
    let events = fs::read_to_string(out.join("events.ndjson")).expect("it is there");
    assert!(events.contains("X#other") && events.lines().count() == 1, "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_resuming_cannot_mend_leaves_nothing_behind() {
    let world = world_of_pages().await;
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().join("out");
    for (passes, fault) in [(2, Fault::Rejection), (0, Fault::Denial)] {
        world.proxy.next_passes(passes);
        world.proxy.always(fault);

        let (code, _, error) = scanned(&world, &out, &[]);

        world.proxy.heal();
        assert_eq!(code, 1, "{error}");
        assert!(!error.contains("left off"), "{error}");
        assert_eq!(entries(folder.path()), [""; 0], "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_scan_is_not_used_again_after_a_later_failure() {
    let world = World::new().await;
    let message = |id: &str, text: &str| {
        format!(r#"{{"eventId":"{id}","eventType":"TextMessageCreated","groupId":"g","data":{{"text":"{text}"}}}}"#)
    };
    world.deliver_body(message("large", &noise("a", 1024 * 1024))).await;
    world.delete(&world.part_keys().await[0]).await;
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().join("out");
    let (code, _, error) = scanned(&world, &out, &[]);
    assert_eq!(code, 1);
    assert!(error.contains("an item is damaged: leave such items out with --skip-damaged: item g / "), "{error}");
    assert_eq!(entries(folder.path()), [""; 0]);
    world.deliver_body(message("later", "came since")).await;

    let (code, _, error) = scanned(&world, &out, &["--skip-damaged"]);

    assert_eq!(code, 0, "{error}");
    let messages = fs::read_to_string(out.join("messages.ndjson")).expect("it is there");
    assert!(messages.contains("came since"), "{messages}");
    assert_eq!(entries(folder.path()), ["out"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_touches_nothing_and_ctrl_c_leaves_nothing() {
    let world = world_of_pages().await;
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().join("out");
    assert_eq!(scanned(&world, &out, &[]).0, 0);
    let before = fs::metadata(out.join("messages.ndjson")).and_then(|file| file.modified()).expect("it is there");
    let asked = world.proxy.passed() + 3;
    world.proxy.next_passes(2);
    world.proxy.always(Fault::Hang);
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    let options = ["--from", "table", "--out", text(&out), "--format", "ndjson", "--segments", "1"];
    command.arg("export").args(arguments(&world, &options)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let first = command.spawn().expect("it starts");
    let deadline = Instant::now() + PATIENCE;
    while world.proxy.passed() < asked {
        assert!(Instant::now() < deadline, "the scan does not begin");
        tokio::task::yield_now().await;
    }
    let private = fs::metadata(folder.path().join(".out.source")).expect("it is there").permissions().mode();
    assert_eq!(private & 0o777, 0o700);
    let during = entries(folder.path());
    assert_eq!(during.len(), 4, "{during:?}");

    let (code, _, error) = scanned(&world, &out, &[]);

    assert_eq!(code, 1);
    assert!(error.contains("another run is writing"), "{error}");
    assert_eq!((world.proxy.passed(), entries(folder.path())), (asked, during));

    assert!(Command::new("kill").args(["-INT", &first.id().to_string()]).status().expect("it is there").success());
    let ended = first.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(130), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(entries(folder.path()), ["out"]);
    let after = fs::metadata(out.join("messages.ndjson")).and_then(|file| file.modified()).expect("it is there");
    assert_eq!(before, after);
}
