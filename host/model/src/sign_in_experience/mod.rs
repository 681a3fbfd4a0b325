//! How people sign up and in: the settings of a tenant and the rules between them.

mod flow;
mod settings;
mod update;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::identifier::IdentifierKind;
use crate::interaction::{CODE_TRIES, CODE_TTL};
use crate::look::{Branding, Color};

pub use flow::{Indispensable, MissingField};
pub use settings::{
    AgreeToTermsPolicy, Bounds, Checked, LanguageInfo, Mfa, MfaPromptPolicy, PasswordPolicy, PasswordRejects,
    SingleSignOn, SocialSignIn,
};

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

/// The settings of a tenant. They are changed by [`SignInExperience::patched`] alone, which judges them.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms_countries: Option<Vec<String>>,
    /// Colours.
    pub color: Color,
    /// Pictures.
    pub branding: Branding,
    /// Whether the pages do without the maker's name, which they never show.
    pub hide_logto_branding: bool,
    /// Languages of the pages.
    pub language_info: LanguageInfo,
    /// Address of the terms of use.
    pub terms_of_use_url: Option<String>,
    /// Address of the privacy policy.
    pub privacy_policy_url: Option<String>,
    /// How people agree to the terms.
    pub agree_to_terms_policy: AgreeToTermsPolicy,
    /// What outside providers' word is worth.
    pub social_sign_in: SocialSignIn,
    /// Targets of the social connectors that the pages offer, in their order.
    pub social_sign_in_connector_targets: Vec<String>,
    /// Which passwords are refused.
    pub password_policy: PasswordPolicy,
    /// Second factors.
    pub mfa: Mfa,
    /// Sign-in by a company's identity provider.
    pub single_sign_on_enabled: SingleSignOn,
    /// Where people ask for help, for sign-in pages of an application's own.
    pub support_email: Option<String>,
    /// Where people find help, for sign-in pages of an application's own.
    pub support_website_url: Option<String>,
    /// Where the browser goes when a sign-in is over or was never begun.
    pub unknown_session_redirect_url: Option<String>,
    /// An administrator's own style rules.
    pub custom_css: Option<String>,
    /// Nothing: the pages take no content of others.
    pub custom_content: Map<String, Value>,
}

impl Default for SignInExperience {
    fn default() -> Self {
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
            color: Color::of_new_tenant(),
            branding: Branding::default(),
            hide_logto_branding: false,
            language_info: LanguageInfo::default(),
            terms_of_use_url: None,
            privacy_policy_url: None,
            agree_to_terms_policy: AgreeToTermsPolicy::default(),
            social_sign_in: SocialSignIn::default(),
            social_sign_in_connector_targets: Vec::new(),
            password_policy: PasswordPolicy::default(),
            mfa: Mfa::default(),
            single_sign_on_enabled: SingleSignOn::default(),
            support_email: None,
            support_website_url: None,
            unknown_session_redirect_url: None,
            custom_css: None,
            custom_content: Map::new(),
        }
    }
}

impl SignInExperience {
    /// What the operators' tenant allows, always: administrators are made by administrators, sign in by username and password
    /// and get a new password by a link.
    pub fn for_operators() -> Self {
        Self { sign_in_mode: SignInMode::SignIn, forgot_password_methods: Some(Vec::new()), ..Self::default() }
    }
}
