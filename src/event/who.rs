//! Who acts in an event, and whom it is about: the one place that says so for every event type.

use std::{borrow::Cow, collections::HashSet};

use serde_json::value::RawValue;

use super::{Answer, Data, Event, Question, canonical::canonical_json, json::JsonObject};

/// A person, as far as an event tells of one. Not all of it need be of one piece: a job response tells the phone number alone.
#[derive(Clone, Default)]
pub struct Person<'a> {
    /// Kaizala's id.
    pub user_id: Option<Cow<'a, str>>,
    /// The phone number, as it was sent.
    pub phone: Option<Cow<'a, str>>,
    /// The name.
    pub name: Option<Cow<'a, str>>,
}

impl<'a> Person<'a> {
    fn with_phone(phone: Cow<'a, str>) -> Self {
        Self { phone: Some(phone), ..Self::default() }
    }
}

impl<'a> Event<'a> {
    /// Everybody who acts in the event or is its subject: the sender, who is also the creator of a card or a job; who
    /// answered; the member who came or left; the assignee of a job with one assignee; whose phone number was answered; the
    /// subject of a CloudEvent. One of several assignees is not among them, nor is anybody whom a text mentions. A sender who is
    /// withheld from tables is.
    pub fn concerned(&self) -> Vec<Person<'a>> {
        let mut people =
            vec![Person { user_id: self.from_user_id.clone(), phone: self.from_user(), name: self.from_user_name() }];
        if self.cloud_event().is_some() {
            people.push(Person { user_id: self.object_id.clone(), phone: self.object_id.clone(), name: None });
            return people;
        }
        people.extend(self.named_in_fields());
        match self.data() {
            Data::Created(created) => people.extend(answered_phones(&created.questions)),
            Data::Response(response) => {
                people.extend(answered_phones(&response.questions));
                people.push(Person {
                    user_id: response.responder_id,
                    phone: response.responder,
                    name: response.responder_name,
                });
            }
            Data::JobCreated(job) => {
                let distinct: HashSet<_> = job.assigned_to.into_iter().collect();
                if distinct.len() == 1 {
                    people.extend(distinct.into_iter().map(Person::with_phone));
                }
            }
            Data::JobResponse(response) => {
                people.push(Person { user_id: None, phone: response.assignee, name: response.assignee_name });
            }
            Data::ImportedMessage(_)
            | Data::TextMessage(_)
            | Data::Attachment(_)
            | Data::Announcement(_)
            | Data::MemberChange(_)
            | Data::SubGroup(_)
            | Data::Other(_) => {}
        }
        people
    }

    /// Who is named by the fields of `data`, whatever the event type: the documentation prints the data of a response under
    /// `ActionCreated`, and that of a member under `JobResponse`, and other types may come.
    fn named_in_fields(&self) -> impl Iterator<Item = Person<'a>> {
        let named = |data: &JsonObject<'a>| {
            [
                ("responderId", "responder", "responderName"),
                ("memberId", "member", "memberName"),
                ("assigneeId", "assignee", "assigneeName"),
            ]
            .map(|(id, phone, name)| Person {
                user_id: data.id(id),
                phone: data.id(phone),
                name: data.label(name),
            })
        };
        self.fields().map(named).into_iter().flatten()
    }
}

fn answered_phones<'a>(questions: &[Question<'_>]) -> Vec<Person<'a>> {
    let phones = questions.iter().filter_map(|question| match &question.answer {
        Some(Answer::PhoneNumber(phone)) => Some(Person::with_phone(phone.international().into())),
        _ => None,
    });
    phones.collect()
}

/// A body as text to search, whatever it is. In JSON every string is spelled one way, so that no escape hides anything.
pub fn searchable(body: &[u8]) -> Cow<'_, str> {
    let json = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    match serde_json::from_slice::<&RawValue>(json) {
        Ok(json) => String::from_utf8_lossy(&canonical_json(json)).into_owned().into(),
        Err(_) => String::from_utf8_lossy(body),
    }
}
