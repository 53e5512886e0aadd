//! Plans the steps that make Kaizala's subscriptions match the wanted ones.
//!
//! The plan depends only on what is wanted and on what Kaizala lists, and not on anything that an earlier run has left. So the
//! next run continues one that broke off, and a run after a complete one has nothing to do.

use std::{cmp::Reverse, time::Duration};

use super::{
    callback_url::{CallbackHost, same_url},
    secret::Secret,
    webhooks::{Change, NewWebhook, SubscribedObject, Webhook, same_types},
};
use crate::event::Timestamp;

/// A subscription that should exist.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The object whose events are wanted.
    pub object: SubscribedObject,
    /// The types of the events.
    pub event_types: Vec<String>,
    /// The URL that the events should go to.
    pub callback_url: String,
    /// The token that the events should carry in the header `kz-callback-token`.
    pub callback_token: Secret,
    /// The text that the events should carry as `context`. Kaizala does not list it, so it is set whenever something else is.
    pub callback_context: Option<String>,
}

/// Rules by which subscriptions are renewed and deleted.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The current time.
    pub now: Timestamp,
    /// How long before its end a subscription is renewed.
    pub renew_before: Duration,
    /// How long a new or renewed subscription is valid.
    pub validity: Duration,
    /// Whether to delete subscriptions that are not wanted, if they are ours.
    pub prune: bool,
    /// Hosts whose subscriptions are ours, in addition to the hosts of the wanted callback URLs.
    pub further_hosts: Vec<CallbackHost>,
}

impl Policy {
    /// The default of [`renew_before`](Self::renew_before): 30 days, so that nobody has to renew a subscription on holiday.
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
    /// It calls another URL than the wanted one.
    CallbackUrl,
    /// It is for other event types than the wanted ones.
    EventTypes,
    /// Its events carry another callback token than the wanted one.
    CallbackToken,
}

impl Reason {
    /// The text for people.
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

/// A step of a plan.
#[derive(Clone, Debug)]
pub enum Step {
    /// Make a subscription.
    Register(NewWebhook),
    /// Repair a subscription, in one call.
    Update {
        /// The object of the subscription.
        object: SubscribedObject,
        /// The subscription as it is.
        webhook: Webhook,
        /// What is wrong with it.
        reasons: Vec<Reason>,
        /// The change that repairs it.
        change: Change,
    },
    /// Delete a subscription that is not wanted.
    Delete(Leftover),
}

/// A subscription that is not wanted.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// The object of the subscription.
    pub object: SubscribedObject,
    /// The id of the subscription.
    pub id: String,
    /// The URL that its events go to.
    pub callback_url: String,
    /// Why it is not wanted.
    pub why: Unwanted,
    /// Whether its events are delivered now.
    pub is_live: bool,
}

/// Why a subscription is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwanted {
    /// A wanted subscription delivers the same events to the same URL.
    Twice,
    /// Only other subscriptions of its object are wanted.
    NotNamed,
    /// No subscription of its object is wanted.
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

    /// The text for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twice => "events come twice",
            Self::NotNamed => "not in the file",
            Self::NoEvents => "the file wants no events",
            Self::OtherHost => "calls another host",
        }
    }
}

/// The steps that make the subscriptions match, and the subscriptions that are left alone.
#[derive(Clone, Debug, Default)]
pub struct SyncPlan {
    /// The steps, in the order in which to take them.
    pub steps: Vec<Step>,
    /// Subscriptions that are not wanted but left alone: those of other hosts always, ours unless [`Policy::prune`] is set.
    pub leftovers: Vec<Leftover>,
}

/// The error of two wanted subscriptions that have the same object and the same callback URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubled(pub SubscribedObject);

impl Step {
    /// The object of the step's subscription.
    pub fn object(&self) -> &SubscribedObject {
        match self {
            Self::Register(webhook) => &webhook.object,
            Self::Update { object, .. } => object,
            Self::Delete(leftover) => &leftover.object,
        }
    }
}

impl SyncPlan {
    /// How many of the subscriptions that are left alone deliver events that nobody wants.
    pub fn unwanted(&self) -> usize {
        self.leftovers.iter().filter(|leftover| leftover.why == Unwanted::NoEvents && leftover.is_live).count()
    }

    /// Makes the plan for some objects, each with the subscriptions that Kaizala lists for it. The object of every wanted
    /// subscription must be among them.
    ///
    /// # Errors
    /// [`Doubled`] when two wanted subscriptions have the same object and callback URL.
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
        // Deletions come last, so that events continue to arrive while a new subscription replaces an old one.
        plan.steps.extend(deletions);
        Ok(plan)
    }
}

/// Finds for each wanted subscription of an object the listed one to keep: one that calls its URL, else one that calls its host
/// and that no other wanted subscription needs. So a server that rewrites URLs is not asked for another subscription on every
/// run.
fn assigned<'a>(wanted: &[&Wanted], listed: &'a [Webhook], policy: &Policy) -> Vec<Option<&'a Webhook>> {
    // Among several, the one with the fewest things wrong is best, and among those the one that lasts longest.
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
    /// Whether the subscription has ended at a point in time, or ends within `soon` after it: `None` if neither.
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
