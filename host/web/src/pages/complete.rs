//! The page that asks for what an account still lacks.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::signin::{self, ProfileField};
use keyway_model::sign_in_experience::MissingField;

use super::render::{self, Frame};
use super::texts::Phrase;
use super::visit::{IdentifierField, Visit};
use crate::error::WebError;

#[derive(Template)]
#[template(path = "complete.html")]
struct CompletePage {
    frame: Frame,
    text: Phrase,
    /// The field to fill in; none for a password.
    field: Option<IdentifierField>,
}

async fn first_missing(visit: &Visit) -> Result<Option<MissingField>, WebError> {
    Ok(signin::missing_fields(&visit.browser, &visit.view).await?.first().copied())
}

fn page(visit: &Visit, missing: MissingField, status: StatusCode, frame: Frame) -> Response {
    let t = &visit.t;
    let text = match missing {
        MissingField::Username => &t.complete_username,
        MissingField::Email => &t.complete_email,
        MissingField::Phone => &t.complete_phone,
        MissingField::EmailOrPhone => &t.complete_email_or_phone,
        MissingField::Password => &t.complete_password,
    };
    let text = text.clone();
    let kinds = missing.kinds();
    let field = (!kinds.is_empty())
        .then(|| IdentifierField { value: visit.field("identifier"), ..IdentifierField::new(visit, kinds, "off") });
    visit.page(status, &CompletePage { frame, text, field })
}

/// `GET /complete`
pub async fn show(visit: Visit) -> Response {
    match first_missing(&visit).await {
        Ok(Some(missing)) => page(&visit, missing, StatusCode::OK, visit.frame()),
        Ok(None) => {
            let progress = signin::proceed(&visit.browser).await;
            visit.follow(progress).unwrap_or_else(|error| render::error(&visit.headers, error))
        }
        Err(error) => render::error(&visit.headers, error),
    }
}

/// `POST /complete`
pub async fn submit(visit: Visit) -> Response {
    let missing = match first_missing(&visit).await {
        Ok(missing) => missing.unwrap_or(MissingField::Password),
        Err(error) => return render::error(&visit.headers, error),
    };
    match decide(&visit, missing).await {
        Ok(response) => response,
        Err(error) => page(&visit, missing, error.status(), visit.refused(&error)),
    }
}

async fn decide(visit: &Visit, missing: MissingField) -> Result<Response, WebError> {
    let field = match missing {
        MissingField::Password => ProfileField::Password(visit.password()),
        MissingField::Username => ProfileField::Username(visit.identifier(missing.kinds())?.value),
        MissingField::Email | MissingField::Phone | MissingField::EmailOrPhone => {
            let identifier = visit.identifier(missing.kinds())?;
            signin::send_code(&visit.browser, visit.code_request(identifier, None)).await?;
            return Ok(visit.go("/code?for=profile"));
        }
    };
    visit.follow(signin::complete(&visit.browser, field).await)
}
