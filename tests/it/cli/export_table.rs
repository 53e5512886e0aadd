//! `kaizala export --from table`: the live table, scanned.

use std::fs;

use crate::support::{
    Fault, World,
    events::noise,
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

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_fails_goes_on_where_it_was() {
    let world = World::new().await;
    for id in 0..12 {
        let body = format!(
            r#"{{"eventId":"{id}","eventType":"TextMessageCreated","groupId":"g{id}","data":{{"text":"{}"}}}}"#,
            noise(&id.to_string(), 350_000)
        );
        world.deliver_body(body).await;
    }
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().join("out");
    let run = || {
        let more = ["--from", "table", "--out", text(&out), "--format", "ndjson", "--segments", "1", "--json"];
        export(&arguments(&world, &more), &[])
    };
    world.proxy.take_operations();
    assert_eq!(run().0, 0);
    let all = world.proxy.take_operations().len();
    assert!(all >= 4, "the table has {all} pages");
    let before = fs::read(out.join("messages.ndjson")).expect("it is there");

    world.proxy.next_passes(2);
    world.proxy.always(Fault::Rejection);
    let (code, _, error) = run();
    assert_eq!(code, 1);
    assert!(error.contains("goes on where this one has left off"), "{error}");
    assert_eq!(fs::read(out.join("messages.ndjson")).expect("it is there"), before);
    world.proxy.heal();
    world.proxy.take_operations();

    let (code, output, error) = run();

    assert_eq!(code, 0, "{output}{error}");
    assert_eq!(world.proxy.take_operations().len(), all - 2);
    assert!(output.contains(r#""items":12"#), "{output}");
    // Nothing that was fetched is left.
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scan_of_one_table_is_not_continued_with_another() {
    let (first, second) = (World::new().await, World::new().await);
    let body = |id| format!(r#"{{"eventId":"{id}","eventType":"X","groupId":"g","data":{{}}}}"#);
    first.deliver_body(body("first")).await;
    second.deliver_body(body("second")).await;
    let folder = tempfile::tempdir().expect("there is a place for files");
    let out = folder.path().join("out");
    let more = ["--from", "table", "--out", text(&out), "--format", "csv"];
    first.proxy.next_passes(1);
    first.proxy.always(Fault::Rejection);
    assert_eq!(export(&arguments(&first, &more), &[]).0, 1);

    assert_eq!(export(&arguments(&second, &more), &[]).0, 0);

    let events = fs::read_to_string(out.join("events.csv")).expect("it is there");
    assert!(events.contains("X#second") && !events.contains("X#first"), "{events}");
}
