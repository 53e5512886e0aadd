//! The columns of a file: those of a table, and those that an export adds for a time zone.

use crate::{
    event::Timestamp,
    tables::{
        batch::{Batch, ColumnData, Values},
        column::{Column, ColumnType},
        zone::Zone,
    },
};

/// A column of a file.
#[derive(Clone, Debug)]
pub(in crate::tables) struct Field {
    /// Its name: letters, digits and underscores.
    pub(in crate::tables) name: String,
    /// What it is called by people, where that is not its name.
    pub(in crate::tables) title: Option<String>,
    /// The type of its values.
    pub(in crate::tables) column_type: ColumnType,
    /// What its values say.
    pub(in crate::tables) description: String,
}

impl Field {
    /// The column of a table.
    pub(in crate::tables) fn of(column: &Column) -> Self {
        Self {
            name: column.name.to_owned(),
            title: None,
            column_type: column.column_type,
            description: column.description.to_owned(),
        }
    }
}

/// What is added to the name of a column of times for the local time and the local day.
pub(in crate::tables) const LOCAL: [&str; 2] = ["_local", "_local_day"];

/// The columns, and behind each column of times two for the time and the day in a zone.
pub(in crate::tables) fn with_local_fields(fields: Vec<Field>, zone: Option<&Zone>) -> Vec<Field> {
    let Some(zone) = zone else { return fields };
    let local = |field: &Field| {
        let kinds = [("Date and time", ColumnType::LocalTime), ("Date", ColumnType::LocalDay)];
        let add = |(suffix, (what, column_type)): (&str, (&str, ColumnType))| Field {
            name: format!("{}{suffix}", field.name),
            title: field.title.clone(),
            column_type,
            description: format!("{what} of `{}` in the time zone {}.", field.name, zone.name()),
        };
        LOCAL.into_iter().zip(kinds).map(add).collect::<Vec<_>>()
    };
    let with_local = |field: Field| {
        let more = if field.column_type == ColumnType::Time { local(&field) } else { Vec::new() };
        std::iter::once(field).chain(more)
    };
    fields.into_iter().flat_map(with_local).collect()
}

/// The rows, with the values of what [`with_local_fields`] adds.
pub(in crate::tables) fn with_local_values(batch: Batch, zone: Option<&Zone>) -> Batch {
    let Some(zone) = zone else { return batch };
    let with_local = |column: ColumnData| {
        let more = match &column.values {
            Values::Time(times) => local(&column.present, times, zone),
            _ => Vec::new(),
        };
        std::iter::once(column).chain(more)
    };
    Batch { rows: batch.rows, columns: batch.columns.into_iter().flat_map(with_local).collect() }
}

fn local(present: &[i16], times: &[i64], zone: &Zone) -> Vec<ColumnData> {
    let local = |time: &i64| zone.local(Timestamp::from_epoch_millis(*time).unwrap_or(Timestamp::EPOCH));
    let times: Vec<_> = times.iter().map(local).collect();
    let days = times.iter().map(|time| time.day().0).collect();
    let times = times.into_iter().map(|time| time.0).collect();
    [Values::LocalTime(times), Values::LocalDay(days)]
        .map(|values| ColumnData { present: present.to_vec(), values })
        .into()
}
