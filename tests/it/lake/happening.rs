//! What may happen to a table and to those who work on its lake.

use proptest::{collection::vec, prelude::*};

use super::storage::Fault;

/// What may happen.
#[derive(Clone, Debug)]
pub enum Happening {
    /// An event arrives, new, again or changed; some expire.
    Deliver { id: u8, version: u8, expires: bool },
    /// A revision of an event was pulled, which is noted at the event.
    Pull { id: u8, version: u8 },
    /// An item is replaced as a whole.
    Replace { id: u8, version: u8 },
    /// A body that is not an event arrives.
    Quarantine { number: u8 },
    /// It turns out to be one, and moves.
    Replay { number: u8 },
    /// An event is erased; a mark stays for a while.
    Erase { id: u8 },
    /// What has expired is deleted.
    Expire,
    /// Time passes: to the next minute and a bit, or some of them.
    Wait { minutes: u8, millis: u16 },
    /// An execution begins, with its own idea of groups and its own bad luck, and stops after some calls.
    Begin { group_bytes: u64, faults: Vec<(u32, Fault)>, calls: u8 },
    /// An execution gets on by some calls.
    GoOn { which: prop::sample::Index, calls: u8 },
    /// An execution is killed.
    Kill { which: prop::sample::Index },
    /// An execution runs from the beginning to the end, while the others stand still.
    Run,
    /// How the next exports turn out.
    Exports { takes: u8, fails: bool },
}

pub fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let fault = prop_oneof![Just(Fault::Before), Just(Fault::After)];
    let group_bytes = prop_oneof![Just(1_u64), Just(700), Just(u64::MAX / 2)];
    let index = any::<prop::sample::Index>;
    prop_oneof![
        8 => (0_u8..6, 0_u8..3, prop::bool::weighted(0.3)).prop_map(|(id, version, expires)| H::Deliver { id, version, expires }),
        1 => (100_u8..102, 0_u8..2).prop_map(|(id, version)| H::Deliver { id, version, expires: false }),
        2 => (0_u8..6, 0_u8..3).prop_map(|(id, version)| H::Pull { id, version }),
        6 => (0_u8..3, 0_u8..3).prop_map(|(id, version)| H::Replace { id, version }),
        2 => (0_u8..3).prop_map(|number| H::Quarantine { number }),
        2 => (0_u8..3).prop_map(|number| H::Replay { number }),
        2 => prop_oneof![0_u8..6, 100_u8..102].prop_map(|id| H::Erase { id }),
        1 => Just(H::Expire),
        10 => (prop_oneof![2 => 0_u8..3, 1 => 15_u8..40], 0_u16..1500).prop_map(|(minutes, millis)| H::Wait { minutes, millis }),
        5 => (group_bytes, vec((0_u32..80, fault), 0..3), any::<u8>())
            .prop_map(|(group_bytes, faults, calls)| H::Begin { group_bytes, faults, calls }),
        4 => (index(), 1_u8..50).prop_map(|(which, calls)| H::GoOn { which, calls }),
        1 => index().prop_map(|which| H::Kill { which }),
        3 => Just(H::Run),
        1 => (0_u8..3, prop::bool::weighted(0.2)).prop_map(|(takes, fails)| H::Exports { takes, fails }),
    ]
}
