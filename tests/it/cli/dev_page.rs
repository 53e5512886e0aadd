//! The page of `kaizala dev`, in a real browser: what is delivered by HTTP appears there.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::{browser::Browser, dev::Dev, events::CALLBACK_TOKEN, sample, samples};

const HELPERS: &str = include_str!("../support/page.js");
const IS_LIVE: &str = "document.getElementById('state').dataset.state === 'live'";
/// What the list shows, the newest first: type, group, outcome, size.
const ROWS: &str = "[...document.querySelectorAll('.row')].map((row) => \
                    ['type', 'group', 'outcome', 'size'].map((part) => row.querySelector(`.${part}`).textContent))";
/// What has the focus.
const FOCUSED: &str = "[document.activeElement.id, document.activeElement.dataset.number].join(' ')";

fn open(dev: &Dev, width: u32) -> Browser {
    let mut browser = Browser::open_url(&dev.page(), width);
    browser.evaluate(&format!("window.see = {HELPERS}; 0"));
    browser.wait_until(IS_LIVE);
    browser
}

/// Waits until the list has that many deliveries.
fn wait_for_rows(browser: &mut Browser, count: usize) {
    browser.wait_until(&format!("document.querySelectorAll('.row').length === {count}"));
}

/// Opens the newest delivery and waits for it.
fn open_newest(browser: &mut Browser) {
    browser.evaluate("document.querySelector('#opened').replaceChildren(); document.querySelector('.row').click()");
    browser.wait_until("document.querySelector('#opened').children.length > 0");
}

/// The count of each outcome above the list.
fn counts(browser: &mut Browser) -> Value {
    browser.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#summary div')].map((each) => \
         [each.dataset.outcome, Number(each.querySelector('dd').textContent.replace(',', ''))]))",
    )
}

#[test]
fn what_is_delivered_appears_at_once_and_opens_with_its_body_its_item_and_its_rows() {
    let dev = Dev::start(&["--memory"], Some("t"));
    let mut browser = open(&dev, 1300);
    assert_eq!(browser.evaluate(ROWS), json!([]));

    let body = r#"{"eventId":"1","eventType":"TextMessageCreated","objectType":"Group","objectId":"g-1",
        "data":{"text":"<img src=x onerror=alert(1)> \"quoted\", {braced}","n":12345678901234567890.10,"none":[],"o":{}}}"#;
    dev.post("t", body.as_bytes());
    wait_for_rows(&mut browser, 1);
    assert_eq!(browser.evaluate(ROWS), json!([["TextMessageCreated", "g-1", "stored", format!("{} B", body.len())]]));
    assert!(
        browser.evaluate("document.querySelector('.latency').textContent").as_str().expect("text").ends_with(" ms")
    );

    open_newest(&mut browser);
    let shown = "{\n  \"eventId\": \"1\",\n  \"eventType\": \"TextMessageCreated\",\n  \"objectType\": \"Group\",\n  \
                 \"objectId\": \"g-1\",\n  \"data\": {\n    \"text\": \"<img src=x onerror=alert(1)> \\\"quoted\\\", {braced}\",\n    \
                 \"n\": 12345678901234567890.10,\n    \"none\": [],\n    \"o\": {}\n  }\n}";
    assert_eq!(browser.evaluate("document.querySelector('.json').textContent"), shown);
    let attribute = |browser: &mut Browser, name: &str| {
        browser.evaluate(&format!(
            "[...document.querySelectorAll('#opened .item tbody tr')].find((row) => row.cells[0].textContent === '{name}')\
             .cells[2].textContent"
        ))
    };
    assert_eq!(attribute(&mut browser, "groupId"), "g-1");
    assert_eq!(attribute(&mut browser, "eventKey"), "TextMessageCreated#1");
    assert_eq!(attribute(&mut browser, "payload"), body);
    let row = browser.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-table=messages] dt')].map((name) => \
         [name.textContent, name.nextSibling.textContent]))",
    );
    assert_eq!(row["text"], "<img src=x onerror=alert(1)> \"quoted\", {braced}");
    assert_eq!(row["event_key"], "TextMessageCreated#1");
    assert_eq!(browser.evaluate("document.querySelector('[data-table=events]') !== null"), true);

    // What people wrote is text, wherever it stands.
    dev.post(
        "t",
        br#"{"eventId":"<b>2</b>","eventType":"<script>alert(2)</script>","groupId":"<i>g</i>","data":"<u>x</u>"}"#,
    );
    wait_for_rows(&mut browser, 2);
    open_newest(&mut browser);
    assert_eq!(browser.evaluate("document.getElementById('detail-title').textContent"), "<script>alert(2)</script>");
    assert_eq!(browser.evaluate("document.querySelectorAll('body img, body script, b, i, u').length"), 0);

    // Duplicates show the item that was there, edits that of their own; a wrong token is told, and its body is read by nobody.
    dev.post("t", body.as_bytes());
    dev.post("t", body.replace("quoted", "edited").as_bytes());
    dev.post("x", body.as_bytes());
    dev.post("t", b"{");
    dev.get("/webhook?validationToken=secret");
    wait_for_rows(&mut browser, 7);
    let rows = browser.evaluate(ROWS);
    assert_eq!(rows[0][0], "GET /webhook");
    assert_eq!(rows[1], json!(["Not an event", "quarantine: not-json", "quarantined", "1 B"]));
    assert_eq!(rows[2], json!(["POST /webhook", "token-wrong", "refused", format!("{} B", body.len())]));
    assert_eq!((&rows[3][2], &rows[4][2]), (&json!("revised"), &json!("duplicate")));
    let expected =
        json!({"stored": 2, "duplicate": 1, "revised": 1, "quarantined": 1, "refused": 1, "failed": 0, "handshake": 1});
    assert_eq!(counts(&mut browser), expected);
    for (number, key) in [(3, "TextMessageCreated#1"), (4, "TextMessageCreated#1#r")] {
        browser.evaluate("document.querySelector('#opened').replaceChildren()");
        browser.evaluate(&format!("document.querySelector('[data-number=\"{number}\"]').click()"));
        browser.wait_until("document.querySelector('#opened').children.length > 0");
        let shown = attribute(&mut browser, "eventKey");
        assert!(shown.as_str().is_some_and(|shown| shown.starts_with(key)), "{shown}");
    }

    assert_eq!(browser.complaints(), Vec::<Value>::new());
    let requests = browser.requests();
    assert!(requests.iter().all(|url| url.starts_with(&dev.page()) || url.starts_with("data:")), "{requests:?}");

    // Nor could any request leave if a script tried.
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    elsewhere.set_nonblocking(true).expect("it can");
    let url = format!("http://{}/", elsewhere.local_addr().expect("it is bound"));
    let attempts = format!(
        "Promise.all([
            fetch('{url}', {{ mode: 'no-cors' }}).then(() => 'left', () => 'held'),
            new Promise((done) => Object.assign(new Image(), {{ onload: () => done('left'), onerror: () => done('held'), src: '{url}' }})),
            new Promise((done) => {{ document.head.append(Object.assign(document.createElement('script'), {{ textContent: 'window.ran = true' }})); done(window.ran ? 'left' : 'held'); }}),
        ])"
    );
    assert_eq!(browser.evaluate(&attempts), json!(["held", "held", "held"]));
    assert!(elsewhere.accept().is_err(), "a request has left the page");
}

#[test]
fn the_buttons_deliver_the_sample_events_with_the_token_of_the_run_and_a_burst_that_is_new_each_time() {
    let dev = Dev::start(&["--memory"], None);
    let mut browser = open(&dev, 1300);

    let press = |browser: &mut Browser, button: &str| {
        browser.evaluate("document.getElementById('done').textContent = ''");
        browser.evaluate(&format!("document.getElementById('{button}').click()"));
        browser.wait_until("/made/.test(document.getElementById('done').textContent)");
    };
    press(&mut browser, "samples");
    let files = samples();
    wait_for_rows(&mut browser, files.len());
    let beginning = |prefix: &str| files.iter().filter(|sample| sample.name.starts_with(prefix)).count();
    let counted = counts(&mut browser);
    assert_eq!(counted["quarantined"], beginning("quarantine-"));
    assert_eq!(counted["refused"], beginning("refused-"));
    assert_eq!(counted["handshake"], beginning("handshake-"));
    assert_eq!((&counted["revised"], &counted["duplicate"]), (&json!(1), &json!(2)));
    let total: u64 = counted.as_object().expect("it is one").values().filter_map(Value::as_u64).sum();
    assert_eq!(total, files.len() as u64);

    // A burst is made of events that nobody has sent before.
    for burst in 1..=3 {
        press(&mut browser, "burst");
        let counted = counts(&mut browser);
        assert!(counted["stored"].as_u64() >= Some(burst * 200), "{counted}");
        assert_eq!(counted["failed"], 0);
    }
    // The page remembers the last deliveries, and no more than the command does.
    wait_for_rows(&mut browser, 500);
    assert_eq!(browser.evaluate("document.getElementById('forgotten').checkVisibility()"), true);
    assert!(dev.get("/deliveries/1").starts_with("HTTP/1.1 404"));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
    // One that comes later gets what is remembered at once.
    drop(browser);
    let mut browser = open(&dev, 1300);
    wait_for_rows(&mut browser, 500);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn events_of_a_folder_and_batches_of_cloud_events_are_shown_too() {
    let events = concat!(env!("CARGO_MANIFEST_DIR"), "/events");
    let dev = Dev::start(&["--memory", "--deliver", events], Some(CALLBACK_TOKEN));
    let mut browser = open(&dev, 1300);
    wait_for_rows(&mut browser, samples().len());

    let event = |id: &str| json!({"specversion": "1.0", "id": id, "source": "/s", "type": "com.example.made", "data": {"n": 1}});
    let batch = json!([event("1"), event("2"), event("1"), {"specversion": "1.0"}]);
    dev.post(CALLBACK_TOKEN, batch.to_string().as_bytes());
    wait_for_rows(&mut browser, samples().len() + 1);
    let rows = browser.evaluate(ROWS);
    assert_eq!((&rows[0][0], &rows[0][2]), (&json!("4 CloudEvents"), &json!("1 duplicate1 quarantined2 stored")));
    open_newest(&mut browser);
    let keys = browser.evaluate(
        "[...document.querySelectorAll('#opened .item')].map((item) => \
         [...item.querySelectorAll('tr')].find((row) => row.cells[0].textContent === 'eventKey').cells[2].textContent)",
    );
    assert_eq!(keys[0], "com.example.made#1");
    assert_eq!(keys[1], "com.example.made#2");
    assert_eq!(browser.evaluate("document.querySelectorAll('[data-table=cloud_events]').length"), 3);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn the_keyboard_is_enough_and_the_page_fits_360_pixels_and_the_dark() {
    let dev = Dev::start(&["--memory"], Some("t"));
    for name in ["survey-created", "survey-response", "action-response"] {
        dev.post("t", &sample(name).body());
    }
    let mut browser = open(&dev, 1300);
    wait_for_rows(&mut browser, 3);

    let mut tabs = 0;
    while browser.evaluate(FOCUSED) != " 3" {
        browser.press("Tab");
        tabs += 1;
        assert!(tabs < 20, "no number of tabs leads to the newest delivery");
    }
    assert!(
        browser.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)").as_f64() >= Some(2.0)
    );
    browser.press("ArrowDown");
    assert_eq!(browser.evaluate(FOCUSED), " 2");
    browser.press("End");
    assert_eq!(browser.evaluate(FOCUSED), " 1");
    browser.press("Home");
    browser.press("Enter");
    browser.wait_until("document.activeElement.id === 'detail-title'");
    assert!(browser.evaluate("document.querySelectorAll('[data-table=answers] tbody tr').length").as_u64() > Some(1));
    browser.press("Escape");
    assert_eq!(browser.evaluate(FOCUSED), " 3");
    assert_eq!(browser.evaluate("document.getElementById('detail').checkVisibility()"), false);

    browser.press("Enter");
    browser.wait_until("document.getElementById('detail').checkVisibility()");
    let light = browser.evaluate("getComputedStyle(document.body).backgroundColor");
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        for width in [1300, 768, 360] {
            browser.resize(width);
            let settled = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => \
                           done([document.documentElement, document.getElementById('detail')].map((each) => each.scrollWidth - each.clientWidth))))) ";
            assert_eq!(browser.evaluate(settled), json!([0, 0]), "{width}");
        }
        let contrast = browser.evaluate("see.contrast()");
        assert!(contrast.as_f64() >= Some(4.5), "{scheme}: {contrast}");
    }
    assert_ne!(browser.evaluate("getComputedStyle(document.body).backgroundColor"), light);
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}

#[test]
fn the_report_is_made_of_the_table_anew_at_each_request() {
    let dev = Dev::start(&["--memory"], Some("t"));
    dev.post("t", &sample("text-message-created").body());
    assert!(dev.get("/report").contains(r#""items":1"#));
    dev.post("t", &sample("survey-response").body());

    let mut browser = Browser::open_url(&format!("{}report", dev.page()), 1300);
    assert_eq!(browser.evaluate("document.querySelector('#summary dd').firstChild.textContent"), "2");
    assert!(browser.evaluate("document.querySelectorAll('canvas').length").as_u64() > Some(3));
    assert_eq!(browser.complaints(), Vec::<Value>::new());
}
