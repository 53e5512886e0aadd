//! What an event says, its `data`, and how an answer is edited later.

use super::{
    answers,
    card::Card,
    dice::Dice,
    json::{Json, Object},
    media,
    person::Person,
    templates::QuestionKind,
    words,
};

/// From that many characters on, an edit leaves an answer alone: an edit of something large stays large.
const KEPT_FROM: usize = 100_000;

/// The `data` of an event.
#[derive(Clone)]
pub(super) enum Content {
    /// What cannot be edited; `None` if there is no `data`.
    Fixed(Option<Json>),
    /// A response to a card.
    Response(Box<Response>),
    /// A response to a job.
    JobResponse(JobResponse),
}

/// A response to a card, with an answer for each of its questions.
#[derive(Clone)]
pub(super) struct Response {
    pub(super) card: Card,
    /// `actionId` to `responseId`.
    pub(super) head: Object,
    /// Nothing, null or false as long as it is not an edit.
    pub(super) is_update: Option<Json>,
    /// Who responded, and what goes with that.
    pub(super) responder: Object,
    pub(super) answers: Vec<Option<Json>>,
    pub(super) edits: u64,
}

/// An assignee's response to a job.
#[derive(Clone)]
pub(super) struct JobResponse {
    /// `actionId` to `responseId`.
    pub(super) head: Object,
    pub(super) assignee: Person,
    pub(super) picture: String,
    pub(super) is_completed: bool,
    pub(super) shape: JobShape,
    pub(super) is_edit: bool,
}

/// How a response to a job is written.
#[derive(Clone, Copy)]
pub(super) struct JobShape {
    /// Whether the answer stands flat in `data` instead of under `responseDetails.response`.
    pub(super) is_flat: bool,
    /// Whether `isCompleted` is a string.
    pub(super) is_text: bool,
}

impl Content {
    /// The value of `data`.
    pub(super) fn data(&self) -> Option<Json> {
        match self {
            Self::Fixed(data) => data.clone(),
            Self::Response(response) => Some(response.data().into()),
            Self::JobResponse(response) => Some(response.data().into()),
        }
    }

    /// An edit; `None` of what is not a response. No two edits in a row of edits are equal.
    pub(super) fn edited(&self, at: u64, dice: &mut Dice) -> Option<Self> {
        match self {
            Self::Fixed(_) => None,
            Self::Response(response) => Some(Self::Response(Box::new(response.edited(at, dice)))),
            Self::JobResponse(response) => Some(Self::JobResponse(response.edited(dice))),
        }
    }
}

impl Response {
    pub(super) fn data(&self) -> Object {
        let question = |(ask, answer): (_, &Option<Json>)| self.card.question(ask).with_some("answer", answer.clone());
        let questions = Json::list(self.card.asks.iter().copied().zip(&self.answers).map(question));
        self.head
            .clone()
            .with_some("isUpdateResponse", self.is_update.clone())
            .and(self.responder.clone())
            .with("responseDetails", Object::new().with("responseWithQuestions", questions))
            .and(self.card.properties("Properties"))
    }

    /// One to three other answers, at that time. The response's time tells the edits apart; where the card has no
    /// question for it, a text that counts them does.
    fn edited(&self, now: u64, dice: &mut Dice) -> Self {
        let mut edit = self.clone();
        edit.is_update = Some(true.into());
        edit.edits += 1;
        for _ in 0..dice.between(1, 3) {
            let at = dice.index(edit.answers.len());
            if !self.card.asks[at].is_invisible && !is_kept(self.answers[at].as_ref()) {
                edit.answers[at] = Some(answers::answer(self.card.asks[at], now, dice));
            }
        }
        for (_, answer) in self.card.asks.iter().zip(&mut edit.answers).filter(|(ask, _)| ask.is_invisible) {
            *answer = Some(Json::integer(now));
        }
        let is_text = |kind| matches!(kind, QuestionKind::Text | QuestionKind::LargeText);
        let has_time = self.card.asks.iter().any(|ask| ask.is_invisible);
        if let Some(at) = self.card.asks.iter().position(|ask| !has_time && is_text(ask.kind)) {
            let text = match &edit.answers[at] {
                Some(Json::Text(text)) if is_kept(edit.answers[at].as_ref()) => text,
                _ => dice.pick(&words::SHORT_ANSWERS),
            };
            edit.answers[at] = Some(format!("{text} ({})", edit.edits).into());
        }
        edit
    }
}

impl JobResponse {
    fn data(&self) -> Object {
        let is_completed: Json = match (self.shape.is_text, self.is_completed) {
            (false, is_completed) => is_completed.into(),
            (true, true) => "true".into(),
            (true, false) => "false".into(),
        };
        let answer = Object::new()
            .with("assignee", &self.assignee.phone)
            .with("assigneeName", &self.assignee.name)
            .with("assigneeProfilePic", &self.picture)
            .with("isCompleted", is_completed);
        let head = self.head.clone().with_some("isUpdateResponse", self.is_edit.then_some(true));
        if self.shape.is_flat {
            head.and(answer)
        } else {
            head.with("responseDetails", Object::new().with("response", answer))
        }
    }

    /// The opposite. There is nothing else to edit, and the third answer would be the first again; but pictures move to
    /// another address now and then, so they do here.
    fn edited(&self, dice: &mut Dice) -> Self {
        Self { is_completed: !self.is_completed, picture: media::profile_picture(dice), is_edit: true, ..self.clone() }
    }
}

fn is_kept(answer: Option<&Json>) -> bool {
    matches!(answer, Some(Json::Text(text)) if text.len() >= KEPT_FROM)
}
