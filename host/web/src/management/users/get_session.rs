//! `GET /api/users/{userId}/sessions/{sessionId}`

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::{ErrorCode, SessionId, UserId};

use super::session_view::SessionView;
use crate::error::WebError;
use crate::request::Path;

pub async fn get_session(
    cx: Cx,
    Path((id, session)): Path<(UserId, SessionId)>,
) -> Result<Json<SessionView>, WebError> {
    let found = users::sessions(&cx, &id).await?.into_iter().find(|one| one.id == session);
    Ok(Json(found.ok_or(ErrorCode::EntityNotFound)?.into()))
}
