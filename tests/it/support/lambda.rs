//! The release binary under the Lambda runtime interface emulator.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
};

use kaizala_webhook::token::TokenDigest;
use serde_json::Value;

use super::{
    events::{CALLBACK_TOKEN, Sample},
    process::{Process, free_port, http, release_receiver, tool},
    world::{TABLE, World},
};

pub const RETENTION_DAYS: u32 = 30;

/// The environment variables of the function, except those for DynamoDB.
pub fn configuration() -> [(&'static str, String); 5] {
    [
        ("TABLE_NAME", TABLE.to_owned()),
        ("CALLBACK_TOKEN_SHA256", TokenDigest::of(CALLBACK_TOKEN.as_bytes()).to_string()),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
    ]
}

const INVOCATIONS: &str = "/2015-03-31/functions/function/invocations";

/// A running function. Takes one event at a time, as a Lambda environment does.
pub struct Lambda {
    pub process: Process,
    port: u16,
}

impl Lambda {
    /// Starts the function over the table of a world, at the most detailed log level.
    pub fn start(world: &World) -> Self {
        Self::start_with(&[("AWS_ENDPOINT_URL_DYNAMODB", world.proxy.url())])
    }

    pub fn start_with(variables: &[(&str, &str)]) -> Self {
        let (port, runtime_port) = (free_port(), free_port());
        let mut command = Command::new(tool("bin/aws-lambda-rie"));
        command
            .args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{port}")])
            .args(["--runtime-api-address", &format!("127.0.0.1:{runtime_port}")])
            .arg(release_receiver())
            .env_clear()
            .envs(configuration())
            .env("RETENTION_DAYS", RETENTION_DAYS.to_string())
            .env("AWS_LAMBDA_LOG_LEVEL", "TRACE")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .envs(variables.iter().copied());
        Self { process: Process::start(&mut command), port }
    }

    /// The port that accepts invocations.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until the function is up, invokes it, and returns its answer to API Gateway.
    pub fn invoke(&self, sample: &Sample) -> Value {
        let head = format!("POST {INVOCATIONS} HTTP/1.1");
        let answer = http(&format!("127.0.0.1:{}", self.port), &head, sample.event.to_string().as_bytes());
        let (_, body) = answer.split_once("\r\n\r\n").expect("it is HTTP");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{}: {error}: {answer}", sample.name))
    }
}

/// Invokes the function behind a port: `None` if there is no function, or it dies during the invocation.
pub fn try_invoke(port: u16, event: &Value) -> Option<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let event = event.to_string();
    let length = event.len();
    let head =
        format!("POST {INVOCATIONS} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(event.as_bytes())).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}
