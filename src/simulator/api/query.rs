//! The parameters of a query.

use std::collections::HashMap;

use axum::extract::RawQuery;
use percent_encoding::percent_decode;

/// The parameters by name, decoded; of several with the same name the last counts.
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
    pub(super) fn new(RawQuery(query): &RawQuery) -> Self {
        let pairs = query.as_deref().unwrap_or_default().split('&');
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.map(|(name, value)| (form_decode(name), form_decode(value))).collect())
    }

    /// A parameter's value; `None` if it is missing or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a parameter says `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

fn form_decode(text: &str) -> String {
    percent_decode(text.replace('+', " ").as_bytes()).decode_utf8_lossy().into_owned()
}
