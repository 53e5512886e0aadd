//! `kaizala pull`: fetches responses that were given before the webhook existed or while it was disabled.

use std::{num::NonZeroU32, sync::Arc};

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::{ArgGroup, Args};
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::task::JoinSet;

use super::{
    account::Account,
    output::{Output, note},
    progress,
    pull_groups::pull_groups,
    table::TableOptions,
    when::when,
};
use crate::{
    clock::now,
    event::{Event, EventType, Timestamp},
    kaizala::{Action, Kaizala, PulledResponse, Unusable},
    store::{Arrival, Outcome, Record, Store},
};

/// Advice after a failure: responses that are in the table already are left alone.
const CONTINUE: &str = "run the command again to continue";
/// How many responses are written at once.
const CONCURRENCY: usize = 8;

/// Fetch responses through the API into the table, or the names of all groups.
///
/// A response whose latest version is already in the table, pulled or delivered, is left alone; one that was edited is stored
/// as a revision. So the same command continues an interrupted run, and running it again does no harm.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala pull --group 74943849802190eaea3810 --package com.example.shopvisit --since 2023-03-01\n  kaizala pull --groups",
    group = ArgGroup::new("what").args(["package", "action_type", "groups"]).required(true)
)]
pub(super) struct Pull {
    /// The group.
    #[arg(long, env = "KAIZALA_GROUP", value_name = "ID", required_unless_present = "groups")]
    group: Option<String>,

    /// Fetch what all groups are called that the account can see, and no responses. A name that `kaizala groups set` has given
    /// stays.
    #[arg(long, env = "KAIZALA_PULL_GROUPS")]
    groups: bool,

    /// Responses to the actions of this package.
    #[arg(long, env = "KAIZALA_PACKAGE", value_name = "ID")]
    package: Option<String>,

    /// Responses to the actions of this type: Survey, Job, Poll, LetsMeet. Makes one call for each action.
    #[arg(long, env = "KAIZALA_ACTION_TYPE", value_name = "TYPE")]
    action_type: Option<String>,

    /// With --action-type, only actions that were sent since then.
    #[arg(long, env = "KAIZALA_SENT_SINCE", value_parser = when, value_name = "TIME", requires = "action_type")]
    sent_since: Option<Timestamp>,

    /// Only responses given since then: a date (UTC), a time (RFC 3339), or 90s, 15m, 2h, 7d for how long ago. Responses
    /// without a time are always fetched.
    #[arg(long, env = "KAIZALA_SINCE", value_parser = when, value_name = "TIME")]
    since: Option<Timestamp>,

    /// Event type that the webhook sends for these responses [default: by the action's type SurveyResponse, JobResponse,
    /// PollResponse or LetsMeetResponse, else ActionResponse].
    #[arg(long, env = "KAIZALA_EVENT_TYPE", value_parser = response_type, value_name = "TYPE")]
    event_type: Option<EventType>,

    /// Days after which the items expire, the same as RetentionDays of the deployment [default: never].
    #[arg(long, env = "RETENTION_DAYS")]
    retention_days: Option<NonZeroU32>,

    /// Succeed even if the group has no such action.
    #[arg(long, env = "KAIZALA_ALLOW_EMPTY")]
    allow_empty: bool,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    table: TableOptions,

    #[command(flatten)]
    account: Account,
}

fn response_type(name: &str) -> Result<EventType, String> {
    let known = EventType::from_name(name).filter(|event_type| event_type.name().ends_with("Response"));
    known.ok_or_else(|| "is not a type of response".to_owned())
}

/// How many responses a run has found, and what became of them.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct PullSummary {
    actions: u64,
    /// Actions in which no known field holds responses.
    without_responses: u64,
    responses: u64,
    stored: u64,
    revised: u64,
    already_there: u64,
    /// Responses given before `--since`.
    left_out: u64,
    /// Responses without a `responseId` that can be a key.
    without_id: u64,
    /// Responses in which no known field holds answers.
    without_answers: u64,
}

impl Pull {
    pub(super) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(self.pull())
    }

    async fn pull(self) -> anyhow::Result<()> {
        let kaizala = self.account.open()?;
        let store = self.table.open_with_retention(self.retention_days).await?;
        let Some(group) = self.group.filter(|_| !self.groups) else {
            let pulled = pull_groups(&kaizala, &store).await?;
            return self.output.print(&pulled, || pulled.in_words());
        };
        let mut run = Run {
            store: Arc::new(store),
            group,
            event_type: self.event_type,
            since: self.since,
            progress: progress::bar(0, "{wide_bar} {pos}/{len} responses {per_sec} {msg}"),
            summary: PullSummary::default(),
        };
        let what = match (self.package, self.action_type) {
            (Some(package), _) => {
                run.keep_package(&kaizala, &package).await?;
                format!("package {package}")
            }
            (None, Some(action_type)) => {
                run.keep_type(&kaizala, &action_type, self.sent_since.unwrap_or(Timestamp::EPOCH)).await?;
                format!("type {action_type}")
            }
            (None, None) => bail!("name a --package or an --action-type"),
        };
        run.progress.finish_and_clear();
        let Run { summary, group, .. } = run;
        self.output.print(&summary, || summary.in_words())?;
        if summary.actions == 0 && !self.allow_empty {
            bail!("group {group} has no action of {what}: check both, or add --allow-empty if that is expected");
        }
        summary.verdict()
    }
}

struct Run {
    store: Arc<Store>,
    group: String,
    event_type: Option<EventType>,
    since: Option<Timestamp>,
    progress: ProgressBar,
    summary: PullSummary,
}

impl Run {
    async fn keep_package(&mut self, kaizala: &Kaizala, package: &str) -> anyhow::Result<()> {
        let group = self.group.clone();
        let mut pages = kaizala.package_actions(&group, package);
        while let Some(page) = pages.next().await.with_context(|| self.so_far())? {
            for action in page {
                self.keep(&action, action.response_type()).await.context(CONTINUE)?;
            }
        }
        Ok(())
    }

    /// Adds to an error how far a list was read.
    fn so_far(&self) -> String {
        match self.summary.actions {
            0 => "nothing was read".to_owned(),
            actions => format!("only {actions} actions were read, and their responses are in the table"),
        }
    }

    /// Pulls the responses to the actions of a type, page by page from the oldest action to the newest.
    async fn keep_type(&mut self, kaizala: &Kaizala, action_type: &str, sent_since: Timestamp) -> anyhow::Result<()> {
        let group = self.group.clone();
        let mut pages = kaizala.actions(&group, action_type, sent_since);
        let mut reached = sent_since;
        while let Some(page) = pages.next().await.with_context(|| go_on(reached))? {
            for listed in page {
                let Some(id) = listed.id() else { continue };
                let action = kaizala.action(&group, &id).await.with_context(|| go_on(reached))?;
                // The type is taken from the list, since the details may lack it.
                self.keep(&action, listed.response_type()).await.with_context(|| go_on(reached))?;
                reached = listed.sent_at().unwrap_or(reached);
            }
        }
        Ok(())
    }

    async fn keep(&mut self, action: &Action, event_type: EventType) -> anyhow::Result<()> {
        self.summary.actions += 1;
        let Some(responses) = action.responses(&self.group, self.event_type.unwrap_or(event_type)) else {
            self.summary.without_responses += 1;
            return Ok(());
        };
        self.summary.responses += responses.len() as u64;
        self.progress.inc_length(responses.len() as u64);
        let mut writes = JoinSet::new();
        for response in responses {
            if writes.len() == CONCURRENCY {
                self.count(writes.join_next().await)?;
            }
            match response {
                Ok(response) if self.is_too_old(&response) => {
                    self.summary.left_out += 1;
                    self.progress.inc(1);
                }
                Ok(response) => {
                    writes.spawn(write(self.store.clone(), response));
                }
                Err(unusable) => {
                    *match unusable {
                        Unusable::NoId => &mut self.summary.without_id,
                        Unusable::NoAnswers => &mut self.summary.without_answers,
                    } += 1;
                    self.progress.inc(1);
                }
            }
        }
        while let Some(written) = writes.join_next().await {
            self.count(Some(written))?;
        }
        Ok(())
    }

    fn is_too_old(&self, response: &PulledResponse) -> bool {
        let given = Event::parse(&response.body).ok().and_then(|event| event.occurred_at());
        self.since.zip(given).is_some_and(|(since, given)| given < since)
    }

    fn count(
        &mut self,
        written: Option<Result<anyhow::Result<Option<Outcome>>, tokio::task::JoinError>>,
    ) -> anyhow::Result<()> {
        let Some(written) = written else { return Ok(()) };
        let count = match written?? {
            Some(Outcome::Stored) => &mut self.summary.stored,
            Some(Outcome::Revised) => &mut self.summary.revised,
            Some(Outcome::Duplicate) => &mut self.summary.already_there,
            Some(Outcome::Quarantined) | None => &mut self.summary.without_id,
        };
        *count += 1;
        self.progress.inc(1);
        Ok(())
    }
}

/// Makes the record of a pulled response: `None` if it is not an event that can be stored.
async fn write(store: Arc<Store>, response: PulledResponse) -> anyhow::Result<Option<Outcome>> {
    let body = Bytes::from(response.body);
    let Ok(event) = Event::parse(&body) else { return Ok(None) };
    let arrival = Arrival { received_at: now(), request_id: None };
    let record = Record::of_event(&event, arrival).pulled();
    Ok(Some(store.put_pulled(&record, &body).await?))
}

fn go_on(reached: Timestamp) -> String {
    format!("run the command with --sent-since {reached} to continue")
}

impl PullSummary {
    fn in_words(&self) -> String {
        let lines = [
            ("Actions", self.actions),
            ("  not understood", self.without_responses),
            ("Responses", self.responses),
            ("  stored", self.stored),
            ("  revised", self.revised),
            ("  already there", self.already_there),
            ("  left out", self.left_out),
            ("  without id", self.without_id),
            ("  without answers", self.without_answers),
        ];
        lines.map(|(name, count)| format!("{name:<18}{count}")).join("\n")
    }

    /// Reports what could not be read. Actions without readable responses are only a warning if others could be read, because
    /// an action that has no responses looks the same as one that has them in an unknown field.
    fn verdict(&self) -> anyhow::Result<()> {
        let Self { actions, without_responses, without_id, without_answers, .. } = self;
        if *without_responses > 0 {
            let unread = format!("{without_responses} of {actions} actions have no `responses` in any known field");
            if without_responses == actions {
                bail!("{unread}: nothing could be read");
            }
            note(format_args!("warning: {unread}: nothing was read of these"));
        }
        if without_id + without_answers > 0 {
            bail!(
                "{without_id} responses have no usable responseId, {without_answers} have no answers in any known field: \
                 these are not in the table"
            );
        }
        Ok(())
    }
}
