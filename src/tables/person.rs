//! Who a row is about, in the one column by which tables are joined to `people`.

use std::borrow::Cow;

use crate::event::Event;

/// Who caused an event, as far as it says so; nobody where that is withheld.
#[derive(Clone, Debug, Default)]
pub(super) struct Sender<'a> {
    /// Kaizala's id.
    pub(super) user_id: Option<Cow<'a, str>>,
    /// The phone number.
    pub(super) phone: Option<Cow<'a, str>>,
    /// The name.
    pub(super) name: Option<Cow<'a, str>>,
}

impl<'a> Sender<'a> {
    pub(super) fn of(event: &'a Event<'_>) -> Self {
        if event.is_anonymous() {
            return Self::default();
        }
        Self {
            user_id: event.from_user_id.as_deref().map(Cow::Borrowed),
            phone: event.from_user(),
            name: event.from_user_name(),
        }
    }

    /// The sender.
    pub(super) fn person_id(&self) -> Option<Cow<'_, str>> {
        borrowed(self.user_id.as_ref().or(self.phone.as_ref()))
    }

    /// Somebody whom the event tells of by id, phone number, both or neither. The id counts, also where the event tells it of
    /// the sender alone and the phone number says that this is who it is.
    pub(super) fn or_person<'b>(
        &'b self,
        user_id: Option<&'b Cow<'_, str>>,
        phone: Option<&'b Cow<'_, str>>,
    ) -> Option<Cow<'b, str>> {
        match (user_id, phone) {
            (Some(id), _) => Some(Cow::Borrowed(id.as_ref())),
            (None, Some(phone)) if self.phone.as_ref().is_some_and(|own| own == phone) => self.person_id(),
            (None, Some(phone)) => Some(Cow::Borrowed(phone.as_ref())),
            (None, None) => None,
        }
    }
}

fn borrowed<'b>(text: Option<&'b Cow<'_, str>>) -> Option<Cow<'b, str>> {
    text.map(|text| Cow::Borrowed(text.as_ref()))
}
