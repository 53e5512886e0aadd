//! `docs/flat-tables.md`, written out of the tables' own description.

use std::fmt::Write;

use super::{
    column::{Column, ColumnType},
    schema::Table,
};

const INTRODUCTION: &str = include_str!("documentation.md");

/// The page that describes all tables, in Markdown.
pub fn documentation() -> String {
    let mut page = INTRODUCTION.to_owned();
    let common = &Table::Events.columns()[..4];
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## The first columns of every table\n\n{}", columns(common));
    for table in Table::ALL {
        let _ = write!(page, "\n## {}\n\n{}\n\n", table.name(), table.description());
        page.push_str(&columns(&table.columns()[common.len()..]));
    }
    page
}

fn columns(columns: &[Column]) -> String {
    let mut text = "| column | type | |\n| --- | --- | --- |\n".to_owned();
    for column in columns {
        let _ = writeln!(text, "| `{}` | {} | {} |", column.name, column.column_type.name(), column.description);
    }
    text
}

impl ColumnType {
    /// What the type is called in the documentation.
    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Time => "time",
            Self::LocalTime => "local time",
            Self::LocalDay => "day",
        }
    }
}
