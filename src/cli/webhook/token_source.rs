//! Where the callback token of a subscription comes from, and where a fresh token is kept.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::{
    cli::{CALLBACK_TOKEN_VARIABLE, account::read_secret_file, callback_token_if_set, token::new_token},
    kaizala::Secret,
    token::TokenDigest,
};

/// The option that says where the callback token comes from.
#[derive(Args)]
pub(super) struct TokenSource {
    /// File with the callback token, or `-` for standard input. If the file does not exist, a fresh token is made and written
    /// to it, readable only by its owner [default: the token in KAIZALA_CALLBACK_TOKEN].
    #[arg(long, env = "KAIZALA_CALLBACK_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl TokenSource {
    /// Reads the token, or makes one. A fresh token is on the disk before Kaizala gets it.
    pub(super) fn token(&self) -> anyhow::Result<Secret> {
        let token = match &self.token_file {
            Some(path) if path.as_os_str() == "-" => {
                let mut token = String::new();
                io::stdin().read_to_string(&mut token).context("standard input cannot be read")?;
                trimmed(&token, "standard input")?
            }
            Some(path) => match read_token_file(path)? {
                Some(token) => return Ok(token),
                None => {
                    let token = new_token()?;
                    keep(path, &token).with_context(|| format!("{} cannot be written", path.display()))?;
                    token
                }
            },
            None => callback_token_if_set()?.with_context(|| {
                format!(
                    "there is no callback token: name a file for a fresh one with --token-file, or set \
                     {CALLBACK_TOKEN_VARIABLE}"
                )
            })?,
        };
        Ok(token.into())
    }
}

/// Reads the token in a file: `None` if the file does not exist.
pub(super) fn read_token_file(path: &Path) -> anyhow::Result<Option<Secret>> {
    let Some(text) = read_secret_file(path)? else { return Ok(None) };
    trimmed(&text, &path.display().to_string()).map(|token| Some(token.into()))
}

/// Removes the line break after a token, and checks that nothing but a token is there. `place` names the file in an error.
fn trimmed(text: &str, place: &str) -> anyhow::Result<String> {
    let token = text.trim_end_matches(['\r', '\n']);
    ensure!(!token.is_empty(), "{place} holds no token");
    if token.contains(char::is_control) {
        bail!("{place} holds more than a token");
    }
    Ok(token.to_owned())
}

fn keep(path: &Path, token: &str) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{token}")?;
    file.sync_all()
}

/// The digest of a token, which the deployment must accept.
pub(super) fn digest(token: &Secret) -> TokenDigest {
    TokenDigest::of(token.expose().as_bytes())
}
