//! The sessions of a user: browsers that are signed in.

use keyway_model::session::Session;
use keyway_model::{SessionId, UserId};
use keyway_store::{sessions as stored, tokens, users};
use serde_json::json;

use super::UserError;
use crate::Cx;
use crate::events::{Event, EventKind};

/// The live sessions of a user, newest first.
#[tracing::instrument(name = "users.sessions.list", skip_all)]
pub async fn sessions(cx: &Cx, id: &UserId) -> Result<Vec<Session>, UserError> {
    cx.read(async |tx| {
        users::find(tx, &cx.tenant, id).await?.ok_or(UserError::NotFound)?;
        Ok(stored::of_user(tx, &cx.tenant, id, cx.now).await?)
    })
    .await
}

/// Ends one session of a user, with the grants that were made in it.
#[tracing::instrument(name = "users.sessions.end", skip_all)]
pub async fn end_session(cx: &Cx, id: &UserId, session: &SessionId) -> Result<(), UserError> {
    cx.write(async move |tx| {
        if !stored::delete_by_id(tx, &cx.tenant, id, session).await? {
            return Err(UserError::NotFound);
        }
        tokens::revoke_all_of_session(tx, &cx.tenant, session, cx.now).await?;
        let event = Event::new(EventKind::UserSessionEnded).of_user(id);
        Ok(cx.emit(tx, event.removed("sessionId", json!(session))).await?)
    })
    .await
}
