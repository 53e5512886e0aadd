//! `kaizala token`: makes callback tokens and their digests.

use std::io::{self, IsTerminal, Read};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{Output, note};
use crate::token::TokenDigest;

/// The size of a token: 256 bits cannot be guessed, so a digest without salt does not reveal the token.
const TOKEN_BYTES: usize = 32;

/// Make a callback token, or the digest of one.
#[derive(Args)]
pub(super) struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a fresh 256-bit callback token and its digest.
    ///
    /// Give the token to Kaizala (callBackToken of the subscription) and the digest to the deployment
    /// (CALLBACK_TOKEN_SHA256). This command keeps no copy of the token.
    #[command(after_help = "Example:\n  kaizala token new")]
    New {
        #[command(flatten)]
        output: Output,
    },
    /// Print the digest of a callback token that is read from standard input.
    ///
    /// A line break at the end is not part of the token.
    #[command(after_help = "Example:\n  kaizala token digest < token.txt")]
    Digest {
        #[command(flatten)]
        output: Output,
    },
}

impl Token {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            TokenCommand::New { output } => {
                let token = new_token()?;
                let digest = TokenDigest::of(token.as_bytes());
                output.print(&json!({ "token": token, "sha256": digest.to_string() }), || {
                    format!("Token   {token}\nSHA-256 {digest}")
                })
            }
            TokenCommand::Digest { output } => {
                let digest = TokenDigest::of(&read_token()?);
                output.print(&json!({ "sha256": digest.to_string() }), || digest.to_string())
            }
        }
    }
}

/// Makes a callback token: 256 random bits as 64 hex digits, which need no quoting in a header or a shell.
pub(super) fn new_token() -> anyhow::Result<String> {
    let mut random = [0; TOKEN_BYTES];
    getrandom::fill(&mut random).context("the operating system gives no random bytes")?;
    Ok(hex::encode(random))
}

fn read_token() -> anyhow::Result<Vec<u8>> {
    let mut input = io::stdin();
    if input.is_terminal() {
        note("Type the callback token, then Enter and Ctrl-D:");
    }
    let mut token = Vec::new();
    input.read_to_end(&mut token).context("standard input cannot be read")?;
    while let [rest @ .., b'\n' | b'\r'] = token.as_slice() {
        token.truncate(rest.len());
    }
    if token.is_empty() {
        bail!("there is no token on standard input: pipe it in, for example with `kaizala token digest < token.txt`");
    }
    Ok(token)
}
