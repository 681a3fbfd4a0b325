//! What the pages say, with a tenant's own words over it.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use keyway_model::custom_phrases::{Catalogue, Phrases};

use crate::locale::{Bundle, Locale, say};

/// One sentence.
pub type Phrase = Cow<'static, str>;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The sentences in a language, some of them in a tenant's own words.
pub fn reworded(locale: Locale, own: Option<&Phrases>) -> Arc<Texts> {
    let texts = texts(locale);
    own.filter(|own| !own.is_empty()).map_or_else(|| Arc::clone(&texts), |own| Arc::new(texts.reworded(own)))
}

impl Texts {
    /// A span of time as people say it.
    pub fn span(&self, seconds: i64) -> String {
        if seconds < 120 { self.seconds(seconds) } else { self.minutes((seconds + 59) / 60) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_s_own_words_take_the_place_of_some() {
        let own = [("sign_in", "Come in"), ("wait_for_message", "Later: {}")];
        let own = own.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let texts = reworded(Locale::En, Some(&own));
        assert_eq!((&*texts.sign_in, &*texts.password), ("Come in", "Password"));
        assert_eq!(texts.wait_for_message("<2 s>"), "Later: <2 s>");
    }

    #[test]
    fn one_and_many_are_told_apart() {
        let (english, locale) = (texts(Locale::En), texts(Locale::ZhCn));
        assert_eq!((english.minutes(1), english.minutes(2)), ("1 minute".to_owned(), "2 minutes".to_owned()));
        assert_eq!((locale.minutes(1), locale.minutes(2)), ("1 分钟".to_owned(), "2 分钟".to_owned()));
    }

    #[test]
    fn a_span_of_two_minutes_or_more_is_said_in_minutes() {
        let t = texts(Locale::En);
        assert_eq!(
            [1, 119, 120, 121].map(|seconds| t.span(seconds)),
            ["1 second", "119 seconds", "2 minutes", "3 minutes"]
        );
    }

    #[test]
    fn the_place_of_what_is_given_shows_in_the_list() {
        let sentences = texts(Locale::En).sentences();
        let text = |name| sentences.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        assert_eq!((text("resend_in"), text("minutes")), ("Send a new code in {} s".into(), "{} minutes".into()));
    }
}
