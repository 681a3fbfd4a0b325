//! What the reasons of refusals say to people, and what their sentences are given.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::FluentValue;
use keyway_model::reason::{AllOf, AnyOf, FieldProblem, Outcome, Types};
use keyway_model::{Detail, Reason};
use serde_json::{Value, json};

use crate::composition;
use crate::locale::{Bundle, Locale, say};

include!(concat!(env!("OUT_DIR"), "/reasons.rs"));

/// What a sentence can be given.
trait Given {
    /// In words of a language, or as a number, which chooses plural forms.
    fn given(&self, locale: Locale) -> FluentValue<'_>;
}

macro_rules! numbers {
    ($($kind:ty)*) => {$(
        impl Given for $kind {
            fn given(&self, _: Locale) -> FluentValue<'_> {
                (*self).into()
            }
        }
    )*};
}

numbers!(i64 u32 u64 usize);

impl Given for &'static str {
    fn given(&self, _: Locale) -> FluentValue<'_> {
        (*self).into()
    }
}

impl Given for Box<str> {
    fn given(&self, _: Locale) -> FluentValue<'_> {
        (&**self).into()
    }
}

impl Given for AnyOf {
    fn given(&self, locale: Locale) -> FluentValue<'_> {
        list(self.0, locale, composition::Texts::either).into()
    }
}

impl Given for AllOf {
    fn given(&self, locale: Locale) -> FluentValue<'_> {
        list(self.0, locale, composition::Texts::both).into()
    }
}

impl Given for Types {
    fn given(&self, locale: Locale) -> FluentValue<'_> {
        let texts = composition::texts(locale);
        let words: Vec<String> = self.0.iter().map(|name| texts.json_type(name)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        list(&words, locale, composition::Texts::either).into()
    }
}

impl Given for Outcome {
    fn given(&self, locale: Locale) -> FluentValue<'_> {
        composition::texts(locale).call_outcome(self.0).into()
    }
}

impl Given for Box<Detail> {
    fn given(&self, locale: Locale) -> FluentValue<'_> {
        words(self, locale).into()
    }
}

/// Names in a row, the last of which is joined to the others by a sentence of its own.
fn list(names: &[&str], locale: Locale, joined: fn(&composition::Texts, &str, &str) -> String) -> String {
    let texts = composition::texts(locale);
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => joined(texts, &others.join(texts.comma), last),
    }
}

/// What a refusal says beyond its code. Somebody else's words stay as they are.
pub fn words(detail: &Detail, locale: Locale) -> Cow<'_, str> {
    match detail {
        Detail::Reason(reason) => texts(locale).of(reason),
        Detail::Quoted(words) => (&**words).into(),
        Detail::Fields(problems) => {
            let t = composition::texts(locale);
            let sentence = |problem: &FieldProblem| t.of_field(&problem.path, &words(&problem.detail, locale));
            let sentences: Vec<String> = problems.iter().map(sentence).collect();
            t.ended(&sentences.join(t.semicolon)).into()
        }
    }
}

/// The fields that are wrong, for programs; none where it is about no fields.
pub fn fields(detail: &Detail) -> Option<Value> {
    let problem = |one: &FieldProblem| json!({ "path": one.path, "message": words(&one.detail, Locale::SOURCE) });
    Some(detail.fields()).filter(|fields| !fields.is_empty()).map(|fields| fields.iter().map(problem).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_the_language_does() {
        for (names, en, zh) in [
            (&["a"][..], "must be a", "须为 a"),
            (&["a", "b"], "must be a or b", "须为 a 或 b"),
            (&["a", "b", "c", "d"], "must be a, b, c or d", "须为 a、b、c 或 d"),
        ] {
            let reason = Reason::OneOf { names: AnyOf(names) };
            assert_eq!(texts(Locale::En).of(&reason), en);
            assert_eq!(texts(Locale::ZhCn).of(&reason), zh);
        }
    }

    #[test]
    fn fields_of_a_configuration_are_sentences_in_a_row() {
        let problem = |path: &str, detail: Detail| FieldProblem { path: path.to_owned(), detail };
        let detail = Detail::Fields(vec![
            problem("id", Reason::Type { types: Types(vec!["string", "null"]) }.into()),
            problem("list[0]", Detail::Quoted("must hold \"a\"".into())),
        ]);
        assert_eq!(words(&detail, Locale::En), "id must be text or empty; list[0] must hold \"a\".");
        assert_eq!(words(&detail, Locale::ZhCn), "id 须为文本 或 空值；list[0] must hold \"a\"。");
        let expected = json!([
            { "path": "id", "message": "must be text or empty" }, { "path": "list[0]", "message": "must hold \"a\"" },
        ]);
        assert_eq!(fields(&detail), Some(expected.clone()));
        let cause = Box::new(detail);
        let refused = Detail::from(Reason::CannotGoOn { connector: "sms".into(), cause });
        assert!(words(&refused, Locale::ZhCn).ends_with("：id 须为文本 或 空值；list[0] must hold \"a\"。"));
        assert_eq!(fields(&refused), Some(expected));
    }

    #[test]
    fn numbers_stand_without_separators() {
        let reason = Reason::Seconds { least: 60, most: 31_536_000 };
        assert_eq!(texts(Locale::En).of(&reason), "must be 60 to 31536000 seconds");
    }
}
