//! `kaizala dev`: runs the receiver on this machine, over an embedded DynamoDB, with a page that shows what arrives.
//!
//! `desk` answers deliveries and hands them to `feed`, which remembers them; `page` shows them, `detail` what became of one,
//! `charts` the report; `samples` are what its buttons deliver.

mod charts;
mod desk;
mod detail;
mod feed;
mod folder;
mod guard;
mod indent;
mod page;
mod places;
mod samples;

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow, ensure};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use clap::Args;

use self::{
    desk::Desk,
    feed::Feed,
    folder::EventFolder,
    page::{Ask, Page},
};
use super::{
    CALLBACK_TOKEN_VARIABLE, callback_token_if_set,
    output::say,
    serving::{listen, log_to_stderr, shutdown},
    token::new_token,
};
use crate::{
    receiver::{Receiver, WEBHOOK_PATH},
    store::{Deployment, Store, connect_local},
    token::{AcceptedTokens, TokenDigest},
};

/// Lambda's limit on an invocation. On AWS it applies to the body escaped as JSON together with what API Gateway adds, so the
/// largest body that Lambda accepts is somewhat smaller.
const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

/// Run the receiver on this machine, over an embedded DynamoDB.
///
/// It runs the same code as the Lambda. A page shows what arrives, and what becomes of it in the tables. The database has a
/// port of its own, so that any DynamoDB tool can look inside. The callback token is read from KAIZALA_CALLBACK_TOKEN; without
/// it, a fresh token is made and printed.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala dev --memory")]
pub(super) struct Dev {
    /// Port of the webhook and of the page; 0 for any free one.
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
        let address = listener.local_addr()?;
        let url = format!("http://{address}{WEBHOOK_PATH}");
        let desk = Arc::new(Desk {
            receiver: Receiver::new(accepted.clone(), store.clone()),
            tokens: accepted,
            store,
            feed: Arc::new(Feed::new()),
        });
        let page = Page { desk: desk.clone(), port: address.port(), token: token.in_header()? };
        if let Some(events) = events {
            events.deliver(&desk).await?;
        }
        // Logging begins only now, so that its lines do not come between those about the folder's events.
        log_to_stderr();
        say(format_args!("Page      http://{address}/"))?;
        say(format_args!("Webhook   {url}"))?;
        say(format_args!("Database  {db_url} (table {}, {place})", self.table))?;
        say(format_args!("Token     {}", token.shown()))?;
        say("")?;
        say("Deliver an event:")?;
        say(format_args!("  curl -i -H \"kz-callback-token: {}\" -d '{EXAMPLE}' {url}", token.in_shell()))?;

        let app = Router::new().fallback(answer).with_state(Arc::new(page));
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "answers may be held back for a moment");
            }
        });
        let ended = async move {
            shutdown().await;
            // Pages that are open would be waited for.
            desk.feed.close();
        };
        axum::serve(listener, app).with_graceful_shutdown(ended).await.context("the webhook cannot be served")?;
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

    /// The token as a sender puts it into a header.
    fn in_header(&self) -> anyhow::Result<HeaderValue> {
        let mut value = HeaderValue::from_str(self.value())
            .with_context(|| format!("{CALLBACK_TOKEN_VARIABLE} has characters that a header cannot hold"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The token as a shell puts it into a header.
    fn in_shell(&self) -> String {
        match self {
            Self::FromEnvironment(_) => format!("${CALLBACK_TOKEN_VARIABLE}"),
            Self::Fresh(token) => token.clone(),
        }
    }
}

async fn answer(State(page): State<Arc<Page>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if let Some(ask) = Ask::read(&head.method, head.uri.path()) {
        return page.answer(ask, &head).await;
    }
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        // If the body broke off instead, the sender is gone and does not read the status.
        page.desk.too_large(&head, StatusCode::PAYLOAD_TOO_LARGE);
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    page.desk.receive(Request::from_parts(head, body)).await.map(Body::from)
}
