//! What can happen, and how often.

use super::{Size, card::CardKind, content::Content, scene::Scene, world::Person};

/// Everything that can happen.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Created(CardKind),
    Answered(CardKind),
    JobCreated,
    JobAnswered,
    Message,
    Attachment,
    Announcement,
    MemberAdded,
    MemberRemoved,
    SubGroupAdded,
    SubGroupRemoved,
    Unknown,
}

/// How often each happens, out of a thousand. Responses and messages make most of the traffic.
const PROPORTIONS: [(u64, Kind); 18] = [
    (300, Kind::Answered(CardKind::Action)),
    (265, Kind::Message),
    (110, Kind::Answered(CardKind::Survey)),
    (90, Kind::Attachment),
    (60, Kind::JobAnswered),
    (25, Kind::Announcement),
    (25, Kind::JobCreated),
    (25, Kind::Answered(CardKind::Poll)),
    (20, Kind::MemberAdded),
    (16, Kind::Created(CardKind::Action)),
    (14, Kind::Answered(CardKind::Meeting)),
    (10, Kind::Created(CardKind::Survey)),
    (10, Kind::MemberRemoved),
    (8, Kind::SubGroupAdded),
    (6, Kind::Created(CardKind::Poll)),
    (6, Kind::Created(CardKind::Meeting)),
    (6, Kind::SubGroupRemoved),
    (4, Kind::Unknown),
];

/// A group is not emptied below that.
const MIN_MEMBERS: usize = 4;
/// A group does not grow beyond that.
const MAX_MEMBERS: usize = 40;

/// Something that happened, before anybody is told.
pub(super) struct Happening {
    pub(super) event_type: &'static str,
    pub(super) event_id: String,
    /// Who did it; none when that is withheld.
    pub(super) by: Option<Person>,
    pub(super) content: Content,
    /// The action package that it belongs to.
    pub(super) package: Option<&'static str>,
    /// Whether `data` names the group to which the event belongs. Where it does not, the envelope may have to.
    pub(super) names_group: bool,
}

impl Kind {
    /// What is to happen. What cannot happen yet gives way to what makes it possible: cards are created before they are
    /// answered.
    pub(super) fn throw(scene: &mut Scene<'_>) -> Self {
        let kind = match scene.size {
            Size::Usual => scene.dice.weighted(&PROPORTIONS),
            Size::Large | Size::Huge if scene.dice.percent(50) && scene.group.has_card(CardKind::Action) => {
                Self::Answered(CardKind::Action)
            }
            Size::Large | Size::Huge => Self::Message,
        };
        match kind {
            Self::Answered(card) if !scene.group.has_card(card) => Self::Created(card),
            Self::JobAnswered if scene.group.jobs.is_empty() => Self::JobCreated,
            Self::MemberRemoved if scene.group.members.len() <= MIN_MEMBERS => Self::MemberAdded,
            Self::MemberAdded if scene.group.members.len() >= MAX_MEMBERS => Self::MemberRemoved,
            Self::SubGroupRemoved if scene.group.sub_groups.is_empty() => Self::SubGroupAdded,
            kind => kind,
        }
    }

    /// Lets it happen.
    pub(super) fn happen(self, scene: &mut Scene<'_>) -> Happening {
        match self {
            Self::Created(kind) => scene.card_created(kind),
            Self::Answered(kind) => scene.card_answered(kind),
            Self::JobCreated => scene.job_created(),
            Self::JobAnswered => scene.job_answered(),
            Self::Message => scene.message(),
            Self::Attachment => scene.attachment(),
            Self::Announcement => scene.announcement(),
            Self::MemberAdded => scene.member_added(),
            Self::MemberRemoved => scene.member_removed(),
            Self::SubGroupAdded => scene.sub_group_added(),
            Self::SubGroupRemoved => scene.sub_group_removed(),
            Self::Unknown => scene.unknown(),
        }
    }
}
