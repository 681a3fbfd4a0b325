//! A step of an interaction, in one transaction.

use std::sync::Arc;

use keyway_model::interaction::Interaction;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, Refusal, TenantId, Timestamp};
use keyway_store::{StoreError, Tx, interactions};

use super::{Browser, taken};
use crate::configuration::TenantSettings;
use crate::events::{Event, EventKind};
use crate::{Core, CoreError, secret};

/// What a step works on. Functions that take it can follow each other in one transaction.
pub(super) struct Step<'a> {
    /// Whose step it is.
    pub browser: &'a Browser,
    /// What the tenant allows.
    pub settings: &'a TenantSettings,
    /// The transaction, which holds the interaction.
    pub tx: &'a mut Tx,
    /// The interaction; saved at the end of the step.
    pub interaction: &'a mut Interaction,
    hash: &'a str,
    ended: bool,
    events: Vec<Event>,
}

impl<'a> Step<'a> {
    pub fn core(&self) -> &'a Arc<Core> {
        self.browser.core()
    }

    pub fn tenant(&self) -> &'a TenantId {
        &self.browser.cx.tenant
    }

    pub fn now(&self) -> Timestamp {
        self.browser.cx.now
    }

    pub fn experience(&self) -> &'a SignInExperience {
        &self.settings.experience
    }

    /// An event of this interaction, as it stands now.
    pub fn event(&self, kind: EventKind) -> Event {
        Event::new(kind).in_interaction(self.interaction)
    }

    /// Writes an event at the end of the step, also where the step is refused: reads before it need not wait for it.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Removes the interaction.
    pub async fn end(&mut self) -> Result<(), StoreError> {
        self.ended = true;
        interactions::delete(self.tx, self.tenant(), self.hash).await
    }
}

/// Runs one step: loads the interaction and holds it, lets `work` judge and change it, and saves it. A refusal by `work` is
/// saved as well, so that what it counted stays counted; any other error undoes everything. What a step writes to accounts
/// before it may be refused goes between `begin_part` and `end_part` of the transaction, so that the refusal undoes that.
pub(super) async fn step<T: Send + 'static>(
    browser: &Browser,
    work: impl AsyncFnOnce(&mut Step<'_>) -> Result<T, CoreError> + Clone,
) -> Result<T, CoreError> {
    let settings = browser.settings().await?;
    let (cx, hash) = (&browser.cx, secret::hash(&browser.interaction));
    let (settings, hash) = (&*settings, &*hash);
    let outcome: Result<T, Refusal> = browser
        .core()
        .store()
        .write(async move |tx| {
            let Some(mut interaction) = interactions::find(tx, &cx.tenant, hash, cx.now).await? else {
                return Ok(Err(ErrorCode::SessionNotFound.into()));
            };
            let interaction = &mut interaction;
            let mut step = Step { browser, settings, tx, interaction, hash, ended: false, events: Vec::new() };
            let outcome = match work(&mut step).await {
                Ok(value) => Ok(value),
                Err(CoreError::Refusal(refusal)) => Err(refusal),
                Err(error) => return Err(error),
            };
            let Step { tx, interaction, ended, events, .. } = step;
            for event in events {
                cx.emit(tx, event).await?;
            }
            if !ended {
                interactions::update(tx, &cx.tenant, hash, interaction).await?;
            }
            Ok(outcome)
        })
        .await
        .map_err(gone)?;
    Ok(outcome?)
}

fn gone(error: CoreError) -> CoreError {
    match error {
        // The application was removed while its user signed in.
        CoreError::Store(StoreError::Reference) => ErrorCode::SessionNotFound.into(),
        error => taken(error),
    }
}
