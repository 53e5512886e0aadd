//! The page of `kaizala report` for 20,000 events, in a real browser.

use std::{collections::BTreeSet, fs, net::TcpListener, path::PathBuf, sync::OnceLock};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    page::{Page, kaizala, report},
    tables::text,
};

/// The charts that are always there.
const FIXED: [&str; 8] =
    ["events-by-type", "events-by-group", "responses", "completion", "people", "jobs", "membership", "quarantine"];

/// The report of 20,000 simulated events, made once for all tests.
fn simulated() -> PathBuf {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let folder = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("there is a place for files");
        let raw = folder.path().join("raw");
        let (code, _, error) = kaizala(&["simulate", "export", "--events", "20000", "--out", text(&raw)]);
        assert_eq!(code, 0, "{error}");
        let summary = report(&raw, &folder.path().join("report.html"), &[]);
        assert!(summary["items"].as_u64() >= Some(20_000), "{summary}");
        assert!(summary["bytes"].as_u64() < Some(2_000_000), "{summary}");
        fs::remove_dir_all(&raw).expect("it is ours");
        folder
    });
    folder.path().join("report.html")
}

#[test]
fn the_page_of_20_000_events_draws_every_chart_without_an_error_and_without_a_request() {
    let mut page = Page::open(&simulated(), 1280);

    let charts = page.ask("charts()");
    let charts = charts.as_object().expect("they have names");
    for id in FIXED.into_iter().filter(|id| *id != "quarantine") {
        assert!(charts.contains_key(id), "{id} is not among {:?}", charts.keys());
    }
    assert!(charts.keys().filter(|id| id.starts_with("question-")).count() >= 12);
    for id in charts.keys() {
        assert_eq!(page.ask(&format!("isPainted({})", json!(id))), true, "{id} is blank");
    }
    let kinds: BTreeSet<_> = page
        .0
        .evaluate("JSON.parse(document.getElementById('data').textContent).questions.map((each) => each.chart.kind)")
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|kind| kind.as_str().expect("it is text").to_owned())
        .collect();
    assert_eq!(kinds, ["answered", "numbers", "options", "places", "texts", "times"].map(str::to_owned).into());

    assert_eq!(page.0.complaints(), Vec::<Value>::new());
    let requests = page.0.requests();
    let (own, inlined): (Vec<_>, Vec<_>) = requests.iter().partition(|url| url.starts_with("file:"));
    assert_eq!(own.len(), 1, "{own:?}");
    assert!(inlined.iter().all(|url| url.starts_with("data:")), "{inlined:?}");
}

#[test]
fn no_request_could_leave_the_page_if_a_script_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("it can");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let mut page = Page::open(&simulated(), 1280);

    let attempts = format!(
        "Promise.all([
            fetch('{url}', {{ mode: 'no-cors' }}).then(() => 'left', () => 'held'),
            new Promise((done) => Object.assign(new Image(), {{ onload: () => done('left'), onerror: () => done('held'), src: '{url}' }})),
            new Promise((done) => document.head.append(Object.assign(document.createElement('script'), {{ onload: () => done('left'), onerror: () => done('held'), src: '{url}' }}))),
        ])"
    );
    assert_eq!(page.0.evaluate(&attempts), json!(["held", "held", "held"]));
    assert!(listener.accept().is_err(), "a request has left the page");
}

#[test]
fn every_filter_changes_every_chart_and_reset_brings_all_back() {
    let mut page = Page::open(&simulated(), 1280);
    let all = page.ask("charts()");
    let by_group = page.table("events-by-group");
    let group = page.ask("options('group')")[2].clone();
    let action =
        page.ask("options('action')").as_array().expect("it is a list").get(1).expect("there are actions")[0].clone();
    let survey_responses = page.option("type", "SurveyResponse");
    let filters = [
        ("group", group[0].as_str().expect("it is text")),
        ("type", &survey_responses),
        ("action", action.as_str().expect("it is text")),
        ("from", "2023-03-20"),
        ("to", "2023-03-19"),
    ];
    for (control, value) in filters {
        page.choose(control, value);
        let filtered = page.ask("charts()");
        let first_question = all.as_object().expect("they have names").keys().find(|id| id.starts_with("question-"));
        for id in FIXED.into_iter().chain(first_question.map(String::as_str)).filter(|id| *id != "quarantine") {
            assert!(filtered[id] != all[id], "{id} is the same for any {control}");
        }
        page.reset();
        assert!(page.ask("charts()") == all, "after {control}");
    }

    // The numbers of a group are those of its column among all groups.
    page.choose("group", filters[0].1);
    let count =
        |cell: &Value| cell.as_str().expect("it is text").replace(',', "").parse::<u64>().expect("it is a number");
    for (one, among) in page
        .table("events-by-type")
        .as_array()
        .expect("it is a list")
        .iter()
        .zip(by_group.as_array().expect("it is a list"))
    {
        let types: u64 = one.as_array().expect("it is a row").iter().skip(1).map(count).sum();
        assert_eq!(types, count(&among[2]));
    }
    // Filters narrow one another, down to nothing.
    page.choose("type", filters[1].1);
    page.choose("from", "2023-03-20");
    page.choose("to", "2023-03-19");
    assert_eq!(page.ask("charts()"), json!({}));
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

#[test]
fn the_keyboard_reaches_filters_charts_and_tables() {
    let mut page = Page::open(&simulated(), 1280);
    let all = page.ask("charts()");
    let focused = "[document.activeElement.id, document.activeElement.tagName].join(' ')";
    let tab_to = |page: &mut Page, wanted: &str| {
        for _ in 0..60 {
            page.0.press("Tab");
            if page.0.evaluate(focused) == wanted {
                let outline = page.0.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)");
                assert!(outline.as_f64() >= Some(2.0), "the focus on {wanted} cannot be seen");
                return;
            }
        }
        panic!("no number of tabs leads to {wanted}");
    };

    // What is typed narrows what is offered; the arrows and Enter choose.
    tab_to(&mut page, "type INPUT");
    page.0.write("jobresp");
    assert_eq!(page.0.evaluate("document.querySelector('#type-list .active').textContent"), "JobResponse");
    page.0.press("Enter");
    assert_eq!(page.0.evaluate("document.activeElement.value"), "JobResponse");
    assert!(page.ask("charts()") != all);
    tab_to(&mut page, "show-all BUTTON");
    page.0.press("Enter");
    assert!(page.ask("charts()") == all);

    tab_to(&mut page, "events-by-type CANVAS");
    page.0.press("ArrowRight");
    let spoken = "document.activeElement.closest('article').querySelector('[aria-live]').textContent";
    let first = page.0.evaluate(spoken);
    assert!(
        first.as_str().is_some_and(|text| text.contains(" Jan 2023") && text.contains("TextMessageCreated")),
        "{first}"
    );
    page.0.press("End");
    assert_ne!(page.0.evaluate(spoken), first);
    page.0.press("Escape");
    assert_eq!(page.0.evaluate(spoken), "");

    tab_to(&mut page, " SUMMARY");
    page.0.press("Enter");
    let rows = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => \
                done(document.querySelectorAll('#events-by-type-table tbody tr').length))))";
    assert_eq!(page.0.evaluate(rows), 124);
    // A legend entry takes its bars away.
    page.0.evaluate(
        "document.querySelector('#events-by-type').closest('article').querySelector('.legend button').focus()",
    );
    page.0.press("Enter");
    assert_eq!(page.0.evaluate("document.activeElement.getAttribute('aria-pressed')"), "false");
    assert_eq!(page.0.evaluate("Chart.getChart('events-by-type').isDatasetVisible(0)"), false);
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

#[test]
fn the_page_fits_360_pixels_and_the_dark() {
    let mut page = Page::open(&simulated(), 1280);
    page.0.evaluate("document.getElementById('more').click(); document.querySelectorAll('details').forEach((each) => each.open = true)");
    let light = page.0.evaluate("getComputedStyle(document.body).backgroundColor");
    let bars = "Chart.getChart('events-by-type').data.datasets[0].backgroundColor";
    let light_bars = page.0.evaluate(bars);
    assert!(page.ask("contrast()").as_f64() >= Some(4.5), "{}", page.ask("contrast()"));

    page.0.prefer("dark");
    assert_ne!(page.0.evaluate("getComputedStyle(document.body).backgroundColor"), light);
    assert_ne!(page.0.evaluate(bars), light_bars);
    assert!(page.ask("contrast()").as_f64() >= Some(4.5), "{}", page.ask("contrast()"));

    for width in [360, 768] {
        page.0.resize(width);
        // Charts follow when the browser tells them.
        let settled = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(document.documentElement.scrollWidth))))";
        assert!(page.0.evaluate(settled).as_u64() <= Some(width.into()), "{width}: {}", page.0.evaluate(settled));
        let widest = page.0.evaluate(
            "Math.max(...[...document.querySelectorAll('canvas')].map((each) => each.getBoundingClientRect().right))",
        );
        assert!(widest.as_f64() <= Some(width.into()), "{widest}");
    }
    page.0.resize(360);
    let columns = page.0.evaluate(
        "new Set([...document.querySelectorAll('.panel')].map((each) => each.getBoundingClientRect().left)).size",
    );
    assert_eq!(columns, 1);
    let labels = page.0.evaluate(
        "[...document.querySelectorAll('input')].every((each) => each.labels.length === 1 || each.ariaLabel)",
    );
    assert_eq!(labels, true);
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}
