//! A file with the names of groups: `id,name` or `id,name,type` on each line.

use std::{collections::HashMap, fmt, path::Path};

use anyhow::{Context, bail, ensure};

use crate::store::{MAX_GROUP_KEY_BYTES, MAX_GROUP_NAME_BYTES, NamedGroup};

/// The headings, which a first line may have.
const HEADINGS: [&str; 3] = ["id", "name", "type"];

/// Reads all lines.
///
/// # Errors
/// With file and line, at the first that is not what it should be.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<NamedGroup>> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    ensure!(has_whole_quotes(text), "{}: a quotation mark is open at the end: nothing was changed", file.display());
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut groups = Vec::new();
    let mut lines = HashMap::new();
    for (at, record) in reader.byte_records().enumerate() {
        let record = record.with_context(|| format!("{} is not CSV", file.display()))?;
        let line = line_of(text, record.position().map_or(0, csv::Position::byte));
        let wrong =
            |what: &dyn fmt::Display| anyhow::anyhow!("{}, line {line}: {what}: nothing was changed", file.display());
        let fields: Option<Vec<_>> = record.iter().map(|field| std::str::from_utf8(field).ok()).collect();
        let fields = fields.ok_or_else(|| wrong(&"it is not UTF-8"))?;
        let fields: Vec<_> = fields.into_iter().map(str::trim).collect();
        let is_heading = |(field, heading): (&&str, &str)| field.eq_ignore_ascii_case(heading);
        if at == 0 && (2..=3).contains(&fields.len()) && fields.iter().zip(HEADINGS).all(is_heading) {
            continue;
        }
        let (id, name, group_type) = match fields[..] {
            [id, name] | [id, name, ""] => (id, name, None),
            [id, name, group_type] => (id, name, Some(group_type.to_owned())),
            _ => return Err(wrong(&format_args!("it has {} fields instead of id,name or id,name,type", fields.len()))),
        };
        let group = NamedGroup { id: id.to_owned(), name: name.to_owned(), group_type };
        if id.is_empty() || name.is_empty() {
            return Err(wrong(&"id or name is empty"));
        }
        if !group.is_usable() {
            return Err(wrong(&format_args!(
                "an id has at most {MAX_GROUP_KEY_BYTES} bytes, name and type together {MAX_GROUP_NAME_BYTES}"
            )));
        }
        if let Some(first) = lines.insert(id.to_owned(), line) {
            return Err(wrong(&format_args!("line {first} names the same group")));
        }
        groups.push(group);
    }
    if groups.is_empty() {
        bail!("{} names no group: nothing was changed", file.display());
    }
    Ok(groups)
}

/// The number of the line that holds the first byte of what is not a line break from there on. A field may have line breaks,
/// and the reader counts records from the end of the one before.
fn line_of(text: &[u8], byte: u64) -> usize {
    let start = usize::try_from(byte).unwrap_or(text.len()).min(text.len());
    let blank = text[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    1 + memchr::memchr_iter(b'\n', &text[..start + blank]).count()
}

/// Whether the last quoted field ends: else it would swallow all lines from its beginning on.
fn has_whole_quotes(text: &[u8]) -> bool {
    memchr::memchr_iter(b'"', text).count().is_multiple_of(2)
}
