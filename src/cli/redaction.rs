//! `--redact`: the options, and where the key comes from.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, ensure};
use clap::Args;

use crate::tables::Redactor;

/// The variable with the key of --redact. The key is a secret, so no option takes it.
const KEY_VARIABLE: &str = "KAIZALA_REDACT_KEY";
/// Somebody could guess a shorter key, and with it compute every phone number.
const MIN_KEY_BYTES: usize = 16;

/// Options that take out who people are.
#[derive(Args)]
pub(super) struct Redaction {
    /// Replace phone numbers, names and links to files by keyed hashes, the same everywhere. The key comes from
    /// KAIZALA_REDACT_KEY or --redact-key-file; without either, a fresh key is made and not kept.
    #[arg(long, env = "KAIZALA_EXPORT_REDACT")]
    redact: bool,

    /// A file with the key of --redact.
    #[arg(long, env = "KAIZALA_REDACT_KEY_FILE", value_name = "FILE", requires = "redact")]
    redact_key_file: Option<PathBuf>,
}

impl Redaction {
    /// What replaces phone numbers and names; `None` if nothing does.
    ///
    /// # Errors
    /// When the key cannot be read or is too short.
    pub(super) fn redactor(&self) -> anyhow::Result<Option<Redactor>> {
        Ok(if self.redact { Some(Redactor::new(&self.key()?)) } else { None })
    }

    fn key(&self) -> anyhow::Result<Vec<u8>> {
        let key = match (&self.redact_key_file, env::var_os(KEY_VARIABLE)) {
            (Some(file), _) => fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?,
            (None, Some(key)) => key.into_encoded_bytes(),
            (None, None) => {
                let mut key = vec![0; 32];
                getrandom::fill(&mut key).context("the operating system gives no random bytes")?;
                key
            }
        };
        let key = key.trim_ascii_end().to_vec();
        ensure!(
            key.len() >= MIN_KEY_BYTES,
            "the key of --redact has fewer than {MIN_KEY_BYTES} bytes: make one with `kaizala token new`"
        );
        Ok(key)
    }
}
