//! The page of `kaizala report`: filters that know each other, lists of people, the map, tables that are saved.

use std::{
    fs,
    path::{Path, PathBuf},
};

use kaizala_webhook::store::StoredItem;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    page::{Page, report},
    tables::{stored, write_export},
};

fn response(card: &str, group: &str, id: &str, by: &str, is_anonymous: bool, questions: &Value) -> Value {
    json!({"eventId": id, "eventType": "SurveyResponse", "fromUserId": format!("user-{by}"),
        "fromUser": format!("+1555000{by}"), "data": {"actionId": card,
        "groupId": group, "responseId": id, "responder": format!("+1555000{by}"), "responderName": format!("Person {by}"),
        "isAnonymous": is_anonymous, "responseDetails": {"responseWithQuestions": questions}}})
}

fn created(card: &str, group: &str, title: &str) -> Value {
    json!({"eventId": card, "eventType": "SurveyCreated", "data": {"actionId": card, "groupId": group, "title": title,
        "questions": []}})
}

/// Two cards in two groups, a job, and people of whom one is withheld.
fn events() -> Vec<StoredItem> {
    let words = |answer: &str| json!({"title": "What else?", "type": "Text", "answer": answer});
    let place =
        |east: f64| json!({"title": "Where?", "type": "Location", "answer": {"lt": 12.97, "lg": east, "n": "Shop"}});
    let photo = |url: &str| json!({"title": "Photos", "type": "AttachmentList", "answer": [{"mediaUrl": url, "mediaFileName": "=shelf.jpg"}]});
    let far = "https://media.example.com/shelf.jpg";
    let events = [
        ("2023-03-06T10:00:00Z", created("visit", "north", "Shop visit")),
        ("2023-03-06T10:00:01Z", created("order", "south", "Order form")),
        (
            "2023-03-06T11:00:00Z",
            response("visit", "north", "a", "1", false, &json!([words("Broken shelf"), place(77.59), photo(far)])),
        ),
        (
            "2023-03-07T11:00:00Z",
            response(
                "visit",
                "north",
                "b",
                "2",
                false,
                &json!([words("The shelf is empty"), place(77.61), photo("javascript:alert(1)")]),
            ),
        ),
        ("2023-03-08T11:00:00Z", response("order", "south", "c", "3", false, &json!([words("Rice")]))),
        ("2023-03-08T11:10:00Z", response("order", "south", "d", "9", true, &json!([words("Oil")]))),
        (
            "2023-03-05T09:00:00Z",
            json!({"eventId": "m", "eventType": "MemberAdded", "data": {"groupId": "north",
            "member": "+15550004", "memberName": "Person 4"}}),
        ),
        (
            "2023-03-06T12:00:00Z",
            json!({"eventId": "j", "eventType": "JobCreated", "data": {"actionId": "job",
            "groupId": "south", "title": "Clean", "dueDate": "2023-03-06T18:00:00Z", "assignedTo": ["+15550003"]}}),
        ),
    ];
    events.iter().flat_map(|(at, event)| stored(event.to_string(), at, false)).collect()
}

pub(super) fn made() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("there is a place for files");
    write_export(&folder.path().join("raw"), &events(), 1);
    let out = folder.path().join("report.html");
    report(&folder.path().join("raw"), &out, &[]);
    (folder, out)
}

fn texts(page: &mut Page, filter: &str) -> Vec<String> {
    let options = page.ask(&format!("options({})", json!(filter)));
    let text = |option: &Value| option[1].as_str().expect("it is text").to_owned();
    options.as_array().expect("it is a list").iter().map(text).collect()
}

#[test]
fn a_filter_offers_what_the_others_leave_and_the_address_keeps_them_all() {
    let (_folder, file) = made();
    let mut page = Page::open(&file, 1300);
    assert_eq!(texts(&mut page, "action"), ["All actions", "Order form", "Shop visit", "Clean", "No action"]);

    page.choose("group", "north");
    assert_eq!(texts(&mut page, "action"), ["All actions", "Shop visit", "No action"]);
    page.choose("action", "visit");
    assert_eq!(texts(&mut page, "group"), ["All groups", "north"]);
    assert_eq!(texts(&mut page, "type"), ["All types", "SurveyResponse", "SurveyCreated"]);
    page.choose("to", "2023-03-06");
    assert_eq!(page.0.evaluate("location.hash"), "#group=north&action=visit&to=2023-03-06");
    let charts = page.ask("charts()");

    // The same address shows the same, whatever was selected in between.
    page.reset();
    assert!(page.ask("charts()") != charts);
    let changed = "new Promise((done) => { addEventListener('hashchange', () => done(0)); location.hash = 'group=north&action=visit&to=2023-03-06'; })";
    page.0.evaluate(changed);
    assert_eq!(page.ask("charts()"), charts);
    assert_eq!(page.0.evaluate("document.getElementById('action').value"), "Shop visit");
    assert_eq!(page.0.evaluate("document.getElementById('action').title"), "visit");
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

#[test]
fn a_click_on_a_bar_filters_and_so_does_enter() {
    let (_folder, file) = made();
    let mut page = Page::open(&file, 1300);
    let bar = page.0.evaluate(
        "(() => { const canvas = document.getElementById('responses'); canvas.scrollIntoView({ block: 'center' }); \
         const [{ x, y }] = Chart.getChart(canvas).getDatasetMeta(0).data; const { left, top } = canvas.getBoundingClientRect(); \
         return [left + x - 5, top + y]; })()",
    );
    let at = |place: usize| bar[place].as_f64().expect("it is a number");
    page.0.click(at(0), at(1));
    let hash = page.0.evaluate("location.hash");
    assert!(hash == "#action=visit" || hash == "#action=order", "{hash}");

    page.reset();
    page.0.evaluate("document.getElementById('events-by-type').focus()");
    page.0.press("ArrowRight");
    page.0.press("Enter");
    assert_eq!(page.0.evaluate("location.hash"), "#to=2023-03-05");
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

#[test]
fn people_are_named_and_who_answered_anonymously_is_not() {
    let (_folder, file) = made();
    let mut page = Page::open(&file, 1300);

    let seen = |name: &str, day: &str| json!([name, "1", day, day]);
    assert_eq!(
        page.table("people"),
        json!([
            seen("Person 1", "6 Mar 2023"),
            seen("Person 2", "7 Mar 2023"),
            ["Person 3", "1", "6 Mar 2023", "8 Mar 2023"]
        ])
    );
    assert_eq!(page.table("silent"), json!([["Person 4", "Shop visit", "north"]]));
    assert_eq!(page.table("open-jobs"), json!([["Clean", "Person 3", "1 day overdue", "6 Mar 2023", "south"]]));
    page.choose("group", "south");
    assert_eq!(page.table("people").as_array().map(Vec::len), Some(1));
    assert_eq!(page.ask("isShown('silent')"), false);

    let html = fs::read_to_string(&file).expect("it is text");
    for withheld in ["Person 9", "+15550009", "user-9"] {
        assert!(!html.contains(withheld), "{withheld} is named");
    }
    assert_eq!(
        page.0.evaluate("document.querySelector('#people-table th[title]:not([title=\"\"])')?.title"),
        "+15550003"
    );
}

#[test]
fn questions_stand_below_their_card_with_words_texts_and_links_to_files() {
    let (_folder, file) = made();
    let mut page = Page::open(&file, 360);

    let photos = page.question("Photos");
    assert_eq!(page.0.evaluate(&format!("document.querySelector('#{photos}-title .over').textContent")), "Shop visit");
    let files = page.table(&format!("{photos}-answers"));
    assert_eq!(files.as_array().map(Vec::len), Some(2), "{files}");
    let links = format!("[...document.querySelectorAll('#{photos}-answers-table a')].map((each) => each.href)");
    assert_eq!(page.0.evaluate(&links), json!(["https://media.example.com/shelf.jpg"]));

    let words = page.question("What else?");
    assert_eq!(page.table(&words)[0], json!(["shelf", "2"]));
    let texts = page.table(&format!("{words}-answers"));
    assert_eq!(texts.as_array().map(Vec::len), Some(4), "{texts}");
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

#[test]
fn places_are_on_a_map_that_is_zoomed_to_them_at_any_width_and_in_the_dark() {
    let (_folder, file) = made();
    let mut page = Page::open(&file, 1300);
    let map = page.question("Where?");
    // Of a copy: the browser complains about a canvas that is read again and again.
    let colours = format!(
        "(() => {{ const canvas = document.getElementById('{map}'); \
         const copy = new OffscreenCanvas(1, 1).getContext('2d', {{ willReadFrequently: true }}); \
         copy.drawImage(canvas, -canvas.width / 2, -20); \
         return [...copy.getImageData(0, 0, 1, 1).data].join(); }})()"
    );
    let frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))";
    for width in [1300, 360] {
        page.0.resize(width);
        page.0.evaluate(frames);
        let limits = page.0.evaluate(&format!(
            "(({{ x, y }}) => [x.min, 77.59, 77.61, x.max, y.min, 12.97, y.max])(Chart.getChart('{map}').scales)"
        ));
        let limits: Vec<f64> = limits.as_array().expect("it is a list").iter().filter_map(Value::as_f64).collect();
        assert!(limits[..4].is_sorted() && limits[4..].is_sorted(), "{limits:?}");
        assert!(limits[3] - limits[0] < 2.0, "{limits:?} is far from the points");
        page.0.prefer("light");
        page.0.evaluate(frames);
        let light = page.0.evaluate(&colours);
        page.0.prefer("dark");
        page.0.evaluate(frames);
        assert_ne!(page.0.evaluate(&colours), light, "the map does not follow");
    }
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

#[test]
fn a_table_is_saved_as_csv_that_no_spreadsheet_computes() {
    let (folder, file) = made();
    let mut page = Page::open(&file, 1300);
    let saved = folder.path().join("saved");
    fs::create_dir(&saved).expect("it can be made");
    page.0.save_into(&saved);

    let photos = page.question("Photos");
    page.table(&format!("{photos}-answers"));
    page.0.evaluate(&format!("document.querySelector('#{photos}-answers-table .tools button').click()"));
    page.0.wait_for_saved();
    let csv = read(&saved, &format!("{photos}-answers.csv"));
    assert!(csv.starts_with("\u{feff}\"File\",\"File: address\",\"Group\",\"Day\"\r\n"), "{csv}");
    assert!(
        csv.contains("\"'=shelf.jpg\",\"https://media.example.com/shelf.jpg\",\"north\",\"2023-03-06\"\r\n"),
        "{csv}"
    );
    assert_eq!(page.0.complaints(), Vec::<Value>::new());
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("it was saved")
}

#[test]
fn filters_fold_on_a_phone_and_stay_open_on_a_desk() {
    let (_folder, file) = made();
    let mut page = Page::open(&file, 360);
    assert_eq!(page.0.evaluate("document.getElementById('group').checkVisibility()"), false);
    page.0.evaluate("document.querySelector('#fold summary').focus()");
    page.0.press("Enter");
    assert_eq!(page.0.evaluate("document.getElementById('group').checkVisibility()"), true);
    page.choose("group", "north");
    assert!(page.0.evaluate("document.documentElement.scrollWidth").as_u64() <= Some(360));

    let mut page = {
        drop(page);
        Page::open(&file, 1300)
    };
    assert_eq!(page.0.evaluate("document.getElementById('group').checkVisibility()"), true);
}
