//! What every catalogue must have.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use crate::locale::Locale;

/// A sentence as it stands in its file.
struct Sentence {
    /// Its text, without what it is given.
    text: String,
    /// What it is given.
    given: BTreeSet<String>,
}

fn read(pattern: &Pattern<&str>, sentence: &mut Sentence) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => sentence.text.push_str(value),
            PatternElement::Placeable { expression: Expression::Inline(inline) } => named(inline, sentence),
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                named(selector, sentence);
                for variant in variants {
                    read(&variant.value, sentence);
                }
            }
        }
    }
}

fn named(inline: &InlineExpression<&str>, sentence: &mut Sentence) {
    match inline {
        InlineExpression::VariableReference { id } => _ = sentence.given.insert(id.name.to_owned()),
        InlineExpression::StringLiteral { value } => sentence.text.push_str(value),
        _ => {}
    }
}

/// The sentences of a language under file and name.
fn catalogue(locale: Locale) -> BTreeMap<(String, String), Sentence> {
    let mut sentences = BTreeMap::new();
    for file in fs::read_dir(folder().join("locales").join(locale.tag())).unwrap() {
        let path = file.unwrap().path();
        let area = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        for entry in parser::parse(text.as_str()).unwrap().body {
            let Entry::Message(message) = entry else { continue };
            let mut sentence = Sentence { text: String::new(), given: BTreeSet::new() };
            read(message.value.as_ref().unwrap(), &mut sentence);
            let twice = sentences.insert((area.clone(), message.id.name.to_owned()), sentence);
            assert!(twice.is_none(), "{area}: {} stands twice", message.id.name);
        }
    }
    sentences
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[test]
fn every_language_has_every_sentence_with_what_it_is_given() {
    let english = catalogue(Locale::SOURCE);
    for locale in Locale::ALL {
        let own = catalogue(*locale);
        assert_eq!(own.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "{locale}");
        for ((area, name), sentence) in &own {
            assert_eq!(sentence.given, english[&(area.clone(), name.clone())].given, "{locale} {area} {name}");
            assert!(
                !sentence.text.trim().is_empty() || !sentence.given.is_empty(),
                "{locale} {area} {name} says nothing"
            );
        }
    }
}

#[test]
fn sentences_are_translated() {
    let english = catalogue(Locale::SOURCE);
    for locale in Locale::ALL.iter().filter(|locale| **locale != Locale::SOURCE) {
        for ((area, name), sentence) in catalogue(*locale) {
            let source = &english[&(area.clone(), name.clone())].text;
            // Proper names, single words and what stands between two that are given may be the same.
            assert!(
                sentence.text != *source || !source.trim().contains(' '),
                "{locale} {area} {name} is not translated"
            );
        }
    }
}

#[test]
fn every_sentence_is_said_somewhere() {
    let mut sources = vec![folder().join("src"), folder().join("templates")];
    let mut words = BTreeSet::new();
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if let Ok(text) = fs::read_to_string(path) {
            let pieces = text.split(|c: char| !c.is_ascii_alphanumeric() && !"_.:".contains(c));
            words.extend(pieces.flat_map(|piece| piece.split(['.', ':']).skip(1)).map(ToOwned::to_owned));
        }
    }
    let unused: Vec<_> = catalogue(Locale::SOURCE)
        .into_keys()
        // Each code, reason and kind of event has a sentence, and each language its name.
        .filter(|(area, name)| {
            !["errors", "reasons", "events", "locale"].contains(&area.as_str()) && !words.contains(name)
        })
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}
