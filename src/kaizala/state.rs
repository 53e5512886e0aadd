//! The file that keeps the tokens that Kaizala gave, between commands.
//!
//! A refresh token is worth a year of access, and its successor comes in a single answer. So the successor is on the disk before
//! the answer is used for anything else. Only the owner can read the file, and it is replaced as a whole.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::{
    access::{Access, Credentials},
    base_url::BaseUrl,
    error::StateError,
    secret::Secret,
    xdg::xdg_folder,
};
use crate::{
    event::Sha256Digest,
    files::{self, Readers},
};

/// The default file for an application's tokens: `kaizala/<digest>.json` in `$XDG_STATE_HOME`, by default `~/.local/state`. Each
/// application has a file of its own for each API, so that they do not overwrite each other. `None` if neither `XDG_STATE_HOME`
/// nor `HOME` is set.
pub fn default_state_file(api_url: &BaseUrl, credentials: &Credentials) -> Option<PathBuf> {
    let state_home = xdg_folder("XDG_STATE_HOME", ".local/state")?;
    let name = application(api_url, credentials).short();
    Some(state_home.join("kaizala").join(format!("{name}.json")))
}

fn application(api_url: &BaseUrl, credentials: &Credentials) -> Sha256Digest {
    Sha256Digest::of(format!("{api_url}\n{}", credentials.application_id.expose()).as_bytes())
}

/// The contents of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    /// The digest of API and application.
    application: String,
    #[serde(default)]
    pub(super) access: Option<Access>,
    #[serde(default)]
    successor: Option<Successor>,
}

/// A refresh token that Kaizala gave in place of the configured one.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Successor {
    /// The digest of the refresh token that was configured at that time. If another one is configured now, that one is newer.
    of: String,
    refresh_token: Secret,
}

impl State {
    /// The refresh token to send: the newest successor of the configured one, or that one itself.
    pub(super) fn refresh_token<'a>(&'a self, configured: &'a Secret) -> &'a Secret {
        let successor = self.successor.as_ref().filter(|successor| successor.of == digest(configured));
        successor.map_or(configured, |successor| &successor.refresh_token)
    }

    pub(super) fn set_refresh_token(&mut self, configured: &Secret, refresh_token: Secret) {
        self.successor = Some(Successor { of: digest(configured), refresh_token });
    }
}

fn digest(secret: &Secret) -> String {
    Sha256Digest::of(secret.expose().as_bytes()).to_string()
}

/// The file that keeps tokens.
#[derive(Clone, Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    application: String,
}

/// The right to change the file, which only one process has at a time. If two processes refreshed at once, each might get a
/// successor, and the file might end up with the invalid one.
pub(super) struct Locked {
    file: StateFile,
    _lock: File,
}

impl StateFile {
    pub(super) fn new(path: PathBuf, api_url: &BaseUrl, credentials: &Credentials) -> Self {
        Self { path, application: application(api_url, credentials).to_string() }
    }

    /// Waits until no other process has the right to change the file, and takes it.
    pub(super) async fn lock(&self) -> Result<Locked, StateError> {
        let file = self.clone();
        let locked = spawn_blocking(move || {
            let lock = file.open_lock().map_err(|source| file.failed(source))?;
            Ok(Locked { file, _lock: lock })
        });
        locked.await.unwrap_or_else(|error| Err(self.failed(io::Error::other(error))))
    }

    fn open_lock(&self) -> io::Result<File> {
        create_private_folder(files::parent(&self.path))?;
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        let lock = private(&mut options).open(self.path.with_added_extension("lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    fn failed(&self, source: io::Error) -> StateError {
        StateError::Io { path: self.path.clone(), source }
    }
}

impl Locked {
    pub(super) fn load(&self) -> Result<State, StateError> {
        let StateFile { path, application } = &self.file;
        let json = match fs::read(path) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(State { application: application.clone(), access: None, successor: None });
            }
            Err(error) => return Err(self.file.failed(error)),
        };
        let state: State = serde_json::from_slice(&json).map_err(|_| StateError::Malformed { path: path.clone() })?;
        if state.application != *application {
            return Err(StateError::OtherApplication { path: path.clone() });
        }
        Ok(state)
    }

    pub(super) fn save(&self, state: &State) -> Result<(), StateError> {
        let json = serde_json::to_vec_pretty(state).map_err(io::Error::from);
        json.and_then(|json| files::replace(&self.file.path, &json, Readers::Owner))
            .map_err(|error| self.file.failed(error))
    }
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
