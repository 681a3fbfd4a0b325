//! Languages as BCP 47 tags name them, and which of several a reader reads.

use unic_langid::LanguageIdentifier;

/// Longest tag that is considered: RFC 5646, 4.4.1.
const MAX_TAG: usize = 35;

/// A language with its script and country. What a tag leaves out is what is usual (Unicode's likely subtags), so that `zh` is written
/// as in `zh-CN`, but `zh-TW` is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(LanguageIdentifier);

impl Language {
    /// Reads a tag; none where it is no tag.
    pub fn read(tag: &str) -> Option<Self> {
        let mut tag: LanguageIdentifier = Some(tag).filter(|tag| tag.len() <= MAX_TAG)?.parse().ok()?;
        tag.maximize();
        Some(Self(tag))
    }

    /// What a reader of this language reads: the same language in the same script, from the same country if there is a choice, and
    /// the first of several.
    pub fn best_of<'l, T>(&self, known: impl IntoIterator<Item = (T, &'l Self)>) -> Option<T> {
        let is_read = |other: &Self| other.0.language == self.0.language && other.0.script == self.0.script;
        let read = known.into_iter().filter(|(_, other)| is_read(other));
        read.min_by_key(|(_, other)| other.0.region != self.0.region).map(|(what, _)| what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_matched_by_language_and_script_and_then_by_country() {
        let tags = ["en", "zh-CN", "pt-BR", "pt", "sr-Latn"];
        let known: Vec<_> = tags.iter().map(|tag| (*tag, Language::read(tag).unwrap())).collect();
        for (wish, expected) in [
            ("zh-SG", Some("zh-CN")),
            ("ZH-hans", Some("zh-CN")),
            ("zh-TW", None),
            ("zh-HK", None),
            ("pt-PT", Some("pt-BR")),
            ("pt-BR", Some("pt-BR")),
            ("sr", None),
            ("sr-Latn-RS", Some("sr-Latn")),
            ("en-GB", Some("en")),
            ("qaa", None),
        ] {
            let best = Language::read(wish).unwrap().best_of(known.iter().map(|(tag, language)| (*tag, language)));
            assert_eq!(best, expected, "{wish}");
        }
        for tag in ["", "-", "x", "en-", &format!("zh-{}", "x".repeat(10_000))] {
            assert_eq!(Language::read(tag), None, "{tag}");
        }
    }
}
