//! Roles: what they hold and who has them.

mod applications;
mod error;
mod scopes;
mod users;

use std::collections::HashMap;

use keyway_model::resource::{Role, RoleType};
use keyway_model::{RoleId, ScopeId};
use keyway_store::{Page, Tx, role_assignments, roles};
use serde_json::json;

use crate::Cx;
use crate::events::{Event, EventKind};

pub use applications::{
    add_applications, add_to_application, of_application, remove_from_application, set_of_application,
};
pub use error::RoleError;
pub use keyway_store::role_assignments::{FeaturedApplication, FeaturedUser, RoleHolders};
pub use keyway_store::roles::RoleFilter;
pub use scopes::{add_scopes, list_scopes, remove_scope, scopes_to_choose, set_scopes};
pub use users::{add_to_user, add_users, remove_from_user, set_of_user};

/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 128;

/// A role to be made.
#[derive(Debug, Clone)]
pub struct NewRole {
    /// Unique in the tenant; 1 to 128 characters.
    pub name: String,
    /// For admins.
    pub description: String,
    /// Whom it is for.
    pub kind: RoleType,
    /// Given to every new user.
    pub is_default: bool,
    /// What it holds from the start.
    pub scopes: Vec<ScopeId>,
}

/// A change of a role; whom it is for stays.
#[derive(Debug, Clone, Default)]
pub struct RoleChange {
    /// The new name.
    pub name: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// Whether new users get it.
    pub is_default: Option<bool>,
}

fn check(role: &Role) -> Result<(), RoleError> {
    if !(1..=MAX_NAME).contains(&role.name.chars().count()) {
        return Err(RoleError::NameLength);
    }
    if role.is_default && role.kind != RoleType::User {
        return Err(RoleError::DefaultForMachines);
    }
    Ok(())
}

async fn find(tx: &mut Tx, cx: &Cx, id: &RoleId) -> Result<Role, RoleError> {
    roles::find(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)
}

/// A page of roles, by name, and how many there are.
#[tracing::instrument(name = "roles.list", skip_all)]
pub async fn list(cx: &Cx, filter: &RoleFilter, page: Page) -> Result<(Vec<Role>, i64), RoleError> {
    cx.read(async |tx| Ok(roles::list(tx, &cx.tenant, filter, page).await?)).await
}

/// Who has these roles; a role that nobody has is absent.
#[tracing::instrument(name = "roles.holders", skip_all)]
pub async fn holders(cx: &Cx, of: &[Role]) -> Result<HashMap<RoleId, RoleHolders>, RoleError> {
    cx.read(async |tx| Ok(role_assignments::holders(tx, &cx.tenant, of).await?)).await
}

/// A role.
#[tracing::instrument(name = "roles.get", skip_all)]
pub async fn get(cx: &Cx, id: &RoleId) -> Result<Role, RoleError> {
    cx.read(async |tx| find(tx, cx, id).await).await
}

/// Makes a role.
#[tracing::instrument(name = "roles.create", skip_all)]
pub async fn create(cx: &Cx, new: NewRole) -> Result<Role, RoleError> {
    let NewRole { name, description, kind, is_default, scopes } = new;
    let role = Role { id: cx.core().id(), name, description, kind, is_default };
    check(&role)?;
    cx.write(async move |tx| {
        roles::insert(tx, &cx.tenant, &role).await?;
        for scope in &scopes {
            scopes::put(tx, cx, &role, scope).await?;
        }
        cx.emit(tx, Event::created(EventKind::RoleCreated, &role).added("scopeIds", json!(scopes))).await?;
        Ok(role)
    })
    .await
}

/// Changes a role's name, description and whether new users get it.
#[tracing::instrument(name = "roles.update", skip_all)]
pub async fn update(cx: &Cx, id: &RoleId, change: RoleChange) -> Result<Role, RoleError> {
    cx.write(async move |tx| {
        let before = roles::lock(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
        let after = Role {
            name: change.name.unwrap_or_else(|| before.name.clone()),
            description: change.description.unwrap_or_else(|| before.description.clone()),
            is_default: change.is_default.unwrap_or(before.is_default),
            ..before.clone()
        };
        check(&after)?;
        roles::update(tx, &cx.tenant, &after).await?;
        cx.emit(tx, Event::updated(EventKind::RoleUpdated, &before, &after)).await?;
        Ok(after)
    })
    .await
}

/// Removes a role from everybody.
#[tracing::instrument(name = "roles.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &RoleId) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        let role = find(tx, cx, id).await?;
        if !roles::delete(tx, &cx.tenant, id).await? {
            return Err(RoleError::NotFound);
        }
        Ok(cx.emit(tx, Event::deleted(EventKind::RoleDeleted, &role)).await?)
    })
    .await
}
