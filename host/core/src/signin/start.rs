//! Chooses what the user came for.

use keyway_model::interaction::{Interaction, InteractionEvent};
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, Refusal};

use super::proceed::{Progress, advance};
use super::step::{Step, step};
use super::{Browser, Identification};
use crate::CoreError;
use crate::events::EventKind;

/// Starts the interaction over with this event. `auth.forbidden` when the tenant does not offer it.
#[tracing::instrument(name = "signin.start", skip_all)]
pub async fn start(browser: &Browser, event: InteractionEvent) -> Result<(), CoreError> {
    step(browser, async move |step| Ok(begin(step, event)?)).await
}

/// [`start`] within a step.
pub(super) fn begin(step: &mut Step<'_>, event: InteractionEvent) -> Result<(), Refusal> {
    offered(step.experience(), event)?;
    step.interaction.reset(event);
    let started = step.event(EventKind::started(event));
    step.record(started);
    Ok(())
}

/// Starts the interaction over although the step that was to do so is refused before it began.
pub(super) async fn begin_and_refuse<T>(
    browser: &Browser,
    event: InteractionEvent,
    error: CoreError,
) -> Result<T, CoreError> {
    if matches!(error, CoreError::Refusal(_)) {
        start(browser, event).await?;
    }
    Err(error)
}

/// Turns a sign-in into a registration or back; what was proven stays proven.
#[tracing::instrument(name = "signin.change_event", skip_all)]
pub async fn change_event(browser: &Browser, event: InteractionEvent) -> Result<(), CoreError> {
    step(browser, async move |step| Ok(change(step, event)?)).await
}

/// Takes up the offer of the other event, and goes on with what was proven.
#[tracing::instrument(name = "signin.turn", skip_all)]
pub async fn turn(browser: &Browser, event: InteractionEvent) -> Result<Progress, CoreError> {
    step(browser, async move |step| {
        change(step, event)?;
        let by = Identification::from(step.interaction.proof());
        advance(step, Some(by)).await
    })
    .await
}

/// [`change_event`] within a step.
pub(super) fn change(step: &mut Step<'_>, event: InteractionEvent) -> Result<(), Refusal> {
    check_change(step.interaction, event)?;
    offered(step.experience(), event)?;
    step.interaction.event = Some(event);
    Ok(())
}

/// Refuses an event that the tenant does not offer.
pub(super) fn offered(experience: &SignInExperience, event: InteractionEvent) -> Result<(), Refusal> {
    if experience.allows(event) { Ok(()) } else { Err(ErrorCode::Forbidden.into()) }
}

fn check_change(interaction: &Interaction, event: InteractionEvent) -> Result<(), Refusal> {
    let present = interaction.event()?;
    let resets = [present, event].contains(&InteractionEvent::ForgotPassword);
    if resets && present != event {
        return Err(ErrorCode::NotSupportedForForgotPassword.into());
    }
    if present != event && interaction.user_id.is_some() {
        return Err(ErrorCode::IdentityConflict.into());
    }
    Ok(())
}
