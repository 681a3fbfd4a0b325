//! The secrets by which confidential applications prove themselves.

use keyway_model::application::ApplicationSecret;
use keyway_model::{ApplicationId, Reason, Refusal, Timestamp};
use keyway_store::applications;
use serde_json::json;

use super::{ApplicationError, lock};
use crate::events::{CHANGED, Event, EventKind};
use crate::{Cx, secret};

/// A secret to be made.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// Unique in the application.
    pub name: String,
    /// After this moment it is refused.
    pub expires_at: Option<Timestamp>,
}

/// The secrets of an application, oldest first.
#[tracing::instrument(name = "applications.secrets.list", skip_all)]
pub async fn secrets(cx: &Cx, id: &ApplicationId) -> Result<Vec<ApplicationSecret>, ApplicationError> {
    cx.read(async |tx| {
        applications::find(tx, &cx.tenant, id).await?.ok_or(ApplicationError::NotFound)?;
        Ok(applications::secrets(tx, &cx.tenant, id, &cx.core().parts.master_key).await?)
    })
    .await
}

/// Adds a secret beside those that are there, so that clients can move from one to the next.
#[tracing::instrument(name = "applications.secrets.create", skip_all)]
pub async fn create_secret(cx: &Cx, id: &ApplicationId, new: NewSecret) -> Result<ApplicationSecret, ApplicationError> {
    let secret = ApplicationSecret {
        name: new.name,
        value: secret::generate(cx.core().rng()),
        created_at: cx.now,
        expires_at: new.expires_at,
    };
    cx.write(async move |tx| {
        if lock(tx, cx, id).await?.kind.is_public() {
            return Err(Refusal::invalid_input("type", Reason::NoSecretOfPublicClient).into());
        }
        if !(1..=256).contains(&secret.name.chars().count()) {
            return Err(Refusal::invalid_input("name", Reason::Characters { least: 1, most: 256 }).into());
        }
        if secret.expires_at.is_some_and(|end| end <= cx.now) {
            return Err(Refusal::invalid_input("expiresAt", Reason::Future).into());
        }
        let hash = secret::hash(&secret.value);
        applications::insert_secret(tx, &cx.tenant, id, &secret, &hash, &cx.core().parts.master_key).await?;
        let event = Event::new(EventKind::ApplicationSecretCreated).of_application(id);
        let event = event.added("name", json!(secret.name)).added("value", json!(CHANGED));
        cx.emit(tx, event.added("expiresAt", json!(secret.expires_at))).await?;
        Ok(secret)
    })
    .await
}

/// Removes a secret; whoever still uses it is refused from now on.
#[tracing::instrument(name = "applications.secrets.delete", skip_all)]
pub async fn delete_secret(cx: &Cx, id: &ApplicationId, name: &str) -> Result<(), ApplicationError> {
    cx.write(async move |tx| {
        if !applications::delete_secret(tx, &cx.tenant, id, name).await? {
            return Err(ApplicationError::NotFound);
        }
        let event = Event::new(EventKind::ApplicationSecretDeleted).of_application(id);
        Ok(cx.emit(tx, event.removed("name", json!(name))).await?)
    })
    .await
}
