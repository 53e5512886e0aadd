//! The HTML file: everything in it, and nothing that it may fetch.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};

const TEMPLATE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPTS: [&str; 11] = [
    include_str!("page/cube.js"),
    include_str!("page/format.js"),
    include_str!("page/listing.js"),
    include_str!("page/panel.js"),
    include_str!("page/filters.js"),
    include_str!("page/charts.js"),
    include_str!("page/people.js"),
    include_str!("page/map.js"),
    include_str!("page/samples.js"),
    include_str!("page/questions.js"),
    include_str!("page/main.js"),
];
/// Chart.js, as its package has it: see `scripts/vendor.sh`.
const LIBRARY: &str = include_str!("vendor/chart.umd.min.js");
const LIBRARY_LICENSE: &str = include_str!("vendor/chart.LICENSE.md");
/// Coasts and borders, and which of them go around land.
const WORLD: &str = include_str!("vendor/world.json");
const WORLD_LICENSE: &str = include_str!("vendor/world.LICENSE");

/// The page that shows `data`. Its policy allows the scripts and the style that are in it, by their digests, and no request
/// to anywhere.
pub fn render(data: &Value) -> String {
    // Developer tools would look for the map of its source.
    let library = LIBRARY.split("//# sourceMappingURL").next().unwrap_or(LIBRARY);
    let script = format!("(() => {{\n'use strict';\n{}}})();\n", SCRIPTS.concat());
    let policy = format!(
        "default-src 'none'; script-src {} {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        digest(library),
        digest(&script),
        digest(STYLE)
    );
    // In a script element `<` is all that could end it or begin another.
    let data = data.to_string().replace('<', "\\u003c");
    let parts = [
        ("policy", policy.as_str()),
        ("style", STYLE),
        ("license", LIBRARY_LICENSE),
        ("world-license", WORLD_LICENSE),
        ("world", WORLD),
        ("library", library),
        ("script", &script),
        ("data", &data),
    ];
    let mut page = String::with_capacity(TEMPLATE.len() + parts.iter().map(|(_, part)| part.len()).sum::<usize>());
    let mut rest = TEMPLATE;
    // One pass, so that nothing in the data is taken for a mark.
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else { break };
        page.push_str(parts.iter().find(|(part, _)| *part == name).map_or("", |(_, text)| text));
        rest = after;
    }
    page.push_str(rest);
    page
}

/// As a policy names what is in the page.
fn digest(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}
