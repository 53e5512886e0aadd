//! The state of subscriptions for `kaizala doctor`: what `sync` would do, and which tokens they send.

use std::path::Path;

use super::{plan::described, subscriptions::Subscriptions, sync::plan, token_source::digest};
use crate::{
    cli::account::Account,
    kaizala::{ObjectType, SyncPlan},
    token::TokenDigest,
};

/// The parts of a file of subscriptions that other checks need.
pub(in crate::cli) struct Wishes(Subscriptions);

impl Wishes {
    pub(in crate::cli) fn read(file: &Path) -> anyhow::Result<Self> {
        Subscriptions::read(file).map(Self)
    }

    /// The groups that have a subscription in the file.
    pub(in crate::cli) fn groups(&self) -> Vec<String> {
        let groups = self.0.wanted.iter().filter(|wanted| wanted.object.object_type == ObjectType::Group);
        groups.map(|wanted| wanted.object.id.clone()).collect()
    }

    /// The digests of the callback tokens that events will carry.
    pub(in crate::cli) fn digests(&self) -> Vec<TokenDigest> {
        self.0.wanted.iter().map(|wanted| digest(&wanted.callback_token)).collect()
    }

    /// What `kaizala webhook sync` would do, in words: one entry for each step.
    pub(in crate::cli) async fn unfulfilled(&self, account: Account) -> anyhow::Result<Vec<String>> {
        let kaizala = account.open()?;
        Ok(in_words(&plan(&kaizala, &self.0, false).await?))
    }
}

fn in_words(plan: &SyncPlan) -> Vec<String> {
    let steps = plan.steps.iter().map(|step| {
        let (what, id, why) = described(step);
        let id = id.map(|id| format!(" {id}")).unwrap_or_default();
        format!("{what}{id} ({}): {why}", step.object())
    });
    let unwanted = plan.unwanted();
    steps.chain((unwanted > 0).then(|| format!("delete with --prune: {unwanted}"))).collect()
}
