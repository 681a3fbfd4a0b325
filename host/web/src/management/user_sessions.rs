//! `/api/users/{id}/sessions`: browsers in which a user is signed in.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use keyway_model::session::Session;
use keyway_model::{ErrorCode, SessionId, UserId};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::error::WebError;

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show, delete))
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
#[utoipa::path(get, path = "/api/users/{userId}/sessions", tag = "Users", summary = "List a user's sessions",
    params(("userId" = String, Path)), responses((status = 200), (status = 404)))]
async fn list(State(web): State<Web>, Path(user): Path<String>) -> Result<Json<Value>, WebError> {
    let sessions = web.core.user_sessions(&web.tenant, &UserId(user)).await?;
    Ok(Json(json!({ "sessions": sessions.iter().map(view).collect::<Vec<_>>() })))
}

/// One of them.
#[utoipa::path(get, path = "/api/users/{userId}/sessions/{sessionId}", tag = "Users", summary = "Get a user's session",
    params(("userId" = String, Path), ("sessionId" = String, Path)), responses((status = 200), (status = 404)))]
async fn show(State(web): State<Web>, Path((user, session)): Path<(String, String)>) -> Result<Json<Value>, WebError> {
    let sessions = web.core.user_sessions(&web.tenant, &UserId(user)).await?;
    let found = sessions.iter().find(|one| one.id.0 == session).ok_or(ErrorCode::EntityNotFound)?;
    Ok(Json(view(found)))
}

/// Ends it, with the grants that were made in it.
#[utoipa::path(delete, path = "/api/users/{userId}/sessions/{sessionId}", tag = "Users", summary = "End a user's session",
    params(("userId" = String, Path), ("sessionId" = String, Path)), responses((status = 204), (status = 404)))]
async fn delete(State(web): State<Web>, Path((user, session)): Path<(String, String)>) -> Result<StatusCode, WebError> {
    web.core.end_user_session(&web.tenant, &UserId(user), &SessionId(session)).await?;
    Ok(StatusCode::NO_CONTENT)
}
