//! The TOML file that describes the wanted subscriptions.

use std::{env, fs, path::Path, time::Duration};

use anyhow::{Context, anyhow, bail, ensure};
use serde::{Deserialize, de::IgnoredAny};

use super::{ALL, MAX_DAYS, all_event_types, known_event_type, object::object, token_source::read_token_file};
use crate::{
    cli::account::line_of,
    clock::now,
    kaizala::{CallbackHost, Policy, Secret, SubscribedObject, Wanted},
};

const DAY: Duration = Duration::from_hours(24);
/// How many days a subscription is valid if the file does not say: the same as Kaizala's own default.
const VALIDITY: Duration = Duration::from_hours(2 * 365 * 24);

/// The wanted subscriptions, and how to look after them.
pub(super) struct Subscriptions {
    pub(super) wanted: Vec<Wanted>,
    /// Every object that the file names, each once, including those that must not have a subscription.
    pub(super) objects: Vec<SubscribedObject>,
    validity: Duration,
    pub(super) renew_before: Duration,
    /// Hosts that are ours, in addition to those of the callback URLs.
    further_hosts: Vec<CallbackHost>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    callback_url: Option<String>,
    callback_token: Option<TokenReference>,
    validity_days: Option<u32>,
    renew_before_days: Option<u32>,
    #[serde(default)]
    prune_hosts: Vec<String>,
    #[serde(default)]
    subscription: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    group: Option<String>,
    action: Option<String>,
    package: Option<String>,
    events: Events,
    context: Option<String>,
    callback_url: Option<String>,
    callback_token: Option<TokenReference>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Events {
    Named(String),
    Listed(Vec<String>),
}

/// Where the callback token is. The token itself does not belong in the file. If somebody wrote it there, no error quotes it.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum TokenReference {
    Env { env: String },
    File { file: String },
    Other(IgnoredAny),
}

impl Subscriptions {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
        // Only the error's message is used: its whole text quotes lines, which may contain a pasted token.
        let file: File = toml::from_str(&text)
            .map_err(|error| anyhow!("{name}, line {}: {}", line_of(&error, &text), unquoted(error.message())))?;
        Self::understand(file, path.parent().unwrap_or(Path::new(""))).with_context(|| format!("{name} cannot be used"))
    }

    fn understand(file: File, folder: &Path) -> anyhow::Result<Self> {
        let days = |days: Option<u32>, default: Duration, name: &str| match days {
            None => Ok(default),
            Some(days @ 1..=MAX_DAYS) => Ok(DAY * days),
            Some(_) => Err(anyhow!("{name} must be from 1 to {MAX_DAYS}")),
        };
        let validity = days(file.validity_days, VALIDITY, "validity_days")?;
        let renew_before = days(file.renew_before_days, Policy::RENEW_BEFORE, "renew_before_days")?;
        ensure!(
            renew_before < validity,
            "validity_days must be more than renew_before_days, or every subscription always ends soon"
        );
        ensure!(!file.subscription.is_empty(), "there is no [[subscription]] in it");
        let mut wanted = Vec::new();
        let mut objects: Vec<SubscribedObject> = Vec::new();
        // Errors name the place of a value instead of quoting it, because somebody may have put a secret there.
        let host =
            |(at, host): (usize, &String)| host.parse().with_context(|| format!("prune_hosts, entry {}", at + 1));
        let mut further_hosts =
            file.prune_hosts.iter().enumerate().map(host).collect::<Result<Vec<CallbackHost>, _>>()?;
        for (at, entry) in file.subscription.into_iter().enumerate() {
            let place = || format!("[[subscription]] {}", at + 1);
            let object = object(entry.group, entry.action, entry.package)
                .with_context(|| format!("{} must name one of group, action and package", place()))?;
            let event_types = entry.events.names().with_context(place)?;
            let callback_url = entry.callback_url.or_else(|| file.callback_url.clone());
            let callback_url = callback_url.with_context(|| format!("{} has no callback_url", place()))?;
            if !objects.contains(&object) {
                objects.push(object.clone());
            }
            let host = CallbackHost::of(&callback_url);
            let host = host.with_context(|| format!("the callback_url of {} is not a URL", place()))?;
            if event_types.is_empty() {
                further_hosts.push(host);
                continue;
            }
            let token = entry.callback_token.as_ref().or(file.callback_token.as_ref());
            let token = token.with_context(|| format!("{} has no callback_token", place()))?;
            wanted.push(Wanted {
                object,
                event_types,
                callback_url,
                callback_token: token.resolve(folder).with_context(place)?,
                callback_context: entry.context,
            });
        }
        Ok(Self { wanted, objects, validity, renew_before, further_hosts })
    }

    pub(super) fn policy(&self, prune: bool) -> Policy {
        Policy {
            now: now(),
            renew_before: self.renew_before,
            validity: self.validity,
            prune,
            further_hosts: self.further_hosts.clone(),
        }
    }
}

/// Removes from a message the text in quotation marks, which is a value of the file. Names of fields are in backticks and stay.
fn unquoted(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(start), Some(end)) if start < end => format!("{}…{}", &message[..=start], &message[end..]),
        _ => message.to_owned(),
    }
}

impl Events {
    fn names(self) -> anyhow::Result<Vec<String>> {
        match self {
            Self::Named(name) if name == ALL => Ok(all_event_types()),
            Self::Named(_) => bail!("events must be a list of event types, or \"{ALL}\""),
            Self::Listed(names) => {
                names.iter().map(|name| known_event_type(name).map_err(anyhow::Error::msg)).collect()
            }
        }
    }
}

impl TokenReference {
    fn resolve(&self, folder: &Path) -> anyhow::Result<Secret> {
        match self {
            Self::Env { env: variable } => match env::var(variable) {
                Ok(token) if !token.is_empty() => Ok(token.into()),
                // The name is not quoted, because somebody may have pasted the token there.
                _ => bail!(
                    "callback_token.env must be the name of a variable that holds the token, but no such variable is set"
                ),
            },
            Self::File { file } => {
                let path = folder.join(file);
                // The path is not quoted either, unless such a file exists.
                if let Err(error) = fs::metadata(&path) {
                    return Err(error).context("callback_token.file must be the path of a file that holds the token");
                }
                read_token_file(&path)?.context("callback_token.file was deleted just now")
            }
            Self::Other(_) => bail!("callback_token must be {{ env = \"NAME\" }} or {{ file = \"PATH\" }}"),
        }
    }
}
