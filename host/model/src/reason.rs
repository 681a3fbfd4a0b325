//! Why a value is refused, without words: the catalogues have a sentence for each case, and give it the case's fields.

use std::collections::BTreeMap;
use std::fmt;

/// Names of which any one fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyOf(pub &'static [&'static str]);

/// Names all of which are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllOf(pub &'static [&'static str]);

/// Names of JSON Schema's types, any one of which fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Types(pub Vec<&'static str>);

/// What became of a call of a connector, in the word of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome(pub &'static str);

/// Why a value is refused. A sentence says it as the rest of one that begins with the field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each case is documented by its sentence in the catalogue, and each field by its place there"
)]
pub enum Reason {
    // Texts.
    Missing,
    TooLong,
    Characters { least: usize, most: usize },
    CharactersAtMost { most: usize },
    PlainCharacters { least: usize, most: usize },
    LengthInCharacters { least: usize, most: usize },
    LengthInBytes { least: usize, most: usize },
    BytesAtMost { most: usize },
    WordCharacters { least: usize, most: usize },
    IdCharacters { least: usize, most: usize },
    HostCharacters { least: usize, most: usize },
    NoControlCharacters,
    NullCharacter,
    NotUtf8,
    LanguageTag,
    LanguageAndUsage,
    CountryDigits,
    Color,

    // Numbers.
    Between { least: i64, most: i64 },
    Seconds { least: i64, most: i64 },
    SecondsBetween { least: i64, most: i64 },
    NumberOfSeconds,
    WholeNumber { least: i64 },
    Future,

    // Choices.
    OneOf { names: AnyOf },
    Joint,
    Field { names: AnyOf },
    Identifier { names: AnyOf },
    Holds { names: AnyOf },
    Twice { name: &'static str },
    LanguageOfPages { tags: AllOf },
    NoSuchSentence,
    NoSuchSetting,
    NoSuchMetadata,
    NoSuchParameter,
    NotEnforced,
    LeaveEmpty,

    // Addresses.
    WebAddress,
    HttpAddress,
    AbsoluteAddress,
    AddressInBytes { most: usize },
    AddressCharacters,
    AddressWithFragment,
    AddressWithCredentials,
    AddressWithWildcard,
    Https,
    HttpsOrOwnScheme,
    Addresses,
    Origins,
    ResourceIndicator,
    TenantAddress,
    TenantScheme,
    TenantHost,

    // Hashes of passwords.
    NoHashOfAlgorithm,
    HashMemory { mebibytes: u32 },
    HashWork { most: u64 },
    HashLanes { most: u32 },
    HashRounds { least: u32, most: u32 },
    HashTooDear,

    // Parameters of a query or a form.
    TooManyParameters { most: usize },
    RepeatedParameter { name: Box<str> },
    NullInParameter { name: Box<str> },
    FormOrObject,
    NoFile,
    TooManyValues,
    ManyValuesNotExact,
    PatternsUnsupported,

    // What goes with other things.
    TooManyTargets { most: usize },
    PasswordWithUsername,
    NoCodeForUsername,
    ConnectorNeeded { identifier: &'static str, kind: &'static str },
    NoSecretOfPublicClient,
    IdOfApplication,
    DefaultForUsersAlone,
    AtLeastOne,
    FrameworkNeeded,
    DutiesNeeded,
    TooManyAdministrators { most: i64 },
    OtherTenantId,
    Reserved,

    // Configurations of connectors.
    ConfigTooLarge,
    ConfigSlow,
    SchemaUnusable,
    NoSettingOfConnector,
    Empty,
    Blank,
    SecretNotStored,
    Type { types: Types },
    Value { values: Box<str> },
    Pattern { pattern: Box<str> },
    AtLeast { least: Box<str> },
    AtMost { most: Box<str> },
    Entries { least: u64 },
    AsDescribed { words: Box<str> },
    Form,

    // Calls of connectors, and their modules.
    CallFailed { outcome: Outcome },
    ValidateFailed { outcome: Outcome },
    NoFactory { factory: Box<str> },
    SavedAlone,
    CannotGoOn { connector: Box<str>, cause: Box<Detail> },
    VersionsOfModule { count: i64 },
    Versions { count: i64 },
    BytesKept { bytes: i64, most: i64 },
    OtherKind { factory: Box<str> },
    NameOfOfficial { field: &'static str },
    NotListed { digest: Box<str> },
    NotSigned,
    SignatureUnreadable,
    SignatureOfOther,
}

/// What a refusal says beyond its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// A rule of this server.
    Reason(Reason),
    /// Words of somebody else, such as a provider, a connector or a parser of JSON, in whatever language they come.
    Quoted(Box<str>),
    /// Fields of a configuration that do not suit its connector.
    Fields(Vec<FieldProblem>),
}

/// A field of a configuration that its connector cannot work with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field as people write it: `templates[0].templateCode`.
    pub path: String,
    /// What it should be.
    pub detail: Detail,
}

impl Detail {
    /// The fields of a configuration that are wrong.
    pub fn fields(&self) -> &[FieldProblem] {
        match self {
            Self::Fields(problems) => problems,
            Self::Reason(Reason::CannotGoOn { cause, .. }) => cause.fields(),
            _ => &[],
        }
    }

    /// The same with the sentences that the author of a schema wrote in another language, as far as `translations` have them.
    #[must_use]
    pub fn translated(self, translations: &BTreeMap<String, String>) -> Self {
        let say = |words: Box<str>| translations.get(&*words).map_or(words, |text| text.as_str().into());
        let problem = |one: FieldProblem| FieldProblem { path: one.path, detail: one.detail.translated(translations) };
        match self {
            Self::Quoted(words) => Self::Quoted(say(words)),
            Self::Reason(Reason::AsDescribed { words }) => Reason::AsDescribed { words: say(words) }.into(),
            Self::Fields(problems) => Self::Fields(problems.into_iter().map(problem).collect()),
            reason @ Self::Reason(_) => reason,
        }
    }
}

/// For logs and for authors of connectors.
impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reason(reason) => write!(f, "{reason:?}"),
            Self::Quoted(words) => f.write_str(words),
            Self::Fields(problems) => {
                for (place, problem) in problems.iter().enumerate() {
                    let joint = if place == 0 { "" } else { "; " };
                    write!(f, "{joint}{}: {}", problem.path, problem.detail)?;
                }
                Ok(())
            }
        }
    }
}

impl From<Reason> for Detail {
    fn from(reason: Reason) -> Self {
        Self::Reason(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_s_sentences_are_translated_where_they_stand() {
        let translations = BTreeMap::from([("a code".to_owned(), "代码".to_owned())]);
        let problem = |path: &str, detail: Detail| FieldProblem { path: path.to_owned(), detail };
        let fields = |words: &str| {
            Detail::Fields(vec![
                problem("a", Reason::AsDescribed { words: words.into() }.into()),
                problem("b", Detail::Quoted(words.into())),
                problem("c", Reason::Missing.into()),
            ])
        };
        assert_eq!(fields("a code").translated(&translations), fields("代码"));
        assert_eq!(fields("another").translated(&translations), fields("another"));
    }
}
