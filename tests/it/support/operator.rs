//! An operator: runs the command line as a process against the simulated Kaizala API.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use kaizala_webhook::{
    kaizala::{self, Config, Pace},
    simulator::api::{Api, ApiConfig, Credentials},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::spawn_blocking};

use super::{World, events::CALLBACK_TOKEN, gateway::Served, process::run, world::TABLE};

/// A simulated Kaizala API, a receiver with its table, and a home folder for an operator's files.
pub struct Operator {
    pub api: Api,
    pub api_url: String,
    pub credentials: Credentials,
    pub world: World,
    pub receiver: Served,
    home: TempDir,
}

/// The exit code of a command, and what it has printed.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub output: String,
    pub error: String,
}

impl Ran {
    /// Asserts that the command has succeeded, and returns its output.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.json_whatever_the_code()
    }

    pub fn json_whatever_the_code(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

impl Operator {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut ApiConfig)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let api_url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let mut config = ApiConfig::new(&api_url);
        change(&mut config);
        let credentials = config.credentials.clone();
        let api = Api::new(config);
        let router = api.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let world = World::new().await;
        let receiver = Served::start(world.receiver.clone()).await;
        Self { api, api_url, credentials, world, receiver, home: TempDir::new().expect("there is room") }
    }

    /// The callback URL.
    pub fn callback_url(&self) -> String {
        self.receiver.url.to_string()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file that only its owner can read.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, text).expect("there is room");
        let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&path, owner_only).expect("it is ours");
        path
    }

    /// The command with the variables that it needs, and no others.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
        command.args(arguments).env_clear().current_dir(self.home.path()).envs([
            ("HOME", self.home.path().to_str().expect("it is Unicode")),
            ("KAIZALA_API_URL", &self.api_url),
            ("KAIZALA_APPLICATION_ID", &self.credentials.application_id),
            ("KAIZALA_APPLICATION_SECRET", &self.credentials.application_secret),
            ("KAIZALA_REFRESH_TOKEN", &self.credentials.refresh_token),
            ("KAIZALA_CALLBACK_TOKEN", CALLBACK_TOKEN),
            ("TABLE_NAME", TABLE),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.world.proxy.url()),
        ]);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[]).await
    }

    /// Runs a command to its end with further variables. A variable with an empty value is removed.
    pub async fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = self.command(arguments);
        for (name, value) in environment {
            match *value {
                "" => command.env_remove(name),
                value => command.env(name, value),
            };
        }
        let output = spawn_blocking(move || run(&mut command, b"")).await.expect("it does not panic");
        let text = |bytes| String::from_utf8(bytes).expect("it prints text");
        let ran = Ran {
            code: output.status.code().expect("it exits"),
            output: text(output.stdout),
            error: text(output.stderr),
        };
        for secret in self.secrets() {
            assert!(!ran.output.contains(secret) && !ran.error.contains(secret), "a secret is shown: {ran:?}");
        }
        ran
    }

    /// The secrets, which no command may print.
    fn secrets(&self) -> [&str; 3] {
        [&self.credentials.application_secret, &self.credentials.refresh_token, CALLBACK_TOKEN]
    }

    /// The configuration of a client of the library, without long pauses and with a state file of its own.
    pub fn config(&self) -> Config {
        let secret = |text: &String| kaizala::Secret::from(text.clone());
        Config {
            api_url: self.api_url.parse().expect("it is a URL"),
            credentials: kaizala::Credentials {
                application_id: secret(&self.credentials.application_id),
                application_secret: secret(&self.credentials.application_secret),
                refresh_token: secret(&self.credentials.refresh_token),
            },
            state_file: self.file("state.json"),
            pace: Pace { calls: 100_000, first_pause: Duration::from_millis(1), ..Pace::default() },
        }
    }

    /// Makes a client of the library.
    pub fn client(&self) -> kaizala::Kaizala {
        kaizala::Kaizala::new(self.config()).expect("the system has certificates")
    }
}
