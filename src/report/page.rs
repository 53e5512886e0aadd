//! The HTML file of a report. Everything is inside it, and it may fetch nothing.

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
/// Chart.js, unchanged from its npm package. `scripts/vendor.sh` fetches it.
const LIBRARY: &str = include_str!("vendor/chart.umd.min.js");
const LIBRARY_LICENSE: &str = include_str!("vendor/chart.LICENSE.md");
/// Coasts and borders for the map, and which of the lines enclose land.
const WORLD: &str = include_str!("vendor/world.json");
const WORLD_LICENSE: &str = include_str!("vendor/world.LICENSE");

/// What stands for a `<` within the data. Nothing but a `<` can end a script element or open another one.
pub(super) const LESS_THAN: &str = "\\u003c";

/// The bytes of the page without data: everything that is the same in every page, and the content security policy.
pub(super) const FRAME: usize = {
    let mut bytes =
        TEMPLATE.len() + STYLE.len() + LIBRARY.len() + LIBRARY_LICENSE.len() + WORLD.len() + WORLD_LICENSE.len();
    let mut at = 0;
    while at < SCRIPTS.len() {
        bytes += SCRIPTS[at].len();
        at += 1;
    }
    bytes + 500
};

/// Makes the page that shows `data`, the result of [`count`](super::count). The page's content security policy allows only the
/// scripts and the style inside it, by their digests, and forbids every request.
pub fn render(data: &Value) -> String {
    // The link to a source map is cut off: developer tools would try to fetch the map.
    let library = LIBRARY.split("//# sourceMappingURL").next().unwrap_or(LIBRARY);
    let script = format!("(() => {{\n'use strict';\n{}}})();\n", SCRIPTS.concat());
    let policy = format!(
        "default-src 'none'; script-src {} {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        digest(library),
        digest(&script),
        digest(STYLE)
    );
    let data = data.to_string().replace('<', LESS_THAN);
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
    // The template is filled in one pass, so that a `{{` within the data is not taken for a placeholder.
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else { break };
        page.push_str(parts.iter().find(|(part, _)| *part == name).map_or("", |(_, text)| text));
        rest = after;
    }
    page.push_str(rest);
    page
}

/// The digest of a script or style in the form of a content security policy.
fn digest(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}
