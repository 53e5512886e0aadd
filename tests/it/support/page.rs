//! The report: the command as a process makes it, and a browser opens its page.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use super::{browser::Browser, process::run, tables::text};

const HELPERS: &str = include_str!("page.js");

/// A page in a browser, with the questions that tests ask about it.
pub struct Page(pub Browser);

impl Page {
    /// Opens a report in a window of a width in pixels.
    pub fn open(file: &Path, width: u32) -> Self {
        let mut browser = Browser::open(file, width);
        browser.evaluate(&format!("window.see = {HELPERS}; 0"));
        Self(browser)
    }

    /// Calls a function of `page.js` and returns its result.
    pub fn ask(&mut self, expression: &str) -> Value {
        self.0.evaluate(&format!("see.{expression}"))
    }

    /// Sets a filter.
    pub fn choose(&mut self, control: &str, value: &str) {
        self.ask(&format!("choose({}, {})", json!(control), json!(value)));
    }

    /// The value of the option that people see as `label`.
    pub fn option(&mut self, control: &str, label: &str) -> String {
        let options = self.ask(&format!("options({})", json!(control)));
        let found = options.as_array().expect("it is a list").iter().find(|option| option[1] == label);
        found.unwrap_or_else(|| panic!("{label} is not in {options}"))[0].as_str().expect("it is text").to_owned()
    }

    /// Resets all filters.
    pub fn reset(&mut self) {
        self.0.evaluate("document.getElementById('show-all').click()");
    }

    /// The rows of the table below a chart.
    pub fn table(&mut self, chart: &str) -> Value {
        self.ask(&format!("table({})", json!(chart)))
    }

    /// The id of the chart of a question.
    pub fn question(&mut self, title: &str) -> String {
        self.ask(&format!("question({})", json!(title))).as_str().expect("it is an id").to_owned()
    }

    /// The note above a chart.
    pub fn note(&mut self, chart: &str) -> String {
        self.ask(&format!("note({})", json!(chart))).as_str().expect("it is text").to_owned()
    }
}

/// Runs a command and returns exit code, standard output and standard error.
pub fn kaizala(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    for variable in ["TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_PROFILE", "AWS_REGION"] {
        command.env_remove(variable);
    }
    let output = run(command.args(arguments), b"");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (output.status.code().expect("it exits"), text(output.stdout), text(output.stderr))
}

/// Makes a report and returns the summary that the command prints.
pub fn report(from: &Path, out: &Path, more: &[&str]) -> Value {
    let (code, output, error) =
        kaizala(&[&["report", "--from", text(from), "--out", text(out), "--json"], more].concat());
    assert_eq!(code, 0, "{output}{error}");
    serde_json::from_str(&output).expect("it is JSON")
}
