//! Tenants: the two that are always there, those that operators make, what each starts with.

mod directory;
mod error;
mod lifecycle;

use keyway_model::resource::{MANAGEMENT_SCOPE, Resource, Role, RoleType, Scope, management_api as indicator_of};
use keyway_model::{RoleId, ScopeId, TenantId, Timestamp};
use keyway_store::resources::ScopeFilter;
use keyway_store::{Page, StoreError, Tx, resources, roles};

use crate::{CoreError, Parts, console};

pub(crate) use directory::Directory;
pub use error::TenantError;
pub use lifecycle::{NewTenant, TenantChange, create, delete, get, list, page, page_of_users, update};

/// The role of machines that opens the whole Management API.
pub(crate) fn management_role() -> Role {
    Role {
        id: RoleId("management-api-access".into()),
        name: "Logto Management API access".into(),
        description: "Default scope for Management API, allows all permissions.".into(),
        kind: RoleType::MachineToMachine,
        is_default: false,
    }
}

/// Holds the tenant for this transaction, so that two nodes that start at once do not both seed it.
pub(crate) async fn lock(tx: &mut Tx, tenant: &TenantId) -> Result<(), StoreError> {
    keyway_store::tenants::lock(tx, tenant).await
}

/// Who opens the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opener {
    /// The server, whose settings say where the console is.
    Server,
    /// A command beside it, which leaves what is there as it is.
    Command,
}

/// Makes what every installation has: the Management API, its scope and the role that holds it.
pub(crate) async fn seed(parts: &Parts, opener: Opener) -> Result<(), CoreError> {
    let now = parts.clock.now();
    let operators = parts.admin_endpoint.as_str().trim_end_matches('/').to_owned();
    parts
        .store
        .write(async move |tx| {
            let tenant = TenantId::default_tenant();
            let seeded = resources::find_by_indicator(tx, &tenant, &indicator_of(&tenant)).await?.is_some();
            if seeded && opener == Opener::Command {
                return Ok(());
            }
            console::seed(tx, &operators, now).await?;
            lock(tx, &tenant).await?;
            management_api(tx, &tenant, now).await
        })
        .await
}

/// Makes a tenant's Management API with its scopes and a role of machines that may do everything there, unless the tenant has it.
pub(crate) async fn management_api(tx: &mut Tx, tenant: &TenantId, now: Timestamp) -> Result<(), CoreError> {
    duties_api(tx, tenant, indicator_of(tenant), management_role(), now).await
}

/// Makes the resource whose scopes are the duties of those who administer, and a role that holds all of them, unless it is there.
pub(crate) async fn duties_api(
    tx: &mut Tx,
    tenant: &TenantId,
    indicator: String,
    role: Role,
    now: Timestamp,
) -> Result<(), CoreError> {
    let resource = match resources::find_by_indicator(tx, tenant, &indicator).await? {
        Some(resource) => resource,
        None => api(tx, tenant, "management-api", "Logto Management API", indicator, &role, now).await?,
    };
    connector_scopes(tx, tenant, &resource, now).await
}

/// Makes the Management API of the operators' tenant, by which programs administer tenants, unless it is there.
pub(crate) async fn operators_api(tx: &mut Tx, now: Timestamp) -> Result<(), CoreError> {
    let tenant = TenantId::admin();
    let indicator = indicator_of(&tenant);
    if resources::find_by_indicator(tx, &tenant, &indicator).await?.is_none() {
        api(tx, &tenant, "operators-api", "Operators API", indicator, &management_role(), now).await?;
    }
    Ok(())
}

/// Makes a resource with the scope that opens all of it, and a role that holds this scope.
async fn api(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &str,
    name: &str,
    indicator: String,
    role: &Role,
    now: Timestamp,
) -> Result<Resource, CoreError> {
    let resource = Resource { id: id.into(), name: name.into(), indicator, is_default: false, access_token_ttl: 3600 };
    resources::insert(tx, tenant, &resource, now).await?;
    let scope = Scope {
        id: format!("{id}-all").into(),
        resource_id: resource.id.clone(),
        name: MANAGEMENT_SCOPE.into(),
        description: Some(format!("Full access to the {}", name.trim_start_matches("Logto "))),
        created_at: now.0,
    };
    resources::insert_scope(tx, tenant, &scope).await?;
    roles::insert(tx, tenant, role).await?;
    roles::add_scope(tx, tenant, &role.id, &scope.id).await?;
    Ok(resource)
}

/// Duties around connectors that different people may have, without the whole Management API.
pub const CONNECTOR_SCOPES: [(&str, &str); 5] = [
    ("connectors:view", "See connectors and their components"),
    ("connectors:upload", "Upload components"),
    ("connectors:approve", "Approve, activate, roll back and remove components"),
    ("connectors:configure", "Set up, change and remove connectors"),
    ("connectors:test", "Send test messages"),
];

/// The id of such a scope.
pub(crate) fn connector_scope_id(name: &str) -> ScopeId {
    format!("management-api-{}", name.replace(':', "-")).into()
}

async fn connector_scopes(
    tx: &mut Tx,
    tenant: &TenantId,
    resource: &Resource,
    now: Timestamp,
) -> Result<(), CoreError> {
    let filter = ScopeFilter { of_resource: Some(resource.id.clone()), ..ScopeFilter::default() };
    let (known, _) = resources::scopes(tx, tenant, &filter, Page::ALL).await?;
    for (name, description) in CONNECTOR_SCOPES {
        if known.iter().any(|scope| scope.name == name) {
            continue;
        }
        let scope = Scope {
            id: connector_scope_id(name),
            resource_id: resource.id.clone(),
            name: name.into(),
            description: Some(description.into()),
            created_at: now.0,
        };
        resources::insert_scope(tx, tenant, &scope).await?;
    }
    Ok(())
}
