//! The languages that the server speaks, which of them a reader gets, and how a sentence of a catalogue is put together.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;
use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use keyway_model::language::Language;
use keyway_model::sign_in_experience::SignInExperience;

use crate::request::text;

include!(concat!(env!("OUT_DIR"), "/locales.rs"));

/// Wishes of one reader that are considered; browsers send up to ten.
const WISHES: usize = 20;

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl Locale {
    /// The language in which the server answers programs and knows its own words.
    pub const SOURCE: Self = Self::En;

    /// The language with this very tag.
    pub fn with_tag(tag: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|locale| locale.tag() == tag)
    }

    /// The country in its tag.
    pub fn region(self) -> Option<&'static str> {
        self.tag().split('-').skip(1).find(|part| part.len() == 2)
    }

    /// The language that a reader of `tag` reads.
    fn matching(tag: &str) -> Option<Self> {
        static SPOKEN: LazyLock<Vec<(Locale, Language)>> = LazyLock::new(|| {
            Locale::ALL.iter().filter_map(|locale| Some((*locale, Language::read(locale.tag())?))).collect()
        });
        Language::read(tag)?.best_of(SPOKEN.iter().map(|(locale, language)| (*locale, language)))
    }
}

/// One range of an `Accept-Language` header with its weight in thousandths, of which RFC 9110 allows three digits.
fn weighed(range: &str) -> Option<(u16, &str)> {
    let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
    let weight = match weight.trim() {
        "" => 1000,
        weight => {
            let (whole, digits) =
                weight.strip_prefix("q=")?.split_once('.').unwrap_or((weight.strip_prefix("q=")?, ""));
            let thousandths = format!("{digits:0<3}").parse::<u16>().ok().filter(|_| digits.len() <= 3)?;
            whole.parse::<u16>().ok().filter(|whole| *whole <= 1)? * 1000 + thousandths
        }
    };
    (1..=1000).contains(&weight).then_some((weight, tag.trim()))
}

/// The tags of an `Accept-Language` header, dearest first (RFC 9110, 12.5.4).
fn accepted(header: &str) -> Vec<&str> {
    let mut wishes: Vec<(u16, &str)> = header.split(',').take(WISHES).filter_map(weighed).collect();
    wishes.sort_by_key(|(weight, _)| Reverse(*weight));
    wishes.into_iter().map(|(_, tag)| tag).collect()
}

/// The language for a reader. First the tags in `wish`: what the reader chose, or `ui_locales` of the application; then, unless
/// the tenant's settings say that it does not decide, the browser's; then the one that the settings name.
pub fn negotiate(headers: &HeaderMap, wish: Option<&str>, experience: Option<&SignInExperience>) -> Locale {
    let wished = wish.unwrap_or_default().split_ascii_whitespace().take(WISHES).find_map(Locale::matching);
    let browser = || {
        if experience.is_some_and(|experience| !experience.language_info.auto_detect) {
            return None;
        }
        accepted(text(headers, header::ACCEPT_LANGUAGE)?).into_iter().find_map(Locale::matching)
    };
    let fallback = || Locale::matching(&experience?.language_info.fallback_language);
    wished.or_else(browser).or_else(fallback).unwrap_or(Locale::SOURCE)
}

/// Sentences of one language that are given something.
pub type Bundle = FluentBundle<FluentResource>;

/// The sentences in `source`, which the build has read already.
pub fn bundle(locale: Locale, source: &str) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(locale.tag().parse().into_iter().collect());
    // The marks around what is given would be in messages, attributes and tests; names and numbers stand alone in their line.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(FluentResource::try_new(source.to_owned()).unwrap_or_else(|(read, _)| read));
    bundle
}

/// A sentence with what it is given: the tenant's `own`, in which `{}` is the place for it, or the catalogue's.
pub fn say(bundle: &Bundle, own: Option<&str>, name: &str, given: &[(&'static str, FluentValue<'_>)]) -> String {
    if let Some(own) = own {
        let text = match given.first() {
            Some((_, FluentValue::String(text))) => text.clone(),
            Some((_, FluentValue::Number(number))) => number.as_string(),
            _ => Cow::default(),
        };
        return own.replace("{}", &text);
    }
    let arguments: FluentArgs<'_> = given.iter().cloned().collect();
    let pattern = bundle.get_message(name).and_then(|message| message.value());
    // An error leaves the variable's name in its place.
    pattern
        .map(|pattern| bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use keyway_model::sign_in_experience::{LanguageInfo, SignInExperience};

    use super::*;

    fn headers(accepted: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, accepted.parse().unwrap())])
    }

    #[test]
    fn languages_are_matched_by_language_and_script() {
        for (accepted, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Locale::ZhCn),
            ("tlh,en;q=0.8,zh;q=0.5", Locale::En),
            ("en;q=0.5, zh;q=0.8", Locale::ZhCn),
            ("zh", Locale::ZhCn),
            ("zh-Hans", Locale::ZhCn),
            ("zh-hans-sg", Locale::ZhCn),
            ("ZH-SG", Locale::ZhCn),
            ("en-GB", Locale::En),
            ("zh-TW", Locale::En),
            ("zh-HK, zh-Hant", Locale::En),
            ("zh-TW, zh;q=0.9, en;q=0.8", Locale::ZhCn),
            ("zh;q=0, en;q=0.1", Locale::En),
            ("zh;q=2", Locale::En),
            ("zh;q=-1, zh;q=x, zh;q=0.0001, zh;level=1", Locale::En),
            ("*", Locale::En),
            ("", Locale::En),
            ("zhen, xyz-abc-123, ;;;, ,,, =", Locale::En),
        ] {
            assert_eq!(negotiate(&headers(accepted), None, None), expected, "{accepted}");
        }
    }

    #[test]
    fn a_wish_goes_before_the_browser_and_the_browser_before_the_settings() {
        assert_eq!(negotiate(&headers("en"), Some("tlh zh-Hans"), None), Locale::ZhCn);
        let mut experience = SignInExperience::default();
        let mut under = |detects: bool, fallback: &str, accepted, wish| {
            experience.language_info = LanguageInfo { auto_detect: detects, fallback_language: fallback.to_owned() };
            negotiate(&headers(accepted), wish, Some(&experience))
        };
        assert_eq!(under(true, "zh-CN", "tlh", None), Locale::ZhCn, "a language that is not spoken");
        assert_eq!(under(true, "en", "zh-TW", None), Locale::En, "another script");
        assert_eq!(under(true, "zh-CN", "en", None), Locale::En);
        assert_eq!(under(false, "zh-CN", "en", None), Locale::ZhCn);
        assert_eq!(under(false, "zh-CN", "zh", Some("en-GB")), Locale::En, "the application's wish");
        assert_eq!(under(true, "tlh", "tlh", None), Locale::En, "nothing fits");
    }

    #[test]
    fn resource_exhaustion_by_languages_ends_at_twenty() {
        assert_eq!(negotiate(&headers(&format!("{}zh", "tlh,".repeat(19))), None, None), Locale::ZhCn);
        assert_eq!(negotiate(&headers(&format!("{}zh", "tlh,".repeat(20))), None, None), Locale::En);
        assert_eq!(negotiate(&headers("en"), Some(&format!("{}zh", "tlh ".repeat(20))), None), Locale::En);
        assert_eq!(negotiate(&headers(&format!("zh-{}", "x".repeat(10_000))), None, None), Locale::En);
    }

    #[test]
    fn the_country_is_that_of_the_tag() {
        assert_eq!((Locale::ZhCn.region(), Locale::En.region()), (Some("CN"), None));
    }
}
