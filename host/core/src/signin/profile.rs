//! Completes an account: what registration asks for beyond the first proof, and the new password of a reset.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{Interaction, InteractionEvent};
use keyway_model::sign_in_experience::MissingField;
use keyway_model::user::{PasswordHash, User};
use keyway_model::{ErrorCode, TenantId, Timestamp, UserId, VerificationId};
use keyway_store::{Tx, users};

use super::identify::check_free;
use super::proceed::{Progress, advance, go_on};
use super::step::{Step, step};
use super::{Browser, InteractionView, found};
use crate::CoreError;

/// One field of a profile.
#[derive(Debug, Clone)]
pub enum ProfileField {
    /// A new username.
    Username(String),
    /// A new password.
    Password(String),
    /// An e-mail address or phone number that was proven by this verification.
    Verified(IdentifierKind, VerificationId),
}

/// A field that is ready to be kept.
#[derive(Clone)]
enum CheckedField {
    Username(String),
    Password(PasswordHash),
    Verified(IdentifierKind, VerificationId),
}

/// Adds a field to the account, to be written at registration or submission.
#[tracing::instrument(name = "signin.profile.add", skip_all)]
pub async fn add_profile(browser: &Browser, field: ProfileField) -> Result<(), CoreError> {
    let ready = ready(browser, field).await?;
    step(browser, async move |step| add(step, ready).await).await
}

/// Adds a field to the account, and goes on where it was incomplete.
#[tracing::instrument(name = "signin.profile.complete", skip_all)]
pub async fn complete(browser: &Browser, field: ProfileField) -> Result<Progress, CoreError> {
    let ready = ready(browser, field).await?;
    step(browser, async move |step| {
        add(step, ready).await?;
        go_on(step).await
    })
    .await
}

async fn ready(browser: &Browser, field: ProfileField) -> Result<CheckedField, CoreError> {
    Ok(match field {
        ProfileField::Username(name) => {
            CheckedField::Username(Identifier::parse(IdentifierKind::Username, &name)?.value)
        }
        ProfileField::Password(password) => {
            let (user, _) = account_in_progress(browser).await?;
            browser.core().check_password(&browser.cx.tenant, &password, &user)?;
            CheckedField::Password(browser.core().hasher.hash(&browser.cx.visitor.ip, password).await?)
        }
        ProfileField::Verified(kind, id) => CheckedField::Verified(kind, id),
    })
}

/// Adds an identifier that was proven in the same step.
pub(super) async fn add_verified(
    step: &mut Step<'_>,
    kind: IdentifierKind,
    id: VerificationId,
) -> Result<(), CoreError> {
    add(step, CheckedField::Verified(kind, id)).await
}

async fn add(step: &mut Step<'_>, ready: CheckedField) -> Result<(), CoreError> {
    match step.interaction.event()? {
        InteractionEvent::ForgotPassword => return Err(ErrorCode::NotSupportedForForgotPassword.into()),
        InteractionEvent::SignIn => step.interaction.identified().map(|_| ())?,
        InteractionEvent::Register => {}
    }
    let user = account(step.tx, step.tenant(), step.interaction, step.now()).await?;
    let mut changed = User::new(user.id.clone(), step.now());
    match ready {
        CheckedField::Username(_) if user.username.is_some() => return Err(ErrorCode::UsernameExistsInProfile.into()),
        CheckedField::Password(_) if user.password.is_some() => return Err(ErrorCode::PasswordExistsInProfile.into()),
        CheckedField::Username(name) => {
            changed.username = Some(name.clone());
            check_free(step.tx, step.tenant(), &changed).await?;
            step.interaction.profile.username = Some(name);
        }
        CheckedField::Password(hash) => step.interaction.profile.password = Some(hash),
        CheckedField::Verified(kind, id) => {
            let proof = &step.interaction.verified(&id)?.proof;
            let identifier = proof.code().map(|code| code.identifier.clone()).filter(|one| one.kind == kind);
            let identifier = identifier.ok_or(ErrorCode::VerificationNotFound)?;
            changed.set_identifier(&identifier);
            check_free(step.tx, step.tenant(), &changed).await?;
            match kind {
                IdentifierKind::Email if user.primary_email.is_some() => {
                    return Err(ErrorCode::EmailExistsInProfile.into());
                }
                IdentifierKind::Phone if user.primary_phone.is_some() => {
                    return Err(ErrorCode::PhoneExistsInProfile.into());
                }
                _ => step.interaction.profile.set_identifier(&identifier),
            }
        }
    }
    Ok(())
}

/// Takes the new password of a reset; it is written at submission.
#[tracing::instrument(name = "signin.new_password.set", skip_all)]
pub async fn set_new_password(browser: &Browser, password: String) -> Result<(), CoreError> {
    let hash = new_password(browser, password).await?;
    step(browser, async move |step| keep_password(step, hash)).await
}

/// Takes the new password of a reset, and ends the interaction with it.
#[tracing::instrument(name = "signin.new_password.reset", skip_all)]
pub async fn reset_password(browser: &Browser, password: String) -> Result<Progress, CoreError> {
    let hash = new_password(browser, password).await?;
    step(browser, async move |step| {
        keep_password(step, hash)?;
        advance(step, None).await
    })
    .await
}

async fn new_password(browser: &Browser, password: String) -> Result<PasswordHash, CoreError> {
    let (user, event) = account_in_progress(browser).await?;
    if event != InteractionEvent::ForgotPassword {
        return Err(ErrorCode::InvalidInteractionType.into());
    }
    if user.id.as_str().is_empty() {
        return Err(ErrorCode::IdentifierNotFound.into());
    }
    let (core, address) = (browser.core(), &browser.cx.visitor.ip);
    core.check_password(&browser.cx.tenant, &password, &user)?;
    if core.hasher.verify(address, password.clone(), user.password.clone(), Vec::new()).await? {
        return Err(ErrorCode::SamePassword.into());
    }
    core.hasher.hash(address, password).await
}

fn keep_password(step: &mut Step<'_>, hash: PasswordHash) -> Result<(), CoreError> {
    if step.interaction.event()? != InteractionEvent::ForgotPassword {
        return Err(ErrorCode::InvalidInteractionType.into());
    }
    step.interaction.identified()?;
    step.interaction.profile.password = Some(hash);
    Ok(())
}

/// What the account in progress still lacks.
#[tracing::instrument(name = "signin.profile.missing", skip_all)]
pub async fn missing_fields(browser: &Browser, view: &InteractionView) -> Result<Vec<MissingField>, CoreError> {
    let interaction = &view.interaction;
    interaction.event()?;
    let mut user = in_progress(browser, interaction).await?;
    interaction.profile.apply(&mut user);
    Ok(view.experience().missing(&user, interaction.is_vouched_for()))
}

/// The account in progress, and what its person came for.
async fn account_in_progress(browser: &Browser) -> Result<(User, InteractionEvent), CoreError> {
    let interaction = found(browser).await?;
    let event = interaction.event()?;
    Ok((in_progress(browser, &interaction).await?, event))
}

/// The identified account, or, before registration, an empty one under the names that were proven so far.
async fn in_progress(browser: &Browser, interaction: &Interaction) -> Result<User, CoreError> {
    let cx = &browser.cx;
    if interaction.user_id.is_some() {
        let read = async move |tx: &mut Tx| account(tx, &cx.tenant, interaction, cx.now).await;
        return browser.core().store().read(read).await;
    }
    let mut user = User::new(UserId(String::new()), cx.now);
    let proven = interaction.verifications.iter().filter(|record| record.proof.is_verified());
    proven.filter_map(|record| record.proof.identifier()).for_each(|one| user.set_identifier(one));
    Ok(user)
}

async fn account(tx: &mut Tx, tenant: &TenantId, interaction: &Interaction, now: Timestamp) -> Result<User, CoreError> {
    match &interaction.user_id {
        Some(id) => users::find(tx, tenant, id).await?.ok_or_else(|| ErrorCode::UserNotExist.into()),
        None => Ok(User::new(UserId(String::new()), now)),
    }
}
