//! The Kaizala API from a client's side: access tokens, subscriptions, and responses to pull.
//!
//! Calls and fields are those of Microsoft's connector documentation; where that disagrees with itself, both readings are
//! accepted. Nothing here shows a secret: tokens are [`Secret`], and Kaizala's own messages are scrubbed before they are shown.

mod access;
mod actions;
mod base_url;
mod callback_url;
mod client;
mod error;
mod groups;
mod message;
mod pace;
mod pulled;
mod secret;
mod state;
mod sync;
mod transport;
mod webhooks;
mod xdg;

pub use self::{
    access::Credentials,
    actions::{Action, ActionPages},
    base_url::{BaseUrl, BaseUrlError},
    callback_url::{CallbackHost, NotAHost, same_url, shown_url},
    client::{Config, Kaizala},
    error::{ApiError, StateError},
    groups::ListedGroup,
    pace::{Limiter, Pace},
    pulled::{PulledResponse, Unusable},
    secret::Secret,
    state::default_state_file,
    sync::{Doubled, Leftover, Policy, Reason, Step, SyncPlan, Unwanted, Wanted},
    webhooks::{Change, NewWebhook, ObjectType, SubscribedObject, Webhook},
    xdg::xdg_folder,
};
