//! `DELETE /api/users/{userId}/sessions/{sessionId}`: with the grants that were made in it.

use keyway_core::{Cx, users};
use keyway_model::{SessionId, UserId};

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn end_session(cx: Cx, Path((id, session)): Path<(UserId, SessionId)>) -> Result<NoContent, WebError> {
    users::end_session(&cx, &id, &session).await?;
    Ok(NoContent)
}
