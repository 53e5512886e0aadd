//! Cards: forms that were sent to a group.

use super::{
    answers,
    dice::Dice,
    json::{Json, Object},
    person::Person,
    templates::{ACTIONS, Ask, MEETINGS, POLLS, RESPONSE_TIME, RESPONSE_TIME_SPACED, SURVEYS, Template},
    words,
};

/// What a card is to Kaizala.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CardKind {
    Action,
    Survey,
    Poll,
    Meeting,
}

/// A form that was sent to a group, and is answered there.
#[derive(Clone)]
pub(super) struct Card {
    pub(super) kind: CardKind,
    pub(super) id: String,
    pub(super) template: &'static Template,
    /// The package's version, behind `packageId`.
    version: Option<u64>,
    /// Whether its responders are withheld.
    pub(super) is_anonymous: bool,
    pub(super) creator_id: String,
    /// Its questions: the form's, and mostly the one that the app answers.
    pub(super) asks: Vec<&'static Ask>,
    /// Whether visible questions say that they are.
    states_visibility: bool,
    properties: Vec<Json>,
}

impl CardKind {
    /// The type of the event that creates such a card.
    pub(super) fn created(self) -> &'static str {
        match self {
            Self::Action => "ActionCreated",
            Self::Survey => "SurveyCreated",
            Self::Poll => "PollCreated",
            Self::Meeting => "LetsMeetCreated",
        }
    }

    /// The type of the event that answers such a card.
    pub(super) fn answered(self) -> &'static str {
        match self {
            Self::Action => "ActionResponse",
            Self::Survey => "SurveyResponse",
            Self::Poll => "PollResponse",
            Self::Meeting => "LetsMeetResponse",
        }
    }

    fn templates(self) -> &'static [Template] {
        match self {
            Self::Action => &ACTIONS,
            Self::Survey => &SURVEYS,
            Self::Poll => &POLLS,
            Self::Meeting => &MEETINGS,
        }
    }
}

impl Card {
    /// A new card.
    pub(super) fn new(kind: CardKind, creator: &Person, dice: &mut Dice) -> Self {
        let templates = kind.templates();
        let template = &templates[dice.index(templates.len())];
        let mut asks: Vec<_> = template.asks.iter().collect();
        if dice.percent(85) {
            asks.push(if dice.percent(80) { &RESPONSE_TIME } else { &RESPONSE_TIME_SPACED });
        }
        Self {
            kind,
            id: dice.id(),
            template,
            version: dice.percent(60).then(|| dice.between(1, 9)),
            is_anonymous: kind == CardKind::Survey && dice.one_in(5),
            creator_id: creator.id.clone(),
            asks,
            states_visibility: dice.percent(20),
            properties: (0..dice.count(0, 3)).map(|at| property(at, dice)).collect(),
        }
    }

    /// The members of `data` that name the action and its package, in events about the card.
    pub(super) fn head(&self) -> Object {
        let head = Object::new().with("actionId", &self.id);
        match self.template.package {
            None => head,
            Some(package) => head.with("actionPackageId", package).with(
                "packageId",
                match self.version {
                    Some(version) => format!("{package}.{version}"),
                    None => package.to_owned(),
                },
            ),
        }
    }

    /// The properties, under that name: created cards and responses spell it differently.
    pub(super) fn properties(&self, name: &'static str) -> Object {
        let properties = (!self.properties.is_empty()).then(|| Json::List(self.properties.clone()));
        Object::new().with_some(name, properties)
    }

    /// The members of a question, without an answer.
    pub(super) fn question(&self, ask: &Ask) -> Object {
        let visibility = (ask.is_invisible || self.states_visibility).then_some(ask.is_invisible);
        // The choices of an external list are not in the payload.
        let options = if ask.kind.name().ends_with("External") { &[] } else { ask.options };
        let options = Json::list(options.iter().map(|title| Object::new().with("title", *title)));
        Object::new()
            .with_some("isInvisible", visibility)
            .with("title", ask.title)
            .with("type", ask.kind.name())
            .with("options", options)
    }

    /// What somebody answers to each question now.
    pub(super) fn answers(&self, now: u64, dice: &mut Dice) -> Vec<Option<Json>> {
        let answer = |ask: &&Ask| {
            if ask.is_invisible { Some(Json::integer(now)) } else { answers::respond(ask, now, dice) }
        };
        self.asks.iter().map(answer).collect()
    }
}

fn property(at: usize, dice: &mut Dice) -> Json {
    let (name, kind, value) = match at {
        0 => ("Place", "Text", dice.pick(&words::SHORT_ANSWERS).into()),
        1 => ("Budget", "Numeric", Json::Number(format!("{}.0", dice.between(1, 900)))),
        _ => ("Tags", "Set", Json::list(dice.some_of(&["urgent", "नया", "follow-up"]))),
    };
    Object::new().with("name", name).with("type", kind).with("value", value).into()
}
