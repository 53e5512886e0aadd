//! The data of each event type.
//!
//! Every field is optional and every list may be empty: the documentation's tables, its printed samples and captured
//! payloads disagree about which fields there are, and a reader that insisted would lose the rest. The payloads behind
//! each type are those of the connector documentation ("Webhooks: callback data") and of captured callbacks.

use std::{borrow::Cow, fmt};

use serde_json::value::RawValue;

use super::{
    EventType,
    json::{JsonObject, text},
    question::{Media, Question},
};

#[cfg(feature = "lake")]
use super::Timestamp;

/// Members of `data` that are taken for the answer to a poll or a meeting where nothing else is.
pub(super) const ANSWERS_OF_POLLS: [&str; 6] = ["answer", "answers", "choice", "choices", "response", "responses"];

/// An event's data, typed by its event type.
#[derive(Clone)]
pub enum Data<'a> {
    /// `ActionCreated`, `SurveyCreated`; `PollCreated`, `LetsMeetCreated`.
    Created(Created<'a>),
    /// `ActionResponse`, `SurveyResponse`; `PollResponse`, `LetsMeetResponse`.
    Response(Response<'a>),
    /// `JobCreated`.
    JobCreated(JobCreated<'a>),
    /// `JobResponse`.
    JobResponse(JobResponse<'a>),
    /// `TextMessageCreated`.
    TextMessage(TextMessage<'a>),
    /// `AttachmentCreated`.
    Attachment(Attachment<'a>),
    /// `Announcement`.
    Announcement(Announcement<'a>),
    /// `MemberAdded`, `MemberRemoved`.
    MemberChange(MemberChange<'a>),
    /// `GroupAdded`, `GroupRemoved`.
    SubGroup(SubGroup<'a>),
    /// `ImportedMessage`. An `ImportedResponse` is a [`Response`](Self::Response).
    #[cfg(feature = "lake")]
    ImportedMessage(ImportedMessage<'a>),
    /// Data of another event type, or data that is not an object; `None` when there was none.
    Other(Option<&'a RawValue>),
}

/// An action card or survey that was sent to a group.
///
/// The documentation prints a response's data under `ActionCreated`. Both shapes are read: the questions come from
/// `questions`, else from `responseDetails.responseWithQuestions`. A poll may have one `question` with its `choices` instead,
/// as the API lists it.
#[derive(Clone)]
pub struct Created<'a> {
    /// The action that was created.
    pub action_id: Option<Cow<'a, str>>,
    /// The title of the card or survey.
    pub title: Option<Cow<'a, str>>,
    /// Its questions; with answers only in the printed shape.
    pub questions: Vec<Question<'a>>,
    /// The group that it was sent to.
    pub group_id: Option<Cow<'a, str>>,
    /// The action package without version, free text such as `com.example.visit`.
    pub action_package_id: Option<Cow<'a, str>>,
    /// The action package, possibly with a version behind it (`com.example.visit.2`).
    pub package_id: Option<Cow<'a, str>>,
}

/// An answer to an action card or survey, or an edit of one.
#[derive(Clone)]
pub struct Response<'a> {
    /// The action that was answered.
    pub action_id: Option<Cow<'a, str>>,
    /// The action package without version.
    pub action_package_id: Option<Cow<'a, str>>,
    /// The action package, possibly versioned.
    pub package_id: Option<Cow<'a, str>>,
    /// The group in which it was answered.
    pub group_id: Option<Cow<'a, str>>,
    /// Identifies the response; an edit keeps it.
    pub response_id: Option<Cow<'a, str>>,
    /// Whether this is an edit.
    pub is_update: Option<bool>,
    /// Phone number of who answered. Personal data.
    pub responder: Option<Cow<'a, str>>,
    /// Kaizala's opaque id of who answered.
    pub responder_id: Option<Cow<'a, str>>,
    /// Name of who answered. Personal data.
    pub responder_name: Option<Cow<'a, str>>,
    /// Whether the responder is withheld.
    pub is_anonymous: Option<bool>,
    /// The questions with their answers, in the order of the card. The answer to a poll or a meeting may have none: then each
    /// member of what was answered counts as one.
    pub questions: Vec<Question<'a>>,
}

/// A job that was assigned.
#[derive(Clone)]
pub struct JobCreated<'a> {
    /// The action that is the job.
    pub action_id: Option<Cow<'a, str>>,
    /// The group that it was sent to.
    pub group_id: Option<Cow<'a, str>>,
    /// The job's title.
    pub title: Option<Cow<'a, str>>,
    /// The job's description.
    pub text: Option<Cow<'a, str>>,
    /// When it is due, as it was sent (`2018-03-22T18:29:59Z`).
    pub due_date: Option<Cow<'a, str>>,
    /// Phone numbers of the assignees. Personal data.
    pub assigned_to: Vec<Cow<'a, str>>,
}

/// An assignee's answer to a job. Nested under `responseDetails.response` in payloads, flat in the documentation's
/// table: both are read.
#[derive(Clone)]
pub struct JobResponse<'a> {
    /// The action that is the job.
    pub action_id: Option<Cow<'a, str>>,
    /// The group that the job was sent to.
    pub group_id: Option<Cow<'a, str>>,
    /// Identifies the answer.
    pub response_id: Option<Cow<'a, str>>,
    /// Phone number of the assignee. Personal data.
    pub assignee: Option<Cow<'a, str>>,
    /// Name of the assignee. Personal data.
    pub assignee_name: Option<Cow<'a, str>>,
    /// Whether the job is done; sent as a Boolean or a string.
    pub is_completed: Option<bool>,
}

/// A text message.
#[derive(Clone)]
pub struct TextMessage<'a> {
    /// What was written. Personal data.
    pub text: Option<Cow<'a, str>>,
}

/// A message out of a tenant's export.
#[cfg(feature = "lake")]
#[derive(Clone)]
pub struct ImportedMessage<'a> {
    /// What was written. Personal data.
    pub text: Option<Cow<'a, str>>,
    /// `Video`, `Attachment`, `Audio`, `Document`, `Album`, …
    pub message_type: Option<Cow<'a, str>>,
    /// The files that were sent.
    pub media: Vec<Media<'a>>,
}

/// One or more files that were sent.
#[derive(Clone)]
pub struct Attachment<'a> {
    /// The files.
    pub media: Vec<Media<'a>>,
    /// `Image`; by inference also `Album`, `Audio`, `Document`, `Video`.
    pub action_type: Option<Cow<'a, str>>,
    /// What was written below. Personal data.
    pub caption: Option<Cow<'a, str>>,
}

/// An announcement.
#[derive(Clone)]
pub struct Announcement<'a> {
    /// The headline.
    pub title: Option<Cow<'a, str>>,
    /// What was announced.
    pub text: Option<Cow<'a, str>>,
    /// The files that came with it.
    pub media: Vec<Media<'a>>,
}

/// Somebody joined or left a group.
#[derive(Clone)]
pub struct MemberChange<'a> {
    /// Phone number of the member. Personal data.
    pub member: Option<Cow<'a, str>>,
    /// Kaizala's opaque id of the member.
    pub member_id: Option<Cow<'a, str>>,
    /// Name of the member. Personal data.
    pub member_name: Option<Cow<'a, str>>,
    /// The member's role, from `type`.
    pub role: Option<Cow<'a, str>>,
}

/// A sub-group that was added to or removed from a group. Microsoft documents no schema; the parent is the event's group.
#[derive(Clone)]
pub struct SubGroup<'a> {
    /// The sub-group.
    pub group_id: Option<Cow<'a, str>>,
    /// What it is called.
    pub group_name: Option<Cow<'a, str>>,
    /// `Group`, …
    pub group_type: Option<Cow<'a, str>>,
}

/// Shows which data it is and nothing of what is in it: most of that is personal, and data ends up in logs by accident.
/// For the same reason none of its parts can be shown.
impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created(_) => "Created",
            Self::Response(_) => "Response",
            Self::JobCreated(_) => "JobCreated",
            Self::JobResponse(_) => "JobResponse",
            Self::TextMessage(_) => "TextMessage",
            Self::Attachment(_) => "Attachment",
            Self::Announcement(_) => "Announcement",
            Self::MemberChange(_) => "MemberChange",
            Self::SubGroup(_) => "SubGroup",
            #[cfg(feature = "lake")]
            Self::ImportedMessage(_) => "ImportedMessage",
            Self::Other(_) => "Other",
        })
    }
}

impl<'a> Data<'a> {
    pub(super) fn read(
        event_type: Option<EventType>,
        data: Option<&JsonObject<'a>>,
        json: Option<&'a RawValue>,
    ) -> Self {
        let (Some(event_type), Some(data)) = (event_type, data) else {
            return Self::Other(json);
        };
        match event_type {
            EventType::ActionCreated
            | EventType::SurveyCreated
            | EventType::PollCreated
            | EventType::LetsMeetCreated => Self::Created(Created::read(data)),
            EventType::ActionResponse | EventType::SurveyResponse => Self::Response(Response::read(data)),
            EventType::PollResponse | EventType::LetsMeetResponse => {
                Self::Response(Response::read(data).with_plain_answers(data))
            }
            EventType::JobCreated => Self::JobCreated(JobCreated::read(data)),
            EventType::JobResponse => Self::JobResponse(JobResponse::read(data)),
            EventType::TextMessageCreated => Self::TextMessage(TextMessage { text: data.text("text") }),
            EventType::AttachmentCreated => Self::Attachment(Attachment::read(data)),
            EventType::Announcement => Self::Announcement(Announcement::read(data)),
            EventType::MemberAdded | EventType::MemberRemoved => Self::MemberChange(MemberChange::read(data)),
            EventType::GroupAdded | EventType::GroupRemoved => Self::SubGroup(SubGroup::read(data)),
        }
    }
}

impl<'a> Created<'a> {
    fn read(data: &JsonObject<'a>) -> Self {
        let mut questions = Question::all(data.list("questions"));
        if questions.is_empty() {
            questions = Question::answered(data);
        }
        let mut title = data.text("title");
        if questions.is_empty() && (data.raw("question").is_some() || data.raw("choices").is_some()) {
            // A poll is called what it asks.
            title = title.or_else(|| data.text("question"));
            questions.push(Question::of_poll(data.text("question"), data.raw("choices")));
        }
        Self {
            action_id: data.id("actionId"),
            title,
            questions,
            group_id: data.id("groupId"),
            action_package_id: data.id("actionPackageId"),
            package_id: data.id("packageId"),
        }
    }
}

impl<'a> Response<'a> {
    fn read(data: &JsonObject<'a>) -> Self {
        Self {
            action_id: data.id("actionId"),
            action_package_id: data.id("actionPackageId"),
            package_id: data.id("packageId"),
            group_id: data.id("groupId"),
            response_id: data.id("responseId"),
            is_update: data.flag("isUpdateResponse"),
            responder: data.id("responder"),
            responder_id: data.id("responderId"),
            responder_name: data.label("responderName"),
            is_anonymous: data.flag("isAnonymous"),
            questions: Question::answered(data),
        }
    }

    /// The answer to a poll or a meeting, of which no payload is documented: under `responseDetails.response`, else flat.
    fn with_plain_answers(mut self, data: &JsonObject<'a>) -> Self {
        if !self.questions.is_empty() {
            return self;
        }
        let response = data.object("responseDetails").and_then(|details| details.raw("response"));
        self.questions = match response {
            Some(response) => match JsonObject::parse(response.get()) {
                Some(members) => members.members().map(|(name, value)| Question::of_member(name, value)).collect(),
                None => vec![Question::of_member(Cow::Borrowed("response"), response)],
            },
            None => {
                let said = ANSWERS_OF_POLLS.into_iter().filter_map(|name| Some((name, data.raw(name)?)));
                said.map(|(name, value)| Question::of_member(Cow::Borrowed(name), value)).collect()
            }
        };
        self
    }
}

/// When a job is due. The documentation has RFC 3339; epoch time is read too.
#[cfg(feature = "lake")]
pub(super) fn due_time(text: &str) -> Option<Timestamp> {
    Timestamp::from_rfc3339(text).or_else(|| Timestamp::from_epoch_either(text.parse().ok()?))
}

#[cfg(feature = "lake")]
impl JobCreated<'_> {
    /// When the job is due; `None` if `due_date` is not a time.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.due_date.as_deref().and_then(due_time)
    }
}

impl<'a> JobCreated<'a> {
    fn read(data: &JsonObject<'a>) -> Self {
        Self {
            action_id: data.id("actionId"),
            group_id: data.id("groupId"),
            title: data.text("title"),
            text: data.text("text"),
            due_date: data.label("dueDate"),
            assigned_to: data.list("assignedTo").into_iter().filter_map(text).collect(),
        }
    }
}

impl<'a> JobResponse<'a> {
    fn read(data: &JsonObject<'a>) -> Self {
        let nested = data.object("responseDetails").and_then(|details| details.object("response"));
        let answer = nested.as_ref().unwrap_or(data);
        Self {
            action_id: data.id("actionId"),
            group_id: data.id("groupId"),
            response_id: data.id("responseId"),
            assignee: answer.id("assignee"),
            assignee_name: answer.label("assigneeName"),
            is_completed: answer.flag("isCompleted"),
        }
    }
}

impl<'a> Attachment<'a> {
    fn read(data: &JsonObject<'a>) -> Self {
        Self {
            media: data.list("media").into_iter().filter_map(Media::read).collect(),
            action_type: data.id("actionType"),
            caption: data.label("caption"),
        }
    }
}

impl<'a> Announcement<'a> {
    fn read(data: &JsonObject<'a>) -> Self {
        Self {
            title: data.text("title"),
            text: data.text("text"),
            media: data.list("media").into_iter().filter_map(Media::read).collect(),
        }
    }
}

impl<'a> MemberChange<'a> {
    fn read(data: &JsonObject<'a>) -> Self {
        Self {
            member: data.id("member"),
            member_id: data.id("memberId"),
            member_name: data.label("memberName"),
            role: data.id("type"),
        }
    }
}

impl<'a> SubGroup<'a> {
    fn read(data: &JsonObject<'a>) -> Self {
        Self { group_id: data.id("groupId"), group_name: data.label("groupName"), group_type: data.id("groupType") }
    }
}
