//! A folder of files that appears all at once: written beside its place, then renamed.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::files;

/// A folder that is being written. If it is dropped before it is finished, what was there before stays.
#[derive(Debug)]
pub struct OutputFolder {
    place: PathBuf,
    old: PathBuf,
    staging: TempDir,
}

/// Why a folder cannot be written.
#[derive(Debug)]
pub enum FolderError {
    /// A file in its place was not written by an export.
    Foreign {
        /// What it is.
        path: PathBuf,
    },
    /// A path without a name, such as `..`.
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// The file system refuses.
    File {
        /// What it refuses.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { path } => {
                write!(f, "{} was not written by kaizala export: name another folder, or move it away", path.display())
            }
            Self::NoName { path } => write!(f, "{} has no name of its own: name a folder", path.display()),
            Self::File { path, .. } => write!(f, "{} cannot be written", path.display()),
        }
    }
}

impl std::error::Error for FolderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl OutputFolder {
    /// Begins the folder `place`, for a process that is the only one to write it. `is_ours` tells whether a file in a folder
    /// that is there already was written by us; one that was not is never deleted.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn begin(place: &Path, is_ours: impl Fn(&Path) -> bool) -> Result<Self, FolderError> {
        let old = files::beside(place, "old").ok_or_else(|| FolderError::NoName { path: place.to_owned() })?;
        // A run that was killed between two renames.
        if !exists(place) && exists(&old) {
            rename(&old, place)?;
        }
        if exists(place) {
            check(place, &is_ours)?;
        }
        remove(&old)?;
        fs::create_dir_all(files::parent(place)).map_err(refused(place))?;
        let staging = files::folder_aside(place).map_err(refused(place))?;
        Ok(Self { place: place.to_owned(), old, staging })
    }

    /// Where to write the files until the folder is finished.
    pub fn path(&self) -> &Path {
        self.staging.path()
    }

    /// Puts the folder into its place, instead of what was there.
    ///
    /// # Errors
    /// [`FolderError::File`]; then the old one is still there.
    pub fn finish(self) -> Result<(), FolderError> {
        let Self { place, old, staging } = self;
        let replaces = exists(&place);
        if replaces {
            rename(&place, &old)?;
        }
        if let Err(error) = rename(staging.path(), &place) {
            if replaces {
                rename(&old, &place)?;
            }
            return Err(error);
        }
        // It is under another name now, which is not to be deleted.
        let _ = staging.keep();
        remove(&old)
    }
}

/// Fails if a file or folder in a folder, or in one of its own folders, is not ours.
fn check(folder: &Path, is_ours: &impl Fn(&Path) -> bool) -> Result<(), FolderError> {
    for entry in fs::read_dir(folder).map_err(refused(folder))? {
        let entry = entry.map_err(refused(folder))?;
        let path = entry.path();
        if !is_ours(&path) {
            return Err(FolderError::Foreign { path });
        }
        if entry.file_type().map_err(refused(&path))?.is_dir() {
            check(&path, is_ours)?;
        }
    }
    Ok(())
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn rename(from: &Path, to: &Path) -> Result<(), FolderError> {
    fs::rename(from, to).map_err(refused(to))
}

fn remove(path: &Path) -> Result<(), FolderError> {
    files::remove(path).map_err(refused(path))
}

fn refused(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    |source| FolderError::File { path, source }
}
