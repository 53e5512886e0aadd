//! What every row begins with, and how the tables' definition becomes types.

use super::column::{Cell, Column, Kind, Text, Time};
use crate::event::Timestamp;

/// What every row begins with: the item that it comes of.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The partition key.
    pub group_id: &'a str,
    /// The event id; `None` in quarantine.
    pub event_id: Option<&'a str>,
    /// The sort key.
    pub event_key: &'a str,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl Origin<'_> {
    pub(super) const COLUMNS: [Column; 4] = [
        column::<Text>(
            "group_id",
            "The group; `ungrouped` if the event names none, `quarantine` for a body that is not an event.",
        ),
        column::<Text>("event_id", "The event's id as it was sent. An edit may come under the id of its original."),
        column::<Text>(
            "event_key",
            "With `group_id` the key of the item, and so of the event: what joins the tables. A revision has its own.",
        ),
        column::<Time>("received_at", "When the event arrived."),
    ];

    /// The origin that has these cells; `None` if they are not those of an origin.
    pub(super) fn of_cells<'a>(cells: &[Cell<'a>; 4]) -> Option<Origin<'a>> {
        let (Cell::Text(group_id), Cell::Text(event_key), Cell::Time(received_at)) = (cells[0], cells[2], cells[3])
        else {
            return None;
        };
        let event_id = match cells[1] {
            Cell::Text(id) => Some(id),
            _ => None,
        };
        Some(Origin { group_id, event_id, event_key, received_at })
    }

    pub(super) fn cells(&self) -> [Cell<'_>; 4] {
        [
            Cell::Text(self.group_id),
            self.event_id.map_or(Cell::Null, Cell::Text),
            Cell::Text(self.event_key),
            Cell::Time(self.received_at),
        ]
    }
}

/// A column by its name and description.
pub(super) const fn column<K: Kind>(name: &'static str, description: &'static str) -> Column {
    // A column may bear the name of a keyword.
    let name = match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    };
    Column { name, column_type: K::COLUMN_TYPE, description: description.trim_ascii(), personal: K::PERSONAL }
}

/// Makes tables, rows and columns of their definition.
macro_rules! tables {
    ($(
        $(#[doc = $doc:literal])+
        $variant:ident = $name:literal: $row:ident {
            $($(#[doc = $column_doc:literal])+ $column:ident: $kind:ident,)+
        }
    )+) => {
        /// A table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Table {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Table {
            /// Every table.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// Whether its rows sum over many items: a file in an export, a view in the lake.
            pub const fn is_summed(self) -> bool {
                matches!(self, Self::Groups | Self::People | Self::Cards)
            }

            /// Its name, which is that of its file too.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it has a row for, in Markdown.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// Its columns, in order.
            pub const fn columns(self) -> &'static [Column] {
                match self { $(Self::$variant => $row::COLUMNS,)+ }
            }
        }

        /// A row of any table.
        #[derive(Clone, Debug)]
        pub enum Row<'a> {
            $($(#[doc = $doc])+ $variant($row<'a>),)+
        }

        impl<'a> Row<'a> {
            /// The row of a table that has these cells, in the order of the table's columns; `None` when they are not one
            /// for each column.
            pub fn of_cells(table: Table, cells: &[Cell<'a>]) -> Option<Self> {
                let (origin, cells) = cells.split_first_chunk()?;
                let origin = Origin::of_cells(origin)?;
                let mut cells = cells.iter().copied();
                Some(match table {
                    $(Table::$variant => Self::$variant($row {
                        origin,
                        $($column: <$kind as Kind>::value(cells.next()?),)+
                    }),)+
                })
            }
        }

        impl Row<'_> {
            /// The table that it belongs to.
            pub fn table(&self) -> Table {
                match self { $(Self::$variant(_) => Table::$variant,)+ }
            }

            /// Calls `each` with every value, in the order of the table's columns.
            pub fn each_cell(&self, mut each: impl FnMut(&'static Column, Cell<'_>)) {
                match self { $(Self::$variant(row) => {
                    let mut columns = $row::COLUMNS.iter();
                    let mut next = |cell| each(columns.next().expect("a column for each cell"), cell);
                    row.origin.cells().into_iter().for_each(&mut next);
                    $(next(<$kind as Kind>::cell(&row.$column));)+
                })+ }
            }
        }

        $(
            $(#[doc = $doc])+
            #[derive(Clone, Debug)]
            pub struct $row<'a> {
                /// The item that it comes of.
                pub origin: Origin<'a>,
                $($(#[doc = $column_doc])+ pub $column: <$kind as Kind>::Value<'a>,)+
            }

            impl $row<'_> {
                const COLUMNS: &'static [Column] = &{
                    let [group_id, event_id, event_key, received_at] = Origin::COLUMNS;
                    [
                        group_id, event_id, event_key, received_at,
                        $(column::<$kind>(stringify!($column), concat!($($column_doc),+)),)+
                    ]
                };
            }
        )+
    };
}

pub(super) use tables;
