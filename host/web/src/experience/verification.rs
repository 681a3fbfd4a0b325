//! Proofs: by password, by code, and the new password of a new username.

use axum::Json;
use keyway_core::signin::{self, Browser, CodeRequest, TypedCode};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::InteractionEvent;
use keyway_model::{Refusal, VerificationId};
use serde::Deserialize;

use super::VerificationAnswer;
use crate::error::WebError;
use crate::request::Body;

#[derive(Deserialize)]
struct IdentifierBody {
    #[serde(rename = "type")]
    kind: IdentifierKind,
    value: String,
}

impl IdentifierBody {
    fn parse(&self) -> Result<Identifier, Refusal> {
        Identifier::parse(self.kind, &self.value)
    }
}

#[derive(Deserialize)]
pub struct VerifyPasswordBody {
    identifier: IdentifierBody,
    password: String,
}

fn answer(id: VerificationId) -> Json<VerificationAnswer> {
    Json(VerificationAnswer { verification_id: id.0 })
}

/// `POST /api/experience/verification/password`
pub async fn password(
    browser: Browser,
    Body(body): Body<VerifyPasswordBody>,
) -> Result<Json<VerificationAnswer>, WebError> {
    Ok(answer(signin::verify_password(&browser, body.identifier.parse()?, body.password).await?))
}

/// `POST /api/experience/verification/new-password-identity`
pub async fn new_password_identity(
    browser: Browser,
    Body(body): Body<VerifyPasswordBody>,
) -> Result<Json<VerificationAnswer>, WebError> {
    Ok(answer(signin::new_password_identity(&browser, body.identifier.parse()?, body.password).await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendBody {
    identifier: IdentifierBody,
    /// As in Logto; what counts is the event of the interaction.
    #[serde(rename = "interactionEvent")]
    _interaction_event: InteractionEvent,
    /// The answer to the puzzle of a refusal.
    proof_of_work: Option<String>,
}

/// `POST /api/experience/verification/verification-code`. The provider's own words stay in the log.
pub async fn send_code(browser: Browser, Body(body): Body<SendBody>) -> Result<Json<VerificationAnswer>, WebError> {
    let identifier = body.identifier.parse()?;
    let request = CodeRequest { work: body.proof_of_work, ..CodeRequest::new(identifier) };
    let sent = signin::send_code(&browser, request).await;
    Ok(answer(sent.map_err(|error| WebError::from(error).for_end_user())?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyCodeBody {
    identifier: IdentifierBody,
    verification_id: String,
    code: String,
}

/// `POST /api/experience/verification/verification-code/verify`
pub async fn verify_code(
    browser: Browser,
    Body(body): Body<VerifyCodeBody>,
) -> Result<Json<VerificationAnswer>, WebError> {
    let identifier = body.identifier.parse()?;
    let typed = TypedCode { verification: body.verification_id.into(), identifier, code: body.code };
    Ok(answer(signin::verify_code(&browser, typed).await?))
}
