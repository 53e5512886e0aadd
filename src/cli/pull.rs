//! `kaizala pull`: responses that were given before there was a webhook, or while it was disabled.

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
    table::TableOptions,
    when::when,
};
use crate::{
    clock::now,
    event::{Event, EventType, Timestamp},
    kaizala::{Action, Kaizala, PulledResponse, Unusable},
    store::{Arrival, Outcome, Record, Store},
};

/// How many responses are written at once.
const CONCURRENCY: usize = 8;

/// Fetch responses through the API into the table.
///
/// A response whose latest version is there already, pulled or delivered, is left alone; one that was edited is kept as a
/// revision. So the same command continues an interrupted run, and it does no harm to run it again.
#[derive(Args)]
#[command(
    after_help = "Example:\n  kaizala pull --group 74943849802190eaea3810 --package com.example.shopvisit --since 2023-03-01",
    group = ArgGroup::new("what").args(["package", "action_type"]).required(true)
)]
pub(super) struct Pull {
    /// The group.
    #[arg(long, env = "KAIZALA_GROUP", value_name = "ID")]
    group: String,

    /// Responses to the actions of this package.
    #[arg(long, env = "KAIZALA_PACKAGE", value_name = "ID")]
    package: Option<String>,

    /// Responses to the actions of this type: Survey, Job, Poll, LetsMeet. Takes a call for each action.
    #[arg(long, env = "KAIZALA_ACTION_TYPE", value_name = "TYPE")]
    action_type: Option<String>,

    /// With --action-type, only actions that were sent since.
    #[arg(long, env = "KAIZALA_SENT_SINCE", value_parser = when, value_name = "TIME", requires = "action_type")]
    sent_since: Option<Timestamp>,

    /// Only responses given since: a date, a time (RFC 3339), or 90s, 15m, 2h, 7d for so long ago. Responses without a time
    /// are taken.
    #[arg(long, env = "KAIZALA_SINCE", value_parser = when, value_name = "TIME")]
    since: Option<Timestamp>,

    /// Type of the events that the webhook sends for these responses, if it is not the one that goes with the action:
    /// SurveyResponse, JobResponse, PollResponse, LetsMeetResponse, and ActionResponse for all others.
    #[arg(long, env = "KAIZALA_EVENT_TYPE", value_parser = response_type, value_name = "TYPE")]
    event_type: Option<EventType>,

    /// Days after which the items expire, as in the deployment (RetentionDays); by default they stay.
    #[arg(long, env = "RETENTION_DAYS")]
    retention_days: Option<NonZeroU32>,

    /// Succeed also if the group has no such action.
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

/// What came of a run.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct PullSummary {
    actions: u64,
    /// Actions that have no responses in any place that is known.
    without_responses: u64,
    responses: u64,
    stored: u64,
    revised: u64,
    already_there: u64,
    /// Given before `--since`.
    left_out: u64,
    /// Without a responseId that can be a key.
    without_id: u64,
    /// Without answers in any place that is known.
    without_answers: u64,
}

impl Pull {
    pub(super) fn run(self) -> anyhow::Result<()> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(self.pull())
    }

    async fn pull(self) -> anyhow::Result<()> {
        let kaizala = self.account.open()?;
        let store = self.table.open_with_retention(self.retention_days).await?;
        let mut run = Run {
            store: Arc::new(store),
            group: self.group,
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
            bail!(
                "group {group} has no action of {what}: check both, or add --allow-empty if there is none to be expected"
            );
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
                self.keep(&action, action.response_type()).await.context("run this again, what is done stays done")?;
            }
        }
        Ok(())
    }

    /// What a list that cannot be read on was read of.
    fn so_far(&self) -> String {
        match self.summary.actions {
            0 => "nothing was read".to_owned(),
            actions => format!("only {actions} actions were read, what is done stays done"),
        }
    }

    /// Page by page, from the oldest action to the newest.
    async fn keep_type(&mut self, kaizala: &Kaizala, action_type: &str, sent_since: Timestamp) -> anyhow::Result<()> {
        let group = self.group.clone();
        let mut pages = kaizala.actions(&group, action_type, sent_since);
        let mut reached = sent_since;
        while let Some(page) = pages.next().await.with_context(|| go_on(reached))? {
            for listed in page {
                let Some(id) = listed.id() else { continue };
                let action = kaizala.action(&group, &id).await.with_context(|| go_on(reached))?;
                // The list tells the type; the details may not.
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

/// `None` if the response does not make an event that can be kept.
async fn write(store: Arc<Store>, response: PulledResponse) -> anyhow::Result<Option<Outcome>> {
    let body = Bytes::from(response.body);
    let Ok(event) = Event::parse(&body) else { return Ok(None) };
    let arrival = Arrival { received_at: now(), request_id: None };
    let record = Record::of_event(&event, arrival).pulled();
    Ok(Some(store.put_pulled(&record, &body).await?))
}

fn go_on(reached: Timestamp) -> String {
    format!("go on with --sent-since {reached}, what is done stays done")
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

    /// Says what could not be read. That is a failure unless it is some actions among others: which of them have no responses,
    /// and which have them in a place that is not known, cannot be told.
    fn verdict(&self) -> anyhow::Result<()> {
        let Self { actions, without_responses, without_id, without_answers, .. } = self;
        if *without_responses > 0 {
            let unread =
                format!("{without_responses} of {actions} actions have no `responses` in any place that is known");
            if without_responses == actions {
                bail!("{unread}: nothing could be read");
            }
            note(format_args!("warning: {unread}: of these nothing was read"));
        }
        if without_id + without_answers > 0 {
            bail!(
                "{without_id} responses have no usable responseId, {without_answers} no answers in any place that is known: \
                 these are not in the table"
            );
        }
        Ok(())
    }
}
