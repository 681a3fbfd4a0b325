//! Google, with OpenID Connect.
//!
//! Provider document: <https://developers.google.com/identity/openid-connect/openid-connect>

use keyway_connector::{
    Callback, Connector, Failure, Manifest, Profile, Secret, Social, StandardOAuth, Start, UserInfo, code,
    export_social, jwt, oauth, session,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The application's id at the provider.
    #[schemars(title = "Client ID", length(min = 1))]
    client_id: String,
    /// The application's secret; it is stored sealed and never shown again.
    #[schemars(title = "Client secret")]
    client_secret: Secret,
    /// Scopes to ask for in place of the usual ones, separated by spaces.
    #[schemars(title = "Scope")]
    scope: Option<String>,
    /// What Google asks the user each time: none, consent or select_account.
    #[serde(default)]
    #[schemars(title = "Prompts")]
    prompts: Vec<Prompt>,
    /// Ask for a refresh token.
    #[serde(default)]
    #[schemars(title = "Offline access")]
    offline_access: bool,
    /// Settings of Google One Tap, for applications that show it.
    #[schemars(title = "Google One Tap")]
    one_tap: Option<OneTap>,
}

/// What Google may ask.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Prompt {
    None,
    Consent,
    SelectAccount,
}

impl Prompt {
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// Settings of Google One Tap, for applications that show it.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of the form")]
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OneTap {
    /// Whether it is shown, and its credentials are accepted.
    #[serde(default)]
    is_enabled: bool,
    /// Whether one account is chosen without a click.
    #[serde(default, rename = "autoSelect")]
    _auto_select: bool,
    /// Whether a click beside it closes it.
    #[serde(default, rename = "closeOnTapOutside")]
    _close_on_tap_outside: bool,
    /// Whether it works where the browser prevents tracking.
    #[serde(default, rename = "itpSupport")]
    _itp_support: bool,
}

struct Google;

impl Connector for Google {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("google-universal", "google", "Universal", "Google", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "Google")
            .description("en", "Sign in with Google.")
            .description("zh-CN", "使用 Google 账号登录。")
            .host("oauth2.googleapis.com")
            .host("openidconnect.googleapis.com")
            .host("www.googleapis.com")
            .feature("session")
            .readme(include_str!("../README.md"))
            .sample(json!({ "clientId": "<client-id>", "clientSecret": "<client-secret>" }))
    }
}

fn provider(config: &Config) -> StandardOAuth<'_> {
    let prompts: Vec<&str> = config.prompts.iter().map(|prompt| prompt.word()).collect();
    StandardOAuth::new(&config.client_id, &config.client_secret)
        .scope(config.scope.as_deref().unwrap_or("openid profile email"))
        .authorization_endpoint("https://accounts.google.com/o/oauth2/v2/auth")
        .authorization_parameters((!prompts.is_empty()).then(|| ("prompt", prompts.join(" "))))
        .token_endpoint("https://oauth2.googleapis.com/token")
        .user_info_endpoint("https://openidconnect.googleapis.com/v1/userinfo")
        .profile(profile())
}

/// Where Google's claims stand, in its user information as in its ID tokens.
fn profile() -> Profile<'static> {
    Profile::new("/sub").email("/email").email_verified("/email_verified").name("/name").avatar("/picture")
}

fn one_tap(config: &Config) -> bool {
    config.one_tap.as_ref().is_some_and(|settings| settings.is_enabled)
}

impl Social for Google {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        let nonce = if one_tap(config) { Some(("nonce", oauth::nonce()?)) } else { None };
        let offline = config.offline_access.then_some(("access_type", "offline"));
        provider(config).authorization_parameters(nonce).authorization_parameters(offline).authorization_uri(start)
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        let Some(credential) = callback.text("credential") else {
            let provider = provider(config);
            return provider.user_info(&provider.exchange(callback)?);
        };
        // The credential comes from the browser. Without this sign-in's own nonce it could be any that the account gave to
        // another page of this client within the hour; the session holds the nonce for one answer.
        let refused = |what: &str| Failure::new(code::SOCIAL_INVALID_ID_TOKEN, what);
        if !one_tap(config) {
            return Err(refused("One Tap is switched off in this connector's settings."));
        }
        let nonce = session::get("nonce").ok_or_else(|| refused("This sign-in was not started here."))?;
        let rules = jwt::Rules {
            jwks_uri: "https://www.googleapis.com/oauth2/v3/certs",
            issuers: &["https://accounts.google.com", "accounts.google.com"],
            audience: &config.client_id,
            nonce: Some(&nonce),
            clock_tolerance_seconds: 10,
            ..jwt::Rules::default()
        };
        profile().read(Value::Object(jwt::verify(credential, &rules)?))
    }
}

export_social!(Google);
