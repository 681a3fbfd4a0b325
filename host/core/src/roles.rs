//! Roles: what they hold and who has them.

use keyway_model::application::ApplicationType;
use keyway_model::resource::{Role, RoleType, Scope, management_api};
use keyway_model::{ApplicationId, RoleId, ScopeId, UserId};
use keyway_store::{Constraint, StoreError, Tx, applications, resources, roles, users};
use serde_json::json;

use crate::Cx;
use crate::events::{Event, EventKind};

/// Why nothing was done about a role.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// The role, or what it is given to or taken from, is not there.
    #[error("not found")]
    NotFound,
    /// A scope is not there.
    #[error("a scope is not there")]
    NoSuchScope,
    /// The tenant has a role of this name.
    #[error("the name is taken")]
    NameInUse,
    /// The length of the name.
    #[error("a name has 1 to {MAX_NAME} characters")]
    NameLength,
    /// Only a role for users is given to new users.
    #[error("a role for machines is given to new users")]
    DefaultForMachines,
    /// The Management API is for machines alone: a person's token that opened it would be a way up.
    #[error("a scope of the Management API in a role for users")]
    ManagementScopeForUsers,
    /// A role for machines is given to a user.
    #[error("a role for machines is given to a user")]
    UserNeedsUserRole,
    /// A role for users is given to an application.
    #[error("a role for users is given to an application")]
    ApplicationNeedsMachineRole,
    /// The application acts for users, and has no roles of its own.
    #[error("the application is not machine-to-machine")]
    NotMachineToMachine,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for RoleError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unique(Constraint::RoleName) => Self::NameInUse,
            StoreError::Reference => Self::NoSuchScope,
            error => Self::Store(error),
        }
    }
}

/// Longest name, in characters.
const MAX_NAME: usize = 128;

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

async fn find(tx: &mut Tx, cx: &Cx, id: &RoleId) -> Result<Role, RoleError> {
    roles::find(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)
}

async fn put_scopes(tx: &mut Tx, cx: &Cx, role: &Role, scopes: &[ScopeId]) -> Result<(), RoleError> {
    let management = resources::find_by_indicator(tx, &cx.tenant, &management_api(&cx.tenant)).await?;
    for id in scopes {
        let scope = resources::find_scope(tx, &cx.tenant, id).await?.ok_or(RoleError::NoSuchScope)?;
        let guarded = management.as_ref().is_some_and(|resource| resource.id == scope.resource_id);
        if guarded && role.kind == RoleType::User {
            return Err(RoleError::ManagementScopeForUsers);
        }
        roles::add_scope(tx, &cx.tenant, &role.id, id).await?;
    }
    Ok(())
}

/// Every role, by name.
#[tracing::instrument(name = "roles.list", skip_all)]
pub async fn list(cx: &Cx) -> Result<Vec<Role>, RoleError> {
    cx.read(async |tx| Ok(roles::list(tx, &cx.tenant).await?)).await
}

/// A role.
#[tracing::instrument(name = "roles.get", skip_all)]
pub async fn get(cx: &Cx, id: &RoleId) -> Result<Role, RoleError> {
    cx.read(async |tx| find(tx, cx, id).await).await
}

/// Makes a role.
#[tracing::instrument(name = "roles.create", skip_all)]
pub async fn create(cx: &Cx, new: NewRole) -> Result<Role, RoleError> {
    if !(1..=MAX_NAME).contains(&new.name.chars().count()) {
        return Err(RoleError::NameLength);
    }
    if new.is_default && new.kind != RoleType::User {
        return Err(RoleError::DefaultForMachines);
    }
    let NewRole { name, description, kind, is_default, scopes } = new;
    let role = Role { id: cx.core().id(), name, description, kind, is_default };
    cx.write(async move |tx| {
        roles::insert(tx, &cx.tenant, &role).await?;
        put_scopes(tx, cx, &role, &scopes).await?;
        cx.emit(tx, Event::created(EventKind::RoleCreated, &role).added("scopeIds", json!(scopes))).await?;
        Ok(role)
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

/// The scopes that a role holds.
#[tracing::instrument(name = "roles.scopes.list", skip_all)]
pub async fn list_scopes(cx: &Cx, id: &RoleId) -> Result<Vec<Scope>, RoleError> {
    cx.read(async |tx| {
        find(tx, cx, id).await?;
        Ok(roles::scopes(tx, &cx.tenant, id).await?)
    })
    .await
}

/// Adds scopes to a role.
#[tracing::instrument(name = "roles.scopes.add", skip_all)]
pub async fn add_scopes(cx: &Cx, id: &RoleId, scopes: Vec<ScopeId>) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        let role = find(tx, cx, id).await?;
        put_scopes(tx, cx, &role, &scopes).await?;
        let event = Event::new(EventKind::RoleScopesAdded).target("roleId", id.as_str());
        Ok(cx.emit(tx, event.added("scopeIds", json!(scopes))).await?)
    })
    .await
}

/// Takes a scope from a role.
#[tracing::instrument(name = "roles.scopes.remove", skip_all)]
pub async fn remove_scope(cx: &Cx, id: &RoleId, scope: &ScopeId) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        if !roles::remove_scope(tx, &cx.tenant, id, scope).await? {
            return Err(RoleError::NotFound);
        }
        let event = Event::new(EventKind::RoleScopeRemoved).target("roleId", id.as_str());
        Ok(cx.emit(tx, event.removed("scopeIds", json!([scope]))).await?)
    })
    .await
}

/// The roles of an application.
#[tracing::instrument(name = "applications.roles.list", skip_all)]
pub async fn of_application(cx: &Cx, id: &ApplicationId) -> Result<Vec<Role>, RoleError> {
    cx.read(async |tx| {
        applications::find(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
        Ok(roles::of_application(tx, &cx.tenant, id).await?)
    })
    .await
}

/// Gives roles to a machine-to-machine application.
#[tracing::instrument(name = "applications.roles.add", skip_all)]
pub async fn add_to_application(cx: &Cx, id: &ApplicationId, ids: Vec<RoleId>) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        let application = applications::find(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
        if application.kind != ApplicationType::MachineToMachine {
            return Err(RoleError::NotMachineToMachine);
        }
        for role in &ids {
            if find(tx, cx, role).await?.kind != RoleType::MachineToMachine {
                return Err(RoleError::ApplicationNeedsMachineRole);
            }
            roles::add_application(tx, &cx.tenant, role, id).await?;
        }
        let event = Event::new(EventKind::ApplicationRolesAdded).of_application(id);
        Ok(cx.emit(tx, event.added("roleIds", json!(ids))).await?)
    })
    .await
}

/// Takes a role from an application.
#[tracing::instrument(name = "applications.roles.remove", skip_all)]
pub async fn remove_from_application(cx: &Cx, id: &ApplicationId, role: &RoleId) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        if !roles::remove_application(tx, &cx.tenant, role, id).await? {
            return Err(RoleError::NotFound);
        }
        let event = Event::new(EventKind::ApplicationRoleRemoved).of_application(id);
        Ok(cx.emit(tx, event.removed("roleIds", json!([role]))).await?)
    })
    .await
}

/// The roles of a user.
#[tracing::instrument(name = "users.roles.list", skip_all)]
pub async fn of_user(cx: &Cx, id: &UserId) -> Result<Vec<Role>, RoleError> {
    cx.read(async |tx| {
        users::find(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
        Ok(roles::of_user(tx, &cx.tenant, id).await?)
    })
    .await
}

/// Gives roles to a user.
#[tracing::instrument(name = "users.roles.add", skip_all)]
pub async fn add_to_user(cx: &Cx, id: &UserId, ids: Vec<RoleId>) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        users::hold(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
        for role in &ids {
            if find(tx, cx, role).await?.kind != RoleType::User {
                return Err(RoleError::UserNeedsUserRole);
            }
            roles::add_user(tx, &cx.tenant, role, id).await?;
        }
        let event = Event::new(EventKind::UserRolesAdded).of_user(id);
        Ok(cx.emit(tx, event.added("roleIds", json!(ids))).await?)
    })
    .await
}

/// Takes a role from a user.
#[tracing::instrument(name = "users.roles.remove", skip_all)]
pub async fn remove_from_user(cx: &Cx, id: &UserId, role: &RoleId) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        if !roles::remove_user(tx, &cx.tenant, role, id).await? {
            return Err(RoleError::NotFound);
        }
        let event = Event::new(EventKind::UserRoleRemoved).of_user(id);
        Ok(cx.emit(tx, event.removed("roleIds", json!([role]))).await?)
    })
    .await
}
