//! Single settings, each a type that refuses what is unknown and what the server would not act upon: an administrator who
//! switches on a second factor must not be left without one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::password_policy::{MAX_LENGTH, MIN_LENGTH};
use crate::{Reason, Refusal};

/// A setting that may hold what cannot be used.
pub trait Checked {
    /// What in it cannot be used, and why: the place in the setting, empty where that is the whole of it.
    fn unusable(&self) -> Option<(&'static str, Reason)>;

    /// Refuses what cannot be used. `name` is that of the setting, empty where its places stand alone.
    fn check(&self, name: &str) -> Result<(), Refusal> {
        let Some((place, reason)) = self.unusable() else { return Ok(()) };
        let joint = if name.is_empty() || place.is_empty() { "" } else { "." };
        Err(Refusal::invalid_input(&format!("{name}{joint}{place}"), reason))
    }
}

/// Languages of the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LanguageInfo {
    /// Whether the browser's language decides.
    pub auto_detect: bool,
    /// BCP 47 tag of the language for readers whose own is unknown.
    pub fallback_language: String,
}

impl Default for LanguageInfo {
    fn default() -> Self {
        Self { auto_detect: true, fallback_language: "en".to_owned() }
    }
}

impl Checked for LanguageInfo {
    fn unusable(&self) -> Option<(&'static str, Reason)> {
        let is_part =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_tag = self.fallback_language.len() <= 35 && self.fallback_language.split('-').all(is_part);
        (!is_tag).then_some(("fallbackLanguage", Reason::LanguageTag))
    }
}

/// How people agree to the terms of use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgreeToTermsPolicy {
    /// By going on.
    #[default]
    Automatic,
    /// By a box that is ticked at sign-up.
    ManualRegistrationOnly,
    /// By a box that is ticked.
    Manual,
}

/// The pages have no box.
impl Checked for AgreeToTermsPolicy {
    fn unusable(&self) -> Option<(&'static str, Reason)> {
        (*self != Self::Automatic).then_some(("", Reason::NotEnforced))
    }
}

/// Whether people sign in by the identity provider of their company, which none is connected with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SingleSignOn(pub bool);

impl Checked for SingleSignOn {
    fn unusable(&self) -> Option<(&'static str, Reason)> {
        self.0.then_some(("", Reason::NotEnforced))
    }
}

/// What outside providers' word is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SocialSignIn {
    /// Whether an identity joins the account that has its verified address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic_account_linking: Option<bool>,
    /// Whether new accounts of providers need no identifier of sign-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_required_identifiers: Option<bool>,
}

impl SocialSignIn {
    /// Whether an identity joins the account that has its verified address; no when nothing is said.
    pub fn links(&self) -> bool {
        self.automatic_account_linking.unwrap_or(false)
    }

    /// Whether new accounts of providers need no identifier; no when nothing is said.
    pub fn skips_identifiers(&self) -> bool {
        self.skip_required_identifiers.unwrap_or(false)
    }
}

/// Bounds of a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bounds {
    /// The least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// Which passwords are refused beside those of NIST SP 800-63B-4, which always are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PasswordPolicy {
    /// Length in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<Bounds>,
    /// Kinds of characters: capitals, small letters, digits and signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub character_types: Option<Bounds>,
    /// Passwords that are refused for what they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejects: Option<PasswordRejects>,
}

/// Passwords that are refused for what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PasswordRejects {
    /// Those of breaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pwned: Option<bool>,
    /// `aaaaaaaa` and `12345678`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition_and_sequence: Option<bool>,
    /// Those made of the account's own names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_info: Option<bool>,
    /// Those made of these words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<String>>,
}

impl Checked for PasswordPolicy {
    fn unusable(&self) -> Option<(&'static str, Reason)> {
        let length = self.length.clone().unwrap_or_default();
        let kinds = self.character_types.clone().unwrap_or_default();
        let is_over = |value: Option<u32>, bound: usize| {
            value.is_some_and(|value| usize::try_from(value).is_ok_and(|value| value > bound))
        };
        let is_under = |value: Option<u32>, bound: usize| {
            value.is_some_and(|value| usize::try_from(value).is_ok_and(|value| value < bound))
        };
        let words = self.rejects.as_ref().and_then(|rejects| rejects.words.as_ref());
        [
            ("length.min", is_over(length.min, MIN_LENGTH)),
            ("length.max", is_under(length.max, MAX_LENGTH)),
            ("characterTypes.min", is_over(kinds.min, 1)),
            ("characterTypes.max", is_under(kinds.max, 4)),
            ("rejects.words", words.is_some_and(|words| !words.is_empty())),
        ]
        .into_iter()
        .find_map(|(place, asks)| asks.then_some((place, Reason::NotEnforced)))
    }
}

/// When people are asked for a second factor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MfaPromptPolicy {
    /// People may set one up, and are offered to.
    #[default]
    UserControlled,
    /// People may set one up.
    NoPrompt,
    /// People are offered to at sign-in and sign-up.
    PromptAtSignInAndSignUp,
    /// People are offered to at sign-in.
    PromptOnlyAtSignIn,
    /// Nobody signs in without one.
    Mandatory,
    /// As `PromptAtSignInAndSignUp`, and nobody gets by without one where the risk is high.
    PromptAtSignInAndSignUpMandatory,
    /// As `PromptOnlyAtSignIn`, and nobody gets by without one where the risk is high.
    PromptOnlyAtSignInMandatory,
}

/// Second factors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Mfa {
    /// Which may be set up, such as `Totp`.
    pub factors: Vec<String>,
    /// When people are asked for one.
    pub policy: MfaPromptPolicy,
    /// Whether members of an organization that requires one are asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_required_mfa_policy: Option<String>,
}

impl Checked for Mfa {
    fn unusable(&self) -> Option<(&'static str, Reason)> {
        if !self.factors.is_empty() {
            return Some(("factors", Reason::NotEnforced));
        }
        // Without a factor nobody can be asked for one: a policy that only offers is acted upon, one that requires is not.
        let requires = [
            MfaPromptPolicy::Mandatory,
            MfaPromptPolicy::PromptAtSignInAndSignUpMandatory,
            MfaPromptPolicy::PromptOnlyAtSignInMandatory,
        ];
        if requires.contains(&self.policy) {
            return Some(("policy", Reason::NotEnforced));
        }
        let organizations = self.organization_required_mfa_policy.as_deref();
        organizations
            .filter(|policy| *policy != "NoPrompt")
            .map(|_| ("organizationRequiredMfaPolicy", Reason::NotEnforced))
    }
}

/// Settings of Logto that are not here. Its own document, sent back, holds them empty or switched off.
const ABSENT: [&str; 12] = [
    "adaptiveMfa",
    "captchaPolicy",
    "customContent",
    "customUiAssets",
    "customUiCsp",
    "emailBlocklistPolicy",
    "passkeySignIn",
    "passwordExpiration",
    "sentinelPolicy",
    "signUpProfileFields",
    "trustedDevice",
    "usernamePolicy",
];

/// Whether a setting is one of Logto's that are not here; it is refused where it asks for something.
pub fn is_absent(name: &str, value: &Value) -> Result<bool, Refusal> {
    if !ABSENT.contains(&name) {
        return Ok(false);
    }
    if asks_nothing(value) {
        return Ok(true);
    }
    Err(Refusal::invalid_input(name, Reason::LeaveEmpty))
}

/// Whether a setting that is not here asks for nothing.
fn asks_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) if fields.get("enabled") == Some(&Value::Bool(false)) => true,
        Value::Object(fields) => fields.values().all(asks_nothing),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::super::SignInExperience;
    use super::*;

    fn patched(name: &str, value: &Value) -> Result<SignInExperience, Refusal> {
        SignInExperience::default().patched(&Map::from_iter([(name.to_owned(), value.clone())]), &[])
    }

    #[test]
    fn mfa_skipped_because_a_setting_is_not_enforced() {
        for (name, value, place) in [
            ("mfa", json!({ "factors": ["Totp"], "policy": "UserControlled" }), "mfa.factors"),
            ("mfa", json!({ "factors": [], "policy": "Mandatory" }), "mfa.policy"),
            ("mfa", json!({ "factors": [], "policy": "Always" }), "mfa.policy"),
            (
                "mfa",
                json!({ "factors": [], "policy": "NoPrompt", "organizationRequiredMfaPolicy": "Mandatory" }),
                "mfa.organizationRequiredMfaPolicy",
            ),
            ("passwordPolicy", json!({ "length": { "min": 12 } }), "passwordPolicy.length.min"),
            ("passwordPolicy", json!({ "characterTypes": { "min": 3 } }), "passwordPolicy.characterTypes.min"),
            ("passwordPolicy", json!({ "rejects": { "words": ["shop"] } }), "passwordPolicy.rejects.words"),
            ("passwordPolicy", json!({ "rejects": { "leaked": true } }), "passwordPolicy.rejects.leaked"),
            ("agreeToTermsPolicy", json!("Manual"), "agreeToTermsPolicy"),
            ("singleSignOnEnabled", json!(true), "singleSignOnEnabled"),
            ("captchaPolicy", json!({ "enabled": true }), "captchaPolicy"),
            ("sentinelPolicy", json!({ "maxAttempts": 3 }), "sentinelPolicy"),
            ("passkeySignIn", json!({ "enabled": true }), "passkeySignIn"),
            ("emailBlocklistPolicy", json!({ "blockSubaddressing": true }), "emailBlocklistPolicy"),
            ("languageInfo", json!({ "fallbackLanguage": "../en" }), "languageInfo.fallbackLanguage"),
        ] {
            let refusal = patched(name, &value).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(place), "{name}: {refusal}");
        }
    }

    #[test]
    fn what_asks_for_no_more_than_there_is_is_taken() {
        for (name, value) in [
            ("mfa", json!({ "factors": [], "policy": "NoPrompt" })),
            ("mfa", json!({ "factors": [], "policy": "PromptAtSignInAndSignUp" })),
            ("passwordPolicy", json!({})),
            (
                "passwordPolicy",
                json!({ "length": { "min": 8, "max": 256 }, "characterTypes": { "min": 1 },
                    "rejects": { "pwned": true, "repetitionAndSequence": true, "userInfo": true, "words": [] } }),
            ),
            ("captchaPolicy", json!({ "enabled": false, "provider": "x" })),
            ("emailBlocklistPolicy", json!({})),
            ("singleSignOnEnabled", json!(false)),
        ] {
            let saved = patched(name, &value).unwrap();
            let shown = json!(saved);
            assert!(shown.get(name).is_none_or(|shown| *shown == value), "{name}: {shown}");
        }
    }

    #[test]
    fn what_was_stored_unenforced_is_off_and_named() {
        let stored = json!({
            "mfa": { "factors": ["Totp"], "policy": "Mandatory" }, "singleSignOnEnabled": true,
            "termsOfUseUrl": "https://example.com/terms", "later": 1,
        });
        let (settings, ignored) = SignInExperience::from_stored(stored.as_object().unwrap()).unwrap();
        assert_eq!(ignored, ["mfa", "singleSignOnEnabled", "later"]);
        assert_eq!(settings.mfa, Mfa::default());
        assert_eq!(settings.terms_of_use_url.as_deref(), Some("https://example.com/terms"));
        let unreadable = json!({ "signUp": { "identifiers": ["telegram"] } });
        assert!(SignInExperience::from_stored(unreadable.as_object().unwrap()).is_err(), "never open by a damaged row");
    }
}
