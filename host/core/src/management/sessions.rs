//! The sessions of a user: browsers that are signed in.

use keyway_model::session::Session;
use keyway_model::{ErrorCode, SessionId, TenantId, UserId};
use keyway_store::{sessions, tokens};

use crate::{Core, CoreError};

impl Core {
    /// The live sessions of a user, newest first.
    pub async fn user_sessions(&self, tenant: &TenantId, id: &UserId) -> Result<Vec<Session>, CoreError> {
        self.user(tenant, id).await?;
        let now = self.now();
        self.read(async move |tx| sessions::of_user(tx, tenant, id, now).await).await
    }

    /// Ends one session of a user, with the grants that were made in it.
    pub async fn end_user_session(
        &self,
        tenant: &TenantId,
        user: &UserId,
        session: &SessionId,
    ) -> Result<(), CoreError> {
        let now = self.now();
        self.save(ErrorCode::UniqueViolation, async move |tx| {
            if !sessions::delete_by_id(tx, tenant, user, session).await? {
                return Err(ErrorCode::EntityNotFound.into());
            }
            Ok(tokens::revoke_all_of_session(tx, tenant, session, now).await?)
        })
        .await
    }
}
