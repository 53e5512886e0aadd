//! A generated event, and the bodies that Kaizala would send for it, or a sender of CloudEvents.

use std::fmt;

use super::{
    content::Content,
    dice::Dice,
    group::{Group, Subscription},
    happening::Happening,
    json::{Json, Object, Order},
};

/// One thing that somebody did in Kaizala.
#[derive(Clone)]
pub struct Generated {
    event_type: &'static str,
    event_id: String,
    at: u64,
    group_id: String,
    /// The members of the envelope that the group's subscription adds, before and after the others.
    group: (Object, Object),
    /// The members that the action package's subscription adds, before and after the others.
    package: Option<(Object, Object)>,
    content: Content,
    /// The rest of the envelope, the same through every subscription.
    sender: Object,
    /// What edits are drawn with.
    dice: Dice,
}

impl Generated {
    /// Puts something that happened in a group into envelopes.
    pub(super) fn new(
        happening: Happening,
        at: u64,
        group: &Group,
        package: Option<&(&'static str, Subscription)>,
        mut dice: Dice,
    ) -> Self {
        let of_group = (
            Object::new()
                .often(80, &mut dice, "subscriptionId", &group.subscription.id)
                .and(object(&group.id, "Group")),
            Object::new().often(80, &mut dice, "context", group.subscription.context),
        );
        let of_package = package.map(|(package, subscription)| {
            let front = Object::new().with("subscriptionId", &subscription.id).and(object(package, "ActionPackage"));
            let context = format!("{package}: {}", subscription.context);
            (front, Object::new().with("context", context))
        });
        Self {
            sender: sender(&happening, group, &mut dice),
            event_type: happening.event_type,
            event_id: happening.event_id,
            at,
            group_id: group.id.clone(),
            group: of_group,
            package: of_package,
            content: happening.content,
            dice,
        }
    }

    /// The body of the callback through the subscription of the event's group.
    pub fn body(&self) -> Vec<u8> {
        self.through(&self.group, Order::Added)
    }

    /// The same event through a subscription of its action package: same eventType, eventId and `data`, other objectId,
    /// objectType, subscriptionId and context, and every object's members in another order. `None` for what does not
    /// belong to a package.
    pub fn through_package(&self) -> Option<Vec<u8>> {
        self.package.as_ref().map(|package| self.through(package, Order::Reversed))
    }

    /// The same as a CloudEvent in structured mode: one whose type Kaizala does not have, with the group for a source.
    pub fn cloud_event(&self) -> Vec<u8> {
        self.as_cloud_event(Order::Added)
    }

    /// The same CloudEvent in other bytes: every object's members in another order.
    pub fn cloud_event_reversed(&self) -> Vec<u8> {
        self.as_cloud_event(Order::Reversed)
    }

    fn as_cloud_event(&self, order: Order) -> Vec<u8> {
        let body = Object::new()
            .with("specversion", "1.0")
            .with("id", &self.event_id)
            .with("source", format!("https://example.org/groups/{}", self.group_id))
            .with("type", format!("org.example.{}", self.event_type))
            .with("datacontenttype", "application/json")
            .with_some("data", self.content.data());
        Json::from(body).to_bytes(order)
    }

    /// The event after its responder edited it: same eventId and responseId, isUpdateResponse true, some answers and
    /// the response's time changed. `None` for what is not a response. Every call returns the same edit; an edit of the edit is a
    /// further one.
    pub fn edited(&self) -> Option<Self> {
        let mut dice = self.dice.clone();
        let at = self.at + dice.between(20_000, 3_000_000);
        let content = self.content.edited(at, &mut dice)?;
        Some(Self { at, content, dice, ..self.clone() })
    }

    /// When it happened, in epoch milliseconds. Later than the events before it; an edit some minutes later than what it edits.
    pub fn happened_at(&self) -> u64 {
        self.at
    }

    /// The event type.
    pub fn event_type(&self) -> &'static str {
        self.event_type
    }

    fn through(&self, (front, back): &(Object, Object), order: Order) -> Vec<u8> {
        let body = front
            .clone()
            .with("eventType", self.event_type)
            .with("eventId", &self.event_id)
            .with_some("data", self.content.data())
            .and(back.clone())
            .and(self.sender.clone());
        Json::from(body).to_bytes(order)
    }
}

/// Shows what identifies the event and nothing of what people wrote, as [`Event`](crate::event::Event) does.
impl fmt::Debug for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generated")
            .field("event_type", &self.event_type)
            .field("event_id", &self.event_id)
            .finish_non_exhaustive()
    }
}

fn object(id: &str, kind: &str) -> Object {
    Object::new().with("objectId", id).with("objectType", kind)
}

/// The members of the envelope that no subscription changes, each of them optional.
fn sender(happening: &Happening, group: &Group, dice: &mut Dice) -> Object {
    let sender = match &happening.by {
        // Some captured payloads say nothing at all about the sender.
        Some(by) if dice.percent(90) => Object::new()
            .often(90, dice, "fromUser", &by.phone)
            .often(85, dice, "fromUserId", &by.id)
            .often(60, dice, "isBotfromUser", false)
            .often(90, dice, "fromUserName", &by.name)
            .often(85, dice, "fromUserProfilePic", &by.picture),
        _ => Object::new(),
    };
    // Through the package nothing else would say to which group the event belongs.
    let must_name_group = happening.package.is_some() && !happening.names_group;
    let percent = if must_name_group { 100 } else { 70 };
    sender.often(percent, dice, "groupId", &group.id).often(60, dice, "sourceGroupId", &group.id)
}
