//! What comes of each thing that happens: the `data` of its event, and what the group remembers of it.

use super::{
    card::{Card, CardKind},
    content::{Content, JobResponse, JobShape, Response},
    dice::Dice,
    group::{Group, Job, SubGroup, remember},
    happening::Happening,
    json::{Json, Object},
    kind::Kind,
    media::{self, Spelling},
    person::Person,
    templates::QuestionKind,
    text::{self, Size},
    words,
};

/// Where and when something happens.
pub(super) struct Scene<'a> {
    pub(super) group: &'a mut Group,
    pub(super) now: u64,
    pub(super) size: Size,
    pub(super) dice: Dice,
}

impl Scene<'_> {
    /// Lets that happen.
    pub(super) fn play(&mut self, kind: Kind) -> Happening {
        match kind {
            Kind::Created(kind) => self.card_created(kind),
            Kind::Answered(kind) => self.card_answered(kind),
            Kind::JobCreated => self.job_created(),
            Kind::JobAnswered => self.job_answered(),
            Kind::Message => self.message(),
            Kind::Attachment => self.attachment(),
            Kind::Announcement => self.announcement(),
            Kind::MemberAdded => self.member_added(),
            Kind::MemberRemoved => self.member_removed(),
            Kind::SubGroupAdded => self.sub_group_added(),
            Kind::SubGroupRemoved => self.sub_group_removed(),
            Kind::Unknown => self.unknown(),
        }
    }

    /// A card is sent.
    fn card_created(&mut self, kind: CardKind) -> Happening {
        let creator = self.group.member(&mut self.dice);
        let card = Card::new(kind, &creator, &mut self.dice);
        let names_group = self.dice.percent(80);
        let was_printed = matches!(kind, CardKind::Action | CardKind::Survey) && self.dice.one_in(8);
        let data = if was_printed {
            // The documentation prints a response under ActionCreated, and the creator as its responder.
            let response_id = self.dice.id();
            self.response(&card, &creator, response_id, names_group).data()
        } else {
            let questions = Json::list(card.asks.iter().map(|ask| card.question(ask)));
            card.head()
                .with_some("groupId", names_group.then_some(&self.group.id))
                .with("title", card.template.title)
                .with("questions", questions)
                .and(card.properties("properties"))
        };
        let package = card.template.package;
        remember(&mut self.group.cards, card);
        Happening { package, names_group, ..self.fixed(kind.created(), creator, data) }
    }

    /// A card is answered.
    fn card_answered(&mut self, kind: CardKind) -> Happening {
        let responder = self.group.member(&mut self.dice);
        let Some(card) = self.group.card(kind, &mut self.dice) else { return self.card_created(kind) };
        let names_group = self.dice.percent(90);
        let event_id = self.dice.id();
        let response = self.response(&card, &responder, event_id.clone(), names_group);
        Happening {
            event_type: kind.answered(),
            event_id,
            by: (!card.is_anonymous).then_some(responder),
            package: card.template.package,
            content: Content::Response(Box::new(response)),
            names_group,
        }
    }

    fn response(&mut self, card: &Card, responder: &Person, response_id: String, names_group: bool) -> Response {
        let dice = &mut self.dice;
        let group = names_group.then_some(&self.group.id);
        let mut head = card.head().with_some("groupId", group);
        if names_group && dice.percent(50) {
            head = head.with("sourceGroupId", &self.group.id);
        }
        let mut answers = card.answers(self.now, dice);
        if let Some(text) = text::oversized(self.size, dice) {
            let is_text = |kind| matches!(kind, QuestionKind::LargeText | QuestionKind::Text);
            if let Some(at) = card.asks.iter().rposition(|ask| is_text(ask.kind)) {
                answers[at] = Some(text.into());
            }
        }
        Response {
            card: card.clone(),
            head: head.with("responseId", response_id),
            is_update: dice.weighted(&[(8, Some(Some(false))), (1, Some(None)), (1, None)]).map(flag_or_null),
            responder: responder_members(card, responder, dice),
            answers,
            edits: 0,
        }
    }

    /// A job is assigned.
    fn job_created(&mut self) -> Happening {
        let creator = self.group.member(&mut self.dice);
        let assignees: Vec<_> = (0..self.dice.count(1, 4)).map(|_| self.group.member(&mut self.dice)).collect();
        let job = Job { id: self.dice.id(), assignees };
        let names_group = self.dice.percent(80);
        let due = self.now + self.dice.between(1, 14) * 24 * 60 * 60 * 1000;
        let title = self.dice.pick(&words::JOBS);
        let text = text::message(&mut self.dice);
        let data = Object::new()
            .with("assignedTo", Json::list(job.assignees.iter().map(|assignee| &assignee.phone)))
            .with("title", title)
            .often(50, &mut self.dice, "text", text)
            .with("dueDate", text::utc(due))
            .with("actionId", &job.id)
            .with_some("groupId", names_group.then_some(&self.group.id));
        remember(&mut self.group.jobs, job);
        Happening { names_group, ..self.fixed("JobCreated", creator, data) }
    }

    /// A job is answered by an assignee.
    fn job_answered(&mut self) -> Happening {
        let dice = &mut self.dice;
        let job = &self.group.jobs[dice.index(self.group.jobs.len())];
        let assignee = job.assignees[dice.index(job.assignees.len())].clone();
        let event_id = dice.id();
        let names_group = dice.percent(90);
        let response = JobResponse {
            head: Object::new()
                .with("actionId", &job.id)
                .with_some("groupId", names_group.then_some(&self.group.id))
                .with("responseId", &event_id),
            picture: assignee.picture.clone(),
            assignee: assignee.clone(),
            is_completed: dice.percent(75),
            shape: JobShape { is_flat: dice.percent(25), is_text: dice.percent(30) },
            is_edit: false,
        };
        Happening {
            event_type: "JobResponse",
            event_id,
            by: Some(assignee),
            content: Content::JobResponse(response),
            package: None,
            names_group,
        }
    }

    /// A message is sent.
    fn message(&mut self) -> Happening {
        let author = self.group.member(&mut self.dice);
        let text = match text::oversized(self.size, &mut self.dice) {
            Some(text) => text,
            None => text::message(&mut self.dice),
        };
        self.fixed("TextMessageCreated", author, Object::new().with("text", text))
    }

    /// Files are sent.
    fn attachment(&mut self) -> Happening {
        let author = self.group.member(&mut self.dice);
        let kinds = [
            (6, ("Image", "jpg", 1)),
            (2, ("Album", "jpg", 9)),
            (2, ("Document", "pdf", 1)),
            (1, ("Audio", "m4a", 1)),
            (1, ("Video", "mp4", 1)),
        ];
        let (kind, extension, most) = self.dice.weighted(&kinds);
        let caption = if self.dice.percent(40) { text::message(&mut self.dice) } else { String::new() };
        let media = self.media(Spelling::Media, extension, 1, most);
        let data = Object::new().with("media", media).with("actionType", kind);
        let data = data.often(80, &mut self.dice, "caption", caption);
        self.fixed("AttachmentCreated", author, data)
    }

    /// An announcement is made.
    fn announcement(&mut self) -> Happening {
        let author = self.group.member(&mut self.dice);
        let spelling = if self.dice.percent(50) { Spelling::Short } else { Spelling::Media };
        let data = Object::new()
            .with("text", text::message(&mut self.dice))
            .with("title", self.dice.pick(&words::HEADLINES))
            .with("media", self.media(spelling, "jpg", 0, 2));
        self.fixed("Announcement", author, data)
    }

    fn media(&mut self, spelling: Spelling, extension: &str, least: usize, most: usize) -> Json {
        let count = self.dice.count(least, most);
        Json::List((0..count).map(|_| media::item(spelling, extension, self.now, &mut self.dice)).collect())
    }

    /// Somebody joins.
    fn member_added(&mut self) -> Happening {
        let by = self.group.member(&mut self.dice);
        let member = Person::new(&mut self.dice);
        let data = member_data(&member, &mut self.dice);
        self.group.members.push(member);
        self.fixed("MemberAdded", by, data)
    }

    /// Somebody leaves.
    fn member_removed(&mut self) -> Happening {
        let member = self.group.members.remove(self.dice.index(self.group.members.len()));
        let by = self.group.member(&mut self.dice);
        let data = member_data(&member, &mut self.dice);
        self.fixed("MemberRemoved", by, data)
    }

    /// A group is put into the group.
    fn sub_group_added(&mut self) -> Happening {
        let by = self.group.member(&mut self.dice);
        let sub_group = SubGroup { id: self.dice.id(), name: self.dice.pick(&words::GROUP_NAMES) };
        let data = sub_group_data(&sub_group, &mut self.dice);
        remember(&mut self.group.sub_groups, sub_group);
        self.fixed("GroupAdded", by, data)
    }

    /// A group is taken out of the group.
    fn sub_group_removed(&mut self) -> Happening {
        let by = self.group.member(&mut self.dice);
        let sub_group = self.group.sub_groups.remove(self.dice.index(self.group.sub_groups.len()));
        let data = sub_group_data(&sub_group, &mut self.dice);
        self.fixed("GroupRemoved", by, data)
    }

    /// Something that nobody has documented.
    fn unknown(&mut self) -> Happening {
        let by = self.group.member(&mut self.dice);
        let event_type = self.dice.pick(&words::UNKNOWN_TYPES);
        let reaction = self.dice.pick(&words::REACTIONS);
        let data = match self.dice.below(4) {
            0 => None,
            1 => Some(Json::list([reaction])),
            _ => Some(Object::new().with("messageId", self.dice.id()).with("reaction", reaction).into()),
        };
        Happening { content: Content::Fixed(data), ..self.fixed(event_type, by, Object::new()) }
    }

    /// An event that cannot be edited and whose data does not name the group.
    fn fixed(&mut self, event_type: &'static str, by: Person, data: Object) -> Happening {
        Happening {
            event_type,
            event_id: self.dice.id(),
            by: Some(by),
            content: Content::Fixed(Some(data.into())),
            package: None,
            names_group: false,
        }
    }
}

/// The members of a response that say who responded; nobody where the card withholds it.
fn responder_members(card: &Card, responder: &Person, dice: &mut Dice) -> Object {
    let members = if card.is_anonymous {
        Object::new()
    } else {
        Object::new()
            .with("responder", &responder.phone)
            .often(70, dice, "responderId", &responder.id)
            .often(50, dice, "creatorId", &card.creator_id)
            .often(90, dice, "responderName", &responder.name)
            .often(90, dice, "responderProfilePic", &responder.picture)
    };
    if card.is_anonymous { members.with("isAnonymous", true) } else { members.often(80, dice, "isAnonymous", false) }
}

fn member_data(member: &Person, dice: &mut Dice) -> Object {
    Object::new()
        .with("member", &member.phone)
        .often(70, dice, "memberId", &member.id)
        .with("memberName", &member.name)
        .with("memberProfilePic", &member.picture)
        .with("type", if dice.percent(85) { "Member" } else { "Admin" })
}

fn sub_group_data(sub_group: &SubGroup, dice: &mut Dice) -> Object {
    Object::new().with("groupId", &sub_group.id).often(80, dice, "groupName", sub_group.name).often(
        60,
        dice,
        "groupType",
        "Group",
    )
}

fn flag_or_null(flag: Option<bool>) -> Json {
    flag.map_or(Json::Null, Json::Bool)
}
