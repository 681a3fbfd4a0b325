//! Proof by password.

use keyway_model::identifier::Identifier;
use keyway_model::interaction::{Interaction, InteractionEvent, PasswordProof, Proof, VerificationRecord};
use keyway_model::user::{PasswordHash, User, UserChange};
use keyway_model::{ErrorCode, Patch, VerificationId};
use keyway_store::users;

use crate::CoreError;
use crate::events::EventKind;
use crate::limits::{self, Guesses};
use crate::password::is_present;
use crate::signin::device::{device, known_device};
use crate::signin::proceed::{Progress, advance};
use crate::signin::start::{begin, begin_and_refuse, offered};
use crate::signin::step::{Step, step};
use crate::signin::{Browser, found, refused_for};

/// A password that was compared; what that means is settled in the step that follows.
struct Compared {
    identifier: Identifier,
    /// The account, if there is one.
    user: Option<User>,
    is_right: bool,
    /// The same password hashed at the present cost, where it is stored at another.
    renewed: Option<PasswordHash>,
}

/// Checks an account's password. A wrong one and an unknown account answer alike and take the same time. While guesses have to
/// wait, a right one is not told from a wrong one.
#[tracing::instrument(name = "signin.password.verify", skip_all)]
pub async fn verify_password(
    browser: &Browser,
    identifier: Identifier,
    password: String,
) -> Result<VerificationId, CoreError> {
    if found(browser).await?.event()? != InteractionEvent::SignIn {
        return Err(ErrorCode::InvalidInteractionType.into());
    }
    let compared = &compare(browser, identifier, password).await?;
    step(browser, async move |step| judge(step, compared).await).await
}

/// Checks the password as [`verify_password`], and goes on from there. Starts the interaction over, unless the answer of an
/// outside provider waits for the proof of the account that it will be linked to.
#[tracing::instrument(name = "signin.password.sign_in", skip_all)]
pub async fn sign_in_with_password(
    browser: &Browser,
    interaction: &Interaction,
    identifier: Identifier,
    password: String,
) -> Result<Progress, CoreError> {
    let starts = interaction.waits_for_link().is_none();
    let compared = &match compare(browser, identifier, password).await {
        Ok(compared) => compared,
        Err(error) if starts => return begin_and_refuse(browser, InteractionEvent::SignIn, error).await,
        Err(error) => return Err(error),
    };
    step(browser, async move |step| {
        if starts {
            begin(step, InteractionEvent::SignIn)?;
        }
        let proof = judge(step, compared).await?;
        advance(step, Some(proof.into())).await
    })
    .await
}

async fn compare(browser: &Browser, identifier: Identifier, password: String) -> Result<Compared, CoreError> {
    let (core, settings) = (browser.core(), browser.settings().await?);
    if !settings.experience.method(identifier.kind).is_some_and(|method| method.password) {
        return Err(ErrorCode::SignInMethodNotEnabled.into());
    }
    offered(&settings.experience, InteractionEvent::SignIn)?;
    let user = account(browser, &identifier).await?;
    let stored = user.as_ref().and_then(|user| user.password.clone());
    let (address, imported) = (&browser.cx.visitor.ip, settings.password_costs.clone());
    let is_right = core.hasher.verify(address, password.clone(), stored.clone(), imported).await?;
    let renewed = match &stored {
        Some(hash) if is_right && !is_present(hash, core.parts.password_cost) => {
            Some(core.hasher.hash(address, password).await?)
        }
        _ => None,
    };
    Ok(Compared { identifier, user, is_right, renewed })
}

/// The account with this identifier; refused while guesses at it have to wait.
async fn account(browser: &Browser, identifier: &Identifier) -> Result<Option<User>, CoreError> {
    let (cx, network, device) = (&browser.cx, browser.network(), device(browser));
    let limits = &browser.core().parts.limits;
    let found = browser.core().store().read(async move |tx| {
        let user = users::find_by_identifier(tx, &cx.tenant, identifier).await?;
        let device = device.zip(user.as_ref()).and_then(|(device, user)| device.known_to(&user.id, cx.now));
        let name = &identifier.key();
        let guesses = Guesses::new(limits, limits::GuessedSecret::Password, name, &network, device.as_deref());
        match guesses.wait(tx, &cx.tenant, cx.now).await? {
            0 => Ok(user),
            wait => Err(CoreError::from(refused_for(ErrorCode::VerificationBlocked, wait))),
        }
    });
    found.await
}

/// Counts a wrong password, and keeps the proof of a right one.
async fn judge(step: &mut Step<'_>, compared: &Compared) -> Result<VerificationId, CoreError> {
    let Compared { identifier, user, is_right, renewed } = compared;
    let (tenant, now) = (step.tenant(), step.now());
    let submitted = step.event(EventKind::PasswordSubmitted).detail("identifier", identifier.kind.as_str().into());
    let submitted = user.iter().fold(submitted, |event, user| event.of_user(&user.id));
    let device = user.as_ref().and_then(|user| known_device(step.browser, &user.id));
    let (name, network) = (&identifier.key(), step.browser.network());
    let guesses =
        Guesses::new(&step.core().parts.limits, limits::GuessedSecret::Password, name, &network, device.as_deref());
    let guesses = guesses.locked(step.tx, tenant, now).await?;
    if guesses.wait > 0 {
        return Err(refused_for(ErrorCode::VerificationBlocked, guesses.wait).into());
    }
    let Some(user) = user.as_ref().filter(|_| *is_right) else {
        guesses.fail(step.tx, tenant, now).await?;
        step.record(submitted.failed(ErrorCode::InvalidCredentials.code()));
        return Err(ErrorCode::InvalidCredentials.into());
    };
    guesses.forget(step.tx, tenant, now).await?;
    if let Some(hash) = renewed
        && let Some(mut held) = users::lock(step.tx, tenant, &user.id).await?
        && held.password == user.password
    {
        let change = UserChange { password: Patch::Set(hash.clone()), ..UserChange::default() };
        users::change(step.tx, tenant, &mut held, change).await?;
    }
    step.record(submitted);
    let id: VerificationId = step.core().id();
    step.interaction.put(VerificationRecord {
        id: id.clone(),
        event: InteractionEvent::SignIn,
        credential_epoch: user.credential_epoch,
        proof: Proof::Password(PasswordProof { identifier: identifier.clone(), user_id: user.id.clone() }),
    });
    Ok(id)
}
