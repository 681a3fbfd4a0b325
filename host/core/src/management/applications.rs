//! Applications and their secrets.

use keyway_model::application::{
    Application, ApplicationSecret, ApplicationType, CustomClientMetadata, OidcClientMetadata,
};
use keyway_model::look::ApplicationExperience;
use keyway_model::{ApplicationId, ErrorCode, Refusal, TenantId, Timestamp, redirect};
use keyway_store::{Page, applications};

use crate::{Core, CoreError, secret};

/// What an admin gives to make an application.
#[derive(Debug)]
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

/// A secret to be made.
#[derive(Debug)]
pub struct NewSecret {
    /// Unique in the application.
    pub name: String,
    /// After this moment it is refused.
    pub expires_at: Option<Timestamp>,
}

/// Name of the secret that an application is made with.
pub const DEFAULT_SECRET: &str = "Default secret";

pub(crate) fn check(application: &Application) -> Result<(), Refusal> {
    let length = application.name.chars().count();
    if !(1..=256).contains(&length) {
        return Err(Refusal::invalid_input("name", "must have 1 to 256 characters"));
    }
    let metadata = &application.oidc_client_metadata;
    for (field, uris) in
        [("redirectUris", &metadata.redirect_uris), ("postLogoutRedirectUris", &metadata.post_logout_redirect_uris)]
    {
        for (index, uri) in uris.iter().enumerate() {
            let name = format!("oidcClientMetadata.{field}[{index}]");
            redirect::check(uri).map_err(|expected| Refusal::invalid_input(&name, expected))?;
        }
    }
    metadata.check_rest()?;
    let custom = &application.custom_client_metadata;
    custom.check_rest()?;
    if custom.refresh_token_ttl_in_days.is_some_and(|days| !(1..=180).contains(&days)) {
        return Err(Refusal::invalid_input("customClientMetadata.refreshTokenTtlInDays", "must be 1 to 180"));
    }
    if custom.id_token_ttl.is_some_and(|seconds| !(60..=86_400).contains(&seconds)) {
        return Err(Refusal::invalid_input("customClientMetadata.idTokenTtl", "must be 60 to 86400 seconds"));
    }
    for origin in &custom.cors_allowed_origins {
        if !redirect::is_origin(origin) {
            let expected = "must hold origins such as https://app.example.com or capacitor://localhost";
            return Err(Refusal::invalid_input("customClientMetadata.corsAllowedOrigins", expected));
        }
    }
    Ok(())
}

impl Core {
    /// A page of applications and how many there are.
    pub async fn applications(&self, tenant: &TenantId, page: Page) -> Result<(Vec<Application>, i64), CoreError> {
        self.read(async move |tx| applications::list(tx, tenant, page).await).await
    }

    /// An application.
    pub async fn application(&self, tenant: &TenantId, id: &ApplicationId) -> Result<Application, CoreError> {
        let found = self.read(async move |tx| applications::find(tx, tenant, id).await).await?;
        found.ok_or_else(|| ErrorCode::EntityNotFound.into())
    }

    /// Makes an application, with a first secret when it can keep one.
    pub async fn create_application(&self, tenant: &TenantId, new: NewApplication) -> Result<Application, CoreError> {
        let now = self.now();
        let application = Application {
            id: self.id(),
            name: new.name,
            description: new.description,
            kind: new.kind,
            oidc_client_metadata: new.oidc_client_metadata,
            custom_client_metadata: new.custom_client_metadata,
            sign_in_experience: ApplicationExperience::default(),
            custom_data: new.custom_data,
            is_third_party: new.is_third_party,
            created_at: now,
        };
        check(&application)?;
        let secret = ApplicationSecret {
            name: DEFAULT_SECRET.into(),
            value: secret::generate(self.rng()),
            created_at: now,
            expires_at: None,
        };
        let (key, made) = (self.parts.master_key.clone(), application.clone());
        self.save(ErrorCode::UniqueViolation, async move |tx| {
            applications::insert(tx, tenant, &application).await?;
            if !application.kind.is_public() {
                let hash = secret::hash(&secret.value);
                applications::insert_secret(tx, tenant, &application.id, &secret, &hash, &key).await?;
            }
            Ok(())
        })
        .await?;
        Ok(made)
    }

    /// Changes an application.
    pub async fn update_application(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
        change: impl FnOnce(&mut Application) + Clone + Send + 'static,
    ) -> Result<Application, CoreError> {
        self.save(ErrorCode::UniqueViolation, async move |tx| {
            let found = applications::lock(tx, tenant, id).await?;
            let mut application = found.ok_or(ErrorCode::EntityNotFound)?;
            change(&mut application);
            check(&application)?;
            applications::update(tx, tenant, &application).await?;
            Ok(application)
        })
        .await
    }

    /// Removes an application with its secrets and everybody's tokens for it.
    pub async fn delete_application(&self, tenant: &TenantId, id: &ApplicationId) -> Result<(), CoreError> {
        let deleted =
            self.save(ErrorCode::UniqueViolation, async move |tx| Ok(applications::delete(tx, tenant, id).await?));
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }

    /// The secrets of an application, oldest first.
    pub async fn application_secrets(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
    ) -> Result<Vec<ApplicationSecret>, CoreError> {
        self.application(tenant, id).await?;
        let key = self.parts.master_key.clone();
        self.read(async move |tx| applications::secrets(tx, tenant, id, &key).await).await
    }

    /// Adds a secret beside those that are there, so that clients can move from one to the next.
    pub async fn create_application_secret(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
        new: NewSecret,
    ) -> Result<ApplicationSecret, CoreError> {
        let application = self.application(tenant, id).await?;
        if application.kind.is_public() {
            return Err(Refusal::invalid_input("type", "a Native or SPA application keeps no secret").into());
        }
        let now = self.now();
        if !(1..=256).contains(&new.name.chars().count()) {
            return Err(Refusal::invalid_input("name", "must have 1 to 256 characters").into());
        }
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(Refusal::invalid_input("expiresAt", "must be in the future").into());
        }
        let value = secret::generate(self.rng());
        let secret = ApplicationSecret { name: new.name, value, created_at: now, expires_at: new.expires_at };
        let (key, made) = (self.parts.master_key.clone(), secret.clone());
        self.save(ErrorCode::SecretNameExists, async move |tx| {
            let hash = secret::hash(&secret.value);
            Ok(applications::insert_secret(tx, tenant, id, &secret, &hash, &key).await?)
        })
        .await?;
        Ok(made)
    }

    /// Removes a secret; whoever still uses it is refused from now on.
    pub async fn delete_application_secret(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
        name: String,
    ) -> Result<(), CoreError> {
        let deleted = self.save(ErrorCode::UniqueViolation, async move |tx| {
            Ok(applications::delete_secret(tx, tenant, id, &name).await?)
        });
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }
}
