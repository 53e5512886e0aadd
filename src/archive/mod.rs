//! Kaizala's own downloads: what people still hold of a service that is gone.
//!
//! An [`Archive`] is a ZIP, a folder or a single CSV. Files are told by their header line, not by their name: card reports
//! (`SurveyResponse.csv`) and the tenant's messages (`MicrosoftKaizala_TenantMessages.csv`) are read, row by row in flat
//! memory, and each row becomes an [`ImportedEvent`]. A [`Survey`] reads everything once: it accounts for every file and
//! every row, and finds the rows that are there twice. Nothing of an archive is ever written to a path that the archive names.

mod archive_file;
mod cell;
mod describe;
mod event;
mod layout;
mod names;
mod problem;
mod record;
mod repeats;
mod rows;
mod source;
mod survey;
mod work;

pub use self::{
    archive_file::{Archive, ArchiveFile, FileKind},
    describe::{ColumnShapes, Description, describe},
    event::ImportedEvent,
    layout::Layout,
    names::{GroupIds, GroupIdsError},
    problem::{ArchiveError, Damage, FileProblem, RowProblem},
    record::Record,
    repeats::Repeat,
    survey::{Count, GroupRows, Survey},
    work::Row,
};

/// Is told how many more bytes of an archive were read, unpacked.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);
