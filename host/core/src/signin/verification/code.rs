//! Proof by a code that was sent to a phone or an e-mail address.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{SentCode, VerificationRecord, judge_code};
use keyway_model::{ErrorCode, Timestamp, VerificationId};
use keyway_store::users;

use super::send_code::country;
use crate::events::EventKind;
use crate::limits::{self, Guesses};
use crate::signin::device::known_device;
use crate::signin::proceed::{Progress, advance, go_on};
use crate::signin::profile::add_verified;
use crate::signin::step::{Step, step};
use crate::signin::{Browser, refused_for};
use crate::{Core, CoreError};

/// A code as somebody typed it.
#[derive(Debug, Clone)]
pub struct TypedCode {
    /// Of which verification.
    pub verification: VerificationId,
    /// Whom the code was sent to.
    pub identifier: Identifier,
    /// The code.
    pub code: String,
}

/// The keyed hash by which a code is known.
pub(super) fn code_hash(core: &Core, id: &VerificationId, code: &str) -> String {
    core.parts.master_key.keyed_hash(&format!("code/{id}/{code}"))
}

/// Checks a code against the one that was sent in this interaction.
#[tracing::instrument(name = "signin.code.verify", skip_all)]
pub async fn verify_code(browser: &Browser, typed: TypedCode) -> Result<VerificationId, CoreError> {
    step(browser, async move |step| verify(step, typed).await).await
}

/// Checks a code as [`verify_code`], and goes on from there: to the account, or to the profile that it `completes`.
#[tracing::instrument(name = "signin.code.sign_in", skip_all)]
pub async fn sign_in_with_code(browser: &Browser, typed: TypedCode, completes: bool) -> Result<Progress, CoreError> {
    step(browser, async move |step| {
        let kind = typed.identifier.kind;
        let proof = verify(step, typed).await?;
        if !completes {
            return advance(step, Some(proof.into())).await;
        }
        add_verified(step, kind, proof).await?;
        go_on(step).await
    })
    .await
}

async fn verify(step: &mut Step<'_>, typed: TypedCode) -> Result<VerificationId, CoreError> {
    let TypedCode { verification: id, identifier, code } = typed;
    let (tenant, now) = (step.tenant(), step.now());
    let guess = code_hash(step.core(), &id, code.trim());
    let submitted = step.event(EventKind::code_submitted(step.interaction.event()?));
    let account = users::find_by_identifier(step.tx, tenant, &identifier).await?;
    let device = account.and_then(|account| known_device(step.browser, &account.id));
    let network = step.browser.network();
    let numbers = &step.core().parts.limits;
    let guesses = Guesses::new(numbers, limits::GuessedSecret::Code, &identifier.value, &network, device.as_deref());
    let guesses = guesses.locked(step.tx, tenant, now).await?;
    if guesses.wait > 0 {
        return Err(refused_for(ErrorCode::VerificationBlocked, guesses.wait).into());
    }
    let most = step.experience().verification_code_policy.max_retry_attempts;
    let found = step.interaction.verifications.iter_mut().find(|record| record.id == id);
    match judge(found, &identifier, &guess, now, most) {
        Ok(used) => {
            guesses.forget(step.tx, tenant, now).await?;
            let country = country(&identifier).ok().filter(|country| !country.is_empty());
            let number = country.as_deref().zip(identifier.value.chars().next_back());
            limits::settle(step.tx, tenant, &used.counters, number, used.sent_at, now).await?;
            step.record(submitted);
            Ok(id)
        }
        Err(code) => {
            if code == ErrorCode::CodeMismatch {
                guesses.fail(step.tx, tenant, now).await?;
            }
            step.record(submitted.failed(code.code()));
            Err(code.into())
        }
    }
}

/// Judges a guess; the code that it used up.
fn judge(
    record: Option<&mut VerificationRecord>,
    identifier: &Identifier,
    guess: &str,
    now: Timestamp,
    max_tries: u32,
) -> Result<SentCode, ErrorCode> {
    let Some(record) = record else { return Err(ErrorCode::VerificationNotFound) };
    let Some(proof) = record.proof.code_mut() else { return Err(ErrorCode::CodeNotFound) };
    if proof.identifier != *identifier {
        let phone = proof.identifier.kind == IdentifierKind::Phone;
        return Err(if phone { ErrorCode::CodePhoneMismatch } else { ErrorCode::CodeEmailMismatch });
    }
    let matches = subtle::ConstantTimeEq::ct_eq(proof.code.hash.as_bytes(), guess.as_bytes()).into();
    judge_code(&mut proof.code, matches, now, max_tries)?;
    Ok(proof.code.clone())
}
