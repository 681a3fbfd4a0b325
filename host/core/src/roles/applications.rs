//! The roles of machine-to-machine applications.

use keyway_model::application::ApplicationType;
use keyway_model::resource::{Role, RoleType};
use keyway_model::{ApplicationId, RoleId};
use keyway_store::{Page, Tx, applications, role_assignments, roles};
use serde_json::json;

use super::{RoleError, RoleFilter, find};
use crate::Cx;
use crate::events::{Event, EventKind};

/// Holds an application that may have roles.
async fn hold(tx: &mut Tx, cx: &Cx, id: &ApplicationId) -> Result<(), RoleError> {
    let application = applications::hold(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
    let is_machine = application.kind == ApplicationType::MachineToMachine;
    if is_machine { Ok(()) } else { Err(RoleError::NotMachineToMachine) }
}

/// Gives a role to an application that is held; false when it has it.
async fn give(tx: &mut Tx, cx: &Cx, role: &RoleId, application: &ApplicationId) -> Result<bool, RoleError> {
    if find(tx, cx, role).await?.kind != RoleType::MachineToMachine {
        return Err(RoleError::ApplicationNeedsMachineRole);
    }
    Ok(role_assignments::add_application(tx, &cx.tenant, role, application).await?)
}

/// A page of the roles of a machine-to-machine application, by name, and how many there are.
#[tracing::instrument(name = "applications.roles.list", skip_all)]
pub async fn of_application(
    cx: &Cx,
    id: &ApplicationId,
    search: Option<String>,
    page: Page,
) -> Result<(Vec<Role>, i64), RoleError> {
    cx.read(async |tx| {
        let application = applications::find(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
        if application.kind != ApplicationType::MachineToMachine {
            return Err(RoleError::NotMachineToMachine);
        }
        let filter = RoleFilter { of_application: Some(id.clone()), search: search.clone(), ..RoleFilter::default() };
        Ok(roles::list(tx, &cx.tenant, &filter, page).await?)
    })
    .await
}

/// Gives roles to a machine-to-machine application; those that it did not have come back.
#[tracing::instrument(name = "applications.roles.add", skip_all)]
pub async fn add_to_application(cx: &Cx, id: &ApplicationId, ids: Vec<RoleId>) -> Result<Vec<RoleId>, RoleError> {
    cx.write(async move |tx| {
        hold(tx, cx, id).await?;
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
        let event = Event::new(EventKind::ApplicationRolesAdded).of_application(id);
        cx.emit(tx, event.added("roleIds", json!(added))).await?;
        Ok(added)
    })
    .await
}

/// Gives a machine-to-machine application these roles and takes all others.
#[tracing::instrument(name = "applications.roles.set", skip_all)]
pub async fn set_of_application(cx: &Cx, id: &ApplicationId, ids: Vec<RoleId>) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        applications::lock(tx, &cx.tenant, id).await?;
        hold(tx, cx, id).await?;
        let filter = RoleFilter { of_application: Some(id.clone()), ..RoleFilter::default() };
        let before = roles::list(tx, &cx.tenant, &filter, Page::ALL).await?.0;
        let before: Vec<RoleId> = before.into_iter().map(|role| role.id).collect();
        for role in before.iter().filter(|role| !ids.contains(role)) {
            role_assignments::remove_application(tx, &cx.tenant, role, id).await?;
        }
        for role in &ids {
            give(tx, cx, role, id).await?;
        }
        let event =
            Event::new(EventKind::ApplicationRolesReplaced).of_application(id).removed("roleIds", json!(before));
        Ok(cx.emit(tx, event.added("roleIds", json!(ids))).await?)
    })
    .await
}

/// Takes a role from an application.
#[tracing::instrument(name = "applications.roles.remove", skip_all)]
pub async fn remove_from_application(cx: &Cx, id: &ApplicationId, role: &RoleId) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        if !role_assignments::remove_application(tx, &cx.tenant, role, id).await? {
            return Err(RoleError::NotFound);
        }
        let event = Event::new(EventKind::ApplicationRoleRemoved).of_application(id);
        Ok(cx.emit(tx, event.removed("roleIds", json!([role]))).await?)
    })
    .await
}

/// Gives a role to machine-to-machine applications that do not have it.
#[tracing::instrument(name = "roles.applications.add", skip_all)]
pub async fn add_applications(cx: &Cx, role: &RoleId, mut ids: Vec<ApplicationId>) -> Result<(), RoleError> {
    // Rows are held in one order, so that two of these wait for each other and do not stop each other.
    ids.sort_by(|one, other| one.0.cmp(&other.0));
    cx.write(async move |tx| {
        find(tx, cx, role).await?;
        for application in &ids {
            hold(tx, cx, application).await?;
            if !give(tx, cx, role, application).await? {
                return Err(RoleError::ApplicationHasRole);
            }
        }
        let event = Event::new(EventKind::RoleApplicationsAdded).target("roleId", role.as_str());
        Ok(cx.emit(tx, event.added("applicationIds", json!(ids))).await?)
    })
    .await
}
