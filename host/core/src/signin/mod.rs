//! Signing in, signing up and setting a new password: one file per step of an interaction.

mod code;
mod device;
mod identify;
mod password;
mod password_link;
mod profile;
mod social;
mod start;
mod submit;

use std::sync::Arc;

use keyway_model::application::Application;
use keyway_model::connector::ConnectorKind;
use keyway_model::interaction::Interaction;
use keyway_model::phrases::Phrases;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, Refusal, TenantId};
use keyway_store::{Constraint, StoreError, Tx, interactions};
use serde_json::json;

use crate::configuration::{Client, Settings};
use crate::limits::Network;
use crate::{Core, CoreError, Visitor, secret};

pub use code::{CodeRequest, RESEND_AFTER};
pub use device::DEVICE_TTL;
pub use identify::Proof;
pub use profile::ProfileField;
pub use social::SocialOffer;
pub use submit::Submitted;

/// The browser behind a step: its tenant, the secret of its interaction cookie and where it comes from.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose users.
    pub tenant: TenantId,
    /// The interaction cookie; empty when there is none.
    pub secret: String,
    /// The device cookie of a browser that signed in before.
    pub device: Option<String>,
    /// Where it comes from.
    pub visitor: Visitor,
    /// The language for messages, as a BCP 47 tag.
    pub locale: Option<String>,
}

impl Caller {
    /// The networks that messages and guesses are counted under: none for a program that the operator exempts.
    pub(crate) fn network(&self) -> Network {
        if self.visitor.local { Network::default() } else { Network::of(&self.visitor.ip) }
    }
}

/// What a page needs to know of an interaction.
pub struct InteractionView {
    /// The interaction itself.
    pub interaction: Interaction,
    client: Arc<Client>,
    settings: Arc<Settings>,
}

impl InteractionView {
    /// The application that asked.
    pub fn application(&self) -> &Application {
        &self.client.application
    }

    /// The tenant's sign-in settings.
    pub fn experience(&self) -> &SignInExperience {
        &self.settings.experience
    }

    /// The tenant's own words in a language.
    pub fn phrases(&self, language: &str) -> Option<&Phrases> {
        self.settings.phrases(language)
    }

    /// The kinds of connectors that are set up.
    pub fn connectors(&self) -> Vec<ConnectorKind> {
        self.settings.connector_kinds()
    }
}

impl Core {
    /// The tenant's sign-in settings.
    pub async fn sign_in_experience(&self, tenant: &TenantId) -> Result<SignInExperience, CoreError> {
        Ok(self.settings(tenant).await?.experience.clone())
    }

    /// The interaction with all that a page shows of it.
    pub async fn interaction(&self, caller: &Caller) -> Result<InteractionView, CoreError> {
        let interaction = self.found(caller).await?;
        let client =
            self.client(&caller.tenant, &interaction.application_id).await?.ok_or(ErrorCode::SessionNotFound)?;
        Ok(InteractionView { interaction, client, settings: self.settings(&caller.tenant).await? })
    }

    /// The interaction as it is, before anything costly is done for it.
    pub(crate) async fn found(&self, caller: &Caller) -> Result<Interaction, CoreError> {
        let (tenant, hash, now) = (caller.tenant.clone(), secret::hash(&caller.secret), self.now());
        let found = self
            .parts
            .store
            .read(async move |tx| Ok::<_, CoreError>(interactions::read(tx, &tenant, &hash, now).await?));
        Ok(found.await?.ok_or(ErrorCode::SessionNotFound)?)
    }

    /// Runs one step: loads the interaction and holds it, lets `step` judge and change it, and saves it. A refusal by
    /// `step` is saved as well, so that what it counted stays counted; any other error undoes everything. What a step writes
    /// to accounts goes between `begin_part` and `end_part` of the transaction, so that a refusal undoes that.
    pub(crate) async fn step<T: Send + 'static>(
        &self,
        caller: &Caller,
        step: impl AsyncFnOnce(&mut Tx, &mut Interaction, &SignInExperience) -> Result<T, CoreError> + Clone,
    ) -> Result<T, CoreError> {
        let settings = self.settings(&caller.tenant).await?;
        let (tenant, hash, now) = (caller.tenant.clone(), secret::hash(&caller.secret), self.now());
        let outcome: Result<T, Refusal> = self
            .parts
            .store
            .write(async move |tx| {
                let Some(mut interaction) = interactions::find(tx, &tenant, &hash, now).await? else {
                    return Ok(Err(ErrorCode::SessionNotFound.into()));
                };
                let outcome = match step(tx, &mut interaction, &settings.experience).await {
                    Ok(value) => Ok(value),
                    Err(CoreError::Refusal(refusal)) => Err(refusal),
                    Err(error) => return Err(error),
                };
                interactions::update(tx, &tenant, &hash, &interaction).await?;
                Ok(outcome)
            })
            .await
            .map_err(taken)?;
        Ok(outcome?)
    }
}

/// A refusal that ends by itself, with the seconds until then.
pub(crate) fn refused_for(code: ErrorCode, seconds: i64) -> Refusal {
    let (count, unit) = if seconds < 120 { (seconds, "second") } else { ((seconds + 59) / 60, "minute") };
    let plural = if count == 1 { "" } else { "s" };
    let relative = format!("{count} {unit}{plural}");
    Refusal::from(code).with_data(json!({ "retryAfter": seconds, "relativeTime": relative }))
}

/// Tells a taken identifier from a failing database: the unique index decides between two that come at once.
pub(crate) fn taken(error: CoreError) -> CoreError {
    let CoreError::Store(StoreError::Unique(constraint)) = &error else { return error };
    match constraint {
        Constraint::UserId => ErrorCode::UniqueViolation.into(),
        Constraint::Username => ErrorCode::UsernameInUse.into(),
        Constraint::PrimaryEmail => ErrorCode::EmailInUse.into(),
        Constraint::PrimaryPhone => ErrorCode::PhoneInUse.into(),
        Constraint::Identity => ErrorCode::IdentityInUse.into(),
        _ => error,
    }
}
