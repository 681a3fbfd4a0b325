//! Applications: the OAuth clients of a tenant.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ApplicationId, Timestamp};

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
    /// The admin's own data.
    pub custom_data: Map<String, Value>,
    /// A third-party application needs the user's consent.
    pub is_third_party: bool,
    /// When it was made.
    pub created_at: Timestamp,
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
