//! Applications: the OAuth clients of a tenant.

mod machines;
mod secrets;

use keyway_model::application::{
    Application, ApplicationChange, ApplicationSecret, ApplicationType, CustomClientMetadata, OidcClientMetadata,
};
use keyway_model::look::ApplicationExperience;
use keyway_model::{ApplicationId, ObjectChange, Reason, Refusal, redirect};
use keyway_store::{Constraint, Page, StoreError, Tx, applications};
use serde_json::json;

use crate::events::{CHANGED, Event, EventKind};
use crate::{Cx, secret};

pub use keyway_store::applications::ApplicationFilter;
pub use machines::{create_management, machines};
pub use secrets::{NewSecret, create_secret, delete_secret, secrets};

/// Why nothing was done about an application.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// The application or the secret is not there.
    #[error("not found")]
    NotFound,
    /// The application has a secret of this name.
    #[error("the secret's name is taken")]
    SecretNameInUse,
    /// What was given breaks a rule; says where.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ApplicationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unique(Constraint::ApplicationSecret) => Self::SecretNameInUse,
            error => Self::Store(error),
        }
    }
}

/// What an admin gives to make an application.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields of an application")]
pub struct NewApplication {
    pub name: String,
    pub description: Option<String>,
    pub kind: ApplicationType,
    pub oidc_client_metadata: OidcClientMetadata,
    pub custom_client_metadata: CustomClientMetadata,
    pub custom_data: serde_json::Map<String, serde_json::Value>,
    pub is_third_party: bool,
}

/// Name of the secret that an application is made with.
pub const DEFAULT_SECRET: &str = "Default secret";

fn check(application: &Application) -> Result<(), Refusal> {
    let length = application.name.chars().count();
    if !(1..=256).contains(&length) {
        return Err(Refusal::invalid_input("name", Reason::Characters { least: 1, most: 256 }));
    }
    let metadata = &application.oidc_client_metadata;
    for (field, uris) in
        [("redirectUris", &metadata.redirect_uris), ("postLogoutRedirectUris", &metadata.post_logout_redirect_uris)]
    {
        for (index, uri) in uris.iter().enumerate() {
            let name = format!("oidcClientMetadata.{field}[{index}]");
            redirect::check(uri).map_err(|reason| Refusal::invalid_input(&name, reason))?;
        }
    }
    metadata.check_rest()?;
    let custom = &application.custom_client_metadata;
    custom.check_rest()?;
    if custom.refresh_token_ttl_in_days.is_some_and(|days| !(1..=180).contains(&days)) {
        let reason = Reason::Between { least: 1, most: 180 };
        return Err(Refusal::invalid_input("customClientMetadata.refreshTokenTtlInDays", reason));
    }
    if custom.id_token_ttl.is_some_and(|seconds| !(60..=86_400).contains(&seconds)) {
        let reason = Reason::Seconds { least: 60, most: 86_400 };
        return Err(Refusal::invalid_input("customClientMetadata.idTokenTtl", reason));
    }
    for origin in &custom.cors_allowed_origins {
        if !redirect::is_origin(origin) {
            return Err(Refusal::invalid_input("customClientMetadata.corsAllowedOrigins", Reason::Origins));
        }
    }
    Ok(())
}

impl NewApplication {
    /// A machine-to-machine application without anything of its own.
    pub fn machine(name: String) -> Self {
        Self {
            name,
            description: None,
            kind: ApplicationType::MachineToMachine,
            oidc_client_metadata: OidcClientMetadata::default(),
            custom_client_metadata: CustomClientMetadata::default(),
            custom_data: serde_json::Map::new(),
            is_third_party: false,
        }
    }
}

async fn lock(tx: &mut Tx, cx: &Cx, id: &ApplicationId) -> Result<Application, ApplicationError> {
    applications::lock(tx, &cx.tenant, id).await?.ok_or(ApplicationError::NotFound)
}

/// A page of applications, newest first, and how many there are.
#[tracing::instrument(name = "applications.list", skip_all)]
pub async fn list(
    cx: &Cx,
    filter: &ApplicationFilter,
    page: Page,
) -> Result<(Vec<Application>, i64), ApplicationError> {
    cx.read(async |tx| Ok(applications::list(tx, &cx.tenant, filter, page).await?)).await
}

/// The newest application that signs people in.
#[tracing::instrument(name = "applications.newest_for_people", skip_all)]
pub async fn newest_for_people(cx: &Cx) -> Result<Option<Application>, ApplicationError> {
    cx.read(async |tx| Ok(applications::newest_for_people(tx, &cx.tenant).await?)).await
}

/// An application.
#[tracing::instrument(name = "applications.get", skip_all)]
pub async fn get(cx: &Cx, id: &ApplicationId) -> Result<Application, ApplicationError> {
    cx.read(async |tx| applications::find(tx, &cx.tenant, id).await?.ok_or(ApplicationError::NotFound)).await
}

/// An application to be stored, with its first secret where it can keep one.
fn made(cx: &Cx, new: NewApplication) -> Result<(Application, Option<ApplicationSecret>), ApplicationError> {
    let application = Application {
        id: cx.core().id(),
        name: new.name,
        description: new.description,
        kind: new.kind,
        oidc_client_metadata: new.oidc_client_metadata,
        custom_client_metadata: new.custom_client_metadata,
        sign_in_experience: ApplicationExperience::default(),
        custom_data: new.custom_data,
        is_third_party: new.is_third_party,
        created_at: cx.now,
    };
    check(&application)?;
    let secret = (!application.kind.is_public()).then(|| ApplicationSecret {
        name: DEFAULT_SECRET.into(),
        value: secret::generate(cx.core().rng()),
        created_at: cx.now,
        expires_at: None,
    });
    Ok((application, secret))
}

async fn insert(
    tx: &mut Tx,
    cx: &Cx,
    application: &Application,
    secret: Option<&ApplicationSecret>,
) -> Result<(), ApplicationError> {
    applications::insert(tx, &cx.tenant, application).await?;
    if let Some(secret) = secret {
        let (hash, key) = (secret::hash(&secret.value), &cx.core().parts.master_key);
        applications::insert_secret(tx, &cx.tenant, &application.id, secret, &hash, key).await?;
    }
    let event = Event::created(EventKind::ApplicationCreated, application).of_application(&application.id);
    Ok(cx.emit(tx, event).await?)
}

/// Makes an application, with a first secret when it can keep one.
#[tracing::instrument(name = "applications.create", skip_all)]
pub async fn create(cx: &Cx, new: NewApplication) -> Result<Application, ApplicationError> {
    let (application, secret) = made(cx, new)?;
    cx.write(async move |tx| {
        insert(tx, cx, &application, secret.as_ref()).await?;
        Ok(application)
    })
    .await
}

/// Changes an application.
#[tracing::instrument(name = "applications.update", skip_all)]
pub async fn update(cx: &Cx, id: &ApplicationId, change: ApplicationChange) -> Result<Application, ApplicationError> {
    let is_look = change.sign_in_experience.is_some();
    let kind = if is_look { EventKind::ApplicationExperienceReplaced } else { EventKind::ApplicationUpdated };
    cx.write(async move |tx| {
        let before = lock(tx, cx, id).await?;
        let after = before.changed(change);
        check(&after)?;
        applications::update(tx, &cx.tenant, &after).await?;
        let mut event = Event::updated(kind, &before, &after).of_application(id);
        if before.custom_data != after.custom_data {
            event = event.added("customData", json!(CHANGED));
        }
        cx.emit(tx, event).await?;
        Ok(after)
    })
    .await
}

/// Replaces what the sign-in pages look like for an application.
pub async fn put_experience(
    cx: &Cx,
    id: &ApplicationId,
    experience: ApplicationExperience,
) -> Result<ApplicationExperience, ApplicationError> {
    experience.check()?;
    let change = ApplicationChange { sign_in_experience: Some(experience), ..ApplicationChange::default() };
    Ok(update(cx, id, change).await?.sign_in_experience)
}

/// Merges into an application's own data.
pub async fn update_custom_data(
    cx: &Cx,
    id: &ApplicationId,
    data: serde_json::Map<String, serde_json::Value>,
) -> Result<Application, ApplicationError> {
    update(cx, id, ApplicationChange { custom_data: ObjectChange::Merge(data), ..ApplicationChange::default() }).await
}

/// Removes an application with its secrets and everybody's tokens for it.
#[tracing::instrument(name = "applications.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &ApplicationId) -> Result<(), ApplicationError> {
    cx.write(async move |tx| {
        let application = lock(tx, cx, id).await?;
        if !applications::delete(tx, &cx.tenant, id).await? {
            return Err(ApplicationError::NotFound);
        }
        let event = Event::deleted(EventKind::ApplicationDeleted, &application).of_application(id);
        Ok(cx.emit(tx, event).await?)
    })
    .await
}
