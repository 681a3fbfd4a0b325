//! What an authorization asks for and the tokens that come of it.

use serde::{Deserialize, Serialize};

use crate::{ApplicationId, GrantId, SessionId, Timestamp, UserId};

/// An authorization code lives this many seconds (RFC 9700 asks for a short life).
pub const CODE_TTL: i64 = 60;
/// An access token lives this many seconds unless its resource says otherwise.
pub const ACCESS_TOKEN_TTL: i64 = 3600;
/// An ID token lives this many seconds unless the application says otherwise.
pub const ID_TOKEN_TTL: i64 = 3600;
/// A refresh token lives this many days unless the application says otherwise.
pub const REFRESH_TOKEN_TTL_DAYS: i64 = 14;
/// A family of refresh tokens ends this many seconds after its first, however often it rotates.
pub const REFRESH_FAMILY_TTL: i64 = 365 * 24 * 3600;
/// Seconds in which a rotated refresh token still gets a successor: several tabs of one browser refresh at once, and an answer
/// can be lost on its way (RFC 9700 section 4.14.2 leaves it open). Used later than that, it ends its family.
pub const REFRESH_LEEWAY: i64 = 3;

/// The scopes of the OpenID Connect part; others belong to resources.
pub const OIDC_SCOPES: [&str; 9] =
    ["openid", "offline_access", "profile", "email", "phone", "address", "custom_data", "identities", "roles"];

/// A checked authorization request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Authorization {
    /// Registered address that the answer goes to.
    pub redirect_uri: String,
    /// Requested scopes, separated by spaces.
    pub scope: String,
    /// Returned byte for byte.
    pub state: Option<String>,
    /// Copied to the ID token.
    pub nonce: Option<String>,
    /// PKCE S256 challenge.
    pub code_challenge: Option<String>,
    /// RFC 8707 resource indicators.
    pub resources: Vec<String>,
    /// `prompt` words.
    pub prompt: Vec<String>,
    /// A session in which the user proved who they are longer ago, in seconds, is not good enough.
    #[serde(default)]
    pub max_age: Option<i64>,
    /// `query`, `fragment` or `form_post`.
    pub response_mode: String,
    /// The page that opens first.
    pub first_screen: Option<String>,
    /// Prefills the identifier.
    pub login_hint: Option<String>,
    /// The application's wish for the language.
    pub ui_locales: Option<String>,
}

impl Authorization {
    /// True when `scope` was requested.
    pub fn asks_for(&self, scope: &str) -> bool {
        self.scope.split_ascii_whitespace().any(|word| word == scope)
    }

    /// True when `prompt` holds `word`.
    pub fn prompts(&self, word: &str) -> bool {
        self.prompt.iter().any(|prompt| prompt == word)
    }
}

/// What kind of secret a stored token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Authorization code.
    Code,
    /// Opaque access token.
    Access,
    /// Refresh token.
    Refresh,
}

impl TokenKind {
    /// The name used in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// What follows from one authorization of a user for an application.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Id.
    pub id: GrantId,
    /// Who granted.
    pub user_id: UserId,
    /// To which application.
    pub application_id: ApplicationId,
    /// In which session.
    pub session_id: SessionId,
    /// Granted scopes.
    pub scope: String,
    /// Granted resources.
    pub resources: Vec<String>,
    /// The request's nonce.
    pub nonce: Option<String>,
    /// When the user proved who they are.
    pub authenticated_at: Timestamp,
    /// The count of the user's [`crate::user::User::credential_epoch`] under which it was made.
    pub credential_epoch: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Set when everything that follows from it is refused.
    pub revoked_at: Option<Timestamp>,
}

/// A stored token; its secret is known by hash only.
#[derive(Debug, Clone)]
pub struct StoredToken {
    /// SHA-256 of the secret, in hex.
    pub hash: String,
    /// What it is.
    pub kind: TokenKind,
    /// What it follows from.
    pub grant_id: GrantId,
    /// For codes: the redirect address. Empty otherwise.
    pub redirect_uri: String,
    /// For codes: the PKCE challenge. Empty otherwise.
    pub code_challenge: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this moment it is refused.
    pub expires_at: Timestamp,
    /// When it was used up.
    pub consumed_at: Option<Timestamp>,
    /// What an access token is for, when the client asked for less than its grant holds.
    pub scope: Option<String>,
}

/// An error of an OAuth endpoint (RFC 6749 section 5.2 and its registry).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {description}")]
pub struct OAuthError {
    /// The registered error word.
    pub error: &'static str,
    /// One sentence for the developer.
    pub description: String,
    /// HTTP status where it is not sent by redirect.
    pub status: u16,
}

impl OAuthError {
    /// An error word with a sentence for the developer.
    pub fn new(error: &'static str, description: impl Into<String>) -> Self {
        let status = match error {
            "invalid_client" | "invalid_token" => 401,
            "insufficient_scope" => 403,
            "server_error" => 500,
            _ => 400,
        };
        Self { error, description: description.into(), status }
    }
}
