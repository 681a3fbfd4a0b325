//! Applications: the OAuth clients of a tenant.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::look::{ApplicationExperience, is_web};
use crate::reason::AnyOf;
use crate::{ApplicationId, Merge, ObjectChange, Patch, Reason, Refusal, Timestamp};

/// What kind of client an application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApplicationType {
    /// Mobile or desktop: public, PKCE required.
    Native,
    /// In the browser only: public, PKCE required.
    #[serde(rename = "SPA")]
    Spa,
    /// Rendered by a server: has a secret.
    Traditional,
    /// A program that acts for itself: client credentials only.
    MachineToMachine,
}

impl ApplicationType {
    /// The name used in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "Native",
            Self::Spa => "SPA",
            Self::Traditional => "Traditional",
            Self::MachineToMachine => "MachineToMachine",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Native, Self::Spa, Self::Traditional, Self::MachineToMachine].into_iter().find(|t| t.as_str() == name)
    }

    /// An app of a phone or a desktop: the port of a loopback redirect address is free.
    pub fn is_native(self) -> bool {
        self == Self::Native
    }

    /// A public client holds no secret and must use PKCE (RFC 7636).
    pub fn is_public(self) -> bool {
        matches!(self, Self::Native | Self::Spa)
    }
}

/// Redirect addresses; each is matched exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OidcClientMetadata {
    /// Where authorization answers may go.
    pub redirect_uris: Vec<String>,
    /// Where a sign-out may return to.
    pub post_logout_redirect_uris: Vec<String>,
    /// Settings of Logto that are kept and shown, and not yet acted upon.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Whether a value has the type of its setting.
type Fits = fn(&Value) -> bool;

/// A setting that is kept: its name, its type, and what is said of a value that has another.
type Kept = (&'static str, Fits, Reason);

/// What is said of a value that is neither true nor false.
const BOOLEAN: Reason = Reason::OneOf { names: AnyOf(&["true", "false"]) };

/// Settings of `oidcClientMetadata` that are kept.
const OIDC_REST: [Kept; 3] = [
    ("backchannelLogoutUri", is_web_value, Reason::WebAddress),
    ("backchannelLogoutSessionRequired", Value::is_boolean, BOOLEAN),
    ("logoUri", is_web_value, Reason::WebAddress),
];

/// Settings of `customClientMetadata` that are kept.
const CUSTOM_REST: [Kept; 4] = [
    ("maxAllowedGrants", is_positive, Reason::WholeNumber { least: 1 }),
    ("allowTokenExchange", Value::is_boolean, BOOLEAN),
    ("refreshTokenTtl", is_positive, Reason::NumberOfSeconds),
    ("isDeviceFlow", Value::is_boolean, BOOLEAN),
];

fn is_web_value(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() <= 2048 && is_web(text))
}

fn is_positive(value: &Value) -> bool {
    value.as_i64().is_some_and(|number| number > 0)
}

fn check_rest(at: &str, rest: &Map<String, Value>, known: &[Kept]) -> Result<(), Refusal> {
    for (key, value) in rest {
        let field = format!("{at}.{key}");
        let Some((_, fits, reason)) = known.iter().find(|(name, ..)| name == key) else {
            return Err(Refusal::invalid_input(&field, Reason::NoSuchSetting));
        };
        if !fits(value) {
            return Err(Refusal::invalid_input(&field, reason.clone()));
        }
    }
    Ok(())
}

impl OidcClientMetadata {
    /// Refuses settings that are not there, by name.
    pub fn check_rest(&self) -> Result<(), Refusal> {
        check_rest("oidcClientMetadata", &self.rest, &OIDC_REST)
    }
}

impl CustomClientMetadata {
    /// Refuses settings that are not there, by name.
    pub fn check_rest(&self) -> Result<(), Refusal> {
        check_rest("customClientMetadata", &self.rest, &CUSTOM_REST)
    }
}

/// Token settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomClientMetadata {
    /// Origins of scripts that may call the token and user-info endpoints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cors_allowed_origins: Vec<String>,
    /// Seconds that an ID token lives; 3600 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_ttl: Option<i64>,
    /// Days that a refresh token lives, 1 to 180; 14 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_ttl_in_days: Option<i64>,
    /// Give a refresh token also without `prompt=consent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always_issue_refresh_token: Option<bool>,
    /// Rotate refresh tokens; true when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate_refresh_token: Option<bool>,
    /// Settings of Logto that are kept and shown, and not yet acted upon.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// The settings of a type of their own, as they are given; the others join those that are there.
impl Merge for CustomClientMetadata {
    fn merge(&mut self, change: Self) {
        self.cors_allowed_origins = change.cors_allowed_origins;
        self.id_token_ttl = change.id_token_ttl;
        self.refresh_token_ttl_in_days = change.refresh_token_ttl_in_days;
        // What was never set stays so while it means the same.
        if change.always_issue_refresh_token.unwrap_or(false) != self.always_issue_refresh_token.unwrap_or(false) {
            self.always_issue_refresh_token = change.always_issue_refresh_token;
        }
        if change.rotate_refresh_token.unwrap_or(true) != self.rotate_refresh_token.unwrap_or(true) {
            self.rotate_refresh_token = change.rotate_refresh_token;
        }
        self.rest.extend(change.rest);
    }
}

/// An OAuth client.
#[derive(Debug, Clone)]
pub struct Application {
    /// `client_id`.
    pub id: ApplicationId,
    /// Shown to admins, and to users on a consent page.
    pub name: String,
    /// For admins.
    pub description: Option<String>,
    /// Kind of client.
    pub kind: ApplicationType,
    /// Redirect addresses.
    pub oidc_client_metadata: OidcClientMetadata,
    /// Token settings.
    pub custom_client_metadata: CustomClientMetadata,
    /// What the sign-in pages look like for it.
    pub sign_in_experience: ApplicationExperience,
    /// The admin's own data.
    pub custom_data: Map<String, Value>,
    /// A third-party application needs the user's consent.
    pub is_third_party: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a write changes of an application.
#[derive(Debug, Clone, Default)]
pub struct ApplicationChange {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Patch<String>,
    /// Where authorization answers may go.
    pub redirect_uris: Option<Vec<String>>,
    /// Where a sign-out may return to.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// Other settings of `oidcClientMetadata`, which join those that are there.
    pub oidc_rest: Map<String, Value>,
    /// Token settings.
    pub custom_client_metadata: ObjectChange<CustomClientMetadata>,
    /// The admin's own data.
    pub custom_data: ObjectChange<Map<String, Value>>,
    /// What the sign-in pages look like for it.
    pub sign_in_experience: Option<ApplicationExperience>,
}

impl Application {
    /// The application after a change.
    #[must_use]
    pub fn changed(&self, change: ApplicationChange) -> Self {
        let mut next = self.clone();
        if let Some(name) = change.name {
            next.name = name;
        }
        change.description.apply(&mut next.description);
        let oidc = &mut next.oidc_client_metadata;
        if let Some(uris) = change.redirect_uris {
            oidc.redirect_uris = uris;
        }
        if let Some(uris) = change.post_logout_redirect_uris {
            oidc.post_logout_redirect_uris = uris;
        }
        oidc.rest.extend(change.oidc_rest);
        change.custom_client_metadata.apply(&mut next.custom_client_metadata);
        change.custom_data.apply(&mut next.custom_data);
        if let Some(experience) = change.sign_in_experience {
            next.sign_in_experience = experience;
        }
        next
    }
}

/// A client secret.
#[derive(Clone)]
pub struct ApplicationSecret {
    /// Name, unique in the application.
    pub name: String,
    /// The secret itself, unsealed.
    pub value: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this moment it is refused.
    pub expires_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_that_are_not_there_are_refused_by_name_and_others_are_kept() {
        let given =
            json!({ "redirectUris": [], "postLogoutRedirectUris": [], "backchannelLogoutUri": "https://a/out" });
        let oidc: OidcClientMetadata = serde_json::from_value(given.clone()).unwrap();
        assert_eq!((oidc.check_rest(), json!(oidc)), (Ok(()), given));
        let given =
            json!({ "maxAllowedGrants": 3, "allowTokenExchange": false, "refreshTokenTtl": 3600, "idTokenTtl": 60 });
        let custom: CustomClientMetadata = serde_json::from_value(given.clone()).unwrap();
        assert_eq!((custom.check_rest(), json!(custom)), (Ok(()), given));
        for (value, field) in [
            (json!({ "redirectUrls": [] }), "oidcClientMetadata.redirectUrls"),
            (json!({ "backchannelLogoutUri": "javascript:x" }), "oidcClientMetadata.backchannelLogoutUri"),
        ] {
            let oidc: OidcClientMetadata = serde_json::from_value(value).unwrap();
            assert_eq!(oidc.check_rest().unwrap_err().field.as_deref(), Some(field));
        }
        for (value, field) in [
            (json!({ "refreshTokenTTL": 1 }), "customClientMetadata.refreshTokenTTL"),
            (json!({ "maxAllowedGrants": "3" }), "customClientMetadata.maxAllowedGrants"),
        ] {
            let custom: CustomClientMetadata = serde_json::from_value(value).unwrap();
            assert_eq!(custom.check_rest().unwrap_err().field.as_deref(), Some(field));
        }
    }
}
