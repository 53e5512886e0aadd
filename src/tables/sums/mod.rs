//! The tables that sum over many items: `groups`, `people`, `cards`.
//!
//! They are summed up while the rows go to their files, by each thread on its own. Memory holds what is summed up: an entry for
//! each name of a group, each person in each group, each card, however many events there are. The SQL in `dashboards/athena`
//! does the same over the lake.

mod cards;
mod groups;
mod people;

pub(crate) use self::groups::trust_in_name;
use self::{cards::Cards, groups::GroupNames, people::People};
use super::{
    batch::Batch,
    column::Cell,
    schema::{Row, Table},
};
use crate::event::Timestamp;

/// What the rows so far sum up to.
#[derive(Default)]
pub(super) struct Sums {
    groups: GroupNames,
    people: People,
    cards: Cards,
}

/// Where a row comes from. The greatest is the last: by arrival first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    received_at: Timestamp,
    group_id: String,
    event_key: String,
    event_id: Option<String>,
}

/// The cells of the row that a place takes, which are the first four of every table.
struct Spot<'a> {
    received_at: Timestamp,
    group_id: &'a str,
    event_key: &'a str,
    event_id: Option<&'a str>,
}

impl Spot<'_> {
    fn order(&self) -> (Timestamp, &str, &str) {
        (self.received_at, self.group_id, self.event_key)
    }

    fn place(&self) -> Place {
        Place {
            received_at: self.received_at,
            group_id: self.group_id.to_owned(),
            event_key: self.event_key.to_owned(),
            event_id: self.event_id.map(str::to_owned),
        }
    }
}

impl Place {
    /// Becomes another place, in the memory that it has.
    fn set(&mut self, at: &Spot<'_>) {
        self.received_at = at.received_at;
        at.group_id.clone_into(&mut self.group_id);
        at.event_key.clone_into(&mut self.event_key);
        match (&mut self.event_id, at.event_id) {
            (Some(old), Some(new)) => new.clone_into(old),
            (old, new) => *old = new.map(str::to_owned),
        }
    }

    fn order(&self) -> (Timestamp, &str, &str) {
        (self.received_at, &self.group_id, &self.event_key)
    }

    fn origin(&self) -> super::schema::Origin<'_> {
        super::schema::Origin {
            group_id: &self.group_id,
            event_id: self.event_id.as_deref(),
            event_key: &self.event_key,
            received_at: self.received_at,
        }
    }
}

impl Sums {
    /// Takes some rows of a table, as they are exported.
    pub(super) fn add(&mut self, table: Table, batch: &Batch) {
        let Some(columns) = Columns::of(table) else { return };
        let mut rows = batch.cells();
        let mut cells = Vec::new();
        for _ in 0..batch.rows {
            rows.next(&mut cells);
            let [Cell::Text(group_id), event_id, Cell::Text(event_key), Cell::Time(received_at), ..] = cells[..] else {
                continue;
            };
            let at = Spot { received_at, group_id, event_key, event_id: text(event_id) };
            match &columns {
                Columns::Group(columns) => self.groups.add(&at, &columns.map(|column| text(cells[column]))),
                Columns::Person { columns, change } => {
                    let [user_id, phone, name] = columns.map(|column| column.and_then(|column| text(cells[column])));
                    let change = change.and_then(|column| text(cells[column]));
                    self.people.add(&at, user_id, phone, name, change);
                }
                Columns::Card(columns) => {
                    let told = columns.map(|column| column.map_or(Cell::Null, |column| cells[column]));
                    self.cards.add(&at, table, &told);
                }
                Columns::Answered { person, card } => {
                    let [user_id, phone, name] = person.map(|column| column.and_then(|column| text(cells[column])));
                    self.people.add(&at, user_id, phone, name, None);
                    let told = card.map(|column| column.map_or(Cell::Null, |column| cells[column]));
                    self.cards.add(&at, table, &told);
                }
            }
        }
    }

    /// Adds what another thread has summed up.
    pub(super) fn merge(&mut self, other: Self) {
        self.groups.merge(other.groups);
        self.people.merge(other.people);
        self.cards.merge(other.cards);
    }

    /// Calls `each` with every row of the summed tables.
    pub(super) fn rows(&self, each: &mut impl FnMut(&Row<'_>)) {
        self.groups.rows(each);
        let members = self.people.rows(each);
        self.cards.rows(&members, each);
    }
}

/// The places of the columns that are summed up, of the tables that have some.
enum Columns {
    Group([usize; 4]),
    /// Id, phone number and name of a person.
    Person {
        columns: [Option<usize>; 3],
        change: Option<usize>,
    },
    /// Action, package, title, whether it is the latest.
    Card([Option<usize>; 4]),
    /// A person who has answered a card.
    Answered {
        person: [Option<usize>; 3],
        card: [Option<usize>; 4],
    },
}

impl Columns {
    fn of(table: Table) -> Option<Self> {
        let at = |name: &str| table.columns().iter().position(|column| column.name == name);
        let person = |names: [Option<&str>; 3]| names.map(|name| name.and_then(at));
        let card = ["action_id", "package_id", "title", "is_latest"].map(at);
        Some(match table {
            Table::GroupNames => Self::Group([at("named_group_id")?, at("name")?, at("type")?, at("source")?]),
            Table::Events => Self::Person {
                columns: person([Some("from_user_id"), Some("from_user"), Some("from_user_name")]),
                change: None,
            },
            Table::Responses => Self::Answered {
                person: person([Some("responder_id"), Some("responder"), Some("responder_name")]),
                card,
            },
            Table::Jobs => Self::Person { columns: person([None, Some("assignee"), None]), change: None },
            Table::JobResponses => {
                Self::Person { columns: person([None, Some("assignee"), Some("assignee_name")]), change: None }
            }
            Table::Members => Self::Person {
                columns: person([Some("member_id"), Some("member"), Some("member_name")]),
                change: at("change"),
            },
            Table::Actions => Self::Card(card),
            _ => return None,
        })
    }
}

fn text(cell: Cell<'_>) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}
