//! Sentences of the sign-in pages in a tenant's own words.

use std::collections::BTreeMap;

use crate::reason::AllOf;
use crate::{Reason, Refusal};

/// By the name of the sentence.
pub type Phrases = BTreeMap<String, String>;

/// Longest sentence, in characters.
const LONGEST: usize = 500;

/// What a tenant may put in its own words.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue {
    /// BCP 47 tags of the languages.
    pub languages: &'static [&'static str],
    /// Names of the sentences.
    pub names: &'static [&'static str],
}

/// Refuses languages and names that the catalogue does not have, and sentences without an end.
pub fn check(language: &str, phrases: &Phrases, catalogue: &Catalogue) -> Result<(), Refusal> {
    if !catalogue.languages.contains(&language) {
        let spoken = Reason::LanguageOfPages { tags: AllOf(catalogue.languages) };
        return Err(Refusal::invalid_input("languageTag", spoken));
    }
    for (name, text) in phrases {
        if !catalogue.names.contains(&name.as_str()) {
            return Err(Refusal::invalid_input(name, Reason::NoSuchSentence));
        }
        if text.trim().is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            return Err(Refusal::invalid_input(name, Reason::PlainCharacters { least: 1, most: LONGEST }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_sentences_of_known_languages_are_taken() {
        let phrases = |name: &str, text: &str| Phrases::from([(name.to_owned(), text.to_owned())]);
        let known = &Catalogue { languages: &["en"], names: &["sign_in"] };
        assert_eq!(check("en", &phrases("sign_in", "Come in"), known), Ok(()));
        assert!(check("tlh", &phrases("sign_in", "x"), known).is_err());
        assert!(check("en", &phrases("sing_in", "x"), known).unwrap_err().field.as_deref() == Some("sing_in"));
        for bad in ["", " ", "a\0b", &"x".repeat(501)] {
            assert!(check("en", &phrases("sign_in", bad), known).is_err(), "{bad}");
        }
    }
}
