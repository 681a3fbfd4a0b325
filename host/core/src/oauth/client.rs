//! Authentication of clients at the token and revocation endpoints.

use std::sync::Arc;

use keyway_model::oauth::OAuthError;
use keyway_model::{ApplicationId, TenantId};

use crate::configuration::Client;
use crate::{Core, CoreError};

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
    ) -> Result<Arc<Client>, CoreError> {
        let refused = || OAuthError::new("invalid_client", "client authentication failed");
        let (id, presented) = match (&credentials.basic, &credentials.client_id) {
            (Some((id, _)), Some(other)) if id != other => return Err(refused().into()),
            (Some((id, secret)), _) => (id.clone(), Some(secret.clone())),
            (None, Some(id)) => (id.clone(), credentials.client_secret.clone()),
            (None, None) => return Err(refused().into()),
        };
        let client = self.client(tenant, &ApplicationId(id)).await?.ok_or_else(refused)?;
        let proven = client.application.kind.is_public()
            || presented.is_some_and(|presented| client.has_secret(&presented, self.now()));
        if proven { Ok(client) } else { Err(refused().into()) }
    }
}
