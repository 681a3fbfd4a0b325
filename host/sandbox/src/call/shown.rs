//! What is shown of a guest's words: masked, bounded, and without what would deceive a reader.

use keyway_model::text::is_deceptive;
use serde_json::Value;

use super::Failure;
use crate::contract::Reported;
use crate::redact::Redactor;

/// Longest failure code and message, in characters, and largest details, in bytes: what an admin reads of one call.
const MAX_CODE: usize = 64;
const MAX_MESSAGE: usize = 2_000;
const MAX_DATA: usize = 8 * 1024;
/// A retry that is further away than a day is no retry.
const MAX_RETRY_MS: u64 = 86_400_000;

/// Bytes of a failure's words.
pub fn size(failure: &Reported) -> usize {
    failure.code.len() + failure.message.len() + failure.data.as_ref().map_or(0, String::len)
}

/// A failure as it is shown: masked before it is cut, so that no half of a secret is left at the end.
pub fn cleaned(failure: Reported, redactor: &Redactor) -> Failure {
    let shown = |text: &str, most: usize| -> String {
        let masked = redactor.apply(text);
        masked.chars().take(most).map(|c| if is_deceptive(c) { ' ' } else { c }).collect()
    };
    Failure {
        code: shown(&failure.code, MAX_CODE),
        message: shown(&failure.message, MAX_MESSAGE),
        data: failure.data.map(|data| redactor.apply(&data)).filter(|data| data.len() <= MAX_DATA && is_object(data)),
        retry_after_ms: failure.retry_after_ms.map(|after| after.min(MAX_RETRY_MS)),
    }
}

/// An object without what must not be seen; a number that held it makes the object unreadable, and then nothing of it is left.
pub fn masked_object(text: &str, redactor: &Redactor) -> String {
    let masked = redactor.apply(text);
    if is_object(&masked) { masked } else { "{}".to_owned() }
}

/// Whether it is the text of a JSON object.
pub fn is_object(text: &str) -> bool {
    serde_json::from_str::<serde_json::Map<String, Value>>(text).is_ok()
}
