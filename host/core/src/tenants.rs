//! The two tenants, what they start with, and the machine that administers them.

use keyway_model::application::{
    Application, ApplicationExperience, ApplicationSecret, ApplicationType, CustomClientMetadata, OidcClientMetadata,
};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::resource::{MANAGEMENT_API, MANAGEMENT_SCOPE, Resource, Role, RoleType, Scope};
use keyway_model::user::User;
use keyway_model::{ApplicationId, ErrorCode, RoleId, ScopeId, TenantId, Timestamp, UserId, password_policy};
use keyway_store::{StoreError, Tx, applications, resources, roles, user_search, users};

use crate::management::check_application;
use crate::{Core, CoreError, Parts, console, secret};

/// The role that opens the Management API.
const MANAGEMENT_ROLE: &str = "management-api-access";

/// Holds the tenant for this transaction, so that two nodes that start at once do not both seed it.
pub(crate) async fn lock(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<(), StoreError> {
    keyway_store::tenants::lock(tx, tenant).await
}

/// Makes what every installation has: the Management API, its scope and the role that holds it.
pub(crate) async fn seed(parts: &Parts) -> Result<(), CoreError> {
    let now = parts.clock.now();
    let operators = parts.admin_endpoint.as_str().trim_end_matches('/').to_owned();
    parts
        .store
        .write(move |tx| {
            Box::pin(async move {
                console::seed(tx, &operators, now).await?;
                let tenant = TenantId::default_tenant();
                lock(tx, &tenant).await?;
                let role = Role {
                    id: RoleId(MANAGEMENT_ROLE.into()),
                    name: "Logto Management API access".into(),
                    description: "Full access to the Management API".into(),
                    kind: RoleType::MachineToMachine,
                    is_default: false,
                };
                management_api(tx, &tenant, role, now).await?;
                Ok::<_, CoreError>(())
            })
        })
        .await
}

/// Makes a tenant's Management API with its scopes and a role that may do everything there, unless the tenant has it; says
/// whether it was made now.
pub(crate) async fn management_api(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    role: Role,
    now: Timestamp,
) -> Result<bool, CoreError> {
    if let Some(resource) = resources::find_by_indicator(tx, tenant, MANAGEMENT_API).await? {
        connector_scopes(tx, tenant, &resource, now).await?;
        return Ok(false);
    }
    let resource = Resource {
        id: "management-api".into(),
        name: "Logto Management API".into(),
        indicator: MANAGEMENT_API.into(),
        is_default: false,
        access_token_ttl: 3600,
    };
    resources::insert(tx, tenant, &resource, now).await?;
    let scope = Scope {
        id: "management-api-all".into(),
        resource_id: resource.id.clone(),
        name: MANAGEMENT_SCOPE.into(),
        description: Some("Full access to the Management API".into()),
        created_at: now.0,
    };
    resources::insert_scope(tx, tenant, &scope).await?;
    roles::insert(tx, tenant, &role).await?;
    roles::add_scope(tx, tenant, &role.id, &scope.id).await?;
    connector_scopes(tx, tenant, &resource, now).await?;
    Ok(true)
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
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    resource: &Resource,
    now: Timestamp,
) -> Result<(), CoreError> {
    let known = resources::scopes(tx, tenant, &resource.id).await?;
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

impl Core {
    /// Makes a machine-to-machine application with full Management API access; returns its id and secret.
    pub async fn create_management_application(&self, name: String) -> Result<(ApplicationId, String), CoreError> {
        let tenant = TenantId::default_tenant();
        let now = self.now();
        let application = Application {
            id: self.id(),
            name,
            description: None,
            kind: ApplicationType::MachineToMachine,
            oidc_client_metadata: OidcClientMetadata::default(),
            custom_client_metadata: CustomClientMetadata::default(),
            sign_in_experience: ApplicationExperience::default(),
            custom_data: serde_json::Map::new(),
            is_third_party: false,
            created_at: now,
        };
        check_application(&application)?;
        let value = secret::generate(self.rng());
        let made = (application.id.clone(), value.clone());
        let secret = ApplicationSecret { name: "Default secret".into(), value, created_at: now, expires_at: None };
        let key = self.parts.master_key.clone();
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    applications::insert(tx, &tenant, &application).await?;
                    let hash = secret::hash(&secret.value);
                    applications::insert_secret(tx, &tenant, &application.id, &secret, &hash, &key).await?;
                    roles::add_application(tx, &tenant, &RoleId(MANAGEMENT_ROLE.into()), &application.id).await?;
                    Ok::<_, CoreError>(())
                })
            })
            .await?;
        Ok(made)
    }

    /// The secret of the first administrator's link: the same on every node, worth nothing once there is an administrator.
    fn first_admin_secret(&self) -> String {
        hex::encode(self.parts.master_key.derive("first-admin"))
    }

    /// The link by which the first administrator is made; none when there is one.
    pub async fn first_admin_link(&self) -> Result<Option<String>, CoreError> {
        let tenant = TenantId::admin();
        let has_administrator = self.has_users(&tenant).await?;
        let link = format!("{}/welcome?secret={}", self.endpoint(&tenant), self.first_admin_secret());
        Ok((!has_administrator).then_some(link))
    }

    /// Makes the first administrator. Refused when the secret is wrong or there is one already.
    pub async fn create_first_admin(
        &self,
        presented: &str,
        username: String,
        password: String,
    ) -> Result<(), CoreError> {
        if !secret::equal(presented, &self.first_admin_secret()) {
            return Err(ErrorCode::Forbidden.into());
        }
        let tenant = TenantId::admin();
        let identifier = Identifier::parse(IdentifierKind::Username, &username)?;
        let mut user = User::new(UserId(self.rng().text(12)), self.now());
        user.set_identifier(&identifier);
        password_policy::check(&password, Some(&user))?;
        user.password = Some(self.hasher.hash(password).await?);
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    lock(tx, &tenant).await?;
                    if user_search::any(tx, &tenant).await? {
                        return Err(ErrorCode::Forbidden.into());
                    }
                    users::insert(tx, &tenant, &user).await?;
                    console::add_administrator(tx, &user).await?;
                    Ok::<_, CoreError>(())
                })
            })
            .await
    }
}
