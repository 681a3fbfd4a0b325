//! Sign in with Apple: the ID token comes with the callback, by a form of Apple's own page.
//!
//! Provider document: <https://developer.apple.com/documentation/signinwithapplerestapi>

use keyway_connector::{
    Callback, Connector, Failure, Manifest, Social, Start, UserInfo, code, export_social, http, jwt, oauth, session,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The identifier of the Services ID.
    #[schemars(title = "Client ID", length(min = 1))]
    client_id: String,
    /// name, email, both separated by a space, or nothing.
    #[schemars(title = "Scope")]
    scope: Option<String>,
}

struct Apple;

impl Connector for Apple {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::social("apple-universal", "apple", "Universal", "Apple", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "Apple")
            .description("en", "Sign in with Apple.")
            .description("zh-CN", "使用 Apple 账号登录。")
            .host("appleid.apple.com")
            .feature("session")
            .readme(include_str!("../README.md"))
            .sample(json!({ "clientId": "com.example.signin", "scope": "name email" }))
    }
}

impl Social for Apple {
    fn authorization_uri(config: &Config, start: &Start) -> Result<String, Failure> {
        let nonce = oauth::nonce()?;
        let scope = start.scope.as_deref().or(config.scope.as_deref()).unwrap_or_default();
        let pairs = [
            ("response_type", "code id_token"),
            // Apple sends the ID token only to a form_post.
            ("response_mode", "form_post"),
            ("client_id", config.client_id.as_str()),
            ("redirect_uri", &start.redirect_uri),
            ("state", &start.state),
            ("scope", scope),
            ("nonce", &nonce),
        ];
        Ok(http::with_query("https://appleid.apple.com/auth/authorize", pairs))
    }

    fn user_info(config: &Config, callback: &Callback) -> Result<UserInfo, Failure> {
        let Some(token) = callback.text("id_token") else {
            callback.code_named("id_token")?;
            return Err(Failure::new(code::SOCIAL_INVALID_ID_TOKEN, "The callback holds no ID token."));
        };
        let nonce = session::get("nonce");
        if nonce.is_none() {
            return Err(Failure::new(code::SOCIAL_INVALID_ID_TOKEN, "This sign-in was not started here."));
        }
        let rules = jwt::Rules {
            jwks_uri: "https://appleid.apple.com/auth/keys",
            issuers: &["https://appleid.apple.com"],
            audience: &config.client_id,
            nonce: nonce.as_deref(),
            ..jwt::Rules::default()
        };
        let claims = Value::Object(jwt::verify(token, &rules)?);
        // The name comes once, at the first sign-in, beside the token and unsigned: it is a name, no proof of anything.
        let user: Value = callback.text("user").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let names: Vec<String> =
            ["/name/firstName", "/name/lastName"].iter().filter_map(|part| oauth::text(&user, part)).collect();
        let verified = matches!(claims.get("email_verified"), Some(Value::Bool(true)))
            || claims.get("email_verified").and_then(Value::as_str) == Some("true");
        Ok(UserInfo {
            id: oauth::id(&claims, "/sub")?,
            email: oauth::text(&claims, "/email"),
            email_verified: verified,
            name: (!names.is_empty()).then(|| names.join(" ")),
            raw_data: json!({ "claims": claims, "user": user }),
            ..UserInfo::default()
        })
    }
}

export_social!(Apple);
