//! The first administrator, whom nobody can invite.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::session::{SESSION_TTL, Session};
use keyway_model::user::User;
use keyway_model::{TenantId, UserId};
use keyway_store::{sessions, users};
use serde_json::json;

use super::{AdministratorError, any};
use crate::console::{ADMINISTRATOR, add_administrator};
use crate::events::{Event, EventKind};
use crate::tenants::lock;
use crate::{Cx, secret};

/// How long a link for the first administrator is good, in seconds.
const TTL: i64 = 24 * 3600;

/// What such a link is sealed for.
const PURPOSE: &str = "first-admin";

/// Whether nobody may do everything at the console yet.
pub async fn is_awaited(cx: &Cx) -> Result<bool, AdministratorError> {
    cx.read(async |tx| Ok(!any(tx).await?)).await
}

/// A link by which the first administrator is made; none when there is one. It ends, and each is another: one that is left
/// in a log opens nothing later.
pub async fn link(cx: &Cx) -> Result<Option<String>, AdministratorError> {
    if !is_awaited(cx).await? {
        return Ok(None);
    }
    let until = cx.now.plus_seconds(TTL).seconds().to_string();
    let secret = cx.core().seal_for_browser(PURPOSE, &until)?;
    Ok(Some(format!("{}/welcome?secret={secret}", cx.core().endpoint(&TenantId::admin()))))
}

fn is_good(cx: &Cx, presented: &str) -> bool {
    let until = cx.core().open_from_browser(PURPOSE, presented).and_then(|text| text.parse::<i64>().ok());
    until.is_some_and(|until| cx.now.seconds() < until)
}

/// Makes the first administrator and signs them in; the secret of the session. Refused when the link's secret is wrong or
/// has ended, or when there is one already.
#[tracing::instrument(name = "administrators.create_first", skip_all)]
pub async fn create(cx: &Cx, presented: &str, username: &str, password: String) -> Result<String, AdministratorError> {
    if !is_good(cx, presented) {
        return Err(AdministratorError::LinkOver);
    }
    let (core, tenant) = (cx.core(), TenantId::admin());
    let identifier = Identifier::parse(IdentifierKind::Username, username)?;
    let mut user = User::new(UserId(core.rng().text(12)), cx.now);
    user.set_identifier(&identifier);
    core.check_password(&tenant, &password, &user)?;
    user.password = Some(core.hasher.hash(&cx.visitor.ip, password).await?);
    user.last_sign_in_at = Some(cx.now);
    let session = Session {
        id: core.id(),
        user_id: user.id.clone(),
        authenticated_at: cx.now,
        expires_at: cx.now.plus_seconds(SESSION_TTL),
        credential_epoch: user.credential_epoch,
        user_agent: cx.visitor.user_agent.clone(),
        ip: Some(cx.visitor.ip.clone()),
    };
    let secret = secret::generate(core.rng());
    let hash = secret::hash(&secret);
    cx.write(async move |tx| {
        lock(tx, &tenant).await?;
        if any(tx).await? {
            return Err(AdministratorError::NotTheFirst);
        }
        users::insert(tx, &tenant, &user).await?;
        add_administrator(tx, &user).await?;
        sessions::insert(tx, &tenant, &hash, &session).await?;
        let event = Event::created(EventKind::AdministratorCreated, &user).added("roleIds", json!([ADMINISTRATOR]));
        Ok::<_, AdministratorError>(cx.emit(tx, event).await?)
    })
    .await?;
    Ok(secret)
}
