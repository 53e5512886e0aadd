//! How commands reach the Kaizala API: the options and secrets that several commands share.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;
use serde::Deserialize;

use crate::kaizala::{
    ApiError, BaseUrl, Config, Credentials, Kaizala, Pace, Secret, StateError, default_state_file, shown_url,
    xdg_folder,
};

/// The Kaizala API and how to reach it.
#[derive(Args)]
pub(super) struct Account {
    /// URL of the Kaizala API [default: the api_url of the profile, else https://api.kaiza.la].
    #[arg(long, env = "KAIZALA_API_URL", value_name = "URL")]
    api_url: Option<String>,

    /// TOML file with values that the environment does not set: api_url, application_id, application_secret, refresh_token,
    /// state_file [default: ~/.config/kaizala/profile.toml, if it exists].
    #[arg(long, env = "KAIZALA_PROFILE_FILE", value_name = "FILE")]
    profile_file: Option<PathBuf>,

    /// File that keeps the access token and new refresh tokens [default: one file per application in
    /// ~/.local/state/kaizala].
    #[arg(long, env = "KAIZALA_STATE_FILE", value_name = "FILE")]
    state_file: Option<PathBuf>,
}

/// The fields of [`Profile`], for an error message.
const PROFILE_NAMES: [&str; 5] = ["api_url", "application_id", "application_secret", "refresh_token", "state_file"];

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    api_url: Option<String>,
    application_id: Option<Secret>,
    application_secret: Option<Secret>,
    refresh_token: Option<Secret>,
    state_file: Option<PathBuf>,
}

impl Account {
    /// Makes a client of the API. The credentials come from `KAIZALA_APPLICATION_ID`, `KAIZALA_APPLICATION_SECRET` and
    /// `KAIZALA_REFRESH_TOKEN`, or from the profile.
    pub(super) fn open(self) -> anyhow::Result<Kaizala> {
        let profile = Profile::find(self.profile_file)?;
        let api_url = self.api_url.or(profile.api_url).unwrap_or_else(|| BaseUrl::KAIZALA.to_owned());
        let api_url: BaseUrl =
            api_url.parse().with_context(|| format!("the API URL {} cannot be used", shown_url(&api_url)))?;
        let credentials = Credentials {
            application_id: secret("KAIZALA_APPLICATION_ID", profile.application_id)?,
            application_secret: secret("KAIZALA_APPLICATION_SECRET", profile.application_secret)?,
            refresh_token: secret("KAIZALA_REFRESH_TOKEN", profile.refresh_token)?,
        };
        let state_file = self.state_file.or(profile.state_file).or_else(|| default_state_file(&api_url, &credentials));
        let state_file = state_file.context("cannot determine the state directory: set KAIZALA_STATE_FILE")?;
        Ok(Kaizala::new(Config { api_url, credentials, state_file, pace: Pace::default() })?)
    }
}

/// Advice on an error of the Kaizala API: `None` if the user can do nothing about it.
pub(super) fn advice(error: &anyhow::Error) -> Option<&'static str> {
    let error = error.chain().find_map(|cause| cause.downcast_ref::<ApiError>())?;
    Some(match error {
        ApiError::Certificates(_) => "install ca-certificates",
        ApiError::NoAnswer { .. } => "check KAIZALA_API_URL",
        ApiError::Busy { .. } => "run the command again after that",
        ApiError::State(StateError::Io { .. }) => "name a file that can be written with KAIZALA_STATE_FILE",
        ApiError::State(StateError::Malformed { .. }) => {
            "restore it, or delete it if KAIZALA_REFRESH_TOKEN is the newest refresh token that you have"
        }
        ApiError::State(StateError::OtherApplication { .. }) => "name another file with KAIZALA_STATE_FILE",
        error if error.is_invalid_token() => {
            "check KAIZALA_APPLICATION_ID, KAIZALA_APPLICATION_SECRET and KAIZALA_REFRESH_TOKEN; a refresh token ends after \
             365 days"
        }
        _ => return None,
    })
}

fn secret(variable: &str, of_profile: Option<Secret>) -> anyhow::Result<Secret> {
    match env::var(variable) {
        Ok(value) if !value.is_empty() => Ok(value.into()),
        Err(env::VarError::NotUnicode(_)) => bail!("{variable} is not Unicode"),
        _ => {
            of_profile.with_context(|| format!("{variable} is not set: set it, or name a profile with --profile-file"))
        }
    }
}

impl Profile {
    fn find(named: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(path) = named {
            return Self::read(&path)?.with_context(|| format!("{} does not exist", path.display()));
        }
        let Some(config) = xdg_folder("XDG_CONFIG_HOME", ".config") else { return Ok(Self::default()) };
        Ok(Self::read(&config.join("kaizala/profile.toml"))?.unwrap_or_default())
    }

    fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        let Some(text) = read_secret_file(path)? else { return Ok(None) };
        // The error's own text is left out because it may quote a secret.
        let profile = toml::from_str(&text).map_err(|error| {
            anyhow!(
                "{}, line {}, is not understood: it must be NAME = \"VALUE\", where NAME is one of {}",
                path.display(),
                line_of(&error, &text),
                PROFILE_NAMES.join(", ")
            )
        });
        profile.map(Some)
    }
}

/// The number of the line that a TOML error is about.
pub(super) fn line_of(error: &toml::de::Error, text: &str) -> usize {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    before.matches('\n').count() + 1
}

/// Reads a file that holds a secret: `None` if it does not exist. A file that others can read is refused.
pub(super) fn read_secret_file(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path)?.permissions());
        let of_others = mode & 0o077;
        ensure!(
            of_others == 0,
            "{} holds a secret and can be read by others: chmod 600 {}",
            path.display(),
            path.display()
        );
    }
    Ok(Some(text))
}
