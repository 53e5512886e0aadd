//! `kaizala doctor`: finds out what is wrong with a deployment, and says what to do. One function makes each check.

mod exports;

use std::{path::PathBuf, time::Duration};

use anyhow::Error;
use clap::Args;
use serde_json::{Value, json};

use super::{
    SomethingToDo,
    account::{self, Account},
    callback_token_if_set, in_words,
    output::{Output, say, say_json, table},
    table::{self, TableOptions, UNREADABLE},
    webhook::health::Wishes,
    when::age,
};
use crate::{
    clock::now,
    event::Timestamp,
    store::{Deployment, Store, StoreError, TableFacts, TimeRange},
    token::TokenDigest,
};

/// The largest table in which the newest event is looked for in every group. In a larger one, the user names groups.
const FEW_ITEMS: u64 = 100_000;

/// Find out what is wrong with a deployment: each line says ok or what to do.
///
/// Checks credentials, region, table, schema, template, callback token, subscriptions, the last event, the last export and the
/// age of the tables for dashboards. Changes nothing. The callback token is read from KAIZALA_CALLBACK_TOKEN. Exit code 3 if
/// there is something to do.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala doctor --table NAME --region eu-west-1 --subscriptions subscriptions.toml")]
pub(super) struct Doctor {
    /// The file for `kaizala webhook sync`; its subscriptions, tokens and groups are checked.
    #[arg(long, env = "KAIZALA_SUBSCRIPTIONS", value_name = "FILE")]
    subscriptions: Option<PathBuf>,

    /// A group that should have events, besides those in the file; may be given several times.
    #[arg(long = "group", env = "KAIZALA_DOCTOR_GROUP", value_delimiter = ',')]
    groups: Vec<String>,

    /// How many hours without an event count as a problem.
    #[arg(long, env = "KAIZALA_SILENCE_HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..))]
    silence_hours: u32,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,

    #[command(flatten)]
    account: Account,
}

/// What a check has found.
enum Finding {
    Ok(String),
    ToDo(String),
    /// The check could not be made. The text names what was missing.
    NotChecked(String),
}
use Finding::{NotChecked, Ok as Fine, ToDo};

/// Names and findings, in the order in which they are shown.
type Findings = Vec<(&'static str, Finding)>;

impl Doctor {
    pub(super) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let output = self.output;
            let findings = self.examine().await;
            if output.json {
                say_json(&to_json(&findings))?;
            } else {
                say(in_a_table(&findings))?;
            }
            match findings.iter().filter(|(_, finding)| matches!(finding, ToDo(_))).count() {
                0 => Ok(()),
                count => Err(SomethingToDo(format!("to do: {count}")).into()),
            }
        })
    }

    async fn examine(self) -> Findings {
        let wishes = self.subscriptions.as_deref().map(Wishes::read);
        let known = wishes.as_ref().and_then(|wishes| wishes.as_ref().ok());
        let mut groups = self.groups.clone();
        groups.extend(known.map(Wishes::groups).unwrap_or_default());
        let wanted = known.map(Wishes::digests).unwrap_or_default();

        let mut findings = self.table_and_what_is_in_it(&groups, wanted).await;
        let at = findings.iter().position(|(name, _)| *name == LAST_EVENT).unwrap_or(findings.len());
        findings.insert(at, ("subscriptions", subscriptions(wishes, self.account).await));
        findings
    }

    async fn table_and_what_is_in_it(&self, groups: &[String], wanted: Vec<TokenDigest>) -> Findings {
        let is_emulator = self.table.is_emulator();
        let unknown = |why: &str| {
            let names = ["schema", "template", "token", LAST_EVENT, exports::LAST_EXPORT, exports::TABLES];
            names.map(|name| (name, NotChecked(why.to_owned())))
        };
        let store = match self.table.open().await {
            Ok(store) => store,
            Err(error) => {
                let mut findings = vec![
                    ("region", ToDo(in_words(&error))),
                    ("credentials", NotChecked("without a region".to_owned())),
                    ("table", NotChecked("without a region".to_owned())),
                ];
                findings.extend(unknown("without a region"));
                return findings;
            }
        };
        let described = store.describe().await.map_err(|error| Error::new(error).context(UNREADABLE));
        let mut findings = vec![
            ("region", region(&store, is_emulator)),
            ("credentials", credentials(&described, is_emulator)),
            ("table", table_itself(&store, &described)),
        ];
        let Ok(facts) = described else {
            findings.extend(unknown("without the table"));
            return findings;
        };
        let deployment = store.deployment(&facts).await;
        findings.extend([
            ("schema", schema(&facts)),
            ("template", template(&deployment)),
            ("token", token(&deployment, wanted)),
            (LAST_EVENT, last_event(&store, &facts, groups, self.silence_hours).await),
        ]);
        findings.extend(exports::checks(&store, &facts, &self.table).await);
        findings
    }
}

const LAST_EVENT: &str = "last event";

fn region(store: &Store, is_emulator: bool) -> Finding {
    match store.region() {
        _ if is_emulator => Fine("an emulator on this machine has none".to_owned()),
        Some(region) => Fine(region.to_owned()),
        None => ToDo("name the region of the table with --region".to_owned()),
    }
}

fn credentials(described: &anyhow::Result<TableFacts>, is_emulator: bool) -> Finding {
    match described.as_ref().err().and_then(Error::downcast_ref) {
        _ if is_emulator => Fine("an emulator on this machine takes any".to_owned()),
        Some(StoreError::NoCredentials(_) | StoreError::Denied(_)) => ToDo(described_error(described)),
        // AWS says whether a table exists only to a caller whose credentials it accepts.
        None | Some(StoreError::NoTable(_)) => Fine("AWS accepts them".to_owned()),
        Some(_) => NotChecked("DynamoDB does not answer".to_owned()),
    }
}

fn table_itself(store: &Store, described: &anyhow::Result<TableFacts>) -> Finding {
    match described.as_ref().map_err(Error::downcast_ref) {
        Ok(facts) => Fine(format!("{}, about {} items", store.table(), facts.items)),
        Err(Some(StoreError::NoCredentials(_) | StoreError::Denied(_))) => {
            NotChecked("without accepted credentials".to_owned())
        }
        Err(_) => ToDo(described_error(described)),
    }
}

fn described_error(described: &anyhow::Result<TableFacts>) -> String {
    described.as_ref().err().map(|error| table::explained(error).unwrap_or_else(|| in_words(error))).unwrap_or_default()
}

fn schema(facts: &TableFacts) -> Finding {
    if facts.flaws.is_empty() {
        return Fine("keys, index and expiry are those of the template".to_owned());
    }
    ToDo(format!("{}: is --table the table of this deployment? If it is, deploy it again", facts.flaws.join("; ")))
}

fn template(deployment: &Result<Deployment, StoreError>) -> Finding {
    const OURS: &str = env!("CARGO_PKG_VERSION");
    match deployment.as_ref().map(|deployment| deployment.template.as_deref()) {
        Ok(Some(OURS)) => Fine(format!("version {OURS}, as this command")),
        Ok(Some(version)) => ToDo(format!(
            "the deployment has version {version}, but this command is version {OURS}: deploy again, or use the command of that version"
        )),
        Ok(None) => ToDo(format!("the table does not say which version it was deployed with: deploy version {OURS}")),
        Err(error) => ToDo(format!("the tags of the table cannot be read: {error}")),
    }
}

/// Compares the tokens that events carry with the tokens that the deployment accepts, by their digests.
fn token(deployment: &Result<Deployment, StoreError>, mut sent: Vec<TokenDigest>) -> Finding {
    let accepted = match deployment {
        Ok(deployment) if !deployment.tokens.is_empty() => &deployment.tokens,
        Ok(_) => return NotChecked("the table does not say which tokens are accepted: deploy again".to_owned()),
        Err(_) => return NotChecked("without the tags of the table".to_owned()),
    };
    match callback_token_if_set() {
        Ok(token) => sent.extend(token.map(|token| TokenDigest::of(token.as_bytes()))),
        Err(error) => return ToDo(in_words(&error)),
    }
    if sent.is_empty() {
        return NotChecked("set KAIZALA_CALLBACK_TOKEN or name a file with --subscriptions to compare it".to_owned());
    }
    let is_accepted = |digest: &TokenDigest| accepted.iter().any(|one| one.eq_ignore_ascii_case(&digest.to_string()));
    match sent.iter().find(|digest| !is_accepted(digest)) {
        None => Fine(format!("accepted ({} deployed)", accepted.len())),
        Some(digest) => ToDo(format!(
            "the deployment does not accept the token with SHA-256 {digest}: add the digest to CallbackTokenSha256 and deploy, or \
             use the token that is deployed"
        )),
    }
}

async fn subscriptions(wishes: Option<anyhow::Result<Wishes>>, account: Account) -> Finding {
    let unfulfilled = match wishes {
        None => return NotChecked("name the file for `kaizala webhook sync` with --subscriptions".to_owned()),
        Some(Err(error)) => return ToDo(in_words(&error)),
        Some(Ok(wishes)) => wishes.unfulfilled(account).await,
    };
    match unfulfilled {
        Ok(todo) if todo.is_empty() => Fine("as the file says".to_owned()),
        Ok(todo) => ToDo(format!("{}; run `kaizala webhook sync` with the file", todo.join("; "))),
        Err(error) => ToDo(match account::advice(&error) {
            Some(advice) => format!("{}: {advice}", in_words(&error)),
            None => in_words(&error),
        }),
    }
}

async fn last_event(store: &Store, facts: &TableFacts, groups: &[String], silence_hours: u32) -> Finding {
    let newest = match newest_event(store, facts, groups).await {
        Ok(newest) => newest,
        Err(error) => return ToDo(format!("the events cannot be read: {error}")),
    };
    match newest {
        Newest::NotLookedFor => NotChecked("the table is large: name a group with --group".to_owned()),
        Newest::None => {
            ToDo("there is none: does a subscription call this deployment? Try it with `kaizala check`".to_owned())
        }
        Newest::At(time) if is_older(time, Duration::from_hours(u64::from(silence_hours))) => ToDo(format!(
            "{time}, {} ago: if the groups are never that quiet, see `silence` in docs/runbook.md",
            age(time)
        )),
        Newest::At(time) => Fine(format!("{time}, {} ago", age(time))),
    }
}

enum Newest {
    At(Timestamp),
    None,
    NotLookedFor,
}

async fn newest_event(store: &Store, facts: &TableFacts, groups: &[String]) -> Result<Newest, StoreError> {
    let mut newest = None;
    if groups.is_empty() {
        if facts.items > FEW_ITEMS {
            return Ok(Newest::NotLookedFor);
        }
        let overview = store.overview(|_| ()).await?;
        newest = overview.groups().first().and_then(|(_, figures)| Timestamp::from_rfc3339(&figures.last));
    }
    for group in groups {
        let range = TimeRange { is_newest_first: true, ..TimeRange::default() };
        let listed = store.list(group, &range, 1).await?;
        newest = newest.max(listed.first().and_then(|event| Timestamp::from_rfc3339(&event.received_at)));
    }
    Ok(newest.map_or(Newest::None, Newest::At))
}

fn is_older(time: Timestamp, than: Duration) -> bool {
    let age = now().epoch_millis().saturating_sub(time.epoch_millis());
    u128::try_from(age).is_ok_and(|age| age > than.as_millis())
}

impl Finding {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Fine(detail) => ("ok", detail),
            ToDo(detail) => ("to do", detail),
            NotChecked(detail) => ("not checked", detail),
        }
    }
}

fn in_a_table(findings: &Findings) -> String {
    let rows = findings.iter().map(|(name, finding)| {
        let (result, detail) = finding.parts();
        [(*name).to_owned(), result.to_owned(), detail.to_owned()]
    });
    table(["CHECK", "RESULT", "WHAT"], rows)
}

fn to_json(findings: &Findings) -> Value {
    let check = |(name, finding): &(&str, Finding)| {
        let (result, detail) = finding.parts();
        json!({ "check": name, "result": result, "detail": detail })
    };
    let is_ok = !findings.iter().any(|(_, finding)| matches!(finding, ToDo(_)));
    json!({ "ok": is_ok, "checks": findings.iter().map(check).collect::<Vec<_>>() })
}
