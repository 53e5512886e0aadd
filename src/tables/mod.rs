//! Flat tables for dashboards: items become rows, rows become files.
//!
//! [`read`](mod@read) checks that all items of an export are there, and streams their rows; [`write`](mod@write) makes CSV, Parquet or NDJSON of them. What the tables and columns are is said once,
//! in [`Table`].

mod column;
mod documentation;
mod filter;
mod flatten;
pub mod read;
mod redact;
mod schema;
pub mod write;

pub use self::{
    column::{Boolean, Cell, Column, ColumnType, Integer, Kind, Name, Number, Personal, Phone, Prose, Text, Time},
    documentation::documentation,
    filter::Filter,
    flatten::{Flattened, flatten},
    redact::Redactor,
    schema::{
        ActionRow, AnnouncementRow, AnswerRow, AttachmentRow, EventRow, JobResponseRow, JobRow, MemberRow, MessageRow,
        Origin, QuarantineRow, QuestionRow, ResponseRow, Row, SubgroupRow, Table,
    },
};
