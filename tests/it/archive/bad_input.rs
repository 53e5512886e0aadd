//! Bad input: a clear message with file and line, exit code 1 when nothing could be read, the readable rest on request.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use crate::support::{
    archives::{HEADER, fill, report_row, write, write_zip, zip},
    page::kaizala,
    tables::{exported, text},
};

fn report(from: &Path, more: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("there is room");
    let out = folder.path().join("r.html");
    let (code, _, error) = kaizala(&[&["report", "--from", text(from), "--out", text(&out)], more].concat());
    assert_eq!(out.exists(), code == 0, "{error}");
    (code, error)
}

fn good() -> String {
    format!("{HEADER}\n{}\n", report_row("A", "2020-04-01 23:00:41 PM", "", "2020-04-01 23:00:44 PM"))
}

#[test]
fn what_is_not_an_archive_is_told_by_what_it_is() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("there is room");
        path
    };
    let good = good();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(good.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let nested = zip(&[("inner.zip", &zip(&[("SurveyResponse.csv", good.as_bytes())]))]);
    let cut = zip(&[("SurveyResponse.csv", good.as_bytes())]);
    let mut encrypted = zip(&[("SurveyResponse.csv", good.as_bytes())]);
    // The flag in the member's header and in the directory.
    for signature in [b"PK\x03\x04", b"PK\x01\x02"] {
        let at = encrypted.windows(4).position(|bytes| bytes == signature).expect("it is a ZIP");
        encrypted[at + if signature[2] == 3 { 6 } else { 8 }] |= 1;
    }
    for (name, bytes, expected) in [
        ("none.zip", b"This is not a ZIP.".to_vec(), "not a ZIP"),
        ("cut.zip", cut[..cut.len() - 30].to_vec(), "not a ZIP"),
        ("empty.zip", zip(&[]), "holds no card report"),
        ("empty.csv", Vec::new(), "holds no card report"),
        ("other.csv", b"Name,Score\nA,1\n".to_vec(), "header is not that of a known format"),
        ("utf16.csv", utf16, "UTF-16"),
        ("nested.zip", nested, "ZIP within a ZIP"),
        ("encrypted.zip", encrypted, "encrypted"),
        ("up.zip", zip(&[("../SurveyResponse.csv", good.as_bytes())]), "leads out of the archive"),
        ("root.zip", zip(&[("/etc/SurveyResponse.csv", good.as_bytes())]), "leads out of the archive"),
        ("drive.zip", zip(&[("C:\\SurveyResponse.csv", good.as_bytes())]), "leads out of the archive"),
    ] {
        let path = file(name, &bytes);
        for more in [&[][..], &["--skip-damaged"]] {
            let (code, error) = report(&path, more);
            assert_eq!(code, 1, "{name}: {error}");
            assert!(error.contains(expected) && error.contains(name), "{name}: {error}");
        }
    }
    let (code, error) = report(&folder.path().join("missing.zip"), &[]);
    assert!(code == 1 && error.contains("missing.zip"), "{error}");
}

#[test]
fn a_bomb_is_not_unpacked() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("bomb.zip");
    let mut bomb = good().into_bytes();
    bomb.extend_from_slice(&b"a".repeat(80 * 1024 * 1024));
    write_zip(&path, &[("SurveyResponse.csv", &bomb)]);
    assert!(fs::metadata(&path).expect("it is there").len() < 500_000);
    let (code, error) = report(&path, &[]);
    assert!(code == 1 && error.contains("unpacks to far more"), "{error}");
    assert_eq!(exported(text(&path), &["--skip-damaged"])["responses"].len(), 1);
}

#[test]
fn a_row_that_cannot_be_read_is_told_by_file_and_line_and_the_rest_is_kept_on_request() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("SurveyResponse.csv");
    let row = |name: &str, at: &str| report_row(name, at, "two\nlines", "2020-04-01 23:00:44 PM");
    let good = row("A", "2020-04-01 23:00:41 PM");
    for (broken, what) in [
        (row("B", "2020-13-45 99:00:00 PM"), "line 4: what is in column \"ResponseTime (UTC)\" is not a time"),
        ("\"B\",\"G\",\"1\"".to_owned(), "line 4: it has 3 cells for 8 columns"),
        (good.clone() + ",\"more\"", "line 4: it has 9 cells for 8 columns"),
        ("\"B\" or not,\"G\"".to_owned(), "line 4: a quote in it is not closed"),
        ("\"B,\"G\",\"1\"".to_owned(), "line 4: a quote in it is not closed"),
    ] {
        write(&path, &[HEADER, &good, &broken, &row("C", "2020-04-02 23:00:41 PM")]);
        let (code, error) = report(&path, &[]);
        assert_eq!(code, 1, "{error}");
        assert!(error.contains(what) && error.contains("--skip-damaged"), "{what}: {error}");
        let names = |from: &Path| {
            let mut names: Vec<_> = exported(text(from), &["--skip-damaged"])["responses"]
                .iter()
                .map(|row| row["responder_name"].as_str().expect("there is one").to_owned())
                .collect();
            names.sort_unstable();
            names
        };
        assert_eq!(names(&path), ["A", "C"], "{what}");
        let (code, error) = report(&path, &["--skip-damaged"]);
        assert!(code == 0 && error.contains(what) && error.contains("left out: "), "{error}");
    }

    let mut bytes =
        [HEADER.as_bytes(), b"\n", good.as_bytes(), b"\n\"\xff\",\"G\",\"\",\"\",\"\",\"\",\"\",\"\"\n"].concat();
    bytes.extend_from_slice(good.replace("\"A\"", "\"C\"").as_bytes());
    fs::write(&path, bytes).expect("there is room");
    let (code, error) = report(&path, &[]);
    assert!(code == 1 && error.contains("line 4: it is not UTF-8"), "{error}");
}

#[test]
fn an_archive_of_nothing_but_broken_rows_is_a_failure_even_if_they_may_be_left_out() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("a.csv");
    write(&path, &[HEADER, "\"B\",\"G\",\"1\"", "\"B\",\"G\",\"1\""]);
    let (code, error) = report(&path, &["--skip-damaged"]);
    assert!(code == 1 && error.contains("nothing could be read") && error.contains("line 2"), "{error}");
}

#[test]
fn a_damaged_file_among_others_is_left_out_on_request() {
    let folder = tempfile::tempdir().expect("there is room");
    fs::write(folder.path().join("a.csv"), good()).expect("there is room");
    fs::write(folder.path().join("b.zip"), b"PK\x03\x04 and nothing more").expect("there is room");
    let (code, error) = report(folder.path(), &[]);
    assert!(code == 1 && error.contains("b.zip"), "{error}");
    assert_eq!(exported(text(folder.path()), &["--skip-damaged"])["responses"].len(), 1);
}

#[test]
fn a_quote_that_is_never_closed_costs_its_line_and_no_memory() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("a.csv");
    let mut file = File::create(&path).expect("there is room");
    writeln!(file, "{HEADER}\n\"B").expect("there is room");
    fill(&mut file, b"x,y\n", 3 * 1024 * 1024);
    file.write_all(report_row("C", "2020-04-02 23:00:41 PM", "", "2020-04-01 23:00:44 PM").as_bytes())
        .expect("there is room");
    let tables = exported(text(&path), &["--skip-damaged"]);
    assert_eq!(tables["responses"].len(), 1);
}
