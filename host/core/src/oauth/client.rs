//! Authentication of clients at the token and revocation endpoints.

use keyway_model::application::Application;
use keyway_model::oauth::OAuthError;
use keyway_model::{ApplicationId, TenantId, redirect};
use keyway_store::{Page, applications};

use crate::{Core, CoreError, secret};

/// What a client presents. Basic authentication and form fields may both be there when they name the same client.
#[derive(Debug, Default, Clone)]
pub struct ClientCredentials {
    /// From the `Authorization: Basic` header.
    pub basic: Option<(String, String)>,
    /// `client_id` of the form.
    pub client_id: Option<String>,
    /// `client_secret` of the form.
    pub client_secret: Option<String>,
}

impl Core {
    /// The application behind the credentials. A public client presents none; every other must present a live secret.
    pub(crate) async fn authenticate_client(
        &self,
        tenant: &TenantId,
        credentials: &ClientCredentials,
    ) -> Result<Application, CoreError> {
        let refused = || OAuthError::new("invalid_client", "client authentication failed");
        let (id, presented) = match (&credentials.basic, &credentials.client_id) {
            (Some((id, _)), Some(other)) if id != other => return Err(refused().into()),
            (Some((id, secret)), _) => (id.clone(), Some(secret.clone())),
            (None, Some(id)) => (id.clone(), credentials.client_secret.clone()),
            (None, None) => return Err(refused().into()),
        };
        let (tenant, id, now) = (tenant.clone(), ApplicationId(id), self.now());
        let hash = presented.map(|secret| secret::hash(&secret));
        let found = self.parts.store.read(|tx| {
            Box::pin(async move {
                Ok::<_, CoreError>(applications::find_with_secret(tx, &tenant, &id, hash.as_deref(), now).await?)
            })
        });
        let (application, secret_fits) = found.await?.ok_or_else(refused)?;
        if application.kind.is_public() || secret_fits { Ok(application) } else { Err(refused().into()) }
    }

    /// Whether scripts of this origin may read answers: the origin of a registered redirect address, or a listed one.
    pub async fn is_registered_origin(&self, tenant: &TenantId, origin: &str) -> Result<bool, CoreError> {
        let (tenant, origin) = (tenant.clone(), origin.to_owned());
        self.parts
            .store
            .read(|tx| {
                Box::pin(async move {
                    let all = Page { offset: 0, limit: i64::MAX };
                    let (applications, _) = applications::list(tx, &tenant, all).await?;
                    Ok(applications.iter().any(|application| {
                        let redirects = &application.oidc_client_metadata.redirect_uris;
                        redirects.iter().any(|uri| redirect::origin(uri).as_ref() == Some(&origin))
                            || application.custom_client_metadata.cors_allowed_origins.contains(&origin)
                    }))
                })
            })
            .await
    }
}
