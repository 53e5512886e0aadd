//! Who has caused events: people by their phone number, or by Kaizala's user id if the number is not known, with their names.

use std::collections::HashMap;

use super::{
    hash::hash,
    newest::{Arrived, Newest},
};
use crate::event::Timestamp;

/// What the first reading learns about a person.
#[derive(Debug)]
pub(super) struct Person {
    /// The phone number, or Kaizala's user id if the number is not known.
    pub(super) id: String,
    pub(super) name: Option<Newest<String>>,
    /// How many events they have caused.
    pub(super) events: u64,
    /// When the first and the last event of or about them arrived.
    pub(super) seen: [Timestamp; 2],
}

/// Everybody whom the first reading has seen, by a hash of phone number or user id.
#[derive(Debug, Default)]
pub(super) struct Everybody {
    people: HashMap<u64, Person>,
    /// By the hash of a phone number, the hash of its user id: `None` if several users have the number.
    ids: HashMap<u64, Option<u64>>,
}

impl Everybody {
    /// Takes in that an event names somebody by phone number, user id or both.
    pub(super) fn seen(&mut self, at: Arrived, phone: Option<&str>, id: Option<&str>, name: Option<&str>) {
        if let (Some(phone), Some(id)) = (phone, id) {
            self.link(hash(phone), Some(hash(id)));
        }
        if let Some(who) = phone.or(id) {
            self.person(who, at, name);
        }
    }

    /// Takes in that somebody, known by phone number or user id, has caused an event.
    pub(super) fn caused(&mut self, at: Arrived, who: &str, name: Option<&str>) {
        self.person(who, at, name).events += 1;
    }

    fn person(&mut self, who: &str, at: Arrived, name: Option<&str>) -> &mut Person {
        let person = self.people.entry(hash(who)).or_insert_with(|| Person {
            id: who.to_owned(),
            name: None,
            events: 0,
            seen: [at.0; 2],
        });
        person.seen = [person.seen[0].min(at.0), person.seen[1].max(at.0)];
        if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
            Newest::put(&mut person.name, at, || name.to_owned());
        }
        person
    }

    fn link(&mut self, phone: u64, id: Option<u64>) {
        let known = self.ids.entry(phone).or_insert(id);
        if *known != id {
            *known = None;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (key, person) in other.people {
            self.add(key, person);
        }
        for (phone, id) in other.ids {
            self.link(phone, id);
        }
    }

    fn add(&mut self, key: u64, other: Person) {
        match self.people.get_mut(&key) {
            Some(person) => {
                Newest::merge(&mut person.name, other.name);
                person.events += other.events;
                person.seen = [person.seen[0].min(other.seen[0]), person.seen[1].max(other.seen[1])];
            }
            None => {
                self.people.insert(key, other);
            }
        }
    }

    /// Joins what is known of the same person by phone number and by user id.
    pub(super) fn finish(mut self) -> Known {
        let mut phones = HashMap::<u64, u64>::new();
        for (phone, id) in &self.ids {
            if let Some(id) = id {
                // Somebody who has changed the number is listed under one of the numbers: the same one in every run.
                phones.entry(*id).and_modify(|known| *known = (*known).min(*phone)).or_insert(*phone);
            }
        }
        for (id, phone) in &phones {
            if let Some(person) = self.people.remove(id) {
                self.add(*phone, person);
            }
        }
        Known { people: self.people, phones }
    }
}

/// Everybody at the end of the first reading.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) people: HashMap<u64, Person>,
    /// By the hash of a user id, the hash of the phone number that belongs to it.
    phones: HashMap<u64, u64>,
}

impl Known {
    /// The key in `people` of somebody with this phone number or user id.
    pub(super) fn key(&self, who: &str) -> u64 {
        let key = hash(who);
        self.phones.get(&key).copied().unwrap_or(key)
    }
}
