//! What a column is: name, type, description, and whether it holds personal data.

use std::borrow::Cow;

use crate::event::Timestamp;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name, snake_case, the same in every format.
    pub name: &'static str,
    /// The type of its values, each of which may be null.
    pub column_type: ColumnType,
    /// What its values say, in Markdown.
    pub description: &'static str,
    /// What it may hold about people.
    pub personal: Personal,
}

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Unicode text.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A number of double precision.
    Number,
    /// True or false.
    Boolean,
    /// A point in time, UTC, to the millisecond.
    Time,
    /// What clocks show at a point in time, to the millisecond: in files alone.
    LocalTime,
    /// A date: in files alone.
    LocalDay,
}

/// What a column may hold about people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    /// Nothing about people.
    No,
    /// A phone number.
    Phone,
    /// A name.
    Name,
    /// What people wrote: anything.
    Prose,
    /// A phone number or an id of Kaizala's.
    Person,
    /// JSON of what no other column holds: anything, under names that tell of people.
    Rest,
    /// A link to a file that people sent: it opens for whoever has it.
    Link,
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A point in time.
    Time(Timestamp),
    /// What clocks show: milliseconds from the beginning of 1970 on, as if no clock were ever changed.
    LocalTime(i64),
    /// A date: days since 1970-01-01.
    LocalDay(i64),
}

/// A kind of column: the type of its values here and in the files.
pub trait Kind {
    /// The values as Rust has them.
    type Value<'a>;
    /// The type of the column.
    const COLUMN_TYPE: ColumnType;
    /// What it may hold about people.
    const PERSONAL: Personal;

    /// The value as a cell.
    fn cell<'a>(value: &'a Self::Value<'_>) -> Cell<'a>;

    /// The value of a cell; a cell of another type is none.
    fn value(cell: Cell<'_>) -> Self::Value<'_>;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $value:ty = $cell:ident, $personal:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $kind;

            impl Kind for $kind {
                type Value<'a> = Option<$value>;
                const COLUMN_TYPE: ColumnType = ColumnType::$cell;
                const PERSONAL: Personal = Personal::$personal;

                fn cell<'a>(value: &'a Self::Value<'_>) -> Cell<'a> {
                    value.as_ref().map_or(Cell::Null, |value| Cell::$cell(AsCell::as_cell(value)))
                }

                fn value(cell: Cell<'_>) -> Self::Value<'_> {
                    match cell {
                        Cell::$cell(value) => Some(value.into()),
                        _ => None,
                    }
                }
            }
        )*
    };
}

kinds! {
    /// Ids, types and other text that says nothing about people.
    Text: Cow<'a, str> = Text, No;
    /// A phone number.
    Phone: Cow<'a, str> = Text, Phone;
    /// Somebody's name.
    Name: Cow<'a, str> = Text, Name;
    /// What people wrote.
    Prose: Cow<'a, str> = Text, Prose;
    /// A person: Kaizala's id, or a phone number.
    Person: Cow<'a, str> = Text, Person;
    /// JSON of what no other column holds.
    Rest: Cow<'a, str> = Text, Rest;
    /// A link to a file that people sent.
    Link: Cow<'a, str> = Text, Link;
    /// A whole number.
    Integer: i64 = Integer, No;
    /// A number.
    Number: f64 = Number, No;
    /// True or false.
    Boolean: bool = Boolean, No;
    /// A point in time.
    Time: Timestamp = Time, No;
}

/// From a value as a row has it to what a cell holds.
trait AsCell<'a, C> {
    fn as_cell(&'a self) -> C;
}

impl<'a> AsCell<'a, &'a str> for Cow<'_, str> {
    fn as_cell(&'a self) -> &'a str {
        self
    }
}

impl<C: Copy> AsCell<'_, C> for C {
    fn as_cell(&self) -> C {
        *self
    }
}
