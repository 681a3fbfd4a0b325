//! Signing in, signing up and setting a new password: one file per step of an interaction.

mod device;
mod identify;
mod proceed;
mod profile;
mod social_identity;
mod start;
mod step;
mod submit;
mod verification;

use std::sync::Arc;

use keyway_model::application::Application;
use keyway_model::connector::ConnectorKind;
use keyway_model::custom_phrases::Phrases;
use keyway_model::interaction::Interaction;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, Refusal};
use keyway_store::{Constraint, StoreError, interactions};
use serde_json::json;

use crate::configuration::{Client, TenantSettings};
use crate::limits::Network;
use crate::{Core, CoreError, Cx, secret};

pub use device::{DEVICE_TTL, remember_device};
pub use identify::{Identification, identify};
pub use proceed::{Progress, proceed};
pub use profile::{ProfileField, add_profile, complete, missing_fields, reset_password, set_new_password};
pub use start::{change_event, start, turn};
pub use submit::{Submitted, submit};
pub use verification::code::{TypedCode, sign_in_with_code, verify_code};
pub use verification::new_password_identity::{new_password_identity, register_with_password};
pub use verification::password::{sign_in_with_password, verify_password};
pub use verification::send_code::{CodeRequest, RESEND_AFTER, send_code};
pub use verification::social::{
    SocialAnswer, SocialStart, finish_social, link_mark, sign_in_with_provider, start_social,
};
pub use verification::social_offers::{SocialOffer, social_offers};

/// The browser behind a step of an interaction.
#[derive(Clone)]
pub struct Browser {
    /// The context of the request.
    pub cx: Cx,
    /// The secret of its interaction cookie; empty when there is none.
    pub interaction: String,
    /// The secret of its session cookie. That session ends when this browser signs in.
    pub session: Option<String>,
    /// The device cookie of a browser that signed in before.
    pub device: Option<String>,
    /// The language for messages, as a BCP 47 tag.
    pub locale: Option<String>,
}

impl Browser {
    /// The networks that messages and guesses are counted under: none for a program that the operator exempts.
    pub(crate) fn network(&self) -> Network {
        if self.cx.visitor.local { Network::default() } else { Network::of(&self.cx.visitor.ip) }
    }

    fn core(&self) -> &Arc<Core> {
        self.cx.core()
    }

    async fn settings(&self) -> Result<Arc<TenantSettings>, CoreError> {
        self.core().settings(&self.cx.tenant).await
    }
}

/// What a page needs to know of an interaction.
pub struct InteractionView {
    /// The interaction itself.
    pub interaction: Interaction,
    client: Arc<Client>,
    settings: Arc<TenantSettings>,
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

/// The interaction with all that a page shows of it.
pub async fn interaction(browser: &Browser) -> Result<InteractionView, CoreError> {
    let interaction = found(browser).await?;
    let client = browser.core().client(&browser.cx.tenant, &interaction.application_id).await?;
    let client = client.ok_or(ErrorCode::SessionNotFound)?;
    Ok(InteractionView { interaction, client, settings: browser.settings().await? })
}

/// The interaction as it is, before anything costly is done for it.
async fn found(browser: &Browser) -> Result<Interaction, CoreError> {
    let (cx, hash) = (&browser.cx, secret::hash(&browser.interaction));
    let found = browser.core().read(async move |tx| interactions::read(tx, &cx.tenant, &hash, cx.now).await);
    Ok(found.await?.ok_or(ErrorCode::SessionNotFound)?)
}

/// A refusal that ends by itself, with the seconds until then.
pub(crate) fn refused_for(code: ErrorCode, seconds: i64) -> Refusal {
    Refusal::from(code).with_data(json!({ "retryAfter": seconds }))
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
