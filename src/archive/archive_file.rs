//! What is in an archive: every file, and of which format it is.

use std::{
    fs::{self, File},
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    layout::{Layout, SEPARATORS},
    problem::{ArchiveError, FileProblem},
    record::{Record, Records},
    source::{Zip, of_reading},
};

/// What is read of a file to tell its format: room for any header.
const HEAD_BYTES: u64 = 256 * 1024;
/// How deep a folder is searched.
const MOST_LEVELS: usize = 16;
/// How many files an error names if the format of none of them is known.
const MOST_NAMED: usize = 10;

/// A ZIP, a folder or a CSV.
#[derive(Debug)]
pub struct Archive {
    /// All files, in the order in which they are read.
    pub files: Vec<ArchiveFile>,
    pub(super) sources: Vec<Source>,
}

/// A file of an archive.
#[derive(Debug)]
pub struct ArchiveFile {
    /// Its path, with that of the member behind it if it is in a ZIP.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Its size, unpacked, as the archive says.
    pub bytes: u64,
}

/// What a file is.
#[derive(Debug)]
pub enum FileKind {
    /// It has rows of a known format.
    Rows(Arc<Layout>),
    /// It is of no known format, and left out.
    Unknown,
    /// It cannot be read.
    Damaged(FileProblem),
}

/// A file on disk that is read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) files: Files,
}

/// Which files a file on disk holds, by their place among all.
#[derive(Debug)]
pub(super) enum Files {
    Plain(usize),
    /// Members, by their place in the ZIP.
    Zip(Vec<(usize, usize)>),
}

impl Archive {
    /// Opens a ZIP, a folder with ZIPs and CSVs or a single CSV, and finds out what each file is.
    ///
    /// # Errors
    /// When the path cannot be read, or holds no file of a known format; with which files there are instead.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let archive = Self::look(path)?;
        if archive.files.iter().any(|file| matches!(file.kind, FileKind::Rows(_))) {
            return Ok(archive);
        }
        let found = |file: &ArchiveFile| match &file.kind {
            FileKind::Damaged(problem) => format!("{}: {problem}", file.name),
            _ => format!("{}: its header is not that of a known format", file.name),
        };
        let mut lines: Vec<_> = archive.files.iter().take(MOST_NAMED).map(found).collect();
        if archive.files.len() > MOST_NAMED {
            lines.push(format!("and {} more files", archive.files.len() - MOST_NAMED));
        }
        Err(ArchiveError::NothingKnown { path: path.to_owned(), found: lines })
    }

    /// Whether a path may be that of an archive: a file, or a folder with a ZIP or a CSV in it.
    pub fn may_be(path: &Path) -> bool {
        let is_one = |path: &Path| {
            path.extension().is_some_and(|end| ["zip", "csv"].iter().any(|known| end.eq_ignore_ascii_case(known)))
        };
        let mut paths = Vec::new();
        path.is_file() || (walk(path, 0, &mut paths).is_ok() && paths.iter().any(|path| is_one(path)))
    }

    /// As [`open`](Self::open), whatever is in it.
    pub(super) fn look(path: &Path) -> Result<Self, ArchiveError> {
        let failed = |source| ArchiveError::File { path: path.to_owned(), source };
        let mut paths = Vec::new();
        if fs::metadata(path).map_err(failed)?.is_dir() {
            walk(path, 0, &mut paths).map_err(failed)?;
        } else {
            // To tell a file that may not be read from one that is damaged.
            File::open(path).map_err(failed)?;
            paths.push(path.to_owned());
        }
        let mut archive = Self { files: Vec::new(), sources: Vec::new() };
        for path in paths {
            archive.add(path);
        }
        Ok(archive)
    }

    /// Size of all files that are read, unpacked.
    pub fn bytes(&self) -> u64 {
        self.files.iter().filter(|file| matches!(file.kind, FileKind::Rows(_))).map(|file| file.bytes).sum()
    }

    fn add(&mut self, path: PathBuf) {
        let name = shown(&path.display().to_string());
        let bytes = fs::metadata(&path).map_or(0, |file| file.len());
        let head = File::open(&path).and_then(head);
        let is_named_zip = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
        match head {
            Err(error) => self.file(name, FileKind::Damaged(of_reading(&error)), bytes),
            Ok(head) if is_zip(&head) || is_named_zip => self.add_zip(path, name, bytes),
            Ok(head) => {
                self.file(name, kind(&head), bytes);
                self.sources.push(Source { path, files: Files::Plain(self.files.len() - 1) });
            }
        }
    }

    fn add_zip(&mut self, path: PathBuf, name: String, bytes: u64) {
        let mut zip = match Zip::open(&path) {
            Ok(zip) => zip,
            Err(problem) => return self.file(name, FileKind::Damaged(problem), bytes),
        };
        let mut members = Vec::new();
        for member in zip.members() {
            let kind = match member.problem {
                Some(problem) => FileKind::Damaged(problem),
                None => {
                    match zip.read(member.index).and_then(|member| head(member).map_err(|error| of_reading(&error))) {
                        Ok(head) if is_zip(&head) => FileKind::Damaged(FileProblem::Nested),
                        Ok(head) => kind(&head),
                        Err(problem) => FileKind::Damaged(problem),
                    }
                }
            };
            members.push((member.index, self.files.len()));
            self.file(format!("{name}/{}", shown(&member.name)), kind, member.bytes);
        }
        self.sources.push(Source { path, files: Files::Zip(members) });
    }

    fn file(&mut self, name: String, kind: FileKind, bytes: u64) {
        self.files.push(ArchiveFile { name, kind, bytes });
    }
}

/// A name without what a terminal obeys.
fn shown(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}

/// The files below a folder, sorted by path. Links are not followed.
fn walk(folder: &Path, level: usize, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() && level < MOST_LEVELS {
            walk(&entry.path(), level + 1, paths)?;
        } else if kind.is_file() {
            paths.push(entry.path());
        }
    }
    Ok(())
}

fn head(file: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether a file begins as a ZIP does, an empty one included.
fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// What a file is, by its beginning.
fn kind(head: &[u8]) -> FileKind {
    if let Some(layout) = layout(head) {
        return FileKind::Rows(Arc::new(layout));
    }
    match utf16(head).and_then(|text| layout(text.as_bytes())) {
        Some(_) => FileKind::Damaged(FileProblem::Utf16),
        None => FileKind::Unknown,
    }
}

fn layout(head: &[u8]) -> Option<Layout> {
    SEPARATORS.into_iter().find_map(|separator| Layout::of_header(&header(head, separator)?, separator))
}

/// The first line that is not empty.
pub(super) fn header(head: &[u8], separator: u8) -> Option<Record> {
    let mut records = Records::new(Cursor::new(head), separator);
    loop {
        let record = records.next().ok()??.ok()?;
        if !record.is_blank() {
            return Some(record);
        }
    }
}

fn utf16(head: &[u8]) -> Option<String> {
    let (order, rest): (fn([u8; 2]) -> u16, _) = match head {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        _ => return None,
    };
    let units: Vec<_> = rest.as_chunks().0.iter().map(|unit| order(*unit)).collect();
    Some(String::from_utf16_lossy(&units))
}
