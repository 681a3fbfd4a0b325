//! Which passwords are acceptable, after NIST SP 800-63B-4: length and a deny list, no composition rules.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;

use crate::user::User;
use crate::{ErrorCode, Refusal};

/// Shortest acceptable password, in characters.
pub const MIN_LENGTH: usize = 8;
/// Longest acceptable password, in characters.
pub const MAX_LENGTH: usize = 256;

/// Passwords of breaches, common words and names, those of the `zxcvbn` project (MIT licence): sorted, in small letters.
const COMMON: &str = include_str!("common_passwords.txt");

/// Words of this product.
const PRODUCT: [&str; 5] = ["keyway", "logto", "administrator", "admin", "console"];

/// Characters that do not make a known word another one.
const BESIDE: usize = 4;

fn is_common(text: &str) -> bool {
    static SET: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.lines().collect());
    SET.contains(text)
}

/// The form in which a password is judged and hashed (NFKC): the same letters count as the same, however they are composed.
pub fn normalised(password: &str) -> Cow<'_, str> {
    if password.is_ascii() { Cow::Borrowed(password) } else { Cow::Owned(password.nfkc().collect()) }
}

/// Refuses passwords that are too short, too long, common, repeated, sequential or made of the user's own names.
pub fn check(password: &str, user: Option<&User>) -> Result<(), Refusal> {
    check_at(password, user, &[])
}

/// As [`check`], and refuses those made of the site's own words.
pub fn check_at(password: &str, user: Option<&User>, site: &[String]) -> Result<(), Refusal> {
    let password = normalised(password);
    let length = password.chars().count();
    let mut issues: Vec<Value> = Vec::new();
    if length < MIN_LENGTH {
        issues.push(json!({ "code": "password_rejected.too_short", "interpolation": { "min": MIN_LENGTH } }));
    }
    if length > MAX_LENGTH {
        issues.push(json!({ "code": "password_rejected.too_long", "interpolation": { "max": MAX_LENGTH } }));
        // Nothing else is worth looking at.
        return Err(Refusal::from(ErrorCode::PasswordRejected).with_data(Value::Array(issues)));
    }
    let lower = password.to_lowercase();
    if is_known(&lower, site) {
        issues.push(json!({ "code": "password_rejected.pwned" }));
    }
    if is_run(&lower) {
        issues.push(json!({ "code": "password_rejected.restricted.sequence" }));
    }
    if user.is_some_and(|user| {
        names(user).any(|name| name.len() >= 4 && lower.len() < name.len() + 4 && lower.contains(&name))
    }) {
        issues.push(json!({ "code": "password_rejected.restricted.user_info" }));
    }
    if issues.is_empty() {
        Ok(())
    } else {
        Err(Refusal::from(ErrorCode::PasswordRejected).with_data(Value::Array(issues)))
    }
}

/// A known password, or a known word with a few digits and signs beside it, letters written as digits or not.
fn is_known(lower: &str, site: &[String]) -> bool {
    if is_common(lower) {
        return true;
    }
    let plain = |text: &str| -> String {
        let letter = |c| match c {
            '@' | '4' => 'a',
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '$' | '5' => 's',
            '7' => 't',
            other => other,
        };
        text.chars().map(letter).collect()
    };
    let word = lower.trim_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation() || c == ' ');
    let is_word = |text: &str| {
        let known = PRODUCT.contains(&text) || site.iter().any(|own| own == text) || is_common(text);
        text.len() >= 4 && known && lower.len() <= text.len() + BESIDE
    };
    is_word(word) || is_word(&plain(word)) || is_word(&plain(lower))
}

fn names(user: &User) -> impl Iterator<Item = String> {
    let email = user.primary_email.as_deref().and_then(|email| email.split('@').next()).map(ToOwned::to_owned);
    [user.username.clone(), email, user.primary_phone.clone()].into_iter().flatten().map(|name| name.to_lowercase())
}

/// One character repeated, or neighbours in the code table up or down: `aaaaaaaa`, `12345678`, `hgfedcba`.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps: Vec<i64> = codes.iter().zip(codes.iter().skip(1)).map(|(a, b)| b - a).collect();
    !steps.is_empty() && [0, 1, -1].iter().any(|step| steps.iter().filter(|s| *s == step).count() + 1 >= steps.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn weak_passwords_are_refused_with_reasons() {
        for bad in ["", "short", "aaaaaaaaaa", "123456789", "password", "Password1", "87654321", "qwertyuiop"] {
            assert!(check(bad, None).is_err(), "{bad}");
        }
        assert!(check(&"x9".repeat(129), None).is_err());
        for bad in
            ["superman1", "chocolate", "keyway2026", "Sup3rm4n!", "P@ssw0rd2024", "superman2026", "K\u{ff45}yway2026"]
        {
            assert!(check(bad, None).is_err(), "{bad}");
        }
        let site = ["example".to_owned()];
        assert!(check_at("Example2026", None, &site).is_err() && check("Example of rain", None).is_ok());
    }

    #[test]
    fn length_alone_is_enough() {
        for good in ["correct horse battery", "密码学是一门很好的学科", "Tr0ub4dor&3x"] {
            assert_eq!(check(good, None), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_user_s_own_name_is_refused() {
        let mut user = User::new("u".into(), Timestamp(0));
        user.username = Some("annabella".into());
        assert!(check("Annabella1", Some(&user)).is_err());
        assert_eq!(check("Annabella walks in the rain", Some(&user)), Ok(()));
    }
}
