//! What is shown of a user to others: names and pictures that are what they seem.

use crate::look::is_web;
use crate::{Reason, Refusal};

/// Refuses a display name that would be shown as something else than it is.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    if name.chars().any(is_hidden) {
        return Err(Refusal::invalid_input("name", Reason::NoControlCharacters));
    }
    Ok(())
}

/// Refuses a picture that is no web address: it becomes a link at whoever reads the claim.
pub fn check_avatar(address: &str) -> Result<(), Refusal> {
    if address.is_empty() || is_picture(address) {
        return Ok(());
    }
    Err(Refusal::invalid_input("avatar", Reason::HttpAddress))
}

/// Whether a text is an address that a picture may be loaded from.
pub fn is_picture(address: &str) -> bool {
    is_web(address) && !address.chars().any(is_hidden)
}

/// A provider's text without what must not be shown.
pub fn shown(text: &str) -> String {
    text.chars().filter(|c| !is_hidden(*c)).collect()
}

/// Control characters, and those that turn the direction of the text around them (UAX #9: embeddings, overrides, isolates).
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_hides_nothing() {
        assert!(check_name("Zoë 王小明").is_ok());
        for bad in ["a\u{202E}b", "a\nb", "a\u{0}"] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        assert!(check_avatar("https://example.com/a.png").is_ok());
        for bad in ["javascript:alert(1)", "data:image/svg+xml,x", "/a.png"] {
            assert!(check_avatar(bad).is_err(), "{bad}");
        }
    }
}
