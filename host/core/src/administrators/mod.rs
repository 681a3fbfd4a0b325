//! Administrators: users of the operators' tenant, and what each may do.

mod error;
mod first;

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::resource::{CONSOLE_API, MANAGEMENT_SCOPE};
use keyway_model::user::User;
use keyway_model::{TenantId, UserId};
use keyway_store::{StoreError, Tx, role_assignments, users};
use serde_json::json;

use crate::console::{ADMINISTRATOR, Administrator, duty_role};
use crate::events::{Event, EventKind};
use crate::password::NOBODY;
use crate::tenants::lock;
use crate::{Actor, Cx};

pub use error::AdministratorError;
pub use first::{create as create_first, is_awaited, link as first_link};

/// Administrators at a time.
pub const MAX_ADMINISTRATORS: i64 = 200;

async fn all(tx: &mut Tx) -> Result<Vec<Administrator>, StoreError> {
    let tenant = TenantId::admin();
    let found = users::holders(tx, &tenant, CONSOLE_API, MAX_ADMINISTRATORS).await?;
    Ok(found.into_iter().map(|(user, scopes)| Administrator { user, scopes }).collect())
}

/// Whether somebody may do everything. Other users of the operators' tenant do not count: they cannot open the console.
async fn any(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(all(tx).await?.iter().any(Administrator::may_do_everything))
}

impl Administrator {
    /// Whether this one may do everything.
    pub fn may_do_everything(&self) -> bool {
        self.scopes.iter().any(|scope| scope == MANAGEMENT_SCOPE)
    }
}

/// Everybody who may use the console, newest first.
#[tracing::instrument(name = "administrators.list", skip_all)]
pub async fn list(cx: &Cx) -> Result<Vec<Administrator>, AdministratorError> {
    cx.read(async |tx| Ok(all(tx).await?)).await
}

/// Makes an administrator, who may do everything or has the given duties around connectors; without a password, one is set by a link.
#[tracing::instrument(name = "administrators.create", skip_all)]
pub async fn create(
    cx: &Cx,
    username: &str,
    password: Option<String>,
    everything: bool,
    duties: &[String],
) -> Result<User, AdministratorError> {
    let tenant = TenantId::admin();
    let identifier = Identifier::parse(IdentifierKind::Username, username)?;
    let roles: Vec<_> = if everything {
        vec![ADMINISTRATOR.into()]
    } else {
        duties.iter().filter_map(|duty| duty_role(duty)).collect()
    };
    if roles.is_empty() {
        return Err(AdministratorError::NoDuties);
    }
    let mut user = User::new(UserId(cx.core().rng().text(12)), cx.now);
    user.set_identifier(&identifier);
    if let Some(password) = password {
        cx.core()
            .check_password(&tenant, &password, &user)
            .map_err(|refusal| AdministratorError::User(refusal.into()))?;
        user.password = Some(cx.core().hasher.hash(NOBODY, password).await?);
    }
    cx.write(async move |tx| {
        lock(tx, &tenant).await?;
        if i64::try_from(all(tx).await?.len()).is_ok_and(|count| count >= MAX_ADMINISTRATORS) {
            return Err(AdministratorError::TooMany);
        }
        users::insert(tx, &tenant, &user).await?;
        for role in &roles {
            role_assignments::add_user(tx, &tenant, role, &user.id).await?;
        }
        let event = Event::created(EventKind::AdministratorCreated, &user).added("roleIds", json!(roles));
        cx.emit(tx, event).await?;
        Ok::<_, AdministratorError>(user)
    })
    .await
}

/// The administrator with this username.
#[tracing::instrument(name = "administrators.named", skip_all)]
pub async fn named(cx: &Cx, username: &str) -> Result<Administrator, AdministratorError> {
    let identifier = Identifier::parse(IdentifierKind::Username, username)?;
    let is_named = |name: &String| name.eq_ignore_ascii_case(&identifier.value);
    let found = list(cx).await?.into_iter().find(|one| one.user.username.as_ref().is_some_and(is_named));
    found.ok_or(AdministratorError::NotFound)
}

/// Removes an administrator. The last one who may do everything stays, and nobody removes themselves.
#[tracing::instrument(name = "administrators.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &UserId) -> Result<(), AdministratorError> {
    let tenant = TenantId::admin();
    if cx.actor == Actor::Administrator(id.clone()) {
        return Err(AdministratorError::OwnAccount);
    }
    cx.write(async move |tx| {
        lock(tx, &tenant).await?;
        let known = all(tx).await?;
        let mut others = known.iter().filter(|one| one.user.id != *id && !one.user.is_suspended);
        if !others.any(Administrator::may_do_everything) {
            return Err(AdministratorError::Last);
        }
        let removed = known.iter().find(|one| one.user.id == *id).ok_or(AdministratorError::NotFound)?;
        if !users::delete(tx, &tenant, id).await? {
            return Err(AdministratorError::NotFound);
        }
        Ok(cx.emit(tx, Event::deleted(EventKind::AdministratorDeleted, &removed.user)).await?)
    })
    .await
}
