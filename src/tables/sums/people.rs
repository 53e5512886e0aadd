//! Who there is: which phone numbers and ids of Kaizala's are the same person, and in which groups that person is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Place, Spot};
use crate::{
    event::Timestamp,
    tables::schema::{PersonRow, Row},
};

/// How many people are known to be in each group.
pub(super) type Members = HashMap<String, i64>;

/// Everybody whom events tell of, by group, Kaizala's id and phone number; where there is none of the latter two, "" stands
/// for it. Nested, so that looking somebody up takes no memory.
#[derive(Default)]
pub(super) struct People(HashMap<String, HashMap<String, HashMap<String, Option<Sight>>>>);

/// What events tell of a person in a group.
struct Sight {
    first: Timestamp,
    last: Place,
    name: Option<(Place, String)>,
    /// The last change of membership, and whether the person was removed.
    change: Option<(Place, bool)>,
}

/// A person, whose sights were put together.
struct Person<'a> {
    first: Timestamp,
    last: &'a Place,
    name: Option<&'a (Place, String)>,
    changes: BTreeMap<&'a str, Option<&'a (Place, bool)>>,
}

impl People {
    pub(super) fn add(
        &mut self,
        at: &Spot<'_>,
        user_id: Option<&str>,
        phone: Option<&str>,
        name: Option<&str>,
        change: Option<&str>,
    ) {
        if user_id.is_none() && phone.is_none() {
            return;
        }
        let sight =
            entry(entry(entry(&mut self.0, at.group_id), user_id.unwrap_or_default()), phone.unwrap_or_default());
        let sight =
            sight.get_or_insert_with(|| Sight { first: at.received_at, last: at.place(), name: None, change: None });
        sight.first = sight.first.min(at.received_at);
        if sight.last.order() < at.order() {
            sight.last.set(at);
        }
        match (&mut sight.name, name) {
            (Some((place, old)), Some(name)) if (place.order(), old.as_str()) < (at.order(), name) => {
                place.set(at);
                name.clone_into(old);
            }
            (none @ None, Some(name)) => *none = Some((at.place(), name.to_owned())),
            _ => {}
        }
        if let Some(change) = change
            && sight.change.as_ref().is_none_or(|(place, _)| place.order() < at.order())
        {
            sight.change = Some((at.place(), change == "removed"));
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (group_id, users) in other.0 {
            let group = entry(&mut self.0, &group_id);
            for (user_id, phones) in users {
                let user = entry(group, &user_id);
                for (phone, sight) in phones {
                    let Some(sight) = sight else { continue };
                    let Some(old) = entry(user, &phone) else {
                        user.insert(phone, Some(sight));
                        continue;
                    };
                    old.first = old.first.min(sight.first);
                    if old.last < sight.last {
                        old.last = sight.last;
                    }
                    // `None` is the least.
                    if old.name < sight.name {
                        old.name = sight.name;
                    }
                    if old.change < sight.change {
                        old.change = sight.change;
                    }
                }
            }
        }
    }

    /// Group, id and phone number of all sights.
    fn sights(&self) -> impl Iterator<Item = (&str, Option<&str>, Option<&str>, &Sight)> {
        fn told(text: &str) -> Option<&str> {
            Some(text).filter(|text| !text.is_empty())
        }
        self.0.iter().flat_map(|(group_id, users)| {
            users.iter().flat_map(move |(user_id, phones)| {
                phones.iter().filter_map(move |(phone, sight)| {
                    Some((group_id.as_str(), told(user_id), told(phone), sight.as_ref()?))
                })
            })
        })
    }

    /// Calls `each` with the row of every person.
    pub(super) fn rows(&self, each: &mut impl FnMut(&Row<'_>)) -> Members {
        let (phone_of, user_of) = self.phones();
        let mut people = BTreeMap::<(Option<&str>, &str), Person<'_>>::new();
        for (group_id, user_id, phone, sight) in self.sights() {
            let phone = phone.unwrap_or_default();
            let user_id = user_id.or_else(|| user_of.get(phone).copied());
            let person = people.entry((user_id, user_id.unwrap_or(phone))).or_insert_with(|| Person {
                first: sight.first,
                last: &sight.last,
                name: None,
                changes: BTreeMap::new(),
            });
            person.first = person.first.min(sight.first);
            person.last = person.last.max(&sight.last);
            person.name = person.name.max(sight.name.as_ref());
            let change = person.changes.entry(group_id).or_default();
            *change = (*change).max(sight.change.as_ref());
        }
        let mut members = Members::new();
        for ((user_id, person_id), person) in &people {
            let is_in = |change: Option<&(Place, bool)>| !change.is_some_and(|(_, is_removed)| *is_removed);
            let groups: Vec<_> =
                person.changes.iter().filter(|(_, change)| is_in(**change)).map(|(id, _)| *id).collect();
            for group in &groups {
                *members.entry((*group).to_owned()).or_default() += 1;
            }
            each(&Row::People(PersonRow {
                origin: person.last.origin(),
                person_id: Some((*person_id).into()),
                user_id: user_id.map(Into::into),
                phone: match user_id {
                    Some(user_id) => phone_of.get(user_id).map(|phone| (*phone).into()),
                    None => Some((*person_id).into()),
                },
                name: person.name.map(|(_, name)| name.as_str().into()),
                first_seen: Some(person.first),
                last_seen: Some(person.last.received_at),
                groups: serde_json::to_string(&groups).ok().map(Into::into),
            }));
        }
        members
    }

    /// The phone number of each user, and the user of each of those numbers: the number with which the user was seen last, among
    /// those of nobody else.
    fn phones(&self) -> (HashMap<&str, &str>, HashMap<&str, &str>) {
        let mut users = HashMap::<&str, BTreeSet<&str>>::new();
        let mut last = BTreeMap::<(&str, &str), Timestamp>::new();
        for (_, user_id, phone, sight) in self.sights() {
            if let (Some(user_id), Some(phone)) = (user_id, phone) {
                users.entry(phone).or_default().insert(user_id);
                let time = last.entry((user_id, phone)).or_insert(sight.last.received_at);
                *time = (*time).max(sight.last.received_at);
            }
        }
        let mut phone_of = HashMap::<&str, (Timestamp, &str)>::new();
        for ((user_id, phone), time) in last {
            if users.get(phone).is_some_and(|users| users.len() == 1) {
                let own = phone_of.entry(user_id).or_insert((time, phone));
                *own = (*own).max((time, phone));
            }
        }
        let phone_of: HashMap<_, _> = phone_of.into_iter().map(|(user, (_, phone))| (user, phone)).collect();
        let user_of = phone_of.iter().map(|(user, phone)| (*phone, *user)).collect();
        (phone_of, user_of)
    }
}

/// The entry under a name; only a new one takes memory for its name.
fn entry<'m, V: Default>(map: &'m mut HashMap<String, V>, name: &str) -> &'m mut V {
    if !map.contains_key(name) {
        map.insert(name.to_owned(), V::default());
    }
    map.get_mut(name).expect("it was put there")
}
