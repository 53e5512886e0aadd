//! A folder of files that appears all at once: written beside its place, then renamed.

use std::{
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// A folder that is being written. When it is dropped unfinished, what was there before stays.
#[derive(Debug)]
pub struct OutputFolder {
    place: PathBuf,
    staging: PathBuf,
    finished: bool,
}

/// Why a folder cannot be written.
#[derive(Debug)]
pub enum FolderError {
    /// There is something in its place that no export has put there.
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
    /// Begins the folder `place`. `is_ours` tells whether a file in a folder that is there already was written by us; one
    /// that was not is never deleted.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn begin(place: &Path, is_ours: impl Fn(&Path) -> bool) -> Result<Self, FolderError> {
        let staging = beside(place, "partial")?;
        let old = beside(place, "old")?;
        // A run that was killed between two renames.
        if !exists(place) && exists(&old) {
            rename(&old, place)?;
        }
        if exists(place) {
            let entries = fs::read_dir(place).map_err(refused(place))?;
            for entry in entries {
                let path = entry.map_err(refused(place))?.path();
                if !is_ours(&path) {
                    return Err(FolderError::Foreign { path });
                }
            }
        }
        for leftover in [&staging, &old] {
            remove(leftover)?;
        }
        fs::create_dir_all(&staging).map_err(refused(&staging))?;
        Ok(Self { place: place.to_owned(), staging, finished: false })
    }

    /// Where to write the files until the folder is finished.
    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// A folder beside a place, for what belongs to it and must survive a failed run.
    ///
    /// # Errors
    /// [`FolderError::NoName`].
    pub fn beside(place: &Path, what: &str) -> Result<PathBuf, FolderError> {
        beside(place, what)
    }

    /// Puts the folder into its place, instead of what was there.
    ///
    /// # Errors
    /// [`FolderError::File`]; then the old one is still there.
    pub fn finish(mut self) -> Result<(), FolderError> {
        let old = beside(&self.place, "old")?;
        let replaces = exists(&self.place);
        if replaces {
            rename(&self.place, &old)?;
        }
        if let Err(error) = rename(&self.staging, &self.place) {
            if replaces {
                rename(&old, &self.place)?;
            }
            return Err(error);
        }
        self.finished = true;
        remove(&old)
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody is left to tell; the next run tries again.
            let _ = fs::remove_dir_all(&self.staging);
        }
    }
}

/// `.<name>.<what>` beside `<name>`: on the same file system, so that a rename suffices.
fn beside(place: &Path, what: &str) -> Result<PathBuf, FolderError> {
    let name = place.file_name().ok_or_else(|| FolderError::NoName { path: place.to_owned() })?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    hidden.push(what);
    Ok(place.with_file_name(hidden))
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn rename(from: &Path, to: &Path) -> Result<(), FolderError> {
    fs::rename(from, to).map_err(refused(to))
}

fn remove(path: &Path) -> Result<(), FolderError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(refused(path)(error)),
        _ => Ok(()),
    }
}

fn refused(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    |source| FolderError::File { path, source }
}
