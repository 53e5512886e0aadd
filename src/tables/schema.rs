//! The tables: every column with its name, type and description, once. Rows, file headers, schemas and `docs/flat-tables.md`
//! all come from here.

use super::column::{Boolean, Cell, Column, Integer, Kind, Name, Number, Phone, Prose, Text, Time};
use crate::event::Timestamp;

/// What every row begins with: the item that it comes of.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The partition key.
    pub group_id: &'a str,
    /// The event id; `None` in quarantine.
    pub event_id: Option<&'a str>,
    /// The sort key.
    pub event_key: &'a str,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl Origin<'_> {
    const COLUMNS: [Column; 4] = [
        column::<Text>(
            "group_id",
            "The group; `ungrouped` if the event names none, `quarantine` for a body that is not an event.",
        ),
        column::<Text>("event_id", "The event's id as it was sent. An edit may come under the id of its original."),
        column::<Text>(
            "event_key",
            "With `group_id` the key of the item, and so of the event: what joins the tables. A revision has its own.",
        ),
        column::<Time>("received_at", "When the event arrived."),
    ];

    /// The origin that has these cells; `None` if they are not those of an origin.
    fn of_cells<'a>(cells: &[Cell<'a>; 4]) -> Option<Origin<'a>> {
        let (Cell::Text(group_id), Cell::Text(event_key), Cell::Time(received_at)) = (cells[0], cells[2], cells[3])
        else {
            return None;
        };
        let event_id = match cells[1] {
            Cell::Text(id) => Some(id),
            _ => None,
        };
        Some(Origin { group_id, event_id, event_key, received_at })
    }

    fn cells(&self) -> [Cell<'_>; 4] {
        [
            Cell::Text(self.group_id),
            self.event_id.map_or(Cell::Null, Cell::Text),
            Cell::Text(self.event_key),
            Cell::Time(self.received_at),
        ]
    }
}

const fn column<K: Kind>(name: &'static str, description: &'static str) -> Column {
    // A column may bear the name of a keyword.
    let name = match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    };
    Column { name, column_type: K::COLUMN_TYPE, description: description.trim_ascii(), personal: K::PERSONAL }
}

macro_rules! tables {
    ($(
        $(#[doc = $doc:literal])+
        $variant:ident = $name:literal: $row:ident {
            $($(#[doc = $column_doc:literal])+ $column:ident: $kind:ident,)+
        }
    )+) => {
        /// A table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Table {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Table {
            /// Every table.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            /// Its name, which is that of its file too.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it has a row for, in Markdown.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// Its columns, in order.
            pub const fn columns(self) -> &'static [Column] {
                match self { $(Self::$variant => $row::COLUMNS,)+ }
            }
        }

        /// A row of any table.
        #[derive(Clone, Debug)]
        pub enum Row<'a> {
            $($(#[doc = $doc])+ $variant($row<'a>),)+
        }

        impl<'a> Row<'a> {
            /// The row of a table that has these cells, in the order of the table's columns; `None` when they are not one
            /// for each column.
            pub fn of_cells(table: Table, cells: &[Cell<'a>]) -> Option<Self> {
                let (origin, cells) = cells.split_first_chunk()?;
                let origin = Origin::of_cells(origin)?;
                let mut cells = cells.iter().copied();
                Some(match table {
                    $(Table::$variant => Self::$variant($row {
                        origin,
                        $($column: <$kind as Kind>::value(cells.next()?),)+
                    }),)+
                })
            }
        }

        impl Row<'_> {
            /// The table that it belongs to.
            pub fn table(&self) -> Table {
                match self { $(Self::$variant(_) => Table::$variant,)+ }
            }

            /// Calls `each` with every value, in the order of the table's columns.
            pub fn each_cell(&self, mut each: impl FnMut(&'static Column, Cell<'_>)) {
                match self { $(Self::$variant(row) => {
                    let mut columns = $row::COLUMNS.iter();
                    let mut next = |cell| each(columns.next().expect("a column for each cell"), cell);
                    row.origin.cells().into_iter().for_each(&mut next);
                    $(next(<$kind as Kind>::cell(&row.$column));)+
                })+ }
            }
        }

        $(
            $(#[doc = $doc])+
            #[derive(Clone, Debug)]
            pub struct $row<'a> {
                /// The item that it comes of.
                pub origin: Origin<'a>,
                $($(#[doc = $column_doc])+ pub $column: <$kind as Kind>::Value<'a>,)+
            }

            impl $row<'_> {
                const COLUMNS: &'static [Column] = &{
                    let [group_id, event_id, event_key, received_at] = Origin::COLUMNS;
                    [
                        group_id, event_id, event_key, received_at,
                        $(column::<$kind>(stringify!($column), concat!($($column_doc),+)),)+
                    ]
                };
            }
        )+
    };
}

tables! {
    /// One row per event, of whatever type, revisions included. What has no table of its own is here alone: types that
    /// are not documented (polls and meetings among them), and events whose data is missing or no JSON object.
    Events = "events": EventRow {
        /// The event type as it was sent.
        event_type: Text,
        /// What was subscribed to: `Group`, `Action` or `ActionPackage`.
        object_type: Text,
        /// The id of what was subscribed to. The same event may come through several subscriptions; the first counts.
        object_id: Text,
        /// The action that the event belongs to.
        action_id: Text,
        /// The response that the event carries.
        response_id: Text,
        /// Kaizala's opaque id of who caused the event.
        from_user_id: Text,
        /// The name of who caused the event.
        from_user_name: Name,
        /// When it happened by the sender's clock: the answer to the question `ResponseTime`. Other events have no such time.
        occurred_at: Time,
        /// On revisions: the `event_key` of the first event of that id.
        revision_of: Text,
    }

    /// One row per action card or survey that was sent to a group (`ActionCreated`, `SurveyCreated`).
    Actions = "actions": ActionRow {
        /// The action.
        action_id: Text,
        /// The title of the card or survey.
        title: Prose,
        /// The action package, with its version when the event says it (`packageId`, else `actionPackageId`).
        package_id: Text,
    }

    /// One row per question of an action card or survey that was sent.
    Questions = "questions": QuestionRow {
        /// The action.
        action_id: Text,
        /// The place of the question in the card; the first is 1. Titles are not unique: the position counts too.
        position: Integer,
        /// What is asked.
        title: Prose,
        /// The question type as it was sent: `Text`, `Numeric`, `SingleOption`, …
        r#type: Text,
        /// The titles of the options to choose from, as a JSON array of strings; null when there are none.
        options: Prose,
    }

    /// One row per response to an action card or survey (`ActionResponse`, `SurveyResponse`), edits included.
    Responses = "responses": ResponseRow {
        /// `ActionResponse` or `SurveyResponse`.
        event_type: Text,
        /// The action that was answered.
        action_id: Text,
        /// The action package, with its version when the event says it (`packageId`, else `actionPackageId`).
        package_id: Text,
        /// The response, the same for an edit; the event's id when the event does not say it.
        response_id: Text,
        /// Kaizala's opaque id of who answered.
        responder_id: Text,
        /// The phone number of who answered.
        responder: Phone,
        /// The name of who answered.
        responder_name: Name,
        /// Whether the responder is withheld; null when the event does not say it.
        is_anonymous: Boolean,
        /// Whether the event says that it is an edit. Never null.
        is_update: Boolean,
        /// Whether it was fetched through the API by `kaizala pull`. Never null.
        is_pulled: Boolean,
        /// Whether this is the latest of all rows with this `group_id` and `response_id`: the greatest by (`is_update` or
        /// `is_pulled`), then `ranked_at`, `received_at`, `event_key`. True for exactly one of them.
        is_latest: Boolean,
        /// The time by which versions are ranked: of one that was pulled `received_at`, of others the earlier of that and
        /// `responded_at`.
        ranked_at: Time,
        /// When it was answered by the sender's clock; null when the response does not say it.
        responded_at: Time,
    }

    /// One row per value of an answer: one for each option chosen and each file sent, one with null values for a question
    /// that was not answered. A value fills the columns of its kind and no others.
    Answers = "answers": AnswerRow {
        /// The response, as in `responses`.
        response_id: Text,
        /// The action that was answered.
        action_id: Text,
        /// The action package, as in `responses`.
        package_id: Text,
        /// The place of the question in the card; the first is 1. Titles are not unique: the position counts too.
        question_position: Integer,
        /// What was asked.
        question_title: Prose,
        /// The question type as it was sent: `Text`, `Numeric`, `SingleOption`, …
        question_type: Text,
        /// Whether the question is filled in by the app and not shown, as `ResponseTime` is.
        is_invisible: Boolean,
        /// The place of the value in the answer; the first is 1, and null means not answered.
        answer_position: Integer,
        /// Text as it was written; the title of an option; a phone number with `+` and country code. An answer that fits no
        /// other column is here as JSON, as it was sent but for white space.
        answer_text: Prose,
        /// The answer to a question of type `Numeric`.
        answer_number: Number,
        /// The answer to a question of type `DateTime` or `Date`.
        answer_time: Time,
        /// Degrees north, of a `Location`.
        latitude: Number,
        /// Degrees east, of a `Location`.
        longitude: Number,
        /// Radius of uncertainty in metres, of a `Location`.
        accuracy_m: Number,
        /// Name and address of a `Location`, with a comma between.
        place: Prose,
        /// Where the file is, of an `AttachmentList` or `Image`.
        media_url: Text,
        /// What the file is called.
        media_file_name: Prose,
        /// Whether this belongs to the latest row of the response, as in `responses`.
        is_latest: Boolean,
    }

    /// One row per text message (`TextMessageCreated`).
    Messages = "messages": MessageRow {
        /// What was written.
        text: Prose,
    }

    /// One row per announcement (`Announcement`).
    Announcements = "announcements": AnnouncementRow {
        /// The headline.
        title: Prose,
        /// What was announced.
        text: Prose,
    }

    /// One row per file that was sent as such or with an announcement (`AttachmentCreated`, `Announcement`).
    Attachments = "attachments": AttachmentRow {
        /// The event type: `AttachmentCreated` or `Announcement`.
        source_type: Text,
        /// The place of the file among those of the event; the first is 1.
        position: Integer,
        /// What kind of attachment it is: `Image`, by inference also `Album`, `Audio`, `Document`, `Video`. Null for
        /// announcements.
        action_type: Text,
        /// What was written below; the same for every file of the event.
        caption: Prose,
        /// Where the file is.
        media_url: Text,
        /// What the file is called.
        media_file_name: Prose,
    }

    /// One row per assignee of a job (`JobCreated`), one with a null assignee when there is none. One who is named twice has
    /// one row.
    Jobs = "jobs": JobRow {
        /// The action that is the job.
        action_id: Text,
        /// The job's title.
        title: Prose,
        /// The job's description.
        text: Prose,
        /// When it is due; null when the event does not say it, or not in RFC 3339 or epoch time.
        due_at: Time,
        /// The phone number of the assignee.
        assignee: Phone,
    }

    /// One row per answer to a job (`JobResponse`), edits included.
    JobResponses = "job_responses": JobResponseRow {
        /// The action that is the job.
        action_id: Text,
        /// The answer; the event's id when the event does not say it.
        response_id: Text,
        /// The phone number of the assignee.
        assignee: Phone,
        /// The name of the assignee.
        assignee_name: Name,
        /// Whether the job is done; null when the event does not say it.
        is_completed: Boolean,
        /// Whether the event says that it is an edit. Never null.
        is_update: Boolean,
        /// Whether it was fetched through the API by `kaizala pull`. Never null.
        is_pulled: Boolean,
        /// Whether this is the latest of all rows with this `group_id` and `response_id`, by the same order as in `responses`.
        is_latest: Boolean,
        /// The time by which versions are ranked, as in `responses`.
        ranked_at: Time,
    }

    /// One row per member that joined or left a group (`MemberAdded`, `MemberRemoved`).
    Members = "members": MemberRow {
        /// `added` or `removed`.
        change: Text,
        /// Kaizala's opaque id of the member.
        member_id: Text,
        /// The phone number of the member.
        member: Phone,
        /// The name of the member.
        member_name: Name,
        /// The member's role.
        role: Text,
    }

    /// One row per sub-group that was added to or removed from a group (`GroupAdded`, `GroupRemoved`); `group_id` is the
    /// parent.
    Subgroups = "subgroups": SubgroupRow {
        /// `added` or `removed`.
        change: Text,
        /// The sub-group.
        subgroup_id: Text,
        /// What it is called.
        subgroup_name: Prose,
        /// What kind of group it is.
        subgroup_type: Text,
    }

    /// One row per body that was not an event. Its `event_key` is the body's digest, its `event_id` null.
    Quarantine = "quarantine": QuarantineRow {
        /// Why: `not-utf8`, `not-json`, `not-an-object`, `no-event-id`, `no-event-type`, `key-too-long`, `not-base64`, `rejected-by-store`.
        reason: Text,
        /// SHA-256 of the body, in hex.
        body_sha256: Text,
        /// Size of the body as it was received.
        bytes: Integer,
    }
}
