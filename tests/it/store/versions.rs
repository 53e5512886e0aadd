//! The versions of a response, pushed and pulled in any order: each one that differs from the one before it is kept, none
//! twice, and the sender's last one is the latest.

use std::{cell::Cell, sync::OnceLock};

use bytes::Bytes;
use kaizala_webhook::{
    event::{Event, Timestamp},
    store::{Arrival, Outcome, Record, StoredItem},
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{Operator, Sample};

const GROUP: &str = "group-1";
const START: i64 = 1_678_096_800_000;

/// One response at its sender, and everything that was told of it.
struct Sender<'a> {
    operator: &'a Operator,
    id: String,
    /// Whether its versions have a time.
    is_timed: bool,
    /// Whether the API tells that time too.
    api_tells_time: bool,
    clock: i64,
    versions: Vec<Version>,
}

#[derive(Clone)]
struct Version {
    answer: String,
    at: i64,
    is_delivered: bool,
}

impl<'a> Sender<'a> {
    fn new(operator: &'a Operator, id: impl Into<String>, answer: &str) -> Self {
        let versions = vec![Version { answer: answer.to_owned(), at: START, is_delivered: false }];
        Self { operator, id: id.into(), is_timed: true, api_tells_time: false, clock: START, versions }
    }

    fn tick(&mut self) -> Timestamp {
        self.clock += 10;
        Timestamp::from_epoch_millis(self.clock).expect("it is a time")
    }

    fn edit(&mut self, answer: &str) {
        self.tick();
        self.versions.push(Version { answer: answer.to_owned(), at: self.clock, is_delivered: false });
    }

    fn current(&self) -> usize {
        self.versions.len() - 1
    }

    fn questions(version: &Version, with_time: bool) -> Value {
        let mut questions = json!([{ "title": "Shop", "type": "Text", "answer": version.answer }]);
        if with_time {
            let time =
                json!({ "title": "ResponseTime", "type": "DateTime", "isInvisible": true, "answer": version.at });
            questions.as_array_mut().expect("it is a list").push(time);
        }
        questions
    }

    fn body(&self, at: usize) -> String {
        let version = &self.versions[at];
        json!({
            "eventType": "SurveyResponse", "eventId": self.id, "objectId": GROUP, "objectType": "Group",
            "data": {
                "actionId": self.id, "groupId": GROUP, "responseId": self.id, "isUpdateResponse": at > 0,
                "responseDetails": { "responseWithQuestions": Self::questions(version, self.is_timed) },
            },
        })
        .to_string()
    }

    /// Delivers the callback of a version, through the receiver.
    async fn push(&mut self, at: usize) -> String {
        self.tick();
        let mut sample = Sample::with_body(self.body(at).as_bytes());
        sample.event["requestContext"]["timeEpoch"] = json!(self.clock);
        self.versions[at].is_delivered = true;
        self.operator.world.deliver(&sample).await.outcome()
    }

    /// Pulls the current version, through the API.
    async fn pull(&mut self) -> Outcome {
        let received_at = self.tick();
        let current = &self.versions[self.current()];
        let questions = Self::questions(current, self.is_timed && self.api_tells_time);
        let action = json!({ "actionType": "Survey", "actionBody": { "actionId": self.id } });
        let told = json!({ "responseId": self.id, "responseDetails": { "responseWithQuestions": questions } });
        self.operator.api.put_action(GROUP, action, vec![told]);
        let action = self.operator.client().action(GROUP, &self.id).await.expect("it is there");
        let mut responses = action.responses(GROUP, action.response_type()).expect("it tells them");
        let body = Bytes::from(responses.remove(0).expect("it can be kept").body);
        let event = Event::parse(&body).expect("it is an event");
        let record = Record::of_event(&event, Arrival { received_at, request_id: None }).pulled();
        self.operator.world.behind.put_pulled(&record, &body).await.expect("the table answers")
    }

    /// What the table holds, the latest last.
    async fn kept(&self) -> Vec<Kept> {
        let body = self.body(0);
        let key = Event::parse(body.as_bytes()).expect("it is an event").key();
        let store = &self.operator.world.behind;
        let mut kept = Vec::new();
        for item in store.versions(GROUP, &key).await.expect("the table answers") {
            let body = store.body(&item).await.expect("it is whole");
            kept.push(Kept::new(&item, body));
        }
        kept.sort_by(|one, other| one.rank.cmp(&other.rank));
        kept
    }

    async fn answers(&self) -> Vec<String> {
        self.kept().await.iter().map(Kept::answer).collect()
    }
}

/// A version in the table.
struct Kept {
    /// The order as the tables' documentation has it, from the item alone.
    rank: (bool, String, String, String),
    body: Vec<u8>,
}

impl Kept {
    fn new(item: &StoredItem, body: Vec<u8>) -> Self {
        let text = |name| item.text(name).unwrap_or_default().to_owned();
        let received_at = text("receivedAt");
        let told = item.text("occurredAt").filter(|_| !item.is_pulled());
        let ranked_at = told.map_or_else(|| received_at.clone(), |time| received_at.clone().min(time.to_owned()));
        let event: Value = serde_json::from_slice(&body).expect("it is JSON");
        let is_edit = item.is_pulled() || event["data"]["isUpdateResponse"] == true;
        Self { rank: (is_edit, ranked_at, received_at, text("eventKey")), body }
    }

    fn answer(&self) -> String {
        let event: Value = serde_json::from_slice(&self.body).expect("it is JSON");
        let answer = &event["data"]["responseDetails"]["responseWithQuestions"][0]["answer"];
        answer.as_str().expect("it is a text").to_owned()
    }
}

#[tokio::test]
async fn an_answer_that_was_pulled_changed_and_changed_back_is_kept() {
    let operator = Operator::new().await;
    let mut sender = Sender::new(&operator, "r1", "A");
    assert_eq!(sender.pull().await, Outcome::Stored);
    sender.edit("B");
    assert_eq!(sender.push(1).await, "revised");
    sender.edit("A");
    assert_eq!(sender.push(2).await, "revised");
    assert_eq!(sender.push(2).await, "duplicate");
    // The first callback comes at last: it is what was pulled.
    assert_eq!(sender.push(0).await, "duplicate");

    assert_eq!(sender.answers().await, ["A", "B", "A"]);
}

#[tokio::test]
async fn an_answer_that_was_changed_back_while_nothing_was_delivered_is_pulled() {
    let operator = Operator::new().await;
    let mut sender = Sender::new(&operator, "r1", "A");
    sender.push(0).await;
    sender.edit("B");
    sender.push(1).await;
    sender.edit("A");
    assert_eq!(sender.pull().await, Outcome::Revised);
    assert_eq!(sender.pull().await, Outcome::Duplicate);
    assert_eq!(sender.answers().await, ["A", "B", "A"]);
    // And so is every further change, each as a version of its own.
    for (answer, all) in [("B", "ABAB"), ("A", "ABABA")] {
        sender.edit(answer);
        assert_eq!(sender.pull().await, Outcome::Revised);
        assert_eq!(sender.pull().await, Outcome::Duplicate);
        assert_eq!(sender.answers().await.concat(), all);
    }
    // The callbacks of what was pulled come in the end.
    for at in 0..sender.versions.len() {
        assert_eq!(sender.push(at).await, "duplicate");
    }
}

#[tokio::test]
async fn what_was_pulled_with_its_time_is_not_kept_again_because_the_senders_clock_runs_ahead() {
    let operator = Operator::new().await;
    let mut sender = Sender::new(&operator, "r1", "A");
    sender.api_tells_time = true;
    sender.versions[0].at += 60 * 60 * 1000;
    assert_eq!(sender.pull().await, Outcome::Stored);

    assert_eq!(sender.push(0).await, "duplicate");

    assert_eq!(sender.answers().await, ["A"]);
}

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    /// The sender changes the answer, by so many of three.
    Edit(usize),
    /// A callback is delivered, for the first time or again. One that never is was lost.
    Push(Index),
    /// The response is pulled.
    Pull,
}

fn steps() -> impl Strategy<Value = (bool, bool, Vec<Step>)> {
    let step = prop_oneof![
        3 => (1..3_usize).prop_map(Step::Edit),
        4 => any::<Index>().prop_map(Step::Push),
        2 => Just(Step::Pull),
    ];
    (any::<bool>(), any::<bool>(), vec(step, 1..14))
}

#[test]
fn whatever_is_pushed_pulled_lost_and_repeated_the_senders_last_version_is_the_latest() {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("there are threads"));
    let operator = runtime.block_on(Operator::with(|config| config.calls_per_minute = None));
    let mut runner = TestRunner::new(Config { cases: 160, failure_persistence: None, ..Config::default() });
    let case = Cell::new(0);
    let holds = runner.run(&steps(), |(is_timed, api_tells_time, steps)| {
        case.set(case.get() + 1);
        let mut sender = Sender::new(&operator, format!("r{}", case.get()), "answer 0");
        (sender.is_timed, sender.api_tells_time) = (is_timed, api_tells_time);
        runtime.block_on(follow(sender, &steps));
        Ok(())
    });
    if let Err(error) = holds {
        panic!("{error}");
    }
}

/// Versions carry truthful times and come in any order, or they carry none, come in order, and differ.
async fn follow(mut sender: Sender<'_>, steps: &[Step]) {
    // The newest version that the table was told of.
    let mut told = None;
    for step in steps {
        let at = match step {
            Step::Edit(by) => {
                let number = if sender.is_timed { (sender.current_number() + by) % 3 } else { sender.versions.len() };
                sender.edit(&format!("answer {number}"));
                continue;
            }
            Step::Push(index) => {
                let at = index.index(sender.versions.len());
                let is_in_order = told.is_none_or(|told| told <= at) || sender.versions[at].is_delivered;
                if !sender.is_timed && !is_in_order {
                    continue;
                }
                sender.push(at).await;
                told = told.max(Some(at));
                let before = sender.kept().await.len();
                assert_eq!(sender.push(at).await, "duplicate");
                assert_eq!(sender.kept().await.len(), before);
                at
            }
            Step::Pull => {
                let at = sender.current();
                let outcome = sender.pull().await;
                assert_eq!(sender.kept().await.last().map(Kept::answer).as_ref(), Some(&sender.versions[at].answer));
                // "Already there" leaves no trace: a change in between that was not told yet is told later.
                if outcome != Outcome::Duplicate || told.is_none() {
                    told = Some(at);
                }
                assert_eq!(sender.pull().await, Outcome::Duplicate);
                at
            }
        };
        let kept = sender.kept().await;
        assert!(kept.iter().any(|kept| kept.answer() == sender.versions[at].answer), "{at} was told, and is lost");
        let latest = kept.last().map(Kept::answer);
        assert_eq!(latest.as_ref(), told.map(|told| &sender.versions[told].answer), "after {step:?}");
    }
}

impl Sender<'_> {
    fn current_number(&self) -> usize {
        let answer = &self.versions[self.current()].answer;
        answer.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("it ends with a number")
    }
}
