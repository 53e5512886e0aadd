//! The page of an archive's report in a browser, and what is redacted of an archive.

use serde_json::json;

use crate::support::{
    archives::samples_folder,
    page::{Page, report},
    tables::{exported_with, text},
};

#[test]
fn the_page_of_an_archive_names_groups_plots_places_and_says_that_links_are_dead() {
    let folder = tempfile::tempdir().expect("there is room");
    let out = folder.path().join("report.html");
    let summary = report(&samples_folder().join("1-attendance-photo"), &out, &[]);
    assert_eq!(summary["items"], 4);
    assert_eq!(summary["archive"][0]["rows"], 4);

    let mut page = Page::open(&out, 1280);
    let groups = page.ask("options('group')").to_string();
    assert!(
        groups.contains("90001 - Dinas Contoh") && !groups.contains("\"name:90001 - Dinas Contoh\",\"name:"),
        "{groups}"
    );
    let place = page.question("Responder Location");
    assert_eq!(page.ask(&format!("isPainted({})", json!(place))), true);
    let photos = page.question("PhotoQuestionTitle");
    assert_eq!(page.table(&format!("{photos}-answers")).as_array().map(Vec::len), Some(4));
    let links = format!(
        "[...document.querySelectorAll('#{photos}-answers-table a')].map((each) => [each.textContent, each.href])"
    );
    let links = page.0.evaluate(&links);
    let links = links.as_array().expect("it is a list");
    assert_eq!(links.len(), 4, "{links:?}");
    for link in links {
        assert!(
            link[0]
                .as_str()
                .is_some_and(|text| text.starts_with("IMG_20-04-02_") && text.ends_with("(dead since 2023-08-31)")),
            "{link}"
        );
        assert!(
            link[1].as_str().is_some_and(|href| href.starts_with("https://cdn.inc-000.kms.osi.office.net/att/")),
            "{link}"
        );
    }
    assert_eq!(page.0.complaints(), Vec::<serde_json::Value>::new());
}

#[test]
fn names_and_links_of_an_archive_are_redacted() {
    let key = ("KAIZALA_REDACT_KEY", "a-key-of-enough-bytes-for-this");
    let from = samples_folder();
    let plain = exported_with(text(&from), &[], &[]);
    let redacted = exported_with(text(&from), &["--redact"], &[key]);
    let all = serde_json::to_string(&redacted).expect("it is JSON");
    for row in &plain["responses"] {
        let name = row["responder_name"].as_str().expect("there is one");
        assert!(!all.contains(name), "{name}");
    }
    assert!(!all.contains("https://") && !all.contains("INVENTED"));
    let links = redacted["answers"].iter().filter_map(|row| row["media_url"].as_str());
    assert_eq!(links.filter(|link| link.starts_with("link-")).count(), 4);
}
