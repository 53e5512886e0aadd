//! `datapackage.json`: what is in a folder, after Frictionless's Data Package standard (version 1).

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{Format, TableFile};
use crate::{
    event::Timestamp,
    tables::{
        column::{Column, ColumnType},
        schema::Table,
    },
};

/// The file's name.
pub(super) const NAME: &str = "datapackage.json";
/// By which an export of ours is told from other packages.
const GENERATOR: &str = "kaizala export";

/// The description of an export.
pub(super) fn describe(format: Format, files: &[TableFile], created: Timestamp) -> Value {
    json!({
        "profile": "tabular-data-package",
        "name": "kaizala-events",
        "title": "Kaizala events as tables",
        "created": created.to_string(),
        "generator": GENERATOR,
        "resources": files.iter().map(|file| resource(format, file)).collect::<Vec<_>>(),
    })
}

/// Whether a file stands in an export of ours: it is its description, or described by it.
pub(super) fn has_written(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(path);
    let package = fs::read(folder.join(NAME)).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    let Some(package) = package.filter(|package| package["generator"] == GENERATOR) else { return false };
    let name = path.file_name().and_then(|name| name.to_str());
    let resources = package["resources"].as_array().into_iter().flatten();
    name == Some(NAME) || resources.into_iter().any(|resource| resource["path"].as_str() == name)
}

fn resource(format: Format, file: &TableFile) -> Value {
    let mut resource = json!({
        "profile": "tabular-data-resource",
        "name": file.table.name().replace('_', "-"),
        "title": file.table.name(),
        "description": file.table.description(),
        "path": file_name(format, file.table),
        "format": format.name(),
        "mediatype": format.media_type(),
        "bytes": file.bytes,
        "rowCount": file.rows,
        "schema": {
            "fields": file.table.columns().iter().map(field).collect::<Vec<_>>(),
            "missingValues": [""],
        },
    });
    if format != Format::Parquet {
        resource["encoding"] = json!("utf-8");
    }
    resource
}

/// The name of a table's file.
pub(super) fn file_name(format: Format, table: Table) -> String {
    format!("{}.{}", table.name(), format.name())
}

fn field(column: &Column) -> Value {
    let field_type = match column.column_type {
        ColumnType::Text => "string",
        ColumnType::Integer => "integer",
        ColumnType::Number => "number",
        ColumnType::Boolean => "boolean",
        ColumnType::Time => "datetime",
    };
    let mut field = json!({ "name": column.name, "type": field_type, "description": column.description });
    if column.column_type == ColumnType::Time {
        // RFC 3339, with milliseconds.
        field["format"] = json!("any");
    }
    field
}
