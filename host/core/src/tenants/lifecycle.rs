//! Tenants come and go while the server runs. The context of these is the operators' tenant, whose log has their events.

use std::sync::Arc;

use keyway_model::tenant::{Tenant, TenantAddress};
use keyway_model::{Reason, Refusal, Rng, TenantId};
use keyway_store::{Page, StoreError, signing_keys, tenants};

use super::{TenantError, management_api};
use crate::events::{Event, EventKind};
use crate::signing_keys::generate;
use crate::{Core, Cx};

/// Longest name, in characters.
const MAX_NAME: usize = 128;

/// A tenant to be made.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// A random one where none is given.
    pub id: Option<TenantId>,
    /// For operators; may be empty.
    pub name: String,
    /// Such as `https://id.example.com`.
    pub address: String,
}

/// What is to be changed of a tenant.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    /// For operators; may be empty.
    pub name: Option<String>,
    /// The one that it has; any other is refused.
    pub address: Option<String>,
}

/// Every tenant, oldest first.
#[tracing::instrument(name = "tenants.list", skip_all)]
pub async fn list(cx: &Cx) -> Result<Vec<Tenant>, TenantError> {
    let found = cx.read(async |tx| Ok::<_, TenantError>(tenants::list(tx).await?)).await?;
    Ok(found.into_iter().map(|(tenant, _)| tenant).collect())
}

/// A page of tenants, oldest first, and how many there are.
#[tracing::instrument(name = "tenants.page", skip_all)]
pub async fn page(cx: &Cx, page: Page) -> Result<(Vec<Tenant>, i64), TenantError> {
    cx.read(async |tx| Ok(tenants::page(tx, None, page).await?)).await
}

/// The same without the operators' own.
#[tracing::instrument(name = "tenants.page_of_users", skip_all)]
pub async fn page_of_users(cx: &Cx, page: Page) -> Result<(Vec<Tenant>, i64), TenantError> {
    cx.read(async |tx| Ok(tenants::page(tx, Some(&TenantId::admin()), page).await?)).await
}

/// A tenant.
#[tracing::instrument(name = "tenants.get", skip_all)]
pub async fn get(cx: &Cx, id: &TenantId) -> Result<Tenant, TenantError> {
    cx.read(async |tx| tenants::find(tx, id).await?.ok_or(TenantError::NotFound)).await
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.chars().count() > MAX_NAME {
        return Err(Refusal::invalid_input("name", Reason::CharactersAtMost { most: MAX_NAME }));
    }
    Ok(())
}

/// A random version to begin with, out of so many that it is none which an earlier tenant of the same id had.
fn first_version(rng: &dyn Rng) -> i64 {
    let mut bytes = [0; 8];
    rng.fill(&mut bytes);
    // Half of the range stays for it to grow.
    i64::from_be_bytes(bytes) & (i64::MAX >> 1)
}

/// Makes a tenant with a signing key and a Management API of its own. It serves on this node at once and on the others
/// within half a second. Refused where its id or host is taken, the id also by a tenant that was deleted a moment ago.
#[tracing::instrument(name = "tenants.create", skip_all)]
pub async fn create(cx: &Cx, new: NewTenant) -> Result<Tenant, TenantError> {
    let core = cx.core();
    let id = new.id.unwrap_or_else(|| TenantId(core.rng().text(12)));
    id.check_new()?;
    check_name(&new.name)?;
    let address = TenantAddress::parse(&new.address)?;
    let settled = TenantId::permanent().map(|tenant| core.endpoint(&tenant));
    if settled.iter().any(|settled| settled.split_once("://").is_some_and(|(_, host)| host == address.host)) {
        return Err(TenantError::AddressInUse);
    }
    let tenant = Tenant { id, name: new.name, address: Some(address), created_at: cx.now };
    let key = generate(&core.parts, cx.now, cx.now)?;
    let made = &tenant;
    let first_version = first_version(core.rng());
    cx.write(async move |tx| {
        tenants::insert(tx, made, first_version).await?;
        signing_keys::insert(tx, &made.id, &key, &core.parts.master_key).await?;
        management_api(tx, &made.id, cx.now).await?;
        Ok::<_, TenantError>(cx.emit(tx, Event::created(EventKind::TenantCreated, made)).await?)
    })
    .await?;
    core.reload_tenants().await?;
    Ok(tenant)
}

/// Changes a tenant's name. An address that differs from the one that it has is refused.
#[tracing::instrument(name = "tenants.update", skip_all)]
pub async fn update(cx: &Cx, id: &TenantId, change: TenantChange) -> Result<Tenant, TenantError> {
    let core = cx.core();
    if let Some(name) = &change.name {
        check_name(name)?;
    }
    if let Some(address) = &change.address {
        get(cx, id).await?;
        if TenantAddress::parse(address)?.endpoint != core.endpoint(id) {
            return Err(TenantError::AddressFixed);
        }
    }
    let name = &change.name;
    let tenant = cx.write(async move |tx| {
        super::lock(tx, id).await?;
        let known = tenants::find(tx, id).await?.ok_or(TenantError::NotFound)?;
        let Some(name) = name.clone().filter(|name| *name != known.name) else { return Ok(known) };
        let named = Tenant { name, ..known.clone() };
        tenants::rename(tx, id, &named.name).await?;
        cx.emit(tx, Event::updated(EventKind::TenantUpdated, &known, &named)).await?;
        Ok::<_, TenantError>(named)
    });
    let tenant = tenant.await?;
    core.reload_tenants().await?;
    Ok(tenant)
}

/// Takes a tenant out of use: its address is one like any that nobody has, and nothing of it opens anything, here at once and on other nodes
/// within half a second. Its rows are removed while the server runs. The two tenants that are always there stay.
#[tracing::instrument(name = "tenants.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &TenantId) -> Result<(), TenantError> {
    if TenantId::permanent().contains(id) {
        return Err(TenantError::Fixed);
    }
    cx.write(async move |tx| {
        super::lock(tx, id).await?;
        let known = tenants::find(tx, id).await?.ok_or(TenantError::NotFound)?;
        tenants::delete(tx, id, cx.now).await?;
        Ok::<_, TenantError>(cx.emit(tx, Event::deleted(EventKind::TenantDeleted, &known)).await?)
    })
    .await?;
    cx.core().reload_tenants().await?;
    Ok(())
}

impl Core {
    /// Reads the tenants anew, each with the version of its configuration, and forgets what this node knew of those that are not there.
    pub(crate) async fn reload_tenants(&self) -> Result<Vec<(Tenant, i64)>, StoreError> {
        let tenants = self.directory.reload(&self.parts.store).await?;
        let is_there = |owner: &TenantId| tenants.iter().any(|(tenant, _)| tenant.id == *owner);
        self.registry.keep(is_there);
        self.calls.keep(is_there);
        Ok(tenants)
    }

    /// The tenant that a `Host` header leads to, where it is not that of the listener.
    pub fn tenant_of_host(&self, host: &str) -> Option<TenantId> {
        self.directory.of_host(host)
    }

    /// The tenants that have users, oldest first, each with its address, as this node knows them: all but the operators' own.
    pub fn tenants_of_users(&self) -> Arc<[Tenant]> {
        self.directory.of_users()
    }
}
