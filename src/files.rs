//! Files and folders that appear whole, folders for their owner alone, and locks: what several rooms ask of a file system
//! beyond reading and writing.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile, TempDir};

/// Random characters in the name of what is written aside.
const RANDOM: usize = 8;

/// `.<name>.<what>` beside `<name>`: on the same file system, so that a rename suffices. `None` for a path without a name,
/// such as `..`.
pub(crate) fn beside(path: &Path, what: &str) -> Option<PathBuf> {
    Some(path.with_file_name(hidden(path.file_name()?, what)))
}

fn hidden(name: &OsStr, what: &str) -> OsString {
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    hidden.push(what);
    hidden
}

/// What the names of files and folders begin with that are written aside for `path`.
fn aside(path: &Path) -> io::Result<OsString> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    Ok(hidden(name, "partial-"))
}

/// The folder that a path is in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner alone.
    Owner,
    /// Whoever may read any new file of this user.
    Usual,
}

/// A file that is written aside and gets its name when it is whole. Until then, what had the name before keeps it, and
/// dropping this leaves nothing behind.
pub(crate) struct FileAside {
    file: NamedTempFile,
    path: PathBuf,
}

impl FileAside {
    pub(crate) fn new(path: &Path, readers: Readers) -> io::Result<Self> {
        let prefix = aside(path)?;
        let mut builder = Builder::new();
        builder.prefix(&prefix).rand_bytes(RANDOM);
        #[cfg(unix)]
        if readers == Readers::Usual {
            // The process's mask takes away what it takes away of every new file.
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        }
        #[cfg(not(unix))]
        let _ = readers;
        Ok(Self { file: builder.tempfile_in(parent(path))?, path: path.to_owned() })
    }

    /// Makes the file durable, and puts it in its place in one step.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path)?;
        // The name is durable when its folder is.
        #[cfg(unix)]
        File::open(parent(&self.path))?.sync_all()?;
        Ok(())
    }
}

impl Write for FileAside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a whole file, such that readers see the old one or the new one and never half of it.
pub(crate) fn replace(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let mut file = FileAside::new(path, readers)?;
    file.write_all(bytes)?;
    file.finish()
}

/// A new folder for what becomes the folder `path` later. Dropping it deletes it.
pub(crate) fn folder_aside(path: &Path) -> io::Result<TempDir> {
    let prefix = aside(path)?;
    let mut builder = Builder::new();
    builder.prefix(&prefix).rand_bytes(RANDOM);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.tempdir_in(parent(path))
}

/// Deletes what runs that were killed have written aside for `path`. Only for whoever has the lock of it.
pub(crate) fn remove_asides(path: &Path) -> io::Result<()> {
    let prefix = aside(path)?;
    for entry in fs::read_dir(parent(path))? {
        let entry = entry?;
        let name = entry.file_name();
        let random = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        if random.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric)) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Deletes a file or a folder with all that is in it, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder that nobody but its owner can look into, or makes an existing one such.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))
    }
    #[cfg(not(unix))]
    builder.create(path)
}

/// A lock that one process at a time has: a file that is there while somebody has it. It ends with the process, however that
/// ends.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`; `None` if another process has it.
    pub(crate) fn take(path: &Path) -> io::Result<Option<Self>> {
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Who had it before may have deleted the file after it was opened here. The lock of a file without a name keeps
            // nobody away.
            if has_name(&file, path)? {
                return Ok(Some(Self { path: path.to_owned(), _file: file }));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Elsewhere than on Unix, a file cannot be told from its successor, so it stays.
        if cfg!(unix) {
            // An empty file that stays does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether a path leads to an open file.
fn has_name(file: &File, path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let open = file.metadata()?;
        match fs::metadata(path) {
            Ok(named) => Ok((open.dev(), open.ino()) == (named.dev(), named.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        Ok(true)
    }
}
