//! The admin console as an application of the operators' tenant: what it needs to exist, and who may use it.

use keyway_model::application::{Application, ApplicationType, CustomClientMetadata, OidcClientMetadata};
use keyway_model::look::ApplicationExperience;
use keyway_model::resource::{CONSOLE_API, Role, RoleType};
use keyway_model::user::User;
use keyway_model::{ApplicationId, RoleId, TenantId, Timestamp};
use keyway_store::roles::RoleFilter;
use keyway_store::{Page, StoreError, Tx, applications, resources, role_assignments, roles, sessions, users};

use crate::tenants::{CONNECTOR_SCOPES, connector_scope_id, duties_api, operators_api};
use crate::{Core, CoreError, secret};

/// Client id of the console.
pub const CONSOLE: &str = "admin-console";

/// Where the console's sign-in ends, below the operators' endpoint.
pub const CALLBACK: &str = "/console/callback";

/// The role of those who may do everything.
pub(crate) const ADMINISTRATOR: &str = "administrator";

/// An administrator and what they may do.
pub struct Administrator {
    /// Who.
    pub user: User,
    /// Scopes of the Management API.
    pub scopes: Vec<String>,
}

/// The role that holds one duty around connectors, by the name of its scope; none when there is no such duty.
pub(crate) fn duty_role(scope: &str) -> Option<RoleId> {
    let known = CONNECTOR_SCOPES.iter().find(|(name, _)| *name == scope)?;
    Some(RoleId(format!("duty-{}", known.0.replace(':', "-"))))
}

/// A role for each duty, so that it can be given alone.
async fn duties(tx: &mut Tx, tenant: &TenantId) -> Result<(), CoreError> {
    let known = roles::list(tx, tenant, &RoleFilter::default(), Page::ALL).await?.0;
    for (name, description) in CONNECTOR_SCOPES {
        let Some(id) = duty_role(name) else { continue };
        if known.iter().any(|role| role.id == id) {
            continue;
        }
        let role =
            Role { id, name: name.into(), description: description.into(), kind: RoleType::User, is_default: false };
        roles::insert(tx, tenant, &role).await?;
        roles::add_scope(tx, tenant, &role.id, &connector_scope_id(name)).await?;
    }
    Ok(())
}

/// Makes the console's application and the administrators' role, and has the console where `endpoint` is.
pub(crate) async fn seed(tx: &mut Tx, endpoint: &str, now: Timestamp) -> Result<(), CoreError> {
    let tenant = TenantId::admin();
    crate::tenants::lock(tx, &tenant).await?;
    let uris = OidcClientMetadata {
        redirect_uris: vec![format!("{endpoint}{CALLBACK}")],
        post_logout_redirect_uris: vec![format!("{endpoint}/console")],
        ..OidcClientMetadata::default()
    };
    match applications::find(tx, &tenant, &ApplicationId(CONSOLE.into())).await? {
        Some(known) if known.oidc_client_metadata == uris => {}
        Some(known) => {
            let moved = Application { oidc_client_metadata: uris, ..known };
            applications::update(tx, &tenant, &moved).await?;
        }
        None => {
            let console = Application {
                id: ApplicationId(CONSOLE.into()),
                name: "Keyway Console".into(),
                description: None,
                kind: ApplicationType::Spa,
                oidc_client_metadata: uris,
                custom_client_metadata: CustomClientMetadata::default(),
                sign_in_experience: ApplicationExperience::default(),
                custom_data: serde_json::Map::new(),
                is_third_party: false,
                created_at: now,
            };
            applications::insert(tx, &tenant, &console).await?;
        }
    }
    let role = Role {
        id: RoleId(ADMINISTRATOR.into()),
        name: "Administrator".into(),
        description: "May do everything".into(),
        kind: RoleType::User,
        is_default: false,
    };
    duties_api(tx, &tenant, CONSOLE_API.into(), role, now).await?;
    operators_api(tx, now).await?;
    duties(tx, &tenant).await
}

/// Gives a user of the operators' tenant the role that may do everything.
pub(crate) async fn add_administrator(tx: &mut Tx, user: &User) -> Result<(), StoreError> {
    role_assignments::add_user(tx, &TenantId::admin(), &RoleId(ADMINISTRATOR.into()), &user.id).await.map(|_| ())
}

impl Core {
    /// Who is signed in at the operators' tenant with this session, what they may do, and when they proved who they are; none
    /// when the session is over, or the user is suspended.
    pub async fn administrator(&self, session_secret: &str) -> Result<Option<(Administrator, Timestamp)>, CoreError> {
        let (hash, now) = (secret::hash(session_secret), self.now());
        self.read(async move |tx| {
            let tenant = TenantId::admin();
            let Some(session) = sessions::find(tx, &tenant, &hash, now).await? else { return Ok(None) };
            let Some(user) = users::find(tx, &tenant, &session.user_id).await? else { return Ok(None) };
            let scopes = resources::scopes_of_user(tx, &tenant, &user.id, CONSOLE_API).await?;
            Ok(Some((Administrator { user, scopes }, session.authenticated_at)))
        })
        .await
    }

    /// Seals a text that a browser keeps for the server; `purpose` keeps one such text from standing for another.
    pub fn seal_for_browser(&self, purpose: &str, text: &str) -> Result<String, CoreError> {
        Ok(self.parts.master_key.seal(purpose, text)?)
    }

    /// Opens what [`Self::seal_for_browser`] sealed; none when it is not ours.
    pub fn open_from_browser(&self, purpose: &str, sealed: &str) -> Option<String> {
        self.parts.master_key.open(purpose, sealed).ok()
    }

    /// A fresh secret, and its challenge for PKCE (RFC 7636 section 4.2).
    pub fn new_verifier(&self) -> (String, String) {
        let verifier = secret::generate(self.rng());
        let challenge = secret::challenge(&verifier);
        (verifier, challenge)
    }
}
