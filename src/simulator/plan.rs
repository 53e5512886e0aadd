//! Which deliveries Kaizala makes of what happens: at least once, in no order, edits under the same eventId, and the same
//! event through two subscriptions. A sender of CloudEvents is played with the same faults.

use bytes::Bytes;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::generator::{Generated, Generator};
use crate::event::Sender;

/// From how many deliveries the next one is drawn. Far enough apart for an edit to overtake its original.
const WINDOW: usize = 256;

/// How deliveries are made of events.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// How many events happen, edits not counted.
    pub events: u64,
    /// Repeated deliveries, as a share of the events. Half of them come through another subscription where there is one.
    pub duplicates: f64,
    /// Edits, as a share of the events.
    pub revisions: f64,
}

/// What a receiver stores of an event or an edit.
pub struct Stored {
    /// The body.
    pub body: Bytes,
    /// When it happened, in epoch milliseconds.
    pub happened_at: u64,
    /// Whether it is an edit.
    pub is_edit: bool,
}

/// The bodies to deliver, one after the other. The same seed and mix make the same bodies.
pub struct DeliveryPlan {
    generator: Generator,
    random: ChaCha8Rng,
    mix: Mix,
    sender: Sender,
    happened: u64,
    edited: u64,
    /// Edits that are due as soon as something happens that can be edited: most types cannot.
    owed_edits: f64,
    window: Vec<Bytes>,
}

impl DeliveryPlan {
    /// A plan for `mix`.
    pub fn new(seed: u64, mix: Mix) -> Self {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Self {
            generator: Generator::new(seed),
            random,
            mix,
            sender: Sender::Kaizala,
            happened: 0,
            edited: 0,
            owed_edits: 0.0,
            window: Vec::new(),
        }
    }

    /// The same plan as that sender delivers it.
    #[must_use]
    pub fn sent_by(self, sender: Sender) -> Self {
        Self { sender, ..self }
    }

    /// How many events have happened so far.
    pub fn happened(&self) -> u64 {
        self.happened
    }

    /// How many items a table must hold for what has happened so far: known by construction, without looking at a body.
    pub fn items(&self) -> u64 {
        self.happened + self.edited
    }

    /// What a receiver stores of this plan: an event after the other in the order in which they happen, each edit behind what
    /// it edits.
    pub fn stored(mut self) -> impl Iterator<Item = Stored> {
        std::iter::from_fn(move || (self.happened < self.mix.events).then(|| self.event())?).flat_map(
            |(event, edit)| {
                let stored = |event: &Generated, is_edit| Stored {
                    body: event.body().into(),
                    happened_at: event.happened_at(),
                    is_edit,
                };
                let edit = edit.map(|edit| stored(&edit, true));
                [stored(&event, false)].into_iter().chain(edit)
            },
        )
    }

    fn let_something_happen(&mut self) {
        let Some((event, edit)) = self.event() else { return };
        self.deliver(&event);
        if let Some(edit) = edit {
            self.deliver(&edit);
        }
    }

    /// What happens next, and its edit if it is edited.
    fn event(&mut self) -> Option<(Generated, Option<Generated>)> {
        let event = self.generator.next()?;
        self.happened += 1;
        self.owed_edits += self.mix.revisions;
        let edit = if self.owed_edits >= 1.0 { event.edited() } else { None };
        if edit.is_some() {
            self.owed_edits -= 1.0;
            self.edited += 1;
        }
        Some((event, edit))
    }

    fn deliver(&mut self, event: &Generated) {
        let body = || match self.sender {
            Sender::Kaizala => event.body(),
            Sender::CloudEvents => event.cloud_event(),
        };
        self.window.push(body().into());
        if self.random.random_bool(self.mix.duplicates.clamp(0.0, 1.0)) {
            let otherwise = match (self.random.random_bool(0.5), self.sender) {
                (false, _) => None,
                (true, Sender::Kaizala) => event.through_package(),
                (true, Sender::CloudEvents) => Some(event.cloud_event_reversed()),
            };
            self.window.push(otherwise.unwrap_or_else(body).into());
        }
    }
}

impl Iterator for DeliveryPlan {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        while self.window.len() < WINDOW && self.happened < self.mix.events {
            self.let_something_happen();
        }
        if self.window.is_empty() {
            return None;
        }
        let index = self.random.random_range(0..self.window.len());
        Some(self.window.swap_remove(index))
    }
}
