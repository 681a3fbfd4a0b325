//! A new username with its password, for registration.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{InteractionEvent, NewPasswordIdentity, Proof, VerificationRecord};
use keyway_model::user::{PasswordHash, User};
use keyway_model::{ErrorCode, UserId, VerificationId};
use keyway_store::users;

use crate::CoreError;
use crate::signin::proceed::{Progress, advance};
use crate::signin::start::{begin, begin_and_refuse, offered};
use crate::signin::step::{Step, step};
use crate::signin::{Browser, found};

/// Takes a new username with its password.
#[tracing::instrument(name = "signin.new_password_identity.verify", skip_all)]
pub async fn new_password_identity(
    browser: &Browser,
    identifier: Identifier,
    password: String,
) -> Result<VerificationId, CoreError> {
    check_kind(&identifier)?;
    if found(browser).await?.event()? != InteractionEvent::Register {
        return Err(ErrorCode::InvalidInteractionType.into());
    }
    let hash = hashed(browser, &identifier, password).await?;
    step(browser, async move |step| keep(step, identifier, hash).await).await
}

/// Starts the interaction over as a registration by a new username and its password, and goes on from there.
#[tracing::instrument(name = "signin.new_password_identity.register", skip_all)]
pub async fn register_with_password(
    browser: &Browser,
    identifier: Identifier,
    password: String,
) -> Result<Progress, CoreError> {
    let hash = match hashed(browser, &identifier, password).await {
        Ok(hash) => hash,
        Err(error) => return begin_and_refuse(browser, InteractionEvent::Register, error).await,
    };
    step(browser, async move |step| {
        begin(step, InteractionEvent::Register)?;
        let proof = keep(step, identifier, hash).await?;
        advance(step, Some(proof.into())).await
    })
    .await
}

fn check_kind(identifier: &Identifier) -> Result<(), ErrorCode> {
    if identifier.kind == IdentifierKind::Username { Ok(()) } else { Err(ErrorCode::InvalidInteractionType) }
}

async fn hashed(browser: &Browser, identifier: &Identifier, password: String) -> Result<PasswordHash, CoreError> {
    check_kind(identifier)?;
    let mut named = User::new(UserId(String::new()), browser.cx.now);
    named.set_identifier(identifier);
    let core = browser.core();
    core.check_password(&browser.cx.tenant, &password, &named)?;
    core.hasher.hash(&browser.cx.visitor.ip, password).await
}

async fn keep(step: &mut Step<'_>, identifier: Identifier, hash: PasswordHash) -> Result<VerificationId, CoreError> {
    if step.interaction.event()? != InteractionEvent::Register {
        return Err(ErrorCode::InvalidInteractionType.into());
    }
    offered(step.experience(), InteractionEvent::Register)?;
    if users::find_by_identifier(step.tx, step.tenant(), &identifier).await?.is_some() {
        return Err(ErrorCode::UsernameInUse.into());
    }
    let id: VerificationId = step.core().id();
    step.interaction.put(VerificationRecord {
        id: id.clone(),
        event: InteractionEvent::Register,
        credential_epoch: 0,
        proof: Proof::NewPasswordIdentity(NewPasswordIdentity { identifier, password: hash }),
    });
    Ok(id)
}
