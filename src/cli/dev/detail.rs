//! What a click on a delivery shows: its body, its item, and the rows that the item becomes.

use serde::Serialize;
use serde_json::Value;

use super::{
    feed::{Delivery, Facts, ReceivedBody},
    indent::indented,
    places::items_of,
};
use crate::{
    store::{ReadError, Store, StoredItem},
    tables::{Cell, Flattened, Row, Table, flatten},
};

/// How many characters of a body are shown.
const MOST_OF_A_BODY: usize = 200_000;
/// How many characters of a value are shown.
const MOST_OF_A_VALUE: usize = 1_000;
/// How many rows of a table are shown.
const MOST_ROWS: usize = 100;
/// How many items of a batch are shown.
const MOST_ITEMS: usize = 20;
/// A column whose value depends on other items.
const IS_LATEST: &str = "is_latest";

/// A delivery, opened.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detail<'a> {
    facts: &'a Facts,
    body: ShownBody,
    items: Vec<ShownItem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownBody {
    text: String,
    is_json: bool,
    is_utf8: bool,
    /// Whether there is more of it.
    is_cut: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownItem {
    group: String,
    key: String,
    /// Name, type and value.
    attributes: Vec<[String; 3]>,
    tables: Vec<ShownTable>,
    /// Why no rows come of it.
    problem: Option<String>,
}

/// The rows of one table.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownTable {
    name: &'static str,
    /// Those that have a value in one of the rows.
    columns: Vec<&'static str>,
    rows: Vec<Cells>,
    /// How many rows there are, shown or not.
    count: usize,
}

impl<'a> Detail<'a> {
    pub(super) async fn of(delivery: &'a Delivery, store: &Store) -> Result<Self, ReadError> {
        let body = match &delivery.body {
            ReceivedBody::Verified(callback) => callback.body(),
            ReceivedBody::Unread(body) => body,
        };
        let mut items = Vec::new();
        if let ReceivedBody::Verified(callback) = &delivery.body {
            for item in items_of(store, callback, MOST_ITEMS).await? {
                items.push(ShownItem::of(&item, store).await?);
            }
        }
        Ok(Self { facts: &delivery.facts, body: ShownBody::of(body), items })
    }
}

impl ShownBody {
    fn of(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let is_utf8 = std::str::from_utf8(body).is_ok();
        let json = if is_utf8 { indented(&text) } else { None };
        let is_json = json.is_some();
        let (text, is_cut) = beginning(json.as_deref().unwrap_or(&text), MOST_OF_A_BODY);
        Self { text: text.to_owned(), is_json, is_utf8, is_cut }
    }
}

impl ShownItem {
    async fn of(item: &StoredItem, store: &Store) -> Result<Self, ReadError> {
        let owned = |key: Option<&str>| key.unwrap_or_default().to_owned();
        let (tables, problem) = match store.body(item).await {
            Ok(body) => rows(item, &body),
            Err(error @ ReadError::Damaged { .. }) => (Vec::new(), Some(error.to_string())),
            Err(error) => return Err(error),
        };
        Ok(Self {
            group: owned(item.group()),
            key: owned(item.event_key()),
            attributes: attributes(item),
            tables,
            problem,
        })
    }
}

/// The attributes as they stand in the table, in alphabetical order.
fn attributes(item: &StoredItem) -> Vec<[String; 3]> {
    let mut line = Vec::new();
    item.write_export_line(&mut line);
    let line: Value = serde_json::from_slice(&line).unwrap_or_default();
    let attributes = line["Item"].as_object().into_iter().flatten();
    attributes
        .flat_map(|(name, typed)| typed.as_object().into_iter().flatten().map(move |(kind, value)| (name, kind, value)))
        .map(|(name, kind, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            [name.clone(), kind.clone(), shortened(&text)]
        })
        .collect()
}

/// The cells of a row as text.
type Cells = Vec<Option<String>>;

/// The rows by table, in the order in which the tables first occur; or why there are none.
fn rows(item: &StoredItem, body: &[u8]) -> (Vec<ShownTable>, Option<String>) {
    let mut tables: Vec<(Table, Vec<Cells>, usize)> = Vec::new();
    // Which version is the latest is known when all rows have been read, so that column is not shown.
    let flattened = flatten(item, body, true, &mut |row| {
        let table = row.table();
        let at = tables.iter().position(|(other, ..)| *other == table).unwrap_or_else(|| {
            tables.push((table, Vec::new(), 0));
            tables.len() - 1
        });
        let (_, rows, count) = &mut tables[at];
        *count += 1;
        if rows.len() < MOST_ROWS {
            rows.push(cells(row));
        }
    });
    let problem = match flattened {
        Flattened::Rows => None,
        Flattened::Unreadable(why) => Some(why.to_owned()),
    };
    (tables.into_iter().map(|(table, rows, count)| shown(table, &rows, count)).collect(), problem)
}

fn shown(table: Table, rows: &[Cells], count: usize) -> ShownTable {
    let has_value = |at: usize| rows.iter().any(|row| row[at].is_some());
    let with_values: Vec<_> =
        (0..table.columns().len()).filter(|at| table.columns()[*at].name != IS_LATEST && has_value(*at)).collect();
    ShownTable {
        name: table.name(),
        columns: with_values.iter().map(|at| table.columns()[*at].name).collect(),
        rows: rows.iter().map(|row| with_values.iter().map(|at| row[*at].clone()).collect()).collect(),
        count,
    }
}

fn cells(row: &Row<'_>) -> Cells {
    let mut cells = Vec::new();
    row.each_cell(|_, cell| {
        cells.push(match cell {
            Cell::Null => None,
            Cell::Text(text) => Some(shortened(text)),
            // What clocks show is made for files alone.
            Cell::Integer(number) | Cell::LocalTime(number) | Cell::LocalDay(number) => Some(number.to_string()),
            Cell::Number(number) => Some(number.to_string()),
            Cell::Boolean(is_so) => Some(is_so.to_string()),
            Cell::Time(time) => Some(time.to_string()),
        });
    });
    cells
}

fn shortened(text: &str) -> String {
    match beginning(text, MOST_OF_A_VALUE) {
        (text, true) => format!("{text}…"),
        (text, false) => text.to_owned(),
    }
}

/// The first characters, and whether there are more.
fn beginning(text: &str, most: usize) -> (&str, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    }
}
