//! Answers, in every form that the protocol knows.

use super::{
    dice::Dice,
    json::{Json, Object},
    media::{self, Spelling},
    templates::{Ask, QuestionKind},
    text, words,
};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What somebody answers, as the value of `answer`; `None` if the key is absent. Some questions stay unanswered.
pub(super) fn respond(ask: &Ask, now: u64, dice: &mut Dice) -> Option<Json> {
    if dice.percent(85) { Some(answer(ask, now, dice)) } else { unanswered(ask.kind, dice) }
}

/// One of the ways to say nothing.
fn unanswered(kind: QuestionKind, dice: &mut Dice) -> Option<Json> {
    let is_list = matches!(
        kind,
        QuestionKind::SingleOption
            | QuestionKind::SingleOptionExternal
            | QuestionKind::MultiOption
            | QuestionKind::MultipleOption
            | QuestionKind::AttachmentList
            | QuestionKind::Image
    );
    match dice.below(4) {
        0 => Some(Json::Null),
        1 if is_list => Some(Json::List(Vec::new())),
        1 => Some("".into()),
        _ => None,
    }
}

/// An answer that says something.
pub(super) fn answer(ask: &Ask, now: u64, dice: &mut Dice) -> Json {
    match ask.kind {
        QuestionKind::Text => short_text(dice).into(),
        QuestionKind::LargeText => text::essay(dice).into(),
        QuestionKind::Numeric => number(dice),
        QuestionKind::SingleOption | QuestionKind::SingleOptionExternal => {
            let title = dice.pick(ask.options);
            // Bare is how it comes back when it was posted through the API.
            if dice.one_in(8) { title.into() } else { Json::list([title]) }
        }
        QuestionKind::MultiOption | QuestionKind::MultipleOption => Json::list(dice.some_of(ask.options)),
        QuestionKind::DateTime => Json::integer(now - dice.below(3 * DAY_MS)),
        QuestionKind::Date => {
            let midnight = now / DAY_MS * DAY_MS + dice.below(30) * DAY_MS;
            Json::integer(if dice.percent(40) { midnight / 1000 } else { midnight })
        }
        QuestionKind::Location => match dice.below(8) {
            0 => location(["latitude", "longitude", "name", "accuracy", "address"], dice).into(),
            1 | 2 => Json::from(short_location(dice)).to_text().into(),
            _ => short_location(dice).into(),
        },
        QuestionKind::AttachmentList => media_list(dice.count(1, 4), now, dice),
        QuestionKind::Image if dice.percent(30) => media::url("jpg", now, dice).into(),
        QuestionKind::Image => media_list(1, now, dice),
        QuestionKind::PhoneNumber => phone_number(dice),
        QuestionKind::Rating => rating(dice),
    }
}

fn short_text(dice: &mut Dice) -> String {
    match dice.below(16) {
        0 => text::json_text(dice),
        1..=3 => dice.pick(&words::PHRASES).to_owned(),
        _ => dice.pick(&words::SHORT_ANSWERS).to_owned(),
    }
}

/// Spelled out of integers, so that no platform rounds it its own way.
fn number(dice: &mut Dice) -> Json {
    let whole = dice.weighted(&[(6, 20), (3, 5_000), (1, 40_000_000)]);
    let whole = dice.below(whole);
    Json::Number(match dice.below(10) {
        0 => format!("-{}.25", whole + 1),
        1 => whole.to_string(),
        2 => format!("{whole}.5"),
        3 => format!("{whole}.{:02}99999999999", dice.below(100)),
        _ => format!("{whole}.0"),
    })
}

fn short_location(dice: &mut Dice) -> Object {
    location(["lt", "lg", "n", "acc", "a"], dice)
}

/// A place with its members named so: latitude, longitude, name, accuracy, address.
fn location(names: [&'static str; 5], dice: &mut Dice) -> Object {
    let latitude = degrees(75, dice);
    let longitude = degrees(179, dice);
    let (name, address) = words::PLACES[dice.index(words::PLACES.len())];
    // The app that knows no place names it by its coordinates.
    let name = if dice.percent(30) { format!("{latitude}, {longitude}") } else { name.to_owned() };
    let accuracy = format!("{}.{}", dice.between(3, 90), dice.between(100_000_000_000_001, 999_999_999_999_999));
    Object::new()
        .with(names[0], Json::Number(latitude))
        .with(names[1], Json::Number(longitude))
        .with_some(names[2], dice.percent(85).then_some(name))
        .with_some(names[3], dice.percent(60).then_some(Json::Number(accuracy)))
        .with_some(names[4], dice.percent(30).then_some(address))
}

fn degrees(end: u64, dice: &mut Dice) -> String {
    let sign = if dice.percent(30) { "-" } else { "" };
    format!("{sign}{}.{:07}", dice.below(end), dice.between(1, 9_999_999))
}

fn media_list(count: usize, now: u64, dice: &mut Dice) -> Json {
    let spelling = if dice.one_in(10) { Spelling::Short } else { Spelling::Media };
    Json::list((0..count).map(|_| media::item(spelling, "jpg", now, dice)).collect::<Vec<_>>())
}

fn phone_number(dice: &mut Dice) -> Json {
    let number = format!("555{:07}", dice.below(10_000_000));
    Object::new().with("cc", Json::integer(1)).with("pn", number).into()
}

fn rating(dice: &mut Dice) -> Json {
    let stars = Json::integer(dice.between(1, 5));
    if dice.percent(50) { stars } else { Object::new().with("stars", stars).with("of", Json::integer(5)).into() }
}
