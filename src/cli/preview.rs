//! What a list shows of an event: who sent it, and the beginning of its text.

use crate::{
    event::{Data, Event},
    store::{StoredBody, StoredItem},
};

/// How many characters of a text a list shows.
const MOST_CHARACTERS: usize = 60;

/// What a list shows of an event besides its key. The sender of an anonymous response is left out.
#[derive(Default)]
pub(super) struct Preview {
    /// The sender's user id in Kaizala.
    pub(super) sender_id: Option<String>,
    /// The sender's name, as the event gives it.
    pub(super) sender_name: Option<String>,
    /// The beginning of what was written.
    pub(super) text: Option<String>,
    phone: Option<String>,
    is_anonymous: bool,
}

impl Preview {
    /// Reads an item. If the body is stored in parts, only the sender's id is known.
    pub(super) fn of(item: &StoredItem) -> Self {
        let of_item = Self { sender_id: item.from_user_id().map(str::to_owned), ..Self::default() };
        let Ok(StoredBody::Whole(body)) = item.body() else { return of_item };
        let Ok(event) = Event::parse_stored(&body, item.sender(), None) else { return of_item };
        let data = event.data();
        let text = text(&data);
        if matches!(&data, Data::Response(response) if response.is_anonymous == Some(true)) {
            return Self { text, is_anonymous: true, ..Self::default() };
        }
        Self {
            sender_name: event.from_user_name().map(Into::into),
            phone: event.from_user().map(Into::into),
            text,
            ..of_item
        }
    }

    /// What to call the sender: the name, else the id, else the phone number.
    pub(super) fn shown_sender(&self) -> String {
        if self.is_anonymous {
            return "(anonymous)".to_owned();
        }
        [&self.sender_name, &self.sender_id, &self.phone].into_iter().flatten().next().cloned().unwrap_or_default()
    }

    pub(super) fn shown_text(&self) -> String {
        self.text.clone().unwrap_or_default()
    }
}

fn text(data: &Data<'_>) -> Option<String> {
    let text = match data {
        Data::TextMessage(message) => message.text.as_deref(),
        Data::Announcement(announcement) => announcement.title.as_deref().or(announcement.text.as_deref()),
        Data::ImportedMessage(message) => message.text.as_deref(),
        Data::Attachment(attachment) => attachment.caption.as_deref(),
        Data::Created(created) => created.title.as_deref(),
        Data::JobCreated(job) => job.title.as_deref().or(job.text.as_deref()),
        Data::MemberChange(change) => change.member_name.as_deref(),
        Data::SubGroup(group) => group.group_name.as_deref(),
        Data::Response(_) | Data::JobResponse(_) | Data::Other(_) => None,
    };
    text.map(shortened)
}

/// The first characters, on one line.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
