//! A link by which a person sets their password: made by an administrator, good for a day and for one use.
//!
//! Nothing is stored: the link is a sealed text that names the user and the password that it may replace, so that it is void
//! as soon as the password changes.

use keyway_model::user::{PasswordHash, User, UserChange};
use keyway_model::{ErrorCode, Patch, TenantId, Timestamp, UserId};
use keyway_store::{Tx, users};
use serde::{Deserialize, Serialize};

use crate::logs::Event;
use crate::{Core, CoreError, Visitor, secret};

/// How long a link is good, in seconds.
const TTL: i64 = 24 * 3600;

#[derive(Clone, Serialize, Deserialize)]
struct Link {
    user: UserId,
    /// Of the password that is replaced.
    mark: String,
    until: i64,
}

fn mark(password: Option<&PasswordHash>) -> String {
    secret::hash(password.map(|password| password.encoded.as_str()).unwrap_or_default())
}

fn context(tenant: &TenantId) -> String {
    format!("password-link/{tenant}")
}

impl Core {
    /// A link for this user and the moment when it ends.
    pub async fn password_link(&self, tenant: &TenantId, id: &UserId) -> Result<(String, Timestamp), CoreError> {
        let found = self.read(async |tx| users::find(tx, tenant, id).await).await?;
        let user = found.ok_or(ErrorCode::EntityNotFound)?;
        let end = self.now().plus_seconds(TTL);
        let link = Link { user: user.id, mark: mark(user.password.as_ref()), until: end.seconds() };
        let text = serde_json::to_string(&link).map_err(|_| CoreError::Internal("a link"))?;
        let sealed = self.seal_for_browser(&context(tenant), &text)?;
        let token: String = url::form_urlencoded::byte_serialize(sealed.as_bytes()).collect();
        Ok((format!("{}/set-password?token={token}", self.endpoint(tenant)), end))
    }

    /// The link and the user whose password it sets; refused when it is over.
    async fn open_password_link(&self, tenant: &TenantId, token: &str) -> Result<(Link, User), CoreError> {
        let text = self.open_from_browser(&context(tenant), token);
        let link = text.and_then(|text| serde_json::from_str::<Link>(&text).ok());
        let live = link.filter(|link| link.until > self.now().seconds());
        let link = live.ok_or(ErrorCode::LinkExpired)?;
        let id = link.user.clone();
        let found = self.read(async move |tx| users::find(tx, tenant, &id).await).await?;
        let owner = found.filter(|user| fits(user, &link)).ok_or(ErrorCode::LinkExpired)?;
        Ok((link, owner))
    }

    /// The user whose password the link sets; refused when the link is over.
    pub async fn password_link_owner(&self, tenant: &TenantId, token: &str) -> Result<User, CoreError> {
        Ok(self.open_password_link(tenant, token).await?.1)
    }

    /// Sets the password and signs the user out everywhere.
    pub async fn set_password_by_link(
        &self,
        tenant: &TenantId,
        token: &str,
        password: String,
        visitor: &Visitor,
    ) -> Result<(), CoreError> {
        let (link, owner) = self.open_password_link(tenant, token).await?;
        self.check_password(tenant, &password, &owner)?;
        let hash = self.hasher.hash(&visitor.ip, password).await?;
        let audit = Event::new(self, "Interaction.ForgotPassword.Link.Submit", visitor).user(&owner.id);
        let now = self.now();
        self.parts.store.write(async move |tx| set(tx, tenant, &link, hash, audit, now).await).await
    }
}

fn fits(user: &User, link: &Link) -> bool {
    !user.is_suspended && secret::equal(&mark(user.password.as_ref()), &link.mark)
}

/// Of fifty at once one finds the password that the link may replace.
async fn set(
    tx: &mut Tx,
    tenant: &TenantId,
    link: &Link,
    hash: PasswordHash,
    audit: Event,
    now: Timestamp,
) -> Result<(), CoreError> {
    let found = users::lock(tx, tenant, &link.user).await?.filter(|user| fits(user, link));
    let mut user = found.ok_or(ErrorCode::LinkExpired)?;
    let change = UserChange { password: Patch::Set(hash), updated_at: Some(now), ..UserChange::default() };
    crate::users::end_sign_ins(tx, tenant, &mut user, change, now).await?;
    Ok(audit.write(tx, tenant).await?)
}
