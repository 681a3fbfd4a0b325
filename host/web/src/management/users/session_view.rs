//! A session of a user as the API shows one.

use keyway_model::Timestamp;
use keyway_model::session::Session;
use serde::Serialize;
use utoipa::ToSchema;

/// A browser in which a user is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    payload: Payload,
    last_submission: LastSubmission,
    account_id: String,
    /// In milliseconds.
    #[schema(value_type = i64)]
    expires_at: Timestamp,
}

/// The session's own claims, with times in seconds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Payload {
    uid: String,
    jti: String,
    kind: &'static str,
    account_id: String,
    login_ts: i64,
    exp: i64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LastSubmission {
    sign_in_context: SignInContext,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignInContext {
    ip: Option<String>,
    user_agent: Option<String>,
}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        Self {
            payload: Payload {
                uid: session.id.0.clone(),
                jti: session.id.0,
                kind: "Session",
                account_id: session.user_id.0.clone(),
                login_ts: session.authenticated_at.seconds(),
                exp: session.expires_at.seconds(),
            },
            last_submission: LastSubmission {
                sign_in_context: SignInContext { ip: session.ip, user_agent: session.user_agent },
            },
            account_id: session.user_id.0,
            expires_at: session.expires_at,
        }
    }
}
