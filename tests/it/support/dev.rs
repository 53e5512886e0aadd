//! `kaizala dev` as a process.

use std::process::Command;

use super::process::{Process, http};

/// A running `kaizala dev`.
pub struct Dev {
    pub process: Process,
    pub url: String,
    pub db_url: String,
}

impl Dev {
    /// Starts the command on free ports.
    pub fn start(arguments: &[&str], token: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
        command.args(["dev", "--port", "0", "--db-port", "0"]).args(arguments);
        // Variables of the developer's shell must not influence the test.
        for variable in ["KAIZALA_CALLBACK_TOKEN", "KAIZALA_DEV_DB", "KAIZALA_DEV_MEMORY", "TABLE_NAME"] {
            command.env_remove(variable);
        }
        command.envs(token.map(|token| ("KAIZALA_CALLBACK_TOKEN", token)));
        let process = Process::start(&mut command);
        let word = |line: &str, label: &str| line.strip_prefix(label)?.split_whitespace().next().map(str::to_owned);
        let url = process.wait_for(|line| word(line, "Webhook "));
        let db_url = process.wait_for(|line| word(line, "Database "));
        Self { process, url, db_url }
    }

    /// Delivers a body by POST, and returns status line, headers and body of the answer.
    pub fn post(&self, token: &str, body: &[u8]) -> String {
        http(self.address(), &format!("POST /webhook HTTP/1.1\r\nkz-callback-token: {token}"), body)
    }

    /// Where it listens: IP address and port.
    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").and_then(|url| url.strip_suffix("/webhook")).expect("it is local")
    }

    /// The page that shows what arrives.
    pub fn page(&self) -> String {
        format!("http://{}/", self.address())
    }

    /// Asks for a path by GET, and returns status line, headers and body of the answer.
    pub fn get(&self, path: &str) -> String {
        http(self.address(), &format!("GET {path} HTTP/1.1"), b"")
    }
}
