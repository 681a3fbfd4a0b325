//! `/api/users/{id}/sessions`: browsers in which a user is signed in.

use axum::Json;
use axum::extract::State;
use keyway_model::session::Session;
use keyway_model::{ErrorCode, SessionId, UserId};
use serde_json::{Value, json};

use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;
use keyway_model::resource::ManagementScope::All;

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Users")
        .add(declaration::get("/api/users/{userId}/sessions", All, "List a user's sessions", list))
        .add(declaration::get("/api/users/{userId}/sessions/{sessionId}", All, "Get a user's session", show))
        .add(declaration::delete("/api/users/{userId}/sessions/{sessionId}", All, "End a user's session", delete))
}

/// Logto's shape: the session's own claims are in `payload`, with times in seconds.
fn view(session: &Session) -> Value {
    json!({
        "payload": {
            "uid": session.id,
            "jti": session.id,
            "kind": "Session",
            "accountId": session.user_id,
            "loginTs": session.authenticated_at.seconds(),
            "exp": session.expires_at.seconds(),
        },
        "lastSubmission": {
            "signInContext": { "ip": session.ip, "userAgent": session.user_agent },
        },
        "accountId": session.user_id,
        "expiresAt": session.expires_at,
    })
}

/// The live sessions, newest first.
async fn list(State(web): State<Web>, Path(user): Path<String>) -> Result<Json<Value>, WebError> {
    let sessions = web.core.user_sessions(&web.tenant, &UserId(user)).await?;
    Ok(Json(json!({ "sessions": sessions.iter().map(view).collect::<Vec<_>>() })))
}

/// One of them.
async fn show(State(web): State<Web>, Path((user, session)): Path<(String, String)>) -> Result<Json<Value>, WebError> {
    let sessions = web.core.user_sessions(&web.tenant, &UserId(user)).await?;
    let found = sessions.iter().find(|one| one.id.0 == session).ok_or(ErrorCode::EntityNotFound)?;
    Ok(Json(view(found)))
}

/// Ends it, with the grants that were made in it.
async fn delete(State(web): State<Web>, Path((user, session)): Path<(String, String)>) -> Result<NoContent, WebError> {
    web.core.end_user_session(&web.tenant, &UserId(user), &SessionId(session)).await?;
    Ok(NoContent)
}
