//! The plan of `kaizala webhook sync` in words and as JSON. Tokens are shown as digests, URLs without their secret parts.

use serde_json::{Map, Value, json};

use super::{ALL, all_event_types, token_source::digest};
use crate::{
    cli::output::{shown_url, table},
    event::Timestamp,
    kaizala::{CallbackHost, Leftover, Secret, Step, SyncPlan},
};

/// A field that a step changes. `from` is `None` for a new subscription.
enum Changed<'a> {
    Url { from: &'a str, to: &'a str },
    EventTypes { from: Option<&'a [String]>, to: &'a [String] },
    ValidUntil { from: Option<Timestamp>, to: Timestamp },
    Token { from: Option<&'a Secret>, to: &'a Secret },
}

impl Changed<'_> {
    fn in_words(&self) -> String {
        let was = |from: Option<String>| from.map(|from| format!(" (was {from})")).unwrap_or_default();
        match self {
            Self::Url { from, to } => format!("calls {} (was {})", shown_url(to), shown_url(from)),
            Self::EventTypes { from: None, to } => format!("event types {}", listed(to)),
            Self::EventTypes { from: Some(from), to } => {
                let added = to.iter().filter(|name| !from.contains(name)).map(|name| format!("+{name}"));
                let taken = from.iter().filter(|name| !to.contains(name)).map(|name| format!("-{name}"));
                format!("event types {}", added.chain(taken).collect::<Vec<_>>().join(" "))
            }
            Self::ValidUntil { from, to } => {
                let day = |time: &Timestamp| time.to_string().split('T').next().unwrap_or_default().to_owned();
                format!("valid until {}{}", day(to), was(from.as_ref().map(day)))
            }
            Self::Token { from, to } => {
                let short = |token: &Secret| format!("{}…", &digest(token).to_string()[..8]);
                format!("token {}{}", short(to), was(from.map(short)))
            }
        }
    }

    fn to_json(&self) -> (String, Value) {
        let (name, from, to) = match self {
            Self::Url { from, to } => ("callbackUrl", json!(shown_url(from)), json!(shown_url(to))),
            Self::EventTypes { from, to } => ("eventTypes", json!(from), json!(to)),
            Self::ValidUntil { from, to } => {
                ("validUntil", json!(from.map(|from| from.to_string())), json!(to.to_string()))
            }
            Self::Token { from, to } => {
                let shown = |token: &Secret| digest(token).to_string();
                ("callbackTokenSha256", json!(from.map(shown)), json!(shown(to)))
            }
        };
        (name.to_owned(), json!({ "from": from, "to": to }))
    }
}

fn listed(types: &[String]) -> String {
    let has_all = all_event_types().iter().all(|name| types.contains(name));
    if has_all { ALL.to_owned() } else { types.join(" ") }
}

pub(super) fn in_words(plan: &SyncPlan) -> String {
    let mut rows: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            let (what, id, why) = described(step);
            let changes: Vec<_> = changes(step).iter().map(Changed::in_words).collect();
            let why = [why].into_iter().chain(changes).collect::<Vec<_>>().join("; ");
            [what.to_owned(), step.object().to_string(), id.unwrap_or("new").to_owned(), why]
        })
        .collect();
    rows.extend(
        plan.leftovers
            .iter()
            .map(|leftover| ["leave".to_owned(), leftover.object.to_string(), leftover.id.clone(), why_left(leftover)]),
    );
    if rows.is_empty() { "Nothing to do.".to_owned() } else { table(["DO", "OBJECT", "WEBHOOK", "WHY"], rows) }
}

pub(super) fn to_json(plan: &SyncPlan, is_applied: bool) -> Value {
    let step = |step: &Step| {
        let (what, id, why) = described(step);
        let object = step.object();
        let changes: Map<_, _> = changes(step).iter().map(Changed::to_json).collect();
        json!({
            "do": what,
            "objectType": object.object_type.name(),
            "objectId": object.id,
            "webhookId": id,
            "why": why,
            "changes": changes,
        })
    };
    let leftover = |leftover: &Leftover| {
        json!({
            "do": "leave",
            "objectType": leftover.object.object_type.name(),
            "objectId": leftover.object.id,
            "webhookId": leftover.id,
            "why": why_left(leftover),
            "host": CallbackHost::of(&leftover.callback_url).map(|host| host.to_string()),
        })
    };
    json!({
        "inSync": (is_applied || plan.steps.is_empty()) && plan.unwanted() == 0,
        "applied": is_applied,
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
        "leftovers": plan.leftovers.iter().map(leftover).collect::<Vec<_>>(),
    })
}

/// One word for a step, the id of its subscription, and the reason.
pub(super) fn described(step: &Step) -> (&'static str, Option<&str>, String) {
    match step {
        Step::Register(webhook) => ("register", None, shown_url(&webhook.callback_url)),
        Step::Update { webhook, reasons, .. } => {
            ("repair", Some(&webhook.id), reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join(", "))
        }
        Step::Delete(leftover) => ("delete", Some(&leftover.id), why_left(leftover)),
    }
}

fn why_left(leftover: &Leftover) -> String {
    format!("{}: {}", leftover.why.as_str(), shown_url(&leftover.callback_url))
}

fn changes(step: &Step) -> Vec<Changed<'_>> {
    match step {
        Step::Register(new) => {
            let types = Changed::EventTypes { from: None, to: &new.event_types };
            let until = new.valid_until.map(|to| Changed::ValidUntil { from: None, to });
            let token = Changed::Token { from: None, to: &new.callback_token };
            [Some(types), until, Some(token)].into_iter().flatten().collect()
        }
        Step::Update { webhook, change, .. } => {
            let url = change.callback_url.as_deref().map(|to| Changed::Url { from: &webhook.callback_url, to });
            let types = change.event_types.as_deref();
            let types = types.map(|to| Changed::EventTypes { from: Some(&webhook.event_types), to });
            let until = change.valid_until.map(|to| Changed::ValidUntil { from: webhook.valid_until, to });
            let token = change.callback_token.as_ref();
            let token = token.map(|to| Changed::Token { from: webhook.callback_token.as_ref(), to });
            [url, types, until, token].into_iter().flatten().collect()
        }
        Step::Delete(_) => Vec::new(),
    }
}
