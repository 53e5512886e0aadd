//! `kaizala import --describe`: what files look like, with every value masked.

use std::path::Path;

use serde_json::json;

use crate::{
    archive::{ColumnShapes, Description, describe},
    cli::output::{Output, harmless},
};

pub(super) fn run(path: &Path, output: Output) -> anyhow::Result<()> {
    let descriptions = describe(path)?;
    let json: Vec<_> = descriptions.iter().map(as_json).collect();
    output.print(&json, || descriptions.iter().map(as_text).collect::<Vec<_>>().join("\n\n"))
}

fn as_json(file: &Description) -> serde_json::Value {
    let columns = file.columns.iter().map(|ColumnShapes { title, empty, shapes, others }| {
        let shapes: Vec<_> = shapes.iter().map(|(shape, values)| json!({ "shape": shape, "values": values })).collect();
        json!({ "title": title, "empty": empty, "shapes": shapes, "others": others })
    });
    json!({
        "file": file.file, "what": file.what, "separator": file.separator, "byteOrderMark": file.has_bom, "rows": file.rows,
        "odd": file.odd, "columns": columns.collect::<Vec<_>>(),
    })
}

fn as_text(file: &Description) -> String {
    let mut lines = vec![format!("{}: {}", file.file, file.what)];
    if !file.columns.is_empty() {
        let mark = if file.has_bom { "with" } else { "without" };
        let Description { rows, odd, separator, .. } = file;
        lines.push(format!(
            "  {rows} rows ({odd} of another length than the header), separated by {separator:?}, {mark} a byte order mark"
        ));
    }
    for (number, column) in (1..).zip(&file.columns) {
        lines.push(format!("  {number}. {}", harmless(&column.title)));
        let shapes = column.shapes.iter().map(|(shape, values)| format!("     {values:>8} × {}", harmless(shape)));
        lines.extend(shapes);
        let rest = [("empty", column.empty), ("of other shapes", column.others)];
        lines
            .extend(rest.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("     {count:>8} {what}")));
    }
    lines.join("\n")
}
