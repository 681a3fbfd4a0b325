//! What names an account: username, e-mail address or phone number, each in one canonical form.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::phone::{self, Phone};
use crate::{ErrorCode, Refusal};

/// The kind of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentifierKind {
    /// A name chosen by the user.
    Username,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
}

impl IdentifierKind {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }

    /// Whether a code can be sent to it.
    pub fn receives_codes(self) -> bool {
        self != Self::Username
    }

    /// Why an account cannot take one that another account has.
    pub fn in_use(self) -> ErrorCode {
        match self {
            Self::Username => ErrorCode::UsernameInUse,
            Self::Email => ErrorCode::EmailInUse,
            Self::Phone => ErrorCode::PhoneInUse,
        }
    }
}

/// A canonical identifier: two spellings of one are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identifier {
    /// Which kind.
    #[serde(rename = "type")]
    pub kind: IdentifierKind,
    /// The canonical text: a phone number is digits without plus, an e-mail address is in lower case.
    pub value: String,
}

impl Identifier {
    /// Checks and canonicalises what was typed.
    pub fn parse(kind: IdentifierKind, text: &str) -> Result<Self, Refusal> {
        let value = match kind {
            IdentifierKind::Username => username(text)?,
            IdentifierKind::Email => email(text)?,
            IdentifierKind::Phone => Phone::parse(text, None)?.digits().to_owned(),
        };
        Ok(Self { kind, value })
    }

    /// Reads one field into which any of `kinds` may be typed. `region` completes national phone numbers.
    pub fn guess(text: &str, kinds: &[IdentifierKind], region: Option<&str>) -> Result<Self, Refusal> {
        let unseen: String = text.chars().filter(|c| !is_unseen(*c)).collect();
        let text = unseen.trim();
        let allowed = |kind| kinds.contains(&kind);
        if allowed(IdentifierKind::Email) && (text.contains('@') || kinds == [IdentifierKind::Email]) {
            return Self::parse(IdentifierKind::Email, text);
        }
        if allowed(IdentifierKind::Phone) && (phone::digits_of(text).is_some() || kinds == [IdentifierKind::Phone]) {
            let value = Phone::parse(text, region)?.digits().to_owned();
            return Ok(Self { kind: IdentifierKind::Phone, value });
        }
        if allowed(IdentifierKind::Username) {
            return Self::parse(IdentifierKind::Username, text);
        }
        Err(match kinds.first() {
            Some(IdentifierKind::Email) => ErrorCode::InvalidEmail.into(),
            _ => ErrorCode::InvalidPhone.into(),
        })
    }

    /// What the account is known by: a username in small letters, since names that differ in case alone name one account.
    pub fn key(&self) -> Cow<'_, str> {
        match self.kind {
            IdentifierKind::Username => self.value.to_ascii_lowercase().into(),
            _ => self.value.as_str().into(),
        }
    }

    /// As people read it: phone numbers grouped with a plus sign.
    pub fn display(&self) -> String {
        match self.kind {
            IdentifierKind::Phone => phone::display(&self.value),
            _ => self.value.clone(),
        }
    }
}

/// Marks of the writing direction and spaces without width, which come along with a copied text.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn username(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.len() > 128 {
        return Err(ErrorCode::UsernameTooLong.into());
    }
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if starts && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        Ok(text.to_owned())
    } else {
        Err(ErrorCode::InvalidUsername.into())
    }
}

fn email(text: &str) -> Result<String, Refusal> {
    // Before the case is folded: U+212A, the sign for kelvin, becomes an ASCII k.
    if !text.trim().is_ascii() {
        return Err(ErrorCode::InvalidEmail.into());
    }
    let text = text.trim().to_ascii_lowercase();
    let valid = text.len() <= 254
        && !text.bytes().any(|byte| byte.is_ascii_control() || b" <>()[],;:\\\"".contains(&byte))
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= 64
                && domain.contains('.')
                && domain.split('.').all(|label| {
                    !label.is_empty()
                        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                        && !label.starts_with('-')
                        && !label.ends_with('-')
                })
        });
    if valid { Ok(text) } else { Err(ErrorCode::InvalidEmail.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifier_normalisation_of_email_and_username() {
        let parse = |kind, text| Identifier::parse(kind, text).map(|identifier| identifier.value);
        assert_eq!(parse(IdentifierKind::Email, " Foo@Example.COM ").unwrap(), "foo@example.com");
        assert_eq!(parse(IdentifierKind::Username, "Ann_1").unwrap(), "Ann_1");
        for bad in ["", "@", "a@b", "a@b..c", "a b@c.de", "a@-b.c", "a@b.c\r\nBcc: x@y.z", "\u{212a}im@example.com"] {
            assert!(parse(IdentifierKind::Email, bad).is_err(), "{bad}");
        }
        for bad in ["", "1ann", "a-b", "ann@x", "名字"] {
            assert!(parse(IdentifierKind::Username, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_field_takes_any_kind() {
        use IdentifierKind::{Email, Phone, Username};
        let kinds = [Username, Email, Phone];
        assert_eq!(Identifier::guess("a@b.cd", &kinds, None).unwrap().kind, Email);
        assert_eq!(Identifier::guess("+86 130 1234 5678", &kinds, None).unwrap().value, "8613012345678");
        assert_eq!(Identifier::guess("ann", &kinds, None).unwrap().kind, Username);
        assert_eq!(Identifier::guess("\u{200e}ann\u{feff}", &kinds, None).unwrap().value, "ann");
        assert_eq!(Identifier::guess("１３８００１３１００５", &kinds, Some("CN")).unwrap().value, "8613800131005");
        assert_eq!(Identifier::guess("x", &[Phone], None).unwrap_err().code, ErrorCode::InvalidPhone);
    }
}
