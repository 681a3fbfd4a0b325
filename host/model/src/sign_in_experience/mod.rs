//! How people sign up and in: the settings of a tenant and the rules between them.

mod flow;
mod update;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::identifier::IdentifierKind;
use crate::interaction::{CODE_TRIES, CODE_TTL};

pub use flow::{Indispensable, MissingField};

/// Which of signing in and signing up is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInMode {
    /// Only existing accounts.
    SignIn,
    /// Only new accounts.
    Register,
    /// Both.
    SignInAndRegister,
}

/// An identifier that is asked for after the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecondaryIdentifier {
    /// `username`, `email`, `phone` or `emailOrPhone`.
    pub identifier: String,
    /// Whether it must be proven by a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<bool>,
}

/// What a new account must bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignUp {
    /// Any one of these.
    pub identifiers: Vec<IdentifierKind>,
    /// Whether a password is set.
    pub password: bool,
    /// Whether e-mail and phone are proven by a code.
    pub verify: bool,
    /// Asked for as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secondary_identifiers: Vec<SecondaryIdentifier>,
}

/// One way to sign in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInMethod {
    /// What names the account.
    pub identifier: IdentifierKind,
    /// By password.
    pub password: bool,
    /// By code.
    pub verification_code: bool,
    /// Which of the two is offered first.
    pub is_password_primary: bool,
}

/// The ways to sign in, in the order of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignIn {
    /// Ways to sign in.
    pub methods: Vec<SignInMethod>,
}

/// Codes: seconds that they live and wrong guesses that they survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationCodePolicy {
    /// 60 to 3600.
    pub expiration_duration: i64,
    /// 1 to 100.
    pub max_retry_attempts: u32,
}

impl Default for VerificationCodePolicy {
    fn default() -> Self {
        Self { expiration_duration: CODE_TTL, max_retry_attempts: CODE_TRIES }
    }
}

/// The settings of a tenant. Fields that the server only stores are kept in `rest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInExperience {
    /// Which flows are open.
    pub sign_in_mode: SignInMode,
    /// New accounts.
    pub sign_up: SignUp,
    /// Existing accounts.
    pub sign_in: SignIn,
    /// Channels of a password reset; null means every channel that has a connector.
    pub forgot_password_methods: Option<Vec<String>>,
    /// Codes.
    pub verification_code_policy: VerificationCodePolicy,
    /// Countries (ISO 3166 alpha-2) that receive text messages; null means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_countries: Option<Vec<String>>,
    /// Colours, branding, languages, terms and the other settings of Logto.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Default for SignInExperience {
    fn default() -> Self {
        let rest = json!({
            "color": { "primaryColor": "#4f46e5", "isDarkModeEnabled": true, "darkPrimaryColor": "#8b8cf8" },
            "branding": {},
            "hideLogtoBranding": false,
            "languageInfo": { "autoDetect": true, "fallbackLanguage": "en" },
            "termsOfUseUrl": null,
            "privacyPolicyUrl": null,
            "agreeToTermsPolicy": "Automatic",
            "socialSignIn": {},
            "socialSignInConnectorTargets": [],
            "passwordPolicy": {},
            "mfa": { "factors": [], "policy": "UserControlled" },
            "singleSignOnEnabled": false,
            "supportEmail": null,
            "supportWebsiteUrl": null,
            "unknownSessionRedirectUrl": null,
            "customCss": null,
            "customContent": {},
        });
        Self {
            sign_in_mode: SignInMode::SignInAndRegister,
            sign_up: SignUp {
                identifiers: vec![IdentifierKind::Username],
                password: true,
                verify: false,
                secondary_identifiers: Vec::new(),
            },
            sign_in: SignIn {
                methods: vec![SignInMethod {
                    identifier: IdentifierKind::Username,
                    password: true,
                    verification_code: false,
                    is_password_primary: true,
                }],
            },
            forgot_password_methods: None,
            verification_code_policy: VerificationCodePolicy::default(),
            sms_countries: None,
            rest: match rest {
                Value::Object(map) => map,
                _ => Map::new(),
            },
        }
    }
}

impl SignInExperience {
    /// What the operators' tenant allows, always: administrators are made by administrators, sign in by username and password
    /// and get a new password by a link.
    pub fn for_operators() -> Self {
        Self { sign_in_mode: SignInMode::SignIn, forgot_password_methods: Some(Vec::new()), ..Self::default() }
    }

    /// Targets of the social connectors that the pages offer, in their order.
    pub fn social_targets(&self) -> Vec<&str> {
        let targets = self.rest.get("socialSignInConnectorTargets").and_then(Value::as_array);
        targets.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A switch of `socialSignIn`; off when absent.
    pub fn social_switch(&self, name: &str) -> bool {
        self.rest.get("socialSignIn").and_then(|settings| settings.get(name)).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The language for readers whose own is unknown.
    pub fn fallback_language(&self) -> &str {
        let info = self.rest.get("languageInfo");
        info.and_then(|info| info.get("fallbackLanguage")).and_then(Value::as_str).unwrap_or("en")
    }

    /// Whether the browser's language decides.
    pub fn detects_language(&self) -> bool {
        self.rest.get("languageInfo").and_then(|info| info.get("autoDetect")) != Some(&Value::Bool(false))
    }
}
