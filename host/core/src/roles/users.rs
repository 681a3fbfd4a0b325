//! The roles of users.

use keyway_model::resource::RoleType;
use keyway_model::{RoleId, UserId};
use keyway_store::{Page, Tx, role_assignments, roles, users};
use serde_json::json;

use super::{RoleError, RoleFilter, find};
use crate::Cx;
use crate::events::{Event, EventKind};

/// Gives a role to a user who is held; false when the user has it.
async fn give(tx: &mut Tx, cx: &Cx, role: &RoleId, user: &UserId) -> Result<bool, RoleError> {
    if find(tx, cx, role).await?.kind != RoleType::User {
        return Err(RoleError::UserNeedsUserRole);
    }
    Ok(role_assignments::add_user(tx, &cx.tenant, role, user).await?)
}

/// Gives roles to a user; those that the user did not have come back.
#[tracing::instrument(name = "users.roles.add", skip_all)]
pub async fn add_to_user(cx: &Cx, id: &UserId, ids: Vec<RoleId>) -> Result<Vec<RoleId>, RoleError> {
    cx.write(async move |tx| {
        users::hold(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
        let mut added = Vec::new();
        for role in ids {
            if give(tx, cx, &role, id).await? {
                added.push(role);
            }
        }
        if added.is_empty() {
            cx.emit_nothing();
            return Ok(added);
        }
        let event = Event::new(EventKind::UserRolesAdded).of_user(id);
        cx.emit(tx, event.added("roleIds", json!(added))).await?;
        Ok(added)
    })
    .await
}

/// Gives a user these roles and takes all others.
#[tracing::instrument(name = "users.roles.set", skip_all)]
pub async fn set_of_user(cx: &Cx, id: &UserId, ids: Vec<RoleId>) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        users::lock(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
        let filter = RoleFilter { of_user: Some(id.clone()), ..RoleFilter::default() };
        let before = roles::list(tx, &cx.tenant, &filter, Page::ALL).await?.0;
        let before: Vec<RoleId> = before.into_iter().map(|role| role.id).collect();
        for role in before.iter().filter(|role| !ids.contains(role)) {
            role_assignments::remove_user(tx, &cx.tenant, role, id).await?;
        }
        for role in &ids {
            give(tx, cx, role, id).await?;
        }
        let event = Event::new(EventKind::UserRolesReplaced).of_user(id).removed("roleIds", json!(before));
        Ok(cx.emit(tx, event.added("roleIds", json!(ids))).await?)
    })
    .await
}

/// Takes a role from a user.
#[tracing::instrument(name = "users.roles.remove", skip_all)]
pub async fn remove_from_user(cx: &Cx, id: &UserId, role: &RoleId) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        if !role_assignments::remove_user(tx, &cx.tenant, role, id).await? {
            return Err(RoleError::NotFound);
        }
        let event = Event::new(EventKind::UserRoleRemoved).of_user(id);
        Ok(cx.emit(tx, event.removed("roleIds", json!([role]))).await?)
    })
    .await
}

/// Gives a role to users who do not have it.
#[tracing::instrument(name = "roles.users.add", skip_all)]
pub async fn add_users(cx: &Cx, role: &RoleId, mut ids: Vec<UserId>) -> Result<(), RoleError> {
    // Rows are held in one order, so that two of these wait for each other and do not stop each other.
    ids.sort_by(|one, other| one.0.cmp(&other.0));
    cx.write(async move |tx| {
        if find(tx, cx, role).await?.kind != RoleType::User {
            return Err(RoleError::MachineRoleForUsers);
        }
        for user in &ids {
            users::hold(tx, &cx.tenant, user).await?.ok_or(RoleError::NotFound)?;
            if !give(tx, cx, role, user).await? {
                return Err(RoleError::UserHasRole);
            }
        }
        let event = Event::new(EventKind::RoleUsersAdded).target("roleId", role.as_str());
        Ok(cx.emit(tx, event.added("userIds", json!(ids))).await?)
    })
    .await
}
