//! `kaizala dev`: runs the receiver on this machine, over an embedded DynamoDB.

mod folder;

use std::path::PathBuf;

use anyhow::{Context, anyhow, ensure};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use clap::Args;
use uuid::Uuid;

use self::folder::EventFolder;
use super::{
    CALLBACK_TOKEN_VARIABLE, callback_token_if_set,
    output::say,
    serving::{listen, log_to_stderr, shutdown},
    token::new_token,
};
use crate::{
    clock::now,
    receiver::{Receiver, WEBHOOK_PATH},
    store::{Arrival, Deployment, Store, connect_local},
    token::{AcceptedTokens, TokenDigest},
};

/// Lambda's limit on an invocation. On AWS it applies to the body escaped as JSON together with what API Gateway adds, so the
/// largest body that Lambda accepts is somewhat smaller.
const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

/// Run the receiver on this machine, over an embedded DynamoDB.
///
/// It runs the same code as the Lambda. The database has a port of its own, so that any DynamoDB tool can look inside. The
/// callback token is read from KAIZALA_CALLBACK_TOKEN; without it, a fresh token is made and printed.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala dev --memory")]
pub(super) struct Dev {
    /// Port of the webhook; 0 for any free one.
    #[arg(long, env = "KAIZALA_DEV_PORT", default_value_t = 9000)]
    port: u16,

    /// Port of the database; 0 for any free one.
    #[arg(long, env = "KAIZALA_DEV_DB_PORT", default_value_t = 8000)]
    db_port: u16,

    /// Name of the table.
    #[arg(long, env = "TABLE_NAME", default_value = "kaizala-events")]
    table: String,

    /// File of the database; created if it does not exist.
    #[arg(long, env = "KAIZALA_DEV_DB", value_name = "FILE", default_value = "kaizala-dev.db")]
    db: PathBuf,

    /// Keep the database in memory instead of --db. It is lost when the command ends, and takes about 10 KB an event.
    #[arg(long, env = "KAIZALA_DEV_MEMORY")]
    memory: bool,

    /// Folder of API Gateway events to deliver first, such as events/: one event per file, in the order of their names.
    #[arg(long, env = "KAIZALA_DEV_DELIVER", value_name = "DIR")]
    deliver: Option<PathBuf>,
}

impl Dev {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> anyhow::Result<()> {
        let events = self.deliver.as_deref().map(EventFolder::read).transpose()?;
        let token = CallbackToken::from_env_or_new()?;
        ensure!(
            events.is_none() || matches!(token, CallbackToken::FromEnvironment(_)),
            "set {CALLBACK_TOKEN_VARIABLE} to the token in the events of --deliver: a fresh one would refuse them all"
        );
        let (database, place) = self.open_database()?;
        let db_listener = listen(self.db_port, "--db-port").await?;
        let db_url = format!("http://{}", db_listener.local_addr()?);
        let db_server = tokio::spawn(dynoxide::server::serve_with_shutdown(db_listener, database, shutdown()));

        let store = Store::new(connect_local(&db_url), &self.table, None);
        let digest = TokenDigest::of(token.value().as_bytes());
        let deployment =
            Deployment { template: Some(env!("CARGO_PKG_VERSION").to_owned()), tokens: vec![digest.to_string()] };
        let created = async {
            store.create_table().await?;
            store.tag(&deployment).await
        };
        created.await.with_context(|| format!("table {} cannot be created", self.table))?;

        let accepted = AcceptedTokens::only(digest);
        let listener = listen(self.port, "--port").await?;
        let url = format!("http://{}{WEBHOOK_PATH}", listener.local_addr()?);
        let receiver = Receiver::new(accepted, store.clone());
        if let Some(events) = events {
            events.deliver(&receiver, &store).await?;
        }
        // Logging begins only now, so that its lines do not come between those about the folder's events.
        log_to_stderr();
        say(format_args!("Webhook   {url}"))?;
        say(format_args!("Database  {db_url} (table {}, {place})", self.table))?;
        say(format_args!("Token     {}", token.shown()))?;
        say("")?;
        say("Deliver an event:")?;
        say(format_args!("  curl -i -H \"kz-callback-token: {}\" -d '{EXAMPLE}' {url}", token.in_shell()))?;

        let app = Router::new().fallback(answer).with_state(receiver);
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "answers may be held back for a moment");
            }
        });
        axum::serve(listener, app).with_graceful_shutdown(shutdown()).await.context("the webhook cannot be served")?;
        db_server.await?.map_err(|error| anyhow!(error)).context("the database cannot be served")
    }

    fn open_database(&self) -> anyhow::Result<(dynoxide::Database, String)> {
        if self.memory {
            return Ok((dynoxide::Database::memory()?, "in memory".to_owned()));
        }
        let path = self.db.to_str().with_context(|| format!("--db {} is not Unicode", self.db.display()))?;
        let database = dynoxide::Database::new(path)
            .with_context(|| format!("{path} cannot be opened: name another file with --db, or use --memory"))?;
        Ok((database, format!("file {path}")))
    }
}

const EXAMPLE: &str = r#"{"eventId":"1","eventType":"TextMessageCreated","objectType":"Group","objectId":"group-1","data":{"text":"Hello"}}"#;

enum CallbackToken {
    FromEnvironment(String),
    Fresh(String),
}

impl CallbackToken {
    fn from_env_or_new() -> anyhow::Result<Self> {
        match callback_token_if_set()? {
            Some(token) => Ok(Self::FromEnvironment(token)),
            None => Ok(Self::Fresh(new_token()?)),
        }
    }

    fn value(&self) -> &str {
        match self {
            Self::FromEnvironment(token) | Self::Fresh(token) => token,
        }
    }

    /// The token for people to see. A token from the environment is not printed.
    fn shown(&self) -> String {
        match self {
            Self::FromEnvironment(_) => format!("the one in {CALLBACK_TOKEN_VARIABLE}"),
            Self::Fresh(token) => format!("{token} (made for this run; set {CALLBACK_TOKEN_VARIABLE} to choose one)"),
        }
    }

    /// The token as a shell puts it into a header.
    fn in_shell(&self) -> String {
        match self {
            Self::FromEnvironment(_) => format!("${CALLBACK_TOKEN_VARIABLE}"),
            Self::Fresh(token) => token.clone(),
        }
    }
}

async fn answer(State(receiver): State<Receiver>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        // If the body broke off instead, the sender is gone and does not read the status.
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    receiver.answer(Request::from_parts(head, body), arrival()).await.map(Body::from)
}

/// Makes what API Gateway adds to a request: the time of arrival and an id.
fn arrival() -> Arrival {
    Arrival { received_at: now(), request_id: Some(Uuid::new_v4().to_string()) }
}
