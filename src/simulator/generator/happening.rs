//! What happened, before an envelope is put around it.

use super::{content::Content, person::Person};

/// Something that happened in a group.
pub(super) struct Happening {
    pub(super) event_type: &'static str,
    pub(super) event_id: String,
    /// Who did it; `None` if that is withheld.
    pub(super) by: Option<Person>,
    pub(super) content: Content,
    /// The action package that it belongs to.
    pub(super) package: Option<&'static str>,
    /// Whether `data` names the group to which the event belongs. Where it does not, the envelope may have to.
    pub(super) names_group: bool,
}
