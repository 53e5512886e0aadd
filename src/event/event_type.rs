//! The event types that Kaizala is known to send.

/// An event type by name. The first thirteen are documented by Microsoft; the last four were seen only as names in
/// subscriptions, with no payload. Any other name may arrive and is kept whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// An action card (custom form) was sent to a group.
    ActionCreated,
    /// Somebody answered an action card, or edited the answer.
    ActionResponse,
    /// A survey was sent to a group.
    SurveyCreated,
    /// Somebody answered a survey, or edited the answer.
    SurveyResponse,
    /// A job was assigned.
    JobCreated,
    /// An assignee answered a job.
    JobResponse,
    /// A text message was sent.
    TextMessageCreated,
    /// A picture, album, audio, document or video was sent.
    AttachmentCreated,
    /// An announcement was made.
    Announcement,
    /// Somebody joined a group.
    MemberAdded,
    /// Somebody left a group.
    MemberRemoved,
    /// A sub-group was added to a group.
    GroupAdded,
    /// A sub-group was removed from a group.
    GroupRemoved,
    /// A poll was sent; known by name only.
    PollCreated,
    /// Somebody answered a poll; known by name only.
    PollResponse,
    /// A meeting was proposed; known by name only.
    LetsMeetCreated,
    /// Somebody answered a meeting proposal; known by name only.
    LetsMeetResponse,
}

impl EventType {
    /// Every known event type.
    pub const ALL: [Self; 17] = [
        Self::ActionCreated,
        Self::ActionResponse,
        Self::SurveyCreated,
        Self::SurveyResponse,
        Self::JobCreated,
        Self::JobResponse,
        Self::TextMessageCreated,
        Self::AttachmentCreated,
        Self::Announcement,
        Self::MemberAdded,
        Self::MemberRemoved,
        Self::GroupAdded,
        Self::GroupRemoved,
        Self::PollCreated,
        Self::PollResponse,
        Self::LetsMeetCreated,
        Self::LetsMeetResponse,
    ];

    /// The name in `eventType`, as subscriptions and callbacks spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ActionCreated => "ActionCreated",
            Self::ActionResponse => "ActionResponse",
            Self::SurveyCreated => "SurveyCreated",
            Self::SurveyResponse => "SurveyResponse",
            Self::JobCreated => "JobCreated",
            Self::JobResponse => "JobResponse",
            Self::TextMessageCreated => "TextMessageCreated",
            Self::AttachmentCreated => "AttachmentCreated",
            Self::Announcement => "Announcement",
            Self::MemberAdded => "MemberAdded",
            Self::MemberRemoved => "MemberRemoved",
            Self::GroupAdded => "GroupAdded",
            Self::GroupRemoved => "GroupRemoved",
            Self::PollCreated => "PollCreated",
            Self::PollResponse => "PollResponse",
            Self::LetsMeetCreated => "LetsMeetCreated",
            Self::LetsMeetResponse => "LetsMeetResponse",
        }
    }

    /// The event type of that exact name; `None` when Kaizala is not known to send it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event_type| event_type.name() == name)
    }
}
