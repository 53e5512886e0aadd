//! An item becomes rows.

use std::{borrow::Cow, collections::HashSet};

use super::{
    person::Sender,
    schema::{
        ActionRow, AnnouncementRow, AnswerRow, AttachmentRow, CloudEventRow, EventRow, GroupNameRow, JobResponseRow,
        JobRow, MemberRow, MessageRow, Origin, QuarantineRow, QuestionRow, ResponseRow, Row, SubgroupRow,
    },
    value::each_value,
};
use crate::{
    event::{
        Announcement, Attachment, Created, Data, Event, EventType, ImportedMessage, JobCreated, JobResponse, Media,
        MemberChange, Response, SubGroup, Timestamp,
    },
    store::{ItemKind, StoredItem},
};

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flattened {
    /// It was made into rows.
    Rows,
    /// It is damaged, or was not written by the receiver; with the reason.
    Unreadable(&'static str),
}

/// Calls `each` with every row that comes of an item; `body` is the item's body, whole. The event's own row, in
/// [`EventRow`] or [`QuarantineRow`], is the first. The name of a group has no body, and its row is in [`GroupNameRow`].
pub fn flatten(item: &StoredItem, body: &[u8], is_latest: bool, each: &mut impl FnMut(&Row<'_>)) -> Flattened {
    let (Some(group_id), Some(event_key)) = (item.group(), item.event_key()) else {
        return Flattened::Unreadable("it has no key");
    };
    let is_name = item.kind() == ItemKind::Group;
    // A name may have been written by another tool: it counts, after all that say when they are from.
    let Some(received_at) = item.received_at().or(is_name.then_some(Timestamp::EPOCH)) else {
        return Flattened::Unreadable("it has no time of arrival");
    };
    if is_name {
        let Some(group) = item.named_group() else { return Flattened::Unreadable("it has no name") };
        each(&Row::GroupNames(GroupNameRow {
            origin: Origin { group_id, event_id: None, event_key, received_at },
            named_group_id: Some(group.id.into()),
            name: Some(group.name.into()),
            r#type: group.group_type.map(Cow::Owned),
            source: item.group_source().map(Cow::Borrowed),
        }));
        return Flattened::Rows;
    }
    if let Some(reason) = item.reason() {
        let origin = Origin { group_id, event_id: None, event_key, received_at };
        each(&Row::Quarantine(QuarantineRow {
            origin,
            reason: Some(reason.into()),
            body_sha256: Some(event_key.into()),
            bytes: i64::try_from(body.len()).ok(),
        }));
        return Flattened::Rows;
    }
    let occurred_at = item.occurred_at();
    let Ok(event) = Event::parse_stored(body, item.sender(), occurred_at) else {
        return Flattened::Unreadable("its body is not an event");
    };
    let origin = Origin { group_id, event_id: Some(&event.event_id), event_key, received_at };
    let data = event.data();
    let sender = Sender::of(&event);
    let ranked_at = item.rank(event.is_edit()).map(|rank| rank.ranked_at());
    let version = Version { is_pulled: item.is_pulled(), is_latest, ranked_at };
    let flat = Flat { origin, event: &event, sender: &sender, is_anonymous: event.is_anonymous(), version };
    flat.event(item, &data, each);
    if let Some(cloud_event) = event.cloud_event() {
        each(&Row::CloudEvents(CloudEventRow {
            origin,
            source: event.group_id.as_deref().map(Cow::Borrowed),
            r#type: Some(event.event_type.as_ref().into()),
            subject: event.object_id.as_deref().map(Cow::Borrowed),
            time: event.occurred_at(),
            content_type: cloud_event.content_type(),
            data_schema: cloud_event.data_schema(),
            data: cloud_event.data(),
            extensions: cloud_event.extensions().map(Cow::Owned),
        }));
        return Flattened::Rows;
    }
    match data {
        Data::Created(created) => flat.created(created, each),
        Data::Response(response) => flat.response(response, each),
        Data::JobCreated(job) => flat.job(&job, each),
        Data::JobResponse(response) => flat.job_response(response, each),
        Data::TextMessage(message) => each(&Row::Messages(MessageRow {
            origin,
            text: message.text,
            person_id: sender.person_id(),
            person_name: again(sender.name.as_ref()),
        })),
        Data::Attachment(attachment) => flat.attachment(attachment, each),
        Data::ImportedMessage(message) => flat.imported_message(message, each),
        Data::Announcement(announcement) => flat.announcement(announcement, each),
        Data::MemberChange(change) => flat.member(change, each),
        Data::SubGroup(group) => flat.subgroup(group, each),
        Data::Other(_) => {}
    }
    Flattened::Rows
}

/// An event whose data is being made into rows.
struct Flat<'a> {
    origin: Origin<'a>,
    event: &'a Event<'a>,
    sender: &'a Sender<'a>,
    /// Whether who answered is withheld.
    is_anonymous: bool,
    version: Version,
}

/// What is told of a version of a response.
struct Version {
    is_pulled: bool,
    is_latest: bool,
    ranked_at: Option<Timestamp>,
}

impl<'a> Flat<'a> {
    fn event(&self, item: &StoredItem, data: &Data<'_>, each: &mut impl FnMut(&Row<'_>)) {
        let Self { origin, event, sender, .. } = *self;
        each(&Row::Events(EventRow {
            origin,
            event_type: Some(event.event_type.as_ref().into()),
            object_type: event.object_type.as_deref().map(Cow::Borrowed),
            object_id: event.object_id.as_deref().map(Cow::Borrowed),
            action_id: event.action_id().map(Cow::Borrowed),
            response_id: event.response_id().map(Cow::Borrowed),
            from_user_id: again(sender.user_id.as_ref()),
            from_user: again(sender.phone.as_ref()),
            from_user_name: again(sender.name.as_ref()),
            person_id: sender.person_id(),
            is_bot: event.is_bot(),
            context: event.context(),
            subscription_id: event.subscription_id(),
            occurred_at: event.occurred_at(),
            revision_of: item.revision_of().map(Cow::Borrowed),
            other: event.rest(data, origin.group_id).map(Cow::Owned),
        }));
    }

    fn created(&self, created: Created<'a>, each: &mut impl FnMut(&Row<'_>)) {
        let origin = self.origin;
        let Created { action_id, title, questions, package_id, action_package_id, .. } = created;
        let package_id = package_id.or(action_package_id);
        each(&Row::Actions(ActionRow {
            origin,
            action_id: action_id.clone(),
            title,
            package_id,
            properties: self.event.properties_json().map(Cow::Owned),
        }));
        for (position, question) in (1..).zip(questions) {
            each(&Row::Questions(QuestionRow {
                origin,
                action_id: again(action_id.as_ref()),
                position: Some(position),
                options: options(&question.options()),
                title: question.title,
                r#type: question.question_type,
            }));
        }
    }

    fn response(&self, response: Response<'a>, each: &mut impl FnMut(&Row<'_>)) {
        let origin = self.origin;
        let Version { is_pulled, is_latest, ranked_at } = self.version;
        let response_id = response.response_id.or(Some(self.event.event_id.as_ref().into()));
        let package_id = response.package_id.or(response.action_package_id);
        let shown = |told: Option<Cow<'a, str>>| told.filter(|_| !self.is_anonymous);
        let (responder_id, responder) = (shown(response.responder_id), shown(response.responder));
        // Who sent the event has answered, where it says nothing else.
        let person_id = self.sender.or_person(responder_id.as_ref(), responder.as_ref());
        let person_id = person_id.or_else(|| self.sender.person_id());
        each(&Row::Responses(ResponseRow {
            origin,
            event_type: Some(self.event.event_type.as_ref().into()),
            action_id: again(response.action_id.as_ref()),
            package_id: again(package_id.as_ref()),
            response_id: again(response_id.as_ref()),
            responder_id: again(responder_id.as_ref()),
            responder: again(responder.as_ref()),
            responder_name: shown(response.responder_name),
            is_anonymous: response.is_anonymous,
            is_update: Some(self.event.is_edit()),
            is_pulled: Some(is_pulled),
            is_latest: Some(is_latest),
            ranked_at,
            responded_at: self.event.occurred_at(),
            person_id,
            properties: self.event.properties_json().map(Cow::Owned),
        }));
        for (position, question) in (1..).zip(&response.questions) {
            let mut row = Row::Answers(AnswerRow {
                origin,
                response_id: again(response_id.as_ref()),
                action_id: again(response.action_id.as_ref()),
                package_id: again(package_id.as_ref()),
                question_position: Some(position),
                question_title: again(question.title.as_ref()),
                question_type: again(question.question_type.as_ref()),
                is_invisible: Some(question.is_invisible),
                answer_position: None,
                answer_text: None,
                answer_number: None,
                answer_time: None,
                answer_json: None,
                latitude: None,
                longitude: None,
                accuracy_m: None,
                place: None,
                media_url: None,
                media_file_name: None,
                is_latest: Some(is_latest),
            });
            each_value(question, &mut row, each);
        }
    }

    fn job(&self, job: &JobCreated<'a>, each: &mut impl FnMut(&Row<'_>)) {
        let due_at = job.due_at();
        let mut named = HashSet::new();
        let mut assignees: Vec<_> =
            job.assigned_to.iter().filter(|&assignee| named.insert(assignee.as_ref())).map(Some).collect();
        if assignees.is_empty() {
            assignees.push(None);
        }
        for assignee in assignees {
            each(&Row::Jobs(JobRow {
                origin: self.origin,
                action_id: again(job.action_id.as_ref()),
                title: again(job.title.as_ref()),
                text: again(job.text.as_ref()),
                due_at,
                assignee: again(assignee),
                person_id: self.sender.or_person(None, assignee),
            }));
        }
    }

    fn job_response(&self, response: JobResponse<'a>, each: &mut impl FnMut(&Row<'_>)) {
        let Version { is_pulled, is_latest, ranked_at } = self.version;
        let shown = |told: Option<Cow<'a, str>>| told.filter(|_| !self.is_anonymous);
        let assignee = shown(response.assignee);
        each(&Row::JobResponses(JobResponseRow {
            origin: self.origin,
            action_id: response.action_id,
            response_id: response.response_id.or(Some(self.event.event_id.as_ref().into())),
            assignee: again(assignee.as_ref()),
            assignee_name: shown(response.assignee_name),
            person_id: self.sender.or_person(None, assignee.as_ref()).or_else(|| self.sender.person_id()),
            is_completed: response.is_completed,
            is_update: Some(self.event.is_edit()),
            is_pulled: Some(is_pulled),
            is_latest: Some(is_latest),
            ranked_at,
        }));
    }

    fn attachment(&self, attachment: Attachment<'a>, each: &mut impl FnMut(&Row<'_>)) {
        self.files(attachment.media, attachment.action_type.as_ref(), attachment.caption.as_ref(), each);
    }

    /// A message without a text has a row for each of its files, one without files has a row for its text, even if that is
    /// not known.
    fn imported_message(&self, message: ImportedMessage<'a>, each: &mut impl FnMut(&Row<'_>)) {
        let ImportedMessage { text, message_type, media } = message;
        if text.is_some() || media.is_empty() {
            each(&Row::Messages(MessageRow {
                origin: self.origin,
                text,
                person_id: self.sender.person_id(),
                person_name: again(self.sender.name.as_ref()),
            }));
        }
        self.files(media, message_type.as_ref(), None, each);
    }

    fn announcement(&self, announcement: Announcement<'a>, each: &mut impl FnMut(&Row<'_>)) {
        let Announcement { title, text, media } = announcement;
        each(&Row::Announcements(AnnouncementRow { origin: self.origin, title, text }));
        self.files(media, None, None, each);
    }

    fn files(
        &self,
        media: Vec<Media<'a>>,
        action_type: Option<&Cow<'a, str>>,
        caption: Option<&Cow<'a, str>>,
        each: &mut impl FnMut(&Row<'_>),
    ) {
        for (position, media) in (1..).zip(media) {
            each(&Row::Attachments(AttachmentRow {
                origin: self.origin,
                source_type: Some(self.event.event_type.as_ref().into()),
                position: Some(position),
                action_type: again(action_type),
                caption: again(caption),
                media_url: media.url,
                media_file_name: media.file_name,
            }));
        }
    }

    fn member(&self, member: MemberChange<'a>, each: &mut impl FnMut(&Row<'_>)) {
        each(&Row::Members(MemberRow {
            origin: self.origin,
            change: Some(self.change().into()),
            person_id: self.sender.or_person(member.member_id.as_ref(), member.member.as_ref()),
            member_id: again(member.member_id.as_ref()),
            member: again(member.member.as_ref()),
            member_name: member.member_name,
            role: member.role,
        }));
    }

    fn subgroup(&self, group: SubGroup<'a>, each: &mut impl FnMut(&Row<'_>)) {
        each(&Row::Subgroups(SubgroupRow {
            origin: self.origin,
            change: Some(self.change().into()),
            subgroup_id: again(group.group_id.as_ref()),
            subgroup_name: again(group.group_name.as_ref()),
            subgroup_type: again(group.group_type.as_ref()),
        }));
        if group.group_id.is_some() && group.group_name.is_some() {
            each(&Row::GroupNames(GroupNameRow {
                origin: self.origin,
                named_group_id: group.group_id,
                name: group.group_name,
                r#type: group.group_type,
                source: Some("event".into()),
            }));
        }
    }

    fn change(&self) -> &'static str {
        let added = matches!(self.event.known_type(), Some(EventType::MemberAdded | EventType::GroupAdded));
        if added { "added" } else { "removed" }
    }
}

/// The titles as JSON; `None` if there are none.
fn options(titles: &[Cow<'_, str>]) -> Option<Cow<'static, str>> {
    if titles.is_empty() {
        return None;
    }
    serde_json::to_string(titles).ok().map(Cow::Owned)
}

/// The same text, borrowed, for one more row.
fn again<'b>(text: Option<&'b Cow<'_, str>>) -> Option<Cow<'b, str>> {
    text.map(|text| Cow::Borrowed(text.as_ref()))
}
