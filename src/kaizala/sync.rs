//! What has to be done to make Kaizala's subscriptions those that somebody wants.
//!
//! Pure: decided from what is wanted and what Kaizala lists, and from nothing that an earlier run left behind. So a run that
//! broke off is continued by the next one, and a run after a complete one has nothing to do.

use std::{cmp::Reverse, time::Duration};

use super::{
    callback_url::{CallbackHost, same_url},
    secret::Secret,
    webhooks::{Change, NewWebhook, SubscribedObject, Webhook, same_types},
};
use crate::event::Timestamp;

/// A subscription that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// To what.
    pub object: SubscribedObject,
    /// The event types.
    pub event_types: Vec<String>,
    /// Where the events are to go.
    pub callback_url: String,
    /// What they are to carry in the header `kz-callback-token`.
    pub callback_token: Secret,
    /// What they are to carry as `context`. Kaizala does not list it: it is set whenever something else is.
    pub callback_context: Option<String>,
}

/// How subscriptions are looked after.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What counts as now.
    pub now: Timestamp,
    /// A subscription that ends so soon is renewed.
    pub renew_before: Duration,
    /// How long a new or renewed one is valid.
    pub validity: Duration,
    /// Whether to delete what is not wanted, where it is ours.
    pub prune: bool,
    /// Hosts besides those of the wanted callback URLs whose subscriptions are ours.
    pub further_hosts: Vec<CallbackHost>,
}

impl Policy {
    /// How long before its end a subscription is renewed unless something else is said: long enough for somebody to be on
    /// holiday.
    pub const RENEW_BEFORE: Duration = Duration::from_hours(30 * 24);
}

/// What is wrong with a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Kaizala disabled it.
    Disabled,
    /// It is no longer valid.
    Expired,
    /// It ends soon.
    EndsSoon,
    /// It calls another URL.
    CallbackUrl,
    /// It is for other event types.
    EventTypes,
    /// Its events carry another callback token.
    CallbackToken,
}

impl Reason {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled by Kaizala",
            Self::Expired => "expired",
            Self::EndsSoon => "ends soon",
            Self::CallbackUrl => "another callback URL",
            Self::EventTypes => "other event types",
            Self::CallbackToken => "another callback token",
        }
    }
}

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Step {
    /// Subscribe.
    Register(NewWebhook),
    /// Repair a subscription, in one call.
    Update {
        /// To what.
        object: SubscribedObject,
        /// The subscription as it is.
        webhook: Webhook,
        /// What is wrong with it.
        reasons: Vec<Reason>,
        /// What puts that right.
        change: Change,
    },
    /// End a subscription that is not wanted.
    Delete(Leftover),
}

/// A subscription that is not wanted.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// To what.
    pub object: SubscribedObject,
    /// Which.
    pub id: String,
    /// Where its events go.
    pub callback_url: String,
    /// Why.
    pub why: Unwanted,
    /// Whether events go there now.
    pub is_live: bool,
}

/// Why a subscription is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwanted {
    /// A wanted one delivers to the same URL.
    Twice,
    /// Others of its object are wanted.
    NotNamed,
    /// None of its object is wanted.
    NoEvents,
    /// It calls a host that is not ours.
    OtherHost,
}

impl Unwanted {
    fn of(webhook: &Webhook, wanted: &[&Wanted], ours: &[CallbackHost]) -> Self {
        if !ours.iter().any(|host| host.is_called_by(&webhook.callback_url)) {
            Self::OtherHost
        } else if wanted.is_empty() {
            Self::NoEvents
        } else if wanted.iter().any(|wanted| wanted.is_at(&webhook.callback_url)) {
            Self::Twice
        } else {
            Self::NotNamed
        }
    }

    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twice => "events come twice",
            Self::NotNamed => "not in the file",
            Self::NoEvents => "the file wants no events",
            Self::OtherHost => "calls another host",
        }
    }
}

/// What is to be done, and what is not.
#[derive(Clone, Debug, Default)]
pub struct SyncPlan {
    /// In this order.
    pub steps: Vec<Step>,
    /// Not wanted and left alone: those of other hosts always, ours without [`Policy::prune`].
    pub leftovers: Vec<Leftover>,
}

/// Two wanted subscriptions of the same object with the same callback URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubled(pub SubscribedObject);

impl Step {
    /// What the step is about.
    pub fn object(&self) -> &SubscribedObject {
        match self {
            Self::Register(webhook) => &webhook.object,
            Self::Update { object, .. } => object,
            Self::Delete(leftover) => &leftover.object,
        }
    }
}

impl SyncPlan {
    /// How many subscriptions deliver events that nobody wants, and are left alone.
    pub fn unwanted(&self) -> usize {
        self.leftovers.iter().filter(|leftover| leftover.why == Unwanted::NoEvents && leftover.is_live).count()
    }

    /// What is to be done about the objects, each with what Kaizala lists for it. Every wanted subscription's object must be
    /// among them.
    ///
    /// # Errors
    /// [`Doubled`].
    pub fn of(
        wanted: &[Wanted],
        listed: &[(SubscribedObject, Vec<Webhook>)],
        policy: &Policy,
    ) -> Result<Self, Doubled> {
        let mut hosts: Vec<_> = wanted.iter().filter_map(|wanted| CallbackHost::of(&wanted.callback_url)).collect();
        hosts.extend(policy.further_hosts.iter().cloned());
        let mut plan = Self::default();
        let mut deletions = Vec::new();
        for (object, webhooks) in listed {
            let of_object: Vec<_> = wanted.iter().filter(|wanted| wanted.object == *object).collect();
            let is_doubled = |(at, wanted): (usize, &&Wanted)| {
                of_object[..at].iter().any(|earlier| wanted.is_at(&earlier.callback_url))
            };
            if of_object.iter().enumerate().any(is_doubled) {
                return Err(Doubled(object.clone()));
            }
            let kept = assigned(&of_object, webhooks, policy);
            for (wanted, webhook) in of_object.iter().zip(&kept) {
                match webhook {
                    None => plan.steps.push(Step::Register(wanted.registration(policy))),
                    Some(webhook) => plan.steps.extend(wanted.repair(webhook, policy)),
                }
            }
            let is_kept = |webhook: &Webhook| kept.iter().flatten().any(|kept| kept.id == webhook.id);
            for webhook in webhooks.iter().filter(|webhook| !is_kept(webhook)) {
                let why = Unwanted::of(webhook, &of_object, &hosts);
                let leftover = Leftover {
                    object: object.clone(),
                    id: webhook.id.clone(),
                    callback_url: webhook.callback_url.clone(),
                    why,
                    is_live: webhook.is_active
                        && webhook.ends(policy.now, policy.renew_before) != Some(Reason::Expired),
                };
                if policy.prune && why != Unwanted::OtherHost {
                    deletions.push(Step::Delete(leftover));
                } else {
                    plan.leftovers.push(leftover);
                }
            }
        }
        // Last, so that events go on arriving while an old subscription gives way to a new one.
        plan.steps.extend(deletions);
        Ok(plan)
    }
}

/// The subscription for each that is wanted of an object: the one that calls its URL, else one that calls its host and that
/// no other needs. So a server that keeps URLs in a way of its own is never asked for one more subscription on every run.
fn assigned<'a>(wanted: &[&Wanted], listed: &'a [Webhook], policy: &Policy) -> Vec<Option<&'a Webhook>> {
    // Of several, the one with which least is wrong, and of those the one that lasts longest.
    let best = |wanted: &Wanted, webhooks: &mut dyn Iterator<Item = &'a Webhook>| {
        webhooks.min_by_key(|webhook| (wanted.reasons(webhook, policy).len(), Reverse(webhook.valid_until)))
    };
    let mut assigned: Vec<_> = wanted
        .iter()
        .map(|wanted| best(wanted, &mut listed.iter().filter(|webhook| wanted.is_at(&webhook.callback_url))))
        .collect();
    for at in 0..wanted.len() {
        let Some(host) = CallbackHost::of(&wanted[at].callback_url).filter(|_| assigned[at].is_none()) else {
            continue;
        };
        let is_needed = |webhook: &Webhook| {
            wanted.iter().any(|wanted| wanted.is_at(&webhook.callback_url))
                || assigned.iter().flatten().any(|assigned| assigned.id == webhook.id)
        };
        let mut spare = listed.iter().filter(|webhook| host.is_called_by(&webhook.callback_url) && !is_needed(webhook));
        assigned[at] = best(wanted[at], &mut spare);
    }
    assigned
}

impl Webhook {
    /// Whether it has ended at a point in time, or ends within `soon` after it.
    pub fn ends(&self, now: Timestamp, soon: Duration) -> Option<Reason> {
        let until = self.valid_until?;
        if until <= now { Some(Reason::Expired) } else { (until < later(now, soon)).then_some(Reason::EndsSoon) }
    }
}

impl Wanted {
    fn is_at(&self, url: &str) -> bool {
        same_url(&self.callback_url, url)
    }

    fn reasons(&self, webhook: &Webhook, policy: &Policy) -> Vec<Reason> {
        let disabled = (!webhook.is_active).then_some(Reason::Disabled);
        let ends = webhook.ends(policy.now, policy.renew_before);
        let url = (!self.is_at(&webhook.callback_url)).then_some(Reason::CallbackUrl);
        let types = (!same_types(&webhook.event_types, &self.event_types)).then_some(Reason::EventTypes);
        let token = (webhook.callback_token.as_ref() != Some(&self.callback_token)).then_some(Reason::CallbackToken);
        [disabled, ends, url, types, token].into_iter().flatten().collect()
    }

    fn repair(&self, webhook: &Webhook, policy: &Policy) -> Option<Step> {
        let reasons = self.reasons(webhook, policy);
        if reasons.is_empty() {
            return None;
        }
        let has = |reason| reasons.contains(&reason);
        let change = Change {
            event_types: has(Reason::EventTypes).then(|| self.event_types.clone()),
            callback_url: has(Reason::CallbackUrl).then(|| self.callback_url.clone()),
            callback_token: has(Reason::CallbackToken).then(|| self.callback_token.clone()),
            callback_context: self.callback_context.clone(),
            valid_until: (has(Reason::Expired) || has(Reason::EndsSoon)).then(|| later(policy.now, policy.validity)),
            enable: has(Reason::Disabled) || has(Reason::Expired),
        };
        Some(Step::Update { object: self.object.clone(), webhook: webhook.clone(), reasons, change })
    }

    fn registration(&self, policy: &Policy) -> NewWebhook {
        NewWebhook {
            object: self.object.clone(),
            event_types: self.event_types.clone(),
            callback_url: self.callback_url.clone(),
            callback_token: self.callback_token.clone(),
            callback_context: self.callback_context.clone(),
            valid_until: Some(later(policy.now, policy.validity)),
        }
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    let millis = i64::try_from(by.as_millis()).ok().and_then(|by| time.epoch_millis().checked_add(by));
    millis.and_then(Timestamp::from_epoch_millis).unwrap_or(time)
}
