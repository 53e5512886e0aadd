//! Everything on the page of `kaizala report` by keyboard alone: on a phone and on a desk, in the light and in the dark.

use serde_json::{Value, json};

use super::report_filters::made;
use crate::support::page::Page;

/// Presses Tab until an element with that id has the focus, and checks that people can see that it has.
fn tab_to(page: &mut Page, id: &str) {
    let focused = "document.activeElement.id || document.activeElement.closest('[id]')?.id";
    for _ in 0..200 {
        page.0.press("Tab");
        if page.0.evaluate(focused) == id {
            let seen = page.0.evaluate(
                "(() => { const { activeElement } = document; const { top, bottom, left, right } = activeElement.getBoundingClientRect(); \
                 return parseFloat(getComputedStyle(activeElement).outlineWidth) >= 2 && bottom > 0 && top < innerHeight && left >= 0 && right <= innerWidth; })()",
            );
            assert_eq!(seen, true, "the focus on {id} cannot be seen");
            return;
        }
    }
    panic!("no number of tabs leads to {id}");
}

/// Goes back to the beginning of the page.
fn to_the_beginning(page: &mut Page) {
    page.0.evaluate("document.activeElement.blur(); scrollTo(0, 0); getSelection().collapse(document.body, 0)");
}

fn choose(page: &mut Page, field: &str, typed: &str) {
    tab_to(page, field);
    page.0.write(typed);
    assert_eq!(page.0.evaluate(&format!("document.getElementById('{field}-list').checkVisibility()")), true);
    page.0.press("Enter");
}

fn rows(page: &mut Page, table: &str) -> Value {
    // What opens is filled in a task of its own.
    page.0.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(0))))");
    page.0.evaluate(&format!("document.querySelectorAll('#{table} tbody tr').length"))
}

fn every_control_works(page: &mut Page, width: u32) {
    to_the_beginning(page);
    tab_to(page, "skip");
    if width < 640 {
        tab_to(page, "fold");
        if page.0.evaluate("document.getElementById('fold').open") == false {
            page.0.press("Enter");
        }
    }
    // Each field offers what the others leave; arrows go through the list.
    choose(page, "group", "north");
    tab_to(page, "type");
    page.0.press("ArrowDown");
    page.0.press("ArrowDown");
    page.0.press("Escape");
    assert_eq!(page.0.evaluate("document.getElementById('type').value"), "All types");
    choose(page, "action", "visit");
    assert_eq!(page.0.evaluate("location.hash"), "#group=north&action=visit");
    tab_to(page, "show-all");
    page.0.press("Enter");
    assert_eq!(page.0.evaluate("location.hash"), "");

    // A chart: its values, and one of them as a filter.
    tab_to(page, "events-by-group");
    page.0.press("End");
    page.0.press("Enter");
    assert_eq!(page.0.evaluate("location.hash"), "#from=2023-03-08");
    page.0.evaluate("location.hash = ''");
    // Lists are open; the table of a chart opens, and has its button.
    tab_to(page, "silent-table");
    assert_eq!(rows(page, "silent-table"), 1);
    tab_to(page, "open-jobs-table");
    assert_eq!(rows(page, "open-jobs-table"), 1);

    // The map, the words of texts, and the texts themselves.
    let map = page.question("Where?");
    tab_to(page, &map);
    page.0.press("ArrowRight");
    let spoken =
        format!("document.getElementById('{map}').closest('article').querySelector('[aria-live]').textContent");
    let said = page.0.evaluate(&spoken);
    assert!(said.as_str().is_some_and(|text| text.contains("Shop") && text.contains("12.9700° N")), "{said}");
    page.0.press("Escape");
    assert_eq!(page.0.evaluate(&spoken), "");
}

#[test]
fn filters_charts_lists_and_the_map_work_by_keyboard_at_both_widths_in_light_and_dark() {
    let (_folder, file) = made();
    for width in [360, 1300] {
        let mut page = Page::open(&file, width);
        for scheme in ["light", "dark"] {
            page.0.prefer(scheme);
            every_control_works(&mut page, width);
            assert!(page.ask("contrast()").as_f64() >= Some(4.5), "{width} {scheme}: {}", page.ask("contrast()"));
            let overflow = page.0.evaluate("document.documentElement.scrollWidth");
            assert!(overflow.as_u64() <= Some(width.into()), "{width} {scheme}: {overflow}");
        }
        assert_eq!(page.0.complaints(), Vec::<Value>::new());
    }
}

#[test]
fn a_list_is_searched_and_a_table_opened_by_keyboard() {
    let (_folder, file) = made();
    let mut page = Page::open(&file, 360);
    let words = page.question("What else?");
    let answers = format!("{words}-answers-table");
    tab_to(&mut page, &answers);
    page.0.press("Enter");
    assert_eq!(rows(&mut page, &answers), 4);
    let texts = page.table(&format!("{words}-answers"));
    assert!(texts.as_array().is_some_and(|rows| rows.iter().any(|row| row[0] == json!("Broken shelf"))), "{texts}");
}
