//! Who has caused events or is named in them. People are told apart as in the table `people`: by Kaizala's user id if it is
//! known, else by phone number.

use std::collections::HashMap;

use super::{
    hash::hash,
    newest::{Arrived, Newest},
};
use crate::event::Timestamp;

/// What the first reading learns about a person.
#[derive(Debug, Default)]
pub(super) struct Person {
    pub(super) user_id: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) name: Option<Newest<String>>,
    /// How many events they have caused.
    pub(super) events: u64,
    /// When the first and the last event of or about them arrived.
    pub(super) seen: Option<[Timestamp; 2]>,
}

impl Person {
    /// By what people know the person who has no name: the phone number, else the user id.
    pub(super) fn id(&self) -> &str {
        self.phone.as_deref().or(self.user_id.as_deref()).unwrap_or_default()
    }

    fn was_seen(&mut self, [first, last]: [Timestamp; 2]) {
        let [earliest, latest] = self.seen.unwrap_or([first, last]);
        self.seen = Some([earliest.min(first), latest.max(last)]);
    }
}

/// Everybody whom the first reading has seen.
#[derive(Debug, Default)]
pub(super) struct Everybody {
    /// By a hash of user id, else of phone number.
    people: HashMap<u64, Person>,
    /// The phone numbers with which a user was seen, each with the time when that was last: by the hash of the number and that
    /// of the user id.
    phones: HashMap<(u64, u64), (Timestamp, String)>,
}

impl Everybody {
    /// Takes in that an event names somebody by phone number, user id or both.
    pub(super) fn seen(&mut self, at: Arrived, phone: Option<&str>, user_id: Option<&str>, name: Option<&str>) {
        let Some(who) = user_id.or(phone) else { return };
        if let (Some(phone), Some(user_id)) = (phone, user_id) {
            self.link((hash(phone), hash(user_id)), at.0, || phone.to_owned());
        }
        let person = self.people.entry(hash(who)).or_insert_with(|| Person {
            user_id: user_id.map(str::to_owned),
            phone: if user_id.is_none() { phone.map(str::to_owned) } else { None },
            ..Person::default()
        });
        person.was_seen([at.0; 2]);
        if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
            Newest::put(&mut person.name, at, || name.to_owned());
        }
    }

    /// Takes in that somebody who was [seen](Self::seen) has caused an event.
    pub(super) fn caused(&mut self, person_id: &str) {
        if let Some(person) = self.people.get_mut(&hash(person_id)) {
            person.events += 1;
        }
    }

    fn link(&mut self, both: (u64, u64), time: Timestamp, phone: impl FnOnce() -> String) {
        let link = self.phones.entry(both).or_insert_with(|| (time, phone()));
        link.0 = link.0.max(time);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (key, person) in other.people {
            self.add(key, person);
        }
        for (both, (time, phone)) in other.phones {
            self.link(both, time, || phone);
        }
    }

    fn add(&mut self, key: u64, other: Person) {
        match self.people.get_mut(&key) {
            Some(person) => {
                Newest::merge(&mut person.name, other.name);
                person.events += other.events;
                if let Some(seen) = other.seen {
                    person.was_seen(seen);
                }
            }
            None => {
                self.people.insert(key, other);
            }
        }
    }

    /// Joins what is known of the same person by user id and by phone number: the number with which the user was seen last,
    /// among those of nobody else.
    pub(super) fn finish(mut self) -> Known {
        let mut users = HashMap::<u64, u32>::new();
        for (phone, _) in self.phones.keys() {
            *users.entry(*phone).or_default() += 1;
        }
        let mut last = HashMap::<u64, (Timestamp, String)>::new();
        for ((phone, user), seen) in std::mem::take(&mut self.phones) {
            if users[&phone] == 1 && last.get(&user).is_none_or(|other| *other < seen) {
                last.insert(user, seen);
            }
        }
        let mut users = HashMap::new();
        for (user, (_, phone)) in last {
            users.insert(hash(&phone), user);
            if let Some(person) = self.people.remove(&hash(&phone)) {
                self.add(user, person);
            }
            if let Some(person) = self.people.get_mut(&user) {
                person.phone = Some(phone);
            }
        }
        Known { people: self.people, users }
    }
}

/// Everybody at the end of the first reading.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) people: HashMap<u64, Person>,
    /// By the hash of a phone number, the hash of the user id that belongs to it.
    users: HashMap<u64, u64>,
}

impl Known {
    /// The key in `people` of somebody with this user id or phone number.
    pub(super) fn key(&self, person_id: &str) -> u64 {
        let key = hash(person_id);
        self.users.get(&key).copied().unwrap_or(key)
    }
}
