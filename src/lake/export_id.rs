//! Names that are made of an export's id.

use super::{EXPORTS_PREFIX, PLANS_PREFIX, REJECTED_PREFIX, TABLES_PREFIX};
use crate::tables::Table;

/// The id of an export: 14 digits of its time of birth in epoch milliseconds, a hyphen, 8 hex digits. So the ids of one table
/// sort as the exports were begun.
pub(super) fn export_id(export_arn: &str) -> &str {
    export_arn.rsplit('/').next().unwrap_or(export_arn)
}

/// The key of a manifest.
pub(super) fn manifest_key(export_arn: &str, name: &str) -> String {
    format!("{EXPORTS_PREFIX}/AWSDynamoDB/{}/{name}", export_id(export_arn))
}

/// The key of a plan.
pub(super) fn plan_key(export_arn: &str) -> String {
    format!("{PLANS_PREFIX}/{}.json", export_id(export_arn))
}

/// What the keys of a table's files begin with, without a slash at the end.
pub(super) fn table_prefix(table: Table) -> String {
    format!("{TABLES_PREFIX}/{}", table.name())
}

/// The key of a table's file.
pub(super) fn table_key(table: Table, day: &str, export_arn: &str, group: usize) -> String {
    format!("{}/day={day}/{}-{group}.parquet", table_prefix(table), export_id(export_arn))
}

/// The id of the export that a table's file was made of; `None` when it is not one of ours.
pub(super) fn export_of_table_key(key: &str) -> Option<&str> {
    key.rsplit('/').next()?.strip_suffix(".parquet")?.rsplit_once('-').map(|(export, _)| export)
}

/// The key of a line that made no rows.
pub(super) fn rejected_key(export_arn: &str, file: &str, line: u64) -> String {
    format!("{REJECTED_PREFIX}/{}-{}-{line}", export_id(export_arn), base_name(file))
}

/// The name of a data file, without folders and endings.
fn base_name(key: &str) -> &str {
    let name = key.rsplit('/').next().unwrap_or(key);
    name.strip_suffix(".json.gz").unwrap_or(name)
}
