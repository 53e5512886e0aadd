//! What a page refers to is there: files, headings, tests, entries of the runbook.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::template::root;

/// Folders whose pages are for readers.
const FOLDERS: [&str; 5] = ["", "docs", "events", "benches", "dashboards"];

#[test]
fn every_relative_link_leads_to_a_file_and_to_a_heading_in_it() {
    let mut followed = 0;
    for page in pages() {
        for (text, target) in links(&prose(&read(&page))) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { page.clone() } else { page.with_file_name("").join(file) };
            assert!(file.exists(), "{}: [{text}]({target}) leads nowhere", page.display());
            if !heading.is_empty() {
                let there = anchors(&read(&file));
                assert!(there.iter().any(|anchor| anchor == heading), "{}: no {heading} in {target}", page.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 50, "{followed}");
}

#[test]
fn every_test_that_a_page_links_to_by_its_name_is_in_that_file() {
    let mut found = 0;
    for page in pages() {
        for (text, target) in links(&prose(&read(&page))) {
            let Some(name) = text.strip_prefix('`').and_then(|text| text.strip_suffix('`')) else { continue };
            let file = page.with_file_name("").join(&target);
            if target.contains("tests/it/") && file.is_file() {
                assert!(
                    read(&file).contains(&format!("fn {name}(")),
                    "{}: there is no {name} in {target}",
                    page.display()
                );
                found += 1;
            }
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn every_entry_of_the_runbook_that_a_message_names_is_there() {
    const RUNBOOK: &str = "docs/runbook.md";
    let entries = anchors(&read(&root().join(RUNBOOK)));
    let mut files = Vec::new();
    for folder in ["src", "scripts"] {
        collect(&root().join(folder), &mut files);
    }
    let mut found = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "rs" || kind == "py")) {
        let text = read(file);
        for before in text.split(&format!(" in {RUNBOOK}")).collect::<Vec<_>>().split_last().expect("one at least").1 {
            let entry = before.rsplit(' ').next().expect("one at least").trim_matches('`');
            assert!(entries.iter().any(|there| there == entry), "{}: no entry {entry}", file.display());
            found += 1;
        }
    }
    assert!(found > 2, "{found}");
}

fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(root().join(folder)).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            if path.extension().is_some_and(|kind| kind == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The lines of a page outside blocks of code.
fn prose(page: &str) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// Text and target of every link and picture. A link's text may be a picture, which is then found too.
fn links(prose: &str) -> Vec<(String, String)> {
    let ends = prose.match_indices("](");
    let link = |(end, _)| {
        let (text, target) = (&prose[..end], &prose[end + 2..]);
        let target = target.split_once(')')?.0;
        Some((text.rsplit('[').next()?.to_owned(), target.to_owned()))
    };
    ends.filter_map(link).collect()
}

/// What GitHub makes of the headings.
fn anchors(page: &str) -> Vec<String> {
    let anchor = |line: &str| {
        let heading = line.strip_prefix('#')?.trim_start_matches('#').trim();
        let kept = heading.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
        Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
    };
    prose(page).lines().filter_map(anchor).collect()
}
