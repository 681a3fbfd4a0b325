//! Sessions: browsers that are signed in at the identity server, over all applications.

use crate::{SessionId, Timestamp, UserId};

/// How long a session lives without being renewed, in seconds: 14 days.
pub const SESSION_TTL: i64 = 14 * 24 * 3600;

/// A signed-in browser.
#[derive(Debug, Clone)]
pub struct Session {
    /// Id; the `sid` of tokens. The cookie holds a secret, of which the store keeps the hash.
    pub id: SessionId,
    /// Who signed in.
    pub user_id: UserId,
    /// When the user last proved who they are (`auth_time`).
    pub authenticated_at: Timestamp,
    /// After this moment the session is over.
    pub expires_at: Timestamp,
    /// The count of the user's [`crate::user::User::credential_epoch`] under which it was made.
    pub credential_epoch: i64,
    /// The browser's user agent.
    pub user_agent: Option<String>,
    /// The browser's address.
    pub ip: Option<String>,
}
