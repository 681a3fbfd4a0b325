//! Tenants: the two that are always there, those that operators make, what each starts with, and the machines that administer them.

mod directory;
mod lifecycle;

use keyway_model::application::{
    Application, ApplicationSecret, ApplicationType, CustomClientMetadata, OidcClientMetadata,
};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::look::ApplicationExperience;
use keyway_model::resource::{MANAGEMENT_SCOPE, Resource, Role, RoleType, Scope, management_api as indicator_of};
use keyway_model::session::{SESSION_TTL, Session};
use keyway_model::user::User;
use keyway_model::{ApplicationId, ErrorCode, RoleId, ScopeId, TenantId, Timestamp, UserId};
use keyway_store::{StoreError, Tx, applications, resources, roles, sessions, users};

use crate::management::{DEFAULT_SECRET, administrators, check_application};
use crate::signin::taken;
use crate::{Core, CoreError, Parts, Visitor, console, secret};

pub(crate) use directory::Directory;

/// How long a link for the first administrator is good, in seconds.
const FIRST_ADMIN_TTL: i64 = 24 * 3600;
/// What such a link is sealed for.
const FIRST_ADMIN: &str = "first-admin";

/// The role that opens the Management API.
const MANAGEMENT_ROLE: &str = "management-api-access";

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
        .await
}

/// Makes a tenant's Management API with its scopes and a role that may do everything there, unless the tenant has it.
pub(crate) async fn management_api(
    tx: &mut Tx,
    tenant: &TenantId,
    role: Role,
    now: Timestamp,
) -> Result<(), CoreError> {
    let indicator = indicator_of(tenant);
    if let Some(resource) = resources::find_by_indicator(tx, tenant, &indicator).await? {
        return connector_scopes(tx, tenant, &resource, now).await;
    }
    let resource = Resource {
        id: "management-api".into(),
        name: "Logto Management API".into(),
        indicator,
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
    connector_scopes(tx, tenant, &resource, now).await
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
    /// Makes a machine-to-machine application of a tenant with full access to its Management API; returns its id and secret.
    pub async fn create_management_application(
        &self,
        tenant: &TenantId,
        name: String,
    ) -> Result<(ApplicationId, String), CoreError> {
        if self.endpoint(tenant).is_empty() {
            return Err(ErrorCode::EntityNotFound.into());
        }
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
        let secret = ApplicationSecret { name: DEFAULT_SECRET.into(), value, created_at: now, expires_at: None };
        let key = self.parts.master_key.clone();
        self.parts
            .store
            .write(async move |tx| {
                applications::insert(tx, tenant, &application).await?;
                let hash = secret::hash(&secret.value);
                applications::insert_secret(tx, tenant, &application.id, &secret, &hash, &key).await?;
                roles::add_application(tx, tenant, &RoleId(MANAGEMENT_ROLE.into()), &application.id).await?;
                Ok::<_, CoreError>(())
            })
            .await?;
        Ok(made)
    }

    /// Whether nobody may do everything at the console yet.
    pub async fn awaits_first_administrator(&self) -> Result<bool, CoreError> {
        Ok(!self.read(async |tx| administrators::any(tx).await).await?)
    }

    /// A link by which the first administrator is made; none when there is one. It ends, and each is another: one that is left
    /// in a log opens nothing later.
    pub async fn first_admin_link(&self) -> Result<Option<String>, CoreError> {
        if !self.awaits_first_administrator().await? {
            return Ok(None);
        }
        let until = self.now().plus_seconds(FIRST_ADMIN_TTL).seconds().to_string();
        let secret = self.seal_for_browser(FIRST_ADMIN, &until)?;
        Ok(Some(format!("{}/welcome?secret={secret}", self.endpoint(&TenantId::admin()))))
    }

    fn is_first_admin_secret(&self, presented: &str) -> bool {
        let until = self.open_from_browser(FIRST_ADMIN, presented).and_then(|text| text.parse::<i64>().ok());
        until.is_some_and(|until| self.now().seconds() < until)
    }

    /// Makes the first administrator and signs them in; the secret of the session. Refused when the link's secret is wrong or
    /// has ended, or when there is one already.
    pub async fn create_first_admin(
        &self,
        presented: &str,
        username: String,
        password: String,
        visitor: &Visitor,
    ) -> Result<String, CoreError> {
        if !self.is_first_admin_secret(presented) {
            return Err(ErrorCode::LinkExpired.into());
        }
        let tenant = TenantId::admin();
        let identifier = Identifier::parse(IdentifierKind::Username, &username)?;
        let now = self.now();
        let mut user = User::new(UserId(self.rng().text(12)), now);
        user.set_identifier(&identifier);
        self.check_password(&tenant, &password, &user)?;
        user.password = Some(self.hasher.hash(&visitor.ip, password).await?);
        user.last_sign_in_at = Some(now);
        let session = Session {
            id: self.id(),
            user_id: user.id.clone(),
            authenticated_at: now,
            expires_at: now.plus_seconds(SESSION_TTL),
            credential_epoch: user.credential_epoch,
            user_agent: visitor.user_agent.clone(),
            ip: Some(visitor.ip.clone()),
        };
        let secret = secret::generate(self.rng());
        let hash = secret::hash(&secret);
        self.parts
            .store
            .write(async move |tx| {
                lock(tx, &tenant).await?;
                if administrators::any(tx).await? {
                    return Err(ErrorCode::Forbidden.into());
                }
                users::insert(tx, &tenant, &user).await?;
                console::add_administrator(tx, &user).await?;
                Ok::<_, CoreError>(sessions::insert(tx, &tenant, &hash, &session).await?)
            })
            .await
            .map_err(taken)?;
        Ok(secret)
    }
}
