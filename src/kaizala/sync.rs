//! What has to be done to make Kaizala's subscriptions those that somebody wants.
//!
//! Pure: decided from what is wanted and what Kaizala lists, and from nothing that an earlier run left behind. So a run that
//! broke off is continued by the next one, and a run after a complete one has nothing to do.

use std::time::Duration;

use http::Uri;

use super::{
    secret::Secret,
    webhooks::{Change, NewWebhook, SubscribedObject, Webhook, same_types},
};
use crate::event::Timestamp;

/// A subscription that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// To what.
    pub object: SubscribedObject,
    /// The event types; none when there is to be no subscription.
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
    pub further_hosts: Vec<String>,
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
        /// Which.
        id: String,
        /// What is wrong with it.
        reasons: Vec<Reason>,
        /// What puts that right.
        change: Change,
    },
    /// End a subscription that is not wanted.
    Delete(Leftover),
}

/// A subscription that is ours and not wanted.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// To what.
    pub object: SubscribedObject,
    /// Which.
    pub id: String,
    /// Where its events go.
    pub callback_url: String,
    /// Whether a wanted one delivers to the same URL, so that events come twice.
    pub is_duplicate: bool,
}

/// What is to be done, and what is not.
#[derive(Clone, Debug, Default)]
pub struct SyncPlan {
    /// In this order.
    pub steps: Vec<Step>,
    /// Ours and not wanted, left alone without [`Policy::prune`].
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
        let mut hosts: Vec<_> = wanted.iter().filter_map(|wanted| host(&wanted.callback_url)).collect();
        hosts.extend(policy.further_hosts.iter().cloned());
        let mut plan = Self::default();
        let mut deletions = Vec::new();
        for (object, webhooks) in listed {
            let of_object: Vec<_> = wanted.iter().filter(|wanted| wanted.object == *object).collect();
            let mut kept = Vec::new();
            for (at, wanted) in of_object.iter().enumerate() {
                if of_object[..at].iter().any(|earlier| earlier.callback_url == wanted.callback_url) {
                    return Err(Doubled(object.clone()));
                }
                if wanted.event_types.is_empty() {
                    continue;
                }
                let there = webhooks.iter().filter(|webhook| webhook.callback_url == wanted.callback_url);
                // Of several, the one with which least is wrong, and of those the one that lasts longest.
                let best = there.min_by_key(|webhook| {
                    (wanted.reasons(webhook, policy).len(), std::cmp::Reverse(webhook.valid_until))
                });
                match best {
                    None => plan.steps.push(Step::Register(wanted.registration(policy))),
                    Some(webhook) => {
                        kept.push(webhook);
                        plan.steps.extend(wanted.repair(webhook, policy));
                    }
                }
            }
            let is_kept = |webhook: &Webhook| kept.iter().any(|kept| kept.id == webhook.id);
            let is_ours = |webhook: &Webhook| host(&webhook.callback_url).is_some_and(|host| hosts.contains(&host));
            deletions.extend(webhooks.iter().filter(|webhook| !is_kept(webhook) && is_ours(webhook)).map(|webhook| {
                Leftover {
                    object: object.clone(),
                    id: webhook.id.clone(),
                    callback_url: webhook.callback_url.clone(),
                    is_duplicate: kept.iter().any(|kept| kept.callback_url == webhook.callback_url),
                }
            }));
        }
        if policy.prune {
            // Last, so that events go on arriving while an old subscription gives way to a new one.
            plan.steps.extend(deletions.into_iter().map(Step::Delete));
        } else {
            plan.leftovers = deletions;
        }
        Ok(plan)
    }
}

impl Wanted {
    fn reasons(&self, webhook: &Webhook, policy: &Policy) -> Vec<Reason> {
        let ends = webhook.valid_until.and_then(|until| {
            if until <= policy.now {
                Some(Reason::Expired)
            } else {
                (until < later(policy.now, policy.renew_before)).then_some(Reason::EndsSoon)
            }
        });
        let disabled = (!webhook.is_active).then_some(Reason::Disabled);
        let types = (!same_types(&webhook.event_types, &self.event_types)).then_some(Reason::EventTypes);
        let token = (webhook.callback_token.as_ref() != Some(&self.callback_token)).then_some(Reason::CallbackToken);
        [disabled, ends, types, token].into_iter().flatten().collect()
    }

    fn repair(&self, webhook: &Webhook, policy: &Policy) -> Option<Step> {
        let reasons = self.reasons(webhook, policy);
        if reasons.is_empty() {
            return None;
        }
        let has = |reason| reasons.contains(&reason);
        let change = Change {
            event_types: has(Reason::EventTypes).then(|| self.event_types.clone()),
            callback_url: None,
            callback_token: has(Reason::CallbackToken).then(|| self.callback_token.clone()),
            callback_context: self.callback_context.clone(),
            valid_until: (has(Reason::Expired) || has(Reason::EndsSoon)).then(|| later(policy.now, policy.validity)),
            enable: has(Reason::Disabled) || has(Reason::Expired),
        };
        Some(Step::Update { object: self.object.clone(), id: webhook.id.clone(), reasons, change })
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

fn host(url: &str) -> Option<String> {
    Some(url.parse::<Uri>().ok()?.authority()?.as_str().to_ascii_lowercase())
}
