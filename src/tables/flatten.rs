//! An item becomes rows.

use std::{borrow::Cow, collections::HashSet};

use super::schema::{
    ActionRow, AnnouncementRow, AnswerRow, AttachmentRow, EventRow, JobResponseRow, JobRow, MemberRow, MessageRow,
    Origin, QuarantineRow, QuestionRow, ResponseRow, Row, SubgroupRow,
};
use crate::{
    event::{
        Announcement, Answer, Attachment, Created, Data, Event, EventType, JobCreated, JobResponse, Media,
        MemberChange, Question, Response, SubGroup, Timestamp,
    },
    store::StoredItem,
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
/// [`EventRow`] or [`QuarantineRow`], is the first.
pub fn flatten(item: &StoredItem, body: &[u8], is_latest: bool, each: &mut impl FnMut(&Row<'_>)) -> Flattened {
    let (Some(group_id), Some(event_key)) = (item.group(), item.event_key()) else {
        return Flattened::Unreadable("it has no key");
    };
    let Some(received_at) = item.received_at() else {
        return Flattened::Unreadable("it has no time of arrival");
    };
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
    let Ok(event) = Event::parse_stored(body, occurred_at) else {
        return Flattened::Unreadable("its body is not an event");
    };
    let origin = Origin { group_id, event_id: Some(&event.event_id), event_key, received_at };
    each(&Row::Events(EventRow {
        origin,
        event_type: Some(event.event_type.as_ref().into()),
        object_type: event.object_type.as_deref().map(Cow::Borrowed),
        object_id: event.object_id.as_deref().map(Cow::Borrowed),
        action_id: event.action_id().map(Cow::Borrowed),
        response_id: event.response_id().map(Cow::Borrowed),
        from_user_id: event.from_user_id.as_deref().map(Cow::Borrowed),
        from_user_name: event.from_user_name(),
        occurred_at: event.occurred_at(),
        revision_of: item.revision_of().map(Cow::Borrowed),
    }));
    let ranked_at = item.rank(event.is_edit()).map(|rank| rank.ranked_at());
    let flat = Flat { origin, event: &event, version: Version { is_pulled: item.is_pulled(), is_latest, ranked_at } };
    match event.data() {
        Data::Created(created) => flat.created(created, each),
        Data::Response(response) => flat.response(response, each),
        Data::JobCreated(job) => flat.job(&job, each),
        Data::JobResponse(response) => flat.job_response(response, each),
        Data::TextMessage(message) => each(&Row::Messages(MessageRow { origin, text: message.text })),
        Data::Attachment(attachment) => flat.attachment(attachment, each),
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
    version: Version,
}

/// What is told of a version of a response.
struct Version {
    is_pulled: bool,
    is_latest: bool,
    ranked_at: Option<Timestamp>,
}

impl<'a> Flat<'a> {
    fn created(&self, created: Created<'a>, each: &mut impl FnMut(&Row<'_>)) {
        let origin = self.origin;
        let Created { action_id, title, questions, package_id, action_package_id, .. } = created;
        let package_id = package_id.or(action_package_id);
        each(&Row::Actions(ActionRow { origin, action_id: action_id.clone(), title, package_id }));
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
        each(&Row::Responses(ResponseRow {
            origin,
            event_type: Some(self.event.event_type.as_ref().into()),
            action_id: again(response.action_id.as_ref()),
            package_id: again(package_id.as_ref()),
            response_id: again(response_id.as_ref()),
            responder_id: response.responder_id,
            responder: response.responder,
            responder_name: response.responder_name,
            is_anonymous: response.is_anonymous,
            is_update: Some(self.event.is_edit()),
            is_pulled: Some(is_pulled),
            is_latest: Some(is_latest),
            ranked_at,
            responded_at: self.event.occurred_at(),
        }));
        for (position, question) in (1..).zip(response.questions) {
            let Question { title, question_type, is_invisible, answer, .. } = question;
            let mut row = Row::Answers(AnswerRow {
                origin,
                response_id: again(response_id.as_ref()),
                action_id: again(response.action_id.as_ref()),
                package_id: again(package_id.as_ref()),
                question_position: Some(position),
                question_title: title,
                question_type,
                is_invisible: Some(is_invisible),
                answer_position: None,
                answer_text: None,
                answer_number: None,
                answer_time: None,
                latitude: None,
                longitude: None,
                accuracy_m: None,
                place: None,
                media_url: None,
                media_file_name: None,
                is_latest: Some(is_latest),
            });
            each_value(answer, |position, value| {
                if let Row::Answers(row) = &mut row {
                    row.answer_position = position;
                    value.fill(row);
                }
                each(&row);
            });
        }
    }

    fn job(&self, job: &JobCreated<'a>, each: &mut impl FnMut(&Row<'_>)) {
        let due_at = job.due_date.as_deref().and_then(due_time);
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
            }));
        }
    }

    fn job_response(&self, response: JobResponse<'a>, each: &mut impl FnMut(&Row<'_>)) {
        let Version { is_pulled, is_latest, ranked_at } = self.version;
        each(&Row::JobResponses(JobResponseRow {
            origin: self.origin,
            action_id: response.action_id,
            response_id: response.response_id.or(Some(self.event.event_id.as_ref().into())),
            assignee: response.assignee,
            assignee_name: response.assignee_name,
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
            member_id: member.member_id,
            member: member.member,
            member_name: member.member_name,
            role: member.role,
        }));
    }

    fn subgroup(&self, group: SubGroup<'a>, each: &mut impl FnMut(&Row<'_>)) {
        each(&Row::Subgroups(SubgroupRow {
            origin: self.origin,
            change: Some(self.change().into()),
            subgroup_id: group.group_id,
            subgroup_name: group.group_name,
            subgroup_type: group.group_type,
        }));
    }

    fn change(&self) -> &'static str {
        let added = matches!(self.event.known_type(), Some(EventType::MemberAdded | EventType::GroupAdded));
        if added { "added" } else { "removed" }
    }
}

/// One value of an answer.
enum Value<'a> {
    Unanswered,
    Whole(Answer<'a>),
    Option(Cow<'a, str>),
    Media(Media<'a>),
}

impl<'a> Value<'a> {
    /// Puts the value into the columns of its kind. Those of other kinds stay as they are: all values of an answer are of
    /// the same.
    fn fill(self, row: &mut AnswerRow<'a>) {
        match self {
            Self::Unanswered => {}
            Self::Option(title) => row.answer_text = Some(title),
            Self::Media(media) => (row.media_url, row.media_file_name) = (media.url, media.file_name),
            Self::Whole(answer) => match answer {
                Answer::Text(text) => row.answer_text = Some(text),
                Answer::Number(number) => row.answer_number = Some(number),
                Answer::Time(time) => row.answer_time = Some(time),
                Answer::Location(location) => {
                    row.latitude = Some(location.latitude);
                    row.longitude = Some(location.longitude);
                    row.accuracy_m = location.accuracy_m;
                    row.place = location.place().map(Cow::Owned);
                }
                Answer::PhoneNumber(phone) => row.answer_text = Some(phone.international().into()),
                Answer::Json(json) => row.answer_text = Some(Answer::compact_json(json).into()),
                Answer::Options(_) | Answer::Media(_) => {}
            },
        }
    }
}

/// Calls `each` with every value of an answer and its place, or once for a question that was not answered.
fn each_value<'a>(answer: Option<Answer<'a>>, mut each: impl FnMut(Option<i64>, Value<'a>)) {
    match answer {
        None => each(None, Value::Unanswered),
        Some(Answer::Options(titles)) => {
            (1..).zip(titles).for_each(|(position, title)| each(Some(position), Value::Option(title)));
        }
        Some(Answer::Media(media)) => {
            (1..).zip(media).for_each(|(position, media)| each(Some(position), Value::Media(media)));
        }
        Some(answer) => each(Some(1), Value::Whole(answer)),
    }
}

/// The titles as JSON; `None` if there are none.
fn options(titles: &[Cow<'_, str>]) -> Option<Cow<'static, str>> {
    if titles.is_empty() {
        return None;
    }
    serde_json::to_string(titles).ok().map(Cow::Owned)
}

/// When a job is due. The documentation has RFC 3339; epoch time is read too.
fn due_time(text: &str) -> Option<Timestamp> {
    Timestamp::from_rfc3339(text).or_else(|| Timestamp::from_epoch_either(text.parse().ok()?))
}

/// The same text, borrowed, for one more row.
fn again<'b>(text: Option<&'b Cow<'_, str>>) -> Option<Cow<'b, str>> {
    text.map(|text| Cow::Borrowed(text.as_ref()))
}
