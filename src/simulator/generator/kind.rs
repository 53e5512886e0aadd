//! What can happen, and how often.

use super::{card::CardKind, dice::Dice, group::Group, text::Size};

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

impl Kind {
    /// Draws what happens next in a group. What cannot happen yet gives way to what makes it possible: cards are created before
    /// they are answered.
    pub(super) fn throw(group: &Group, size: Size, dice: &mut Dice) -> Self {
        let kind = match size {
            Size::Usual => dice.weighted(&PROPORTIONS),
            Size::Large | Size::Huge if dice.percent(50) && group.has_card(CardKind::Action) => {
                Self::Answered(CardKind::Action)
            }
            Size::Large | Size::Huge => Self::Message,
        };
        match kind {
            Self::Answered(card) if !group.has_card(card) => Self::Created(card),
            Self::JobAnswered if group.jobs.is_empty() => Self::JobCreated,
            Self::MemberRemoved if group.members.len() <= MIN_MEMBERS => Self::MemberAdded,
            Self::MemberAdded if group.members.len() >= MAX_MEMBERS => Self::MemberRemoved,
            Self::SubGroupRemoved if group.sub_groups.is_empty() => Self::SubGroupAdded,
            kind => kind,
        }
    }
}
