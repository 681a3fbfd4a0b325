//! Goes on from what was proven, as far as nobody has to be asked: to the account and back to the application.

use keyway_model::interaction::{InteractionEvent, Next};

use super::Browser;
use super::identify::{Identification, Identified, identify_by};
use super::start::change;
use super::step::{Step, step};
use super::submit::{Submitted, finish};
use crate::CoreError;

/// How far an interaction came.
#[derive(Debug)]
pub enum Progress {
    /// The person is asked for something.
    Asks(Next),
    /// It is over.
    Done(Submitted),
}

/// Goes on from where the interaction stands.
#[tracing::instrument(name = "signin.proceed", skip_all)]
pub async fn proceed(browser: &Browser) -> Result<Progress, CoreError> {
    step(browser, async move |step| go_on(step).await).await
}

/// [`proceed`] within a step: a registration makes the account of what was proven.
pub(super) async fn go_on(step: &mut Step<'_>) -> Result<Progress, CoreError> {
    let registers = step.interaction.event()? == InteractionEvent::Register && step.interaction.user_id.is_none();
    let by = registers.then(|| Identification::from(step.interaction.proof()));
    advance(step, by).await
}

/// Identifies the account by what was proven, where that is given, and ends the interaction unless something is open.
pub(super) async fn advance(step: &mut Step<'_>, by: Option<Identification>) -> Result<Progress, CoreError> {
    let Some(by) = by else { return finish(step, None).await };
    let identified = match identify_by(step, by.clone()).await? {
        // A provider vouches for somebody who has no account: a page need not ask whether to make one.
        Identified::Stopped { next: Next::Register, .. } => {
            change(step, InteractionEvent::Register)?;
            identify_by(step, by).await?
        }
        identified => identified,
    };
    match identified {
        Identified::Taken(user) => finish(step, Some(*user)).await,
        Identified::Made(_) => finish(step, None).await,
        Identified::Stopped { next, .. } => Ok(Progress::Asks(next)),
    }
}
