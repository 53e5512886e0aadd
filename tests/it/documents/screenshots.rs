//! The pictures in the README. `make screenshots` takes them again.

use std::{fs, path::PathBuf};

use crate::support::{
    browser::Browser,
    dev::Dev,
    page::{Page, kaizala, report},
    sample,
    tables::text,
    template::root,
};

const NAMES: [&str; 2] = ["page.png", "report.png"];
/// What a reader of the README has to fetch for each.
const MOST_BYTES: u64 = 150_000;

fn picture(name: &str) -> PathBuf {
    root().join("docs/images").join(name)
}

#[test]
fn the_pictures_are_small_and_the_readme_shows_them() {
    let readme = fs::read_to_string(root().join("README.md")).expect("it is there");
    for name in NAMES {
        let bytes = fs::metadata(picture(name)).unwrap_or_else(|error| panic!("{name}: {error}")).len();
        assert!(bytes <= MOST_BYTES, "{name} has {bytes} bytes");
        assert!(readme.contains(&format!("(docs/images/{name})")), "the README does not show {name}");
    }
}

#[test]
#[ignore = "it writes into docs/images: `make screenshots` runs it"]
fn take_the_pictures() {
    fs::create_dir_all(root().join("docs/images")).expect("there is room");
    let dev = Dev::start(&["--memory"], Some("t"));
    let mut browser = Browser::open_url(&dev.page(), 1120);
    browser.resize_to(1120, 650);
    for button in ["burst", "samples"] {
        browser.evaluate(&format!("document.getElementById('{button}').click()"));
        browser.wait_until("/made/.test(document.getElementById('done').textContent)");
        browser.evaluate("document.getElementById('done').textContent = ''");
    }
    dev.post("t", &sample("survey-response").body());
    let mut edited = sample("action-response-edit").json();
    edited["eventId"] = "of-the-picture".into();
    for name in ["first", "second"] {
        edited["data"]["responseId"] = name.into();
        dev.post("t", edited.to_string().as_bytes());
    }
    browser.wait_until("document.querySelector('.row').textContent.includes('revised')");
    browser.evaluate("document.querySelector('.row').click()");
    browser.wait_until("document.querySelector('#opened').children.length > 0 && !document.querySelector('.new .row').getAnimations().length");
    browser.evaluate("document.activeElement.blur(); document.getElementById('done').textContent = ''");
    fs::write(picture("page.png"), browser.screenshot()).expect("there is room");
    drop(browser);

    let folder = tempfile::tempdir().expect("there is a place for files");
    let raw = folder.path().join("raw");
    let (code, _, error) = kaizala(&["simulate", "export", "--events", "20000", "--out", text(&raw)]);
    assert_eq!(code, 0, "{error}");
    let page = folder.path().join("report.html");
    report(&raw, &page, &[]);
    let mut browser = Page::open(&page, 1120).0;
    browser.resize_to(1120, 650);
    browser.wait_until("Chart.getChart('events-by-type')");
    // The charts, and not the filters above them.
    browser.evaluate(
        "document.getElementById('filters').hidden = true; document.documentElement.style.scrollPaddingTop = 0; document.getElementById('activity-title').scrollIntoView()",
    );
    browser.wait_until("see.isPainted('events-by-type') && see.isPainted('events-by-group')");
    fs::write(picture("report.png"), browser.screenshot()).expect("there is room");
}
