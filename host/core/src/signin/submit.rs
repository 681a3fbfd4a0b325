//! Ends an interaction: writes the account, opens the session and answers the application.

use keyway_model::interaction::{Account, Interaction, InteractionEvent, Next, next};
use keyway_model::session::{SESSION_TTL, Session};
use keyway_model::user::{User, UserChange};
use keyway_model::{ErrorCode, Patch, UserId};
use keyway_store::users::LockedUser;
use keyway_store::{sessions, users};
use serde_json::{Map, Value, json};

use super::identify::{check_free, lacks};
use super::proceed::Progress;
use super::step::{Step, step};
use super::{Browser, taken};
use crate::events::{CHANGED, EventKind, Recorded as _};
use crate::oauth::{AuthorizationAnswer, code_to_be, hold_application, success};
use crate::users::end_sign_ins;
use crate::{CoreError, secret};

/// What follows from a submission.
#[derive(Debug)]
pub enum Submitted {
    /// Signed in: the session cookie's secret and the answer for the application.
    SignedIn {
        /// For the session cookie; new at every sign-in, so that no cookie planted before is worth anything.
        session: String,
        /// To be carried by the browser.
        answer: AuthorizationAnswer,
        /// What was asked, for a browser that must ask again.
        interaction: Box<Interaction>,
    },
    /// The new password of this user is set; the user signs in with it.
    PasswordReset(UserId),
}

/// Finishes the interaction.
#[tracing::instrument(name = "signin.submit", skip_all)]
pub async fn submit(browser: &Browser) -> Result<Submitted, CoreError> {
    step(browser, async move |step| {
        let event = step.interaction.event()?;
        let submitted = step.event(EventKind::submitted(event));
        let refusal = match finish(step, None).await? {
            Progress::Done(submitted) => return Ok(submitted),
            Progress::Asks(Next::Fulfil(missing)) => lacks(&missing),
            Progress::Asks(Next::NewPassword) => ErrorCode::NewPasswordRequired.into(),
            Progress::Asks(_) => ErrorCode::IdentifierNotFound.into(),
        };
        step.record(submitted.failed(refusal.code.code()));
        Err(refusal.into())
    })
    .await
}

/// Ends the interaction unless something is open; `held` is its account where the step holds it already.
pub(super) async fn finish(step: &mut Step<'_>, held: Option<LockedUser>) -> Result<Progress, CoreError> {
    let event = step.interaction.event()?;
    let submitted = step.event(EventKind::submitted(event));
    match ended(step, event, held).await {
        Ok(SubmissionEnd::Done(outcome, change)) => {
            step.record(submitted.by_user(&change.user).changed(change.before, change.after));
            Ok(Progress::Done(outcome))
        }
        Ok(SubmissionEnd::Asks(next)) => Ok(Progress::Asks(next)),
        // What was refused is in the audit log and nowhere else.
        Err(CoreError::Refusal(refusal)) => {
            if refusal.code == ErrorCode::VerificationFailed {
                step.interaction.forget();
            }
            step.record(submitted.failed(refusal.code.code()));
            Err(refusal.into())
        }
        Err(error) => Err(error),
    }
}

/// What came of the attempt to end an interaction.
enum SubmissionEnd {
    Asks(Next),
    Done(Submitted, Box<AccountChange>),
}

/// What an interaction did to its account, as the audit log shows it.
struct AccountChange {
    user: UserId,
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl AccountChange {
    fn between(before: &User, after: &User) -> Box<Self> {
        Box::new(Self { user: after.id.clone(), before: before.fields(), after: after.fields() })
    }
}

async fn ended(
    step: &mut Step<'_>,
    event: InteractionEvent,
    held: Option<LockedUser>,
) -> Result<SubmissionEnd, CoreError> {
    let held = match (held, &step.interaction.user_id) {
        (None, Some(id)) => Some(users::lock(step.tx, step.tenant(), id).await?.ok_or(ErrorCode::UserNotExist)?),
        (held, _) => held,
    };
    let account = held.as_deref().map(Account::Identified);
    let next = next(step.experience(), step.interaction, account)?;
    let (Next::Submit, Some(mut user)) = (&next, held) else { return Ok(SubmissionEnd::Asks(next)) };
    if event == InteractionEvent::ForgotPassword {
        reset_password(step, &mut user).await?;
        let after = Map::from_iter([("password".to_owned(), json!(CHANGED))]);
        let change = Box::new(AccountChange { user: user.id.clone(), before: Map::new(), after });
        return Ok(SubmissionEnd::Done(Submitted::PasswordReset(user.id.clone()), change));
    }
    // Nothing is refused from the first write on, but an identifier that somebody takes at the same moment.
    let names_account = step.interaction.profile.names_account();
    let before = User::clone(&user);
    if names_account {
        let mut completed = before.clone();
        step.interaction.profile.apply(&mut completed);
        check_free(step.tx, step.tenant(), &completed).await?;
    }
    let interaction = &*step.interaction;
    hold_application(step.tx, step.tenant(), &interaction.application_id, &interaction.authorization).await?;
    if !names_account {
        let outcome = sign_in(step, &mut user).await?;
        return Ok(SubmissionEnd::Done(outcome, AccountChange::between(&before, &user)));
    }
    step.tx.begin_part()?;
    let outcome = sign_in(step, &mut user).await;
    let outcome = step.tx.end_part(outcome).await.map_err(taken)?;
    Ok(SubmissionEnd::Done(outcome, AccountChange::between(&before, &user)))
}

async fn reset_password(step: &mut Step<'_>, user: &mut LockedUser) -> Result<(), CoreError> {
    let password = step.interaction.profile.password.clone().ok_or(ErrorCode::NewPasswordRequired)?;
    let (tenant, now) = (step.tenant(), step.now());
    let change = UserChange { password: Patch::Set(password), updated_at: Some(now), ..UserChange::default() };
    end_sign_ins(step.tx, tenant, user, change, now).await?;
    step.interaction.event = None;
    step.interaction.forget();
    Ok(())
}

async fn sign_in(step: &mut Step<'_>, user: &mut LockedUser) -> Result<Submitted, CoreError> {
    let (core, cx, now) = (step.core(), &step.browser.cx, step.now());
    let change = UserChange { last_sign_in_at: Some(now), ..step.interaction.profile.change() };
    users::change(step.tx, &cx.tenant, user, change).await?;
    let session = Session {
        id: core.id(),
        user_id: user.id.clone(),
        authenticated_at: now,
        expires_at: now.plus_seconds(SESSION_TTL),
        credential_epoch: user.credential_epoch,
        user_agent: cx.visitor.user_agent.clone(),
        ip: Some(cx.visitor.ip.clone()),
    };
    if let Some(previous) = &step.browser.session {
        sessions::delete(step.tx, &cx.tenant, &secret::hash(previous)).await?;
    }
    let secret = secret::generate(core.rng());
    sessions::insert(step.tx, &cx.tenant, &secret::hash(&secret), &session).await?;
    let (code, interaction) = (code_to_be(cx), &*step.interaction);
    code.store(step.tx, &cx.tenant, &interaction.application_id, &interaction.authorization, &session).await?;
    let answer = success(cx, &interaction.authorization, &code.value);
    let interaction = Box::new(interaction.clone());
    step.end().await?;
    Ok(Submitted::SignedIn { session: secret, answer, interaction })
}
