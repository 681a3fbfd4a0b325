//! Chooses what the user came for.

use keyway_model::ErrorCode;
use keyway_model::Refusal;
use keyway_model::interaction::{Interaction, InteractionEvent};
use keyway_model::sign_in_experience::SignInExperience;

use super::Caller;
use crate::logs::Event;
use crate::{Core, CoreError};

impl Core {
    /// Starts the interaction over with this event. `auth.forbidden` when the tenant does not offer it.
    pub async fn start(&self, caller: &Caller, event: InteractionEvent) -> Result<(), CoreError> {
        let audit = Event::new(self, format!("Interaction.{}.Update", event.as_str()), &caller.visitor);
        let tenant = caller.tenant.clone();
        self.step(caller, async move |tx, interaction, experience| {
            offered(experience, event)?;
            interaction.reset(event);
            audit.interaction(interaction).write(tx, &tenant).await?;
            Ok(())
        })
        .await
    }

    /// Turns a sign-in into a registration or back; what was proven stays proven.
    pub async fn change_event(&self, caller: &Caller, event: InteractionEvent) -> Result<(), CoreError> {
        self.step(caller, async move |_, interaction, experience| {
            check_change(interaction, event)?;
            offered(experience, event)?;
            interaction.event = Some(event);
            Ok(())
        })
        .await
    }
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
