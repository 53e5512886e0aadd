//! The tables: every column with its name, type and description, once. Rows, file headers, schemas and `docs/flat-tables.md`
//! all come from here.

use super::{
    column::{Boolean, Cell, Column, Integer, Kind, Link, Name, Number, Person, Phone, Prose, Rest, Text, Time},
    origin::{column, tables},
};

pub use super::origin::Origin;

tables! {
    /// One row per event, of whatever type, revisions included. What no column of any table holds of an event is here, in
    /// `other`. Of an event that hides who answered (`isAnonymous`), no column of any table tells who did.
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
        /// The phone number of who caused the event.
        from_user: Phone,
        /// The name of who caused the event.
        from_user_name: Name,
        /// Who caused the event: Kaizala's id where the event tells it, else the phone number. `people` says who that is.
        person_id: Person,
        /// Whether a bot caused the event; null when the event does not say it.
        is_bot: Boolean,
        /// What the subscriber had Kaizala send along (`callBackContext`).
        context: Prose,
        /// The subscription that delivered the event first.
        subscription_id: Text,
        /// When it happened by the sender's clock: the answer to the question `ResponseTime`. Other events have no such time.
        occurred_at: Time,
        /// On revisions: the `event_key` of the first event of that id.
        revision_of: Text,
        /// What no column of any table holds of the event, as a JSON object with its members where they stand in the body,
        /// those of questions under their positions. Empty values are left out.
        other: Rest,
    }

    /// One row per action card, survey, poll or meeting that was sent to a group (`ActionCreated`, `SurveyCreated`,
    /// `PollCreated`, `LetsMeetCreated`).
    Actions = "actions": ActionRow {
        /// The action.
        action_id: Text,
        /// The title of the card or survey.
        title: Prose,
        /// The action package, with its version when the event says it (`packageId`, else `actionPackageId`).
        package_id: Text,
        /// Its properties, as JSON: a list of `{name, type, value}`.
        properties: Prose,
    }

    /// One row per question of what has a row in `actions`. Of a poll that has one question with choices, that one.
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

    /// One row per response to an action card, survey, poll or meeting (`ActionResponse`, `SurveyResponse`, `PollResponse`,
    /// `LetsMeetResponse`), edits included, and per row of a card's report that was downloaded (`ImportedResponse`).
    Responses = "responses": ResponseRow {
        /// `ActionResponse`, `SurveyResponse`, `PollResponse`, `LetsMeetResponse` or `ImportedResponse`.
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
        /// Who answered: Kaizala's id where the event tells it, else the phone number. `people` says who that is.
        person_id: Person,
        /// Its properties, as JSON: a list of `{name, type, value}`.
        properties: Prose,
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
        /// Text as it was written; the title of an option; a phone number with `+` and country code; a number or time that
        /// the column of its kind cannot hold exactly.
        answer_text: Prose,
        /// The answer to a question of type `Numeric`; the stars of a rating; a text that is a number. What begins with `+` or
        /// with a `0` that is not the whole number is a phone number or a code.
        answer_number: Number,
        /// The answer to a question of type `DateTime` or `Date`.
        answer_time: Time,
        /// What is structured, as it was sent but for white space: a `Location`, a `PhoneNumber`, a rating, whatever no other
        /// column can hold whole. JSON.
        answer_json: Prose,
        /// Degrees north, of a `Location`.
        latitude: Number,
        /// Degrees east, of a `Location`.
        longitude: Number,
        /// Radius of uncertainty in metres, of a `Location`.
        accuracy_m: Number,
        /// Name and address of a `Location`, with a comma between.
        place: Prose,
        /// Where the file is, of an `AttachmentList` or `Image`.
        media_url: Link,
        /// What the file is called.
        media_file_name: Prose,
        /// Whether this belongs to the latest row of the response, as in `responses`.
        is_latest: Boolean,
    }

    /// One row per text message (`TextMessageCreated`, `ImportedMessage`).
    Messages = "messages": MessageRow {
        /// What was written.
        text: Prose,
        /// Who wrote it: Kaizala's id where the event tells it, else the phone number. `people` says who that is.
        person_id: Person,
        /// The name of who wrote it.
        person_name: Name,
    }

    /// One row per announcement (`Announcement`).
    Announcements = "announcements": AnnouncementRow {
        /// The headline.
        title: Prose,
        /// What was announced.
        text: Prose,
    }

    /// One row per file that was sent as such or with an announcement (`AttachmentCreated`, `Announcement`,
    /// `ImportedMessage`).
    Attachments = "attachments": AttachmentRow {
        /// The event type: `AttachmentCreated`, `Announcement` or `ImportedMessage`.
        source_type: Text,
        /// The place of the file among those of the event; the first is 1.
        position: Integer,
        /// What kind of attachment it is: `Image`, by inference also `Album`, `Audio`, `Document`, `Video`. Null for
        /// announcements.
        action_type: Text,
        /// What was written below; the same for every file of the event.
        caption: Prose,
        /// Where the file is.
        media_url: Link,
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
        /// The assignee: Kaizala's id where the event tells it, else the phone number. `people` says who that is.
        person_id: Person,
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
        /// The assignee: Kaizala's id where the event tells it, else the phone number. `people` says who that is.
        person_id: Person,
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
        /// The member: Kaizala's id where the event tells it, else the phone number. `people` says who that is.
        person_id: Person,
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

    /// One row each time that something says what a group is called: the API's list, an archive or a file (the row is that of
    /// the name's item in the table, whose `group_id` is `groups`), or an event (`GroupAdded`). `groups` has one row per group.
    GroupNames = "group_names": GroupNameRow {
        /// The group that has the name.
        named_group_id: Text,
        /// What it is called.
        name: Prose,
        /// What kind of group it is.
        r#type: Text,
        /// Who says so: `event`, `archive`, `api` or `file`.
        source: Text,
    }

    /// One row per CloudEvent, revisions included: what only these have. Whatever their type is called, they are in no table of
    /// Kaizala's but `events`. `group_id` is the source.
    CloudEvents = "cloud_events": CloudEventRow {
        /// Where it happened, a URI reference (`source`).
        source: Text,
        /// What happened (`type`).
        r#type: Text,
        /// What it happened to, within the source (`subject`).
        subject: Prose,
        /// When it happened by the sender's clock (`time`); null when the event does not say it, or not in RFC 3339.
        time: Time,
        /// The media type of the data (`datacontenttype`). Data without one is JSON.
        content_type: Text,
        /// Where the schema of the data is (`dataschema`).
        data_schema: Text,
        /// The data as JSON text: JSON as it was sent but for white space, other text as a JSON string, anything else as a
        /// JSON string of its base64.
        data: Prose,
        /// The extension attributes as a JSON object, in the order in which they were sent; null when there are none.
        extensions: Prose,
    }

    /// One row per body that was not an event. Its `event_key` is the body's digest, its `event_id` null.
    Quarantine = "quarantine": QuarantineRow {
        /// Why: `not-utf8`, `not-json`, `not-an-object`, `no-event-id`, `no-event-type`, `key-too-long`, `not-base64`,
        /// `rejected-by-store`, `digest-collision`; of CloudEvents also `spec-version`, `no-source`, `two-data`, `bad-base64`,
        /// `event-format`, `header-not-utf8`, `batch-too-large`.
        reason: Text,
        /// SHA-256 of the body, in hex.
        body_sha256: Text,
        /// Size of the body as it was received.
        bytes: Integer,
    }

    /// One row per group whose name is known, `group_id`; joins `group_id` of the other tables. A file beats the API, which
    /// beats archives, which beat events; among equals the newest counts. The other columns that every table begins with say
    /// where the name is from.
    Groups = "groups": GroupRow {
        /// What it is called.
        name: Prose,
        /// What kind of group it is.
        r#type: Text,
        /// Who says so: `event`, `archive`, `api` or `file`.
        source: Text,
    }

    /// One row per person that events tell of: senders, responders, assignees, members. A row elsewhere has a `person_id` that
    /// is either this `person_id` or this `phone`, and never both of two people: `ON p.person_id = r.person_id OR p.phone =
    /// r.person_id`. A phone number of two users is a person of its own, and so is the older one of a user's two. The columns
    /// that every table begins with are those of the last event that tells of the person.
    People = "people": PersonRow {
        /// Kaizala's id if it is known, else the phone number.
        person_id: Person,
        /// Kaizala's id.
        user_id: Text,
        /// The phone number.
        phone: Phone,
        /// The name in the last event that has one.
        name: Name,
        /// When the first event that tells of the person arrived.
        first_seen: Time,
        /// When the last one arrived.
        last_seen: Time,
        /// The groups that events tell of the person in and that the person was not removed from since, as a JSON array.
        groups: Text,
    }

    /// One row per action card, survey, poll or meeting of a group, or package where responses tell no action. The columns that
    /// every table begins with are those of the last event that created it, else of the last response.
    Cards = "cards": CardRow {
        /// The action.
        action_id: Text,
        /// The action package.
        package_id: Text,
        /// The title; null if no event tells it.
        title: Prose,
        /// When the first event that created it arrived; null if none did.
        created_at: Time,
        /// How many responses there are, each in its latest version.
        responses: Integer,
        /// How many people are known to be in the group: see `groups` of `people`.
        members_known: Integer,
    }
}
