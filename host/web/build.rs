//! Turns the catalogues below `locales/` into Rust: the languages, and for each area its sentences in each of them. English is
//! the measure: it says which sentences there are and what each is given. What another language lacks is said in English.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Message, Pattern, PatternElement, Resource, VariantKey};
use fluent_syntax::{parser, serializer};

/// The language that is complete.
const SOURCE: &str = "en";

type Failure = Box<dyn Error>;

/// What a sentence is given, with whether that is a number.
type Given = Vec<(String, bool)>;

/// What becomes of an area's sentences.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// A struct with a field or function for each.
    Texts,
    /// The same with a tenant's own words over it.
    Phrases,
    /// A sentence for each case of this type, which is given the fields of the case.
    Cases(&'static str),
}

/// The files of a language, without `locale.ftl`, which has its own name.
const AREAS: [(&str, Shape); 6] = [
    ("pages", Shape::Phrases),
    ("console", Shape::Texts),
    ("composition", Shape::Texts),
    ("events", Shape::Cases("EventKind")),
    ("errors", Shape::Cases("ErrorCode")),
    ("reasons", Shape::Cases("Reason")),
];

/// A language.
struct Language {
    tag: String,
    /// Its name as a variant and as a constant.
    variant: String,
    constant: String,
}

/// A sentence in one language.
enum Sentence {
    /// The same each time.
    Plain(String),
    /// Put together when it is said: its source, and what it is given.
    Given(String, Given),
}

fn main() -> Result<(), Failure> {
    println!("cargo::rerun-if-changed=locales");
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("locales");
    let out = env::var("OUT_DIR")?;
    let languages = languages(&root)?;
    let mut names = Vec::new();
    for language in &languages {
        match sentences(&root, &language.tag, "locale")?.into_iter().next() {
            Some((_, Sentence::Plain(name))) => names.push(name),
            _ => return Err(format!("locales/{}/locale.ftl must have the name of the language", language.tag).into()),
        }
    }
    fs::write(Path::new(&out).join("locales.rs"), locales(&languages, &names)?)?;
    for (area, shape) in AREAS {
        let mut source = texts(&root, &languages, area, shape)?;
        if shape == Shape::Phrases {
            source.push_str(&phrases(&root, &languages, area)?);
        }
        if let Shape::Cases(kind) = shape {
            source.push_str(&cases(&root, area, kind)?);
        }
        fs::write(Path::new(&out).join(format!("{area}.rs")), source)?;
    }
    Ok(())
}

/// The folders below `locales/`, English first.
fn languages(root: &Path) -> Result<Vec<Language>, Failure> {
    let tags: Result<BTreeSet<String>, Failure> =
        fs::read_dir(root)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect();
    let mut tags: Vec<String> = tags?.into_iter().collect();
    tags.sort_by_key(|tag| tag != SOURCE);
    let language = |tag: String| Language {
        variant: tag.split('-').map(capitalized).collect(),
        constant: tag.replace('-', "_").to_ascii_uppercase(),
        tag,
    };
    Ok(tags.into_iter().map(language).collect())
}

fn capitalized(part: &str) -> String {
    let lower = part.to_ascii_lowercase();
    lower.get(..1).unwrap_or_default().to_ascii_uppercase() + lower.get(1..).unwrap_or_default()
}

/// The sentences of a file in their order; none when there is no such file.
fn sentences(root: &Path, tag: &str, area: &str) -> Result<Vec<(String, Sentence)>, Failure> {
    let path = root.join(tag).join(format!("{area}.ftl"));
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path)?;
    let resource = parser::parse(text.as_str()).map_err(|(_, errors)| {
        format!("{}: {}", path.display(), errors.first().map_or_else(String::new, ToString::to_string))
    })?;
    let mut sentences = Vec::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name.to_owned();
        let problem = |what: &str| format!("{}: {name}: {what}", path.display());
        let pattern = message.value.as_ref().ok_or_else(|| problem("has no sentence"))?;
        let mut given = Vec::new();
        variables(pattern, &mut given).map_err(problem)?;
        let sentence = if given.is_empty() {
            Sentence::Plain(plain(pattern).ok_or_else(|| problem("must be plain text"))?)
        } else {
            let source =
                serializer::serialize(&Resource { body: vec![Entry::Message(Message { comment: None, ..message })] });
            Sentence::Given(source, given)
        };
        sentences.push((name, sentence));
    }
    Ok(sentences)
}

/// The text of a pattern that is given nothing.
fn plain(pattern: &Pattern<&str>) -> Option<String> {
    let part = |element: &PatternElement<&str>| match element {
        PatternElement::TextElement { value } => Some((*value).to_owned()),
        PatternElement::Placeable { expression: Expression::Inline(InlineExpression::StringLiteral { value }) } => {
            Some((*value).to_owned())
        }
        PatternElement::Placeable { .. } => None,
    };
    pattern.elements.iter().map(part).collect()
}

/// What a pattern is given. What chooses a plural form is a number.
fn variables(pattern: &Pattern<&str>, given: &mut Given) -> Result<(), &'static str> {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { .. } => {}
            PatternElement::Placeable { expression: Expression::Inline(inline) } => inlined(inline, false, given)?,
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                let counts = |key: &VariantKey<&str>| match key {
                    VariantKey::NumberLiteral { .. } => true,
                    VariantKey::Identifier { name } => ["zero", "one", "two", "few", "many", "other"].contains(name),
                };
                inlined(selector, variants.iter().all(|variant| counts(&variant.key)), given)?;
                for variant in variants {
                    variables(&variant.value, given)?;
                }
            }
        }
    }
    Ok(())
}

fn inlined(inline: &InlineExpression<&str>, number: bool, given: &mut Given) -> Result<(), &'static str> {
    match inline {
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => Ok(()),
        InlineExpression::VariableReference { id } => {
            match given.iter_mut().find(|(name, _)| name == id.name) {
                Some((_, known)) => *known |= number,
                None => given.push((id.name.to_owned(), number)),
            }
            Ok(())
        }
        _ => Err("may hold text, variables and their variants alone"),
    }
}

/// The type of all languages.
fn locales(languages: &[Language], names: &[String]) -> Result<String, Failure> {
    let mut out = String::from(
        "/// A language that the server speaks.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub enum Locale {\n",
    );
    for (language, name) in languages.iter().zip(names) {
        writeln!(out, "    /// {name}\n    {},", language.variant)?;
    }
    out.push_str("}\n\nimpl Locale {\n    /// Every language, English first.\n    pub const ALL: &'static [Self] = &[");
    for language in languages {
        write!(out, "Self::{}, ", language.variant)?;
    }
    out.push_str("];\n\n    /// Its BCP 47 tag.\n    pub const fn tag(self) -> &'static str {\n        match self {\n");
    for language in languages {
        writeln!(out, "            Self::{} => {:?},", language.variant, language.tag)?;
    }
    out.push_str("        }\n    }\n\n    /// Its name in itself.\n    pub const fn name(self) -> &'static str {\n        match self {\n");
    for (language, name) in languages.iter().zip(names) {
        writeln!(out, "            Self::{} => {name:?},", language.variant)?;
    }
    out.push_str("        }\n    }\n}\n");
    Ok(out)
}

/// A struct of an area's sentences, and a constant of it for each language.
fn texts(root: &Path, languages: &[Language], area: &str, shape: Shape) -> Result<String, Failure> {
    let english = sentences(root, SOURCE, area)?;
    let (kind, wrap) = if shape == Shape::Phrases { ("Phrase", "Phrase::Borrowed") } else { ("&'static str", "") };
    let mut out = String::from("/// The sentences in one language.\n");
    if shape == Shape::Phrases {
        out.push_str("#[derive(Clone)]\n");
    }
    out.push_str("pub struct Texts {\n");
    let is_plain = english.iter().all(|(_, sentence)| matches!(sentence, Sentence::Plain(_)));
    // What is said the same each time needs no language to be put together in.
    let has_locale = !(is_plain && matches!(shape, Shape::Cases(_)));
    if has_locale {
        out.push_str("    /// The language.\n    pub locale: Locale,\n");
    }
    for (name, sentence) in &english {
        match (sentence, shape) {
            (Sentence::Plain(text), _) => writeln!(out, "    /// {text:?}\n    pub {name}: {kind},")?,
            (Sentence::Given(..), Shape::Phrases) => writeln!(out, "    {name}: Option<Phrase>,")?,
            (Sentence::Given(..), _) => {}
        }
    }
    out.push_str("}\n\n");
    for language in languages {
        let own = sentences(root, &language.tag, area)?;
        writeln!(out, "const {}: Texts = Texts {{", language.constant)?;
        if has_locale {
            writeln!(out, "    locale: Locale::{},", language.variant)?;
        }
        for (name, sentence) in &english {
            match sentence {
                Sentence::Plain(text) => {
                    let text = own
                        .iter()
                        .find_map(|(known, own)| match own {
                            Sentence::Plain(own) if known == name => Some(own),
                            _ => None,
                        })
                        .unwrap_or(text);
                    writeln!(out, "    {name}: {wrap}({text:?}),")?;
                }
                Sentence::Given(..) if shape == Shape::Phrases => writeln!(out, "    {name}: None,")?,
                Sentence::Given(..) => {}
            }
        }
        out.push_str("};\n");
    }
    out.push_str(&functions(root, languages, area, shape)?);
    if shape != Shape::Phrases {
        out.push_str(
            "/// The sentences in a language.\npub fn texts(locale: Locale) -> &'static Texts {\n    match locale {\n",
        );
        for Language { variant, constant, .. } in languages {
            writeln!(out, "        Locale::{variant} => &{constant},")?;
        }
        out.push_str("    }\n}\n");
    }
    Ok(out)
}

/// A function for each sentence that is given something, and the sources that they read.
fn functions(root: &Path, languages: &[Language], area: &str, shape: Shape) -> Result<String, Failure> {
    let english = sentences(root, SOURCE, area)?;
    let given = |list: Vec<(String, Sentence)>| -> Vec<(String, String, Given)> {
        let given = |(name, sentence)| match sentence {
            Sentence::Given(source, given) => Some((name, source, given)),
            Sentence::Plain(_) => None,
        };
        list.into_iter().filter_map(given).collect()
    };
    let english = given(english);
    let mut out = String::new();
    if english.is_empty() {
        return Ok(out);
    }
    out.push_str("\nimpl Texts {\n");
    for (name, source, given) in english.iter().filter(|_| !matches!(shape, Shape::Cases(_))) {
        if shape == Shape::Phrases && given.len() > 1 {
            return Err(format!("{area}.ftl: {name}: a tenant's own words have one place to fill").into());
        }
        for line in source.trim().lines() {
            writeln!(out, "    /// `{}`", line.trim())?;
        }
        write!(out, "    pub fn {name}(&self")?;
        for (argument, number) in given {
            write!(out, ", {argument}: {}", if *number { "i64" } else { "&str" })?;
        }
        let own = if shape == Shape::Phrases { format!("self.{name}.as_deref()") } else { "None".to_owned() };
        write!(out, ") -> String {{\n        say(bundle(self.locale), {own}, {name:?}, &[")?;
        for (argument, _) in given {
            write!(out, "({argument:?}, {argument}.into()), ")?;
        }
        out.push_str("])\n    }\n\n");
    }
    out.push_str("}\n\nfn bundle(locale: Locale) -> &'static Bundle {\n    match locale {\n");
    for language in languages {
        let own = given(sentences(root, &language.tag, area)?);
        let source = |(name, source, _): &(String, String, Given)| {
            own.iter().find(|(known, ..)| known == name).map_or_else(|| source.clone(), |(_, own, _)| own.clone())
        };
        let source: String = english.iter().map(source).collect();
        writeln!(
            out,
            "        Locale::{} => {{\n            static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| crate::locale::bundle(Locale::{}, {source:?}));\n            &BUNDLE\n        }}",
            language.variant, language.variant
        )?;
    }
    out.push_str("    }\n}\n");
    Ok(out)
}

/// What a tenant may put in its own words, and how these lie over the catalogue.
fn phrases(root: &Path, languages: &[Language], area: &str) -> Result<String, Failure> {
    let english = sentences(root, SOURCE, area)?;
    let mut out = String::from(
        "\n/// What a tenant may put in its own words.\npub const CATALOGUE: Catalogue = Catalogue {\n    languages: &[",
    );
    for language in languages {
        write!(out, "{:?}, ", language.tag)?;
    }
    out.push_str("],\n    names: &[");
    for (name, _) in &english {
        write!(out, "{name:?}, ")?;
    }
    out.push_str("],\n};\n\nimpl Texts {\n    /// Each sentence under its name, with `{}` where it is given something.\n    pub fn sentences(&self) -> Vec<(&'static str, Phrase)> {\n        vec![\n");
    for (name, sentence) in &english {
        match sentence {
            Sentence::Plain(_) => write!(out, "({name:?}, self.{name}.clone()), ")?,
            Sentence::Given(_, given) => {
                write!(out, "({name:?}, say(bundle(self.locale), None, {name:?}, &[")?;
                for (argument, _) in given {
                    write!(out, "({argument:?}, \"{{}}\".into()), ")?;
                }
                out.push_str("]).into()), ");
            }
        }
    }
    out.push_str("        ]\n    }\n\n    /// The same with some in other words.\n    fn reworded(&self, own: &Phrases) -> Self {\n        let word = |name: &str, text: &Phrase| own.get(name).map_or_else(|| text.clone(), |own| own.clone().into());\n        Self {\n            locale: self.locale,\n");
    for (name, sentence) in &english {
        match sentence {
            Sentence::Plain(_) => write!(out, "{name}: word({name:?}, &self.{name}), ")?,
            Sentence::Given(..) => {
                write!(out, "{name}: own.get({name:?}).map(|own| own.clone().into()), ")?;
            }
        }
    }
    out.push_str("        }\n    }\n}\n\n/// The sentences in a language.\npub fn texts(locale: Locale) -> Arc<Texts> {\n    match locale {\n");
    for Language { variant, constant, .. } in languages {
        writeln!(
            out,
            "        Locale::{variant} => {{\n            static TEXTS: LazyLock<Arc<Texts>> = LazyLock::new(|| Arc::new({constant}));\n            Arc::clone(&TEXTS)\n        }}"
        )?;
    }
    out.push_str("    }\n}\n");
    Ok(out)
}

/// The sentence of each case with the case's fields. A case without a sentence, and a sentence with another variable than the
/// fields, does not compile.
fn cases(root: &Path, area: &str, kind: &str) -> Result<String, Failure> {
    let english = sentences(root, SOURCE, area)?;
    let is_plain = english.iter().all(|(_, sentence)| matches!(sentence, Sentence::Plain(_)));
    let (case, text) =
        if is_plain { (kind.to_owned(), "&'static str") } else { (format!("&{kind}"), "Cow<'static, str>") };
    let mut out = format!(
        "\nimpl Texts {{\n    /// The sentence of a case.\n    pub fn of(&self, case: {case}) -> {text} {{\n        match case {{\n",
    );
    for (name, sentence) in english {
        let variant: String = name.split('_').map(capitalized).collect();
        match sentence {
            Sentence::Plain(_) if is_plain => write!(out, "{kind}::{variant} => self.{name}, ")?,
            Sentence::Plain(_) => write!(out, "{kind}::{variant} => self.{name}.into(), ")?,
            Sentence::Given(_, given) => {
                let fields: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
                write!(
                    out,
                    "{kind}::{variant} {{ {} }} => say(bundle(self.locale), None, {name:?}, &[",
                    fields.join(", ")
                )?;
                for field in fields {
                    write!(out, "({field:?}, {field}.given(self.locale)), ")?;
                }
                out.push_str("]).into(), ");
            }
        }
    }
    out.push_str("        }\n    }\n}\n");
    Ok(out)
}
