//! The scopes that roles hold.

use keyway_model::resource::{Resource, Role, RoleType, Scope, management_api};
use keyway_model::{RoleId, ScopeId};
use keyway_store::resources::ScopeFilter;
use keyway_store::{Page, Tx, resources, roles};
use serde_json::json;

use super::{RoleError, find};
use crate::Cx;
use crate::events::{Event, EventKind};

/// Puts a scope into a role; false when it holds it.
pub(super) async fn put(tx: &mut Tx, cx: &Cx, role: &Role, id: &ScopeId) -> Result<bool, RoleError> {
    let scope = resources::find_scope(tx, &cx.tenant, id).await?.ok_or(RoleError::NoSuchScope)?;
    if role.kind == RoleType::User {
        let resource = resources::find(tx, &cx.tenant, &scope.resource_id).await?.ok_or(RoleError::NoSuchScope)?;
        if resource.indicator == management_api(&cx.tenant) {
            return Err(RoleError::ManagementScopeForUsers);
        }
    }
    Ok(roles::add_scope(tx, &cx.tenant, &role.id, id).await?)
}

/// A page of the scopes that a role holds, each with its resource, and how many there are.
#[tracing::instrument(name = "roles.scopes.list", skip_all)]
pub async fn list_scopes(
    cx: &Cx,
    id: &RoleId,
    search: Option<String>,
    page: Page,
) -> Result<(Vec<(Scope, Resource)>, i64), RoleError> {
    cx.read(async |tx| {
        find(tx, cx, id).await?;
        let filter = ScopeFilter { of_role: Some(id.clone()), search: search.clone(), ..ScopeFilter::default() };
        let (scopes, total) = resources::scopes(tx, &cx.tenant, &filter, page).await?;
        let (all, _) = resources::list(tx, &cx.tenant, Page::ALL).await?;
        let of = |scope: Scope| {
            let resource = all.iter().find(|resource| resource.id == scope.resource_id)?.clone();
            Some((scope, resource))
        };
        Ok((scopes.into_iter().filter_map(of).collect(), total))
    })
    .await
}

/// Adds scopes to a role that it does not hold; all that it holds then come back.
#[tracing::instrument(name = "roles.scopes.add", skip_all)]
pub async fn add_scopes(cx: &Cx, id: &RoleId, scopes: Vec<ScopeId>) -> Result<Vec<Scope>, RoleError> {
    cx.write(async move |tx| {
        let role = find(tx, cx, id).await?;
        for scope in &scopes {
            if !put(tx, cx, &role, scope).await? {
                return Err(RoleError::HoldsScope);
            }
        }
        let event = Event::new(EventKind::RoleScopesAdded).target("roleId", id.as_str());
        cx.emit(tx, event.added("scopeIds", json!(scopes))).await?;
        let held = ScopeFilter { of_role: Some(id.clone()), ..ScopeFilter::default() };
        Ok(resources::scopes(tx, &cx.tenant, &held, Page::ALL).await?.0)
    })
    .await
}

/// Gives a role these scopes and takes all others.
#[tracing::instrument(name = "roles.scopes.set", skip_all)]
pub async fn set_scopes(cx: &Cx, id: &RoleId, scopes: Vec<ScopeId>) -> Result<(), RoleError> {
    cx.write(async move |tx| {
        let role = roles::lock(tx, &cx.tenant, id).await?.ok_or(RoleError::NotFound)?;
        let held = ScopeFilter { of_role: Some(id.clone()), ..ScopeFilter::default() };
        let before = resources::scopes(tx, &cx.tenant, &held, Page::ALL).await?.0;
        let before: Vec<ScopeId> = before.into_iter().map(|scope| scope.id).collect();
        for scope in before.iter().filter(|scope| !scopes.contains(scope)) {
            roles::remove_scope(tx, &cx.tenant, id, scope).await?;
        }
        for scope in &scopes {
            put(tx, cx, &role, scope).await?;
        }
        let event = Event::new(EventKind::RoleScopesReplaced).target("roleId", id.as_str());
        Ok(cx.emit(tx, event.removed("scopeIds", json!(before)).added("scopeIds", json!(scopes))).await?)
    })
    .await
}

/// Every scope that a role of this type may hold, by its resource; a resource without any is absent.
#[tracing::instrument(name = "roles.scopes.choices", skip_all)]
pub async fn scopes_to_choose(cx: &Cx, kind: RoleType) -> Result<Vec<(Resource, Vec<Scope>)>, RoleError> {
    cx.read(async |tx| {
        let (mut scopes, _) = resources::scopes(tx, &cx.tenant, &ScopeFilter::default(), Page::ALL).await?;
        let (resources, _) = resources::list(tx, &cx.tenant, Page::ALL).await?;
        let may_hold =
            |one: &Resource| kind == RoleType::MachineToMachine || one.indicator != management_api(&cx.tenant);
        let mut choices = Vec::new();
        for resource in resources.into_iter().filter(may_hold) {
            let (own, rest): (Vec<Scope>, Vec<Scope>) =
                scopes.into_iter().partition(|one| one.resource_id == resource.id);
            scopes = rest;
            if !own.is_empty() {
                choices.push((resource, own));
            }
        }
        Ok(choices)
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
