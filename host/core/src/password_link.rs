//! A link by which a person sets their password: made by an administrator, good for a day and for one use.
//!
//! Nothing is stored: the link is a sealed text that names the user and the password that it may replace, so that it is void
//! as soon as the password changes.

use keyway_model::user::{PasswordHash, User, UserChange};
use keyway_model::{Patch, TenantId, Timestamp, UserId};
use keyway_store::users;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::events::{CHANGED, Event, EventKind};
use crate::users::UserError;
use crate::{CoreError, Cx, secret};

/// Why a link was not made, or set no password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordLinkError {
    /// The link was used or ran out, or the password changed since.
    #[error("the link is over")]
    Over,
    /// What is refused of any user.
    #[error("{0}")]
    User(#[source] UserError),
}

impl<E: Into<UserError>> From<E> for PasswordLinkError {
    fn from(error: E) -> Self {
        Self::User(error.into())
    }
}

/// How long a link is good, in seconds.
const TTL: i64 = 24 * 3600;

#[derive(Clone, Serialize, Deserialize)]
struct StoredLink {
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

/// A link for this user and the moment when it ends.
#[tracing::instrument(name = "password_link.create", skip_all)]
pub async fn create(cx: &Cx, id: &UserId) -> Result<(String, Timestamp), PasswordLinkError> {
    let end = cx.now.plus_seconds(TTL);
    let core = cx.core();
    let user = cx.write(async move |tx| {
        let user = users::find(tx, &cx.tenant, id).await?.ok_or(UserError::NotFound)?;
        cx.emit(tx, Event::new(EventKind::UserPasswordLinkCreated).of_user(id)).await?;
        Ok::<_, PasswordLinkError>(user)
    });
    let user = user.await?;
    let link = StoredLink { user: user.id, mark: mark(user.password.as_ref()), until: end.seconds() };
    let text = serde_json::to_string(&link).map_err(|_| CoreError::Internal("a link"))?;
    let sealed = core.seal_for_browser(&context(&cx.tenant), &text)?;
    let token: String = url::form_urlencoded::byte_serialize(sealed.as_bytes()).collect();
    Ok((format!("{}/set-password?token={token}", core.endpoint(&cx.tenant)), end))
}

/// The link and the user whose password it sets; refused when it is over.
async fn open(cx: &Cx, token: &str) -> Result<(StoredLink, User), PasswordLinkError> {
    let text = cx.core().open_from_browser(&context(&cx.tenant), token);
    let link = text.and_then(|text| serde_json::from_str::<StoredLink>(&text).ok());
    let live = link.filter(|link| link.until > cx.now.seconds());
    let link = live.ok_or(PasswordLinkError::Over)?;
    let found = cx.read(async |tx| Ok::<_, PasswordLinkError>(users::find(tx, &cx.tenant, &link.user).await?)).await?;
    let owner = found.filter(|user| fits(user, &link)).ok_or(PasswordLinkError::Over)?;
    Ok((link, owner))
}

/// The user whose password the link sets; refused when the link is over.
pub async fn owner(cx: &Cx, token: &str) -> Result<User, PasswordLinkError> {
    Ok(open(cx, token).await?.1)
}

/// Sets the password and signs the user out everywhere. Of fifty at once one finds the password that the link may replace.
#[tracing::instrument(name = "password_link.set_password", skip_all)]
pub async fn set_password(cx: &Cx, token: &str, password: String) -> Result<(), PasswordLinkError> {
    let (link, owner) = open(cx, token).await?;
    cx.core().check_password(&cx.tenant, &password, &owner)?;
    let hash = cx.core().hasher.hash(&cx.visitor.ip, password).await?;
    let event = Event::new(EventKind::PasswordLinkUsed).by_user(&owner.id).added("password", json!(CHANGED));
    let change = UserChange { password: Patch::Set(hash), updated_at: Some(cx.now), ..UserChange::default() };
    cx.write(async move |tx| {
        let found = users::lock(tx, &cx.tenant, &link.user).await?.filter(|user| fits(user, &link));
        let mut user = found.ok_or(PasswordLinkError::Over)?;
        crate::users::end_sign_ins(tx, &cx.tenant, &mut user, change, cx.now).await?;
        Ok(cx.emit(tx, event).await?)
    })
    .await
}

fn fits(user: &User, link: &StoredLink) -> bool {
    !user.is_suspended && secret::equal(&mark(user.password.as_ref()), &link.mark)
}
