//! Files of an archive as they are read: plain, or members of a ZIP within limits that no download comes near.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::{
    archive_file::{Files, Source},
    problem::{FileProblem, clean},
};

/// Members of a ZIP that are looked at.
const MOST_MEMBERS: usize = 10_000;
/// How many times its own size a ZIP may unpack to. Text like that of a report shrinks tenfold.
const HIGHEST_RATIO: u64 = 200;
/// What any ZIP may unpack to.
const ALWAYS_UNPACKED: u64 = 64 * 1024 * 1024;

/// Passes every file to `each`, by its place among all, open to be read or not to be opened, in their order, until it fails.
pub(super) fn each_file<E>(
    sources: &[Source],
    mut each: impl FnMut(usize, Result<&mut dyn Read, FileProblem>) -> Result<(), E>,
) -> Result<(), E> {
    for source in sources {
        match &source.files {
            Files::Plain(file) => match File::open(&source.path) {
                Ok(mut plain) => each(*file, Ok(&mut plain))?,
                Err(error) => each(*file, Err(of_reading(&error)))?,
            },
            Files::Zip(members) => {
                let mut zip = Zip::open(&source.path);
                for (member, file) in members {
                    let opened = zip.as_mut().map_err(|problem| problem.clone()).and_then(|zip| zip.read(*member));
                    match opened {
                        Ok(mut member) => each(*file, Ok(&mut member))?,
                        Err(problem) => each(*file, Err(problem))?,
                    }
                }
            }
        }
    }
    Ok(())
}

/// A ZIP that is open, and how much was unpacked of it.
pub(super) struct Zip {
    archive: ZipArchive<BufReader<File>>,
    unpacked: Cell<u64>,
    most_unpacked: u64,
}

/// A member that is a file.
pub(super) struct Member {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) problem: Option<FileProblem>,
}

impl Zip {
    pub(super) fn open(path: &Path) -> Result<Self, FileProblem> {
        let file = File::open(path).map_err(|error| FileProblem::Io(error.to_string()))?;
        let bytes = file.metadata().map_or(0, |file| file.len());
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(of_zip)?;
        if archive.len() > MOST_MEMBERS {
            return Err(FileProblem::TooManyMembers(archive.len()));
        }
        if archive.has_duplicate_names() || archive.has_overlapping_entries().map_err(of_zip)? {
            return Err(FileProblem::Overlapping);
        }
        let most_unpacked = ALWAYS_UNPACKED.max(bytes.saturating_mul(HIGHEST_RATIO));
        Ok(Self { archive, unpacked: Cell::new(0), most_unpacked })
    }

    /// The members that are files, with what can be told without unpacking them.
    pub(super) fn members(&mut self) -> Vec<Member> {
        let mut members = Vec::new();
        for index in 0..self.archive.len() {
            let member = match self.archive.by_index_raw(index) {
                Ok(member) if member.is_dir() => continue,
                Ok(member) => {
                    let name = String::from_utf8_lossy(member.name_raw()).into_owned();
                    let problem = if escapes(&name) {
                        Some(FileProblem::Escapes)
                    } else if member.encrypted() {
                        Some(FileProblem::Encrypted)
                    } else {
                        match member.compression() {
                            CompressionMethod::Stored | CompressionMethod::Deflated => None,
                            method => Some(FileProblem::Method(format!("{method:?}"))),
                        }
                    };
                    Member { index, name, bytes: member.size(), problem }
                }
                Err(error) => {
                    let problem = Some(of_zip(error));
                    Member { index, name: format!("member {}", index + 1), bytes: 0, problem }
                }
            };
            members.push(member);
        }
        members
    }

    /// A member, unpacked as it is read.
    pub(super) fn read(&mut self, index: usize) -> Result<impl Read, FileProblem> {
        let Self { archive, unpacked, most_unpacked } = self;
        let member = archive.by_index(index).map_err(of_zip)?;
        Ok(Bounded { member, unpacked, most: *most_unpacked })
    }
}

fn of_zip(error: ZipError) -> FileProblem {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => FileProblem::Encrypted,
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            FileProblem::Io(clean(&error.to_string()))
        }
        error => FileProblem::NotAZip(clean(&error.to_string())),
    }
}

/// Whether a name leads out of the folder that the archive would be unpacked into, on any system.
fn escapes(name: &str) -> bool {
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    has_drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..")
}

/// A member whose unpacking ends where that of a bomb begins.
struct Bounded<'a, R> {
    member: R,
    unpacked: &'a Cell<u64>,
    most: u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.member.read(buffer)?;
        let unpacked = self.unpacked.get().saturating_add(read as u64);
        self.unpacked.set(unpacked);
        if unpacked > self.most { Err(io::Error::new(io::ErrorKind::FileTooLarge, "a bomb")) } else { Ok(read) }
    }
}

/// Why a file cannot be read on.
pub(super) fn of_reading(error: &io::Error) -> FileProblem {
    match error.kind() {
        io::ErrorKind::FileTooLarge => FileProblem::Bomb,
        _ => FileProblem::Io(clean(&error.to_string())),
    }
}
