//! Files that are sent along, and their addresses.

use super::{
    dice::Dice,
    json::{Json, Object},
    text::utc,
};

/// The longest media URL that was seen in a real payload.
const MAX_URL: usize = 616;

/// How the members of a media item are spelled.
#[derive(Clone, Copy)]
pub(super) enum Spelling {
    /// `mediaUrl`, `mediaFileName`: in payloads and in the documentation's tables.
    Media,
    /// `url`, `fileName`: in the documentation's sample of an announcement.
    Short,
}

/// One item of a list of media.
pub(super) fn item(spelling: Spelling, extension: &str, now: u64, dice: &mut Dice) -> Json {
    let (url_name, file_name) = match spelling {
        Spelling::Media => ("mediaUrl", "mediaFileName"),
        Spelling::Short => ("url", "fileName"),
    };
    let url = url(extension, now, dice);
    let file = file(extension, now, dice);
    Object::new().with(url_name, url).often(95, dice, file_name, file).into()
}

/// The signed address of a file.
pub(super) fn url(extension: &str, now: u64, dice: &mut Dice) -> String {
    let path = format!("https://media.example.com/att/{}.{extension}", dice.hex(64));
    if dice.one_in(6) {
        return path;
    }
    let mut url = format!(
        "{path}?sv=2015-12-11&sr=b&sig={}%2B{}%3D&st={}&se=2293-03-04T17:35:00Z&sp=r",
        dice.base64(20),
        dice.base64(22),
        utc(now)
    );
    if dice.percent(60) {
        url.push_str("&rscd=attachment%3Bfilename%3D&mdId=");
        let room = MAX_URL - url.len();
        let length = if dice.one_in(8) { room } else { dice.count(20, room) };
        url.push_str(&dice.base64(length));
    }
    url
}

/// The address of a member's picture.
pub(super) fn profile_picture(dice: &mut Dice) -> String {
    format!("https://media.example.com/{}/{}.jpg", dice.guid(), dice.hex(32))
}

fn file(extension: &str, now: u64, dice: &mut Dice) -> String {
    match extension {
        "jpg" => {
            format!("IMG_{}_{}_{}.jpg", &utc(now)[2..10], dice.between(100_000_000, 235_959_999), dice.between(1, 9))
        }
        "pdf" => dice.pick(&["Report week 12.pdf", "रिपोर्ट.pdf", "تقرير.pdf", "a&b \"final\" (2).pdf"]).to_owned(),
        _ => format!("{}.{extension}", dice.guid()),
    }
}
