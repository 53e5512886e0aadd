//! Flat tables for dashboards: items become rows, rows become files.
//!
//! `read` checks that all items of an export are there, and makes rows of them; `write` makes CSV, Parquet or NDJSON of those.
//! What the tables and columns are is said once, in [`Table`]. [`lake_files`] are the same tables in many Parquet files, made
//! one after the other.

mod batch;
mod column;
mod documentation;
mod filter;
mod flatten;
pub mod lake_files;
mod origin;
mod person;
#[cfg(feature = "cli")]
pub mod read;
#[cfg(feature = "cli")]
mod redact;
#[cfg(feature = "cli")]
mod redact_rest;
mod schema;
#[cfg(feature = "cli")]
mod sums;
mod value;
#[cfg(feature = "cli")]
mod wide;
pub mod write;
#[cfg(feature = "cli")]
mod zone;

#[cfg(feature = "cli")]
pub(crate) use self::sums::trust_in_name;
pub use self::{
    column::{
        Boolean, Cell, Column, ColumnType, Integer, Kind, Link, Name, Number, Person, Personal, Phone, Prose, Rest,
        Text, Time,
    },
    documentation::documentation,
    filter::Filter,
    flatten::{Flattened, flatten},
    schema::{
        ActionRow, AnnouncementRow, AnswerRow, AttachmentRow, CardRow, CloudEventRow, EventRow, GroupNameRow, GroupRow,
        JobResponseRow, JobRow, MemberRow, MessageRow, Origin, PersonRow, QuarantineRow, QuestionRow, ResponseRow, Row,
        SubgroupRow, Table,
    },
};
#[cfg(feature = "cli")]
pub use self::{
    redact::Redactor,
    wide::WideSummary,
    zone::{LocalDay, LocalTime, UnknownZone, Zone},
};
