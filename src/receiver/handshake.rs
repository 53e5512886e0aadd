//! The validation handshake: Kaizala asks for its token back before it accepts a callback URL.

use percent_encoding::percent_decode;

use super::answer::Refusal;

const PARAMETER: &[u8] = b"validationToken";

/// The longest token that is echoed. Real ones are far shorter; an open echo of any size would serve others.
pub(super) const MAX_TOKEN_BYTES: usize = 4096;

/// The validation token of a query, decoded once as a form-urlencoded value; `None` when the query has no such parameter.
///
/// Decodes to bytes: the token is to be echoed byte for byte, and a form library would replace what is not UTF-8.
pub(super) fn validation_token(query: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let Some((_, value)) = pairs.find(|(name, _)| form_decode(name) == PARAMETER) else { return Ok(None) };
    let token = form_decode(value);
    if token.is_empty() || token.len() > MAX_TOKEN_BYTES {
        return Err(Refusal::InvalidValidationToken);
    }
    Ok(Some(token))
}

fn form_decode(text: &str) -> Vec<u8> {
    percent_decode(text.replace('+', " ").as_bytes()).collect()
}
