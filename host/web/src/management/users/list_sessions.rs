//! `GET /api/users/{userId}/sessions`: the live ones, newest first.

use axum::Json;
use keyway_core::{Cx, users};
use keyway_model::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use super::session_view::SessionView;
use crate::error::WebError;
use crate::request::Path;

#[derive(Serialize, ToSchema)]
pub struct Sessions {
    sessions: Vec<SessionView>,
}

pub async fn list_sessions(cx: Cx, Path(id): Path<UserId>) -> Result<Json<Sessions>, WebError> {
    let sessions = users::sessions(&cx, &id).await?;
    Ok(Json(Sessions { sessions: sessions.into_iter().map(SessionView::from).collect() }))
}
