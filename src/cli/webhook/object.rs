//! The options that name the object of a subscription.

use clap::Args;

use crate::kaizala::{ObjectType, SubscribedObject};

/// Options that name one object.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct OneObject {
    /// Everything in this group.
    #[arg(long, env = "KAIZALA_WEBHOOK_GROUP", value_name = "ID")]
    group: Option<String>,

    /// This action.
    #[arg(long, env = "KAIZALA_WEBHOOK_ACTION", value_name = "ID")]
    action: Option<String>,

    /// All actions of this package, in every group.
    #[arg(long, env = "KAIZALA_WEBHOOK_PACKAGE", value_name = "ID")]
    package: Option<String>,
}

impl OneObject {
    /// The object: `None` if no option is given, which clap prevents.
    pub(super) fn object(self) -> Option<SubscribedObject> {
        object(self.group, self.action, self.package)
    }
}

/// The object that one of three ids names: `None` if there is none or more than one.
pub(super) fn object(
    group: Option<String>,
    action: Option<String>,
    package: Option<String>,
) -> Option<SubscribedObject> {
    let (object_type, id) = match (group, action, package) {
        (Some(id), None, None) => (ObjectType::Group, id),
        (None, Some(id), None) => (ObjectType::Action, id),
        (None, None, Some(id)) => (ObjectType::ActionPackage, id),
        _ => return None,
    };
    (!id.is_empty()).then_some(SubscribedObject { object_type, id })
}
