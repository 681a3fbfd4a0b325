//! The page that asks for what an account still lacks.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::signin::ProfileField;
use keyway_model::identifier::IdentifierKind;
use keyway_model::interaction::InteractionEvent;

use super::render::{self, Frame};
use super::texts::Phrase;
use super::visit::{self, Field, Visit};
use crate::error::WebError;

#[derive(Template)]
#[template(path = "complete.html")]
struct CompletePage {
    frame: Frame,
    text: Phrase,
    /// The field to fill in; none for a password.
    field: Option<Field>,
}

fn kinds(missing: &str) -> &'static [IdentifierKind] {
    match missing {
        "username" => &[IdentifierKind::Username],
        "email" => &[IdentifierKind::Email],
        "phone" => &[IdentifierKind::Phone],
        "emailOrPhone" => &[IdentifierKind::Email, IdentifierKind::Phone],
        _ => &[],
    }
}

async fn first_missing(visit: &Visit) -> Result<Option<&'static str>, WebError> {
    Ok(visit.web.core.missing_profile(&visit.caller).await?.first().copied())
}

fn page(visit: &Visit, missing: &str, status: StatusCode, frame: Frame) -> Response {
    let t = &visit.t;
    let text = match missing {
        "username" => &t.complete_username,
        "email" => &t.complete_email,
        "phone" => &t.complete_phone,
        "emailOrPhone" => &t.complete_email_or_phone,
        _ => &t.complete_password,
    };
    let text = text.clone();
    let kinds = kinds(missing);
    let field =
        (!kinds.is_empty()).then(|| Field { value: visit.field("identifier"), ..Field::new(visit, kinds, "off") });
    visit.page(status, &CompletePage { frame, text, field })
}

/// `GET /complete`
pub async fn show(visit: Visit) -> Response {
    match first_missing(&visit).await {
        Ok(Some(missing)) => page(&visit, missing, StatusCode::OK, visit.frame()),
        Ok(None) => go_on(&visit).await.unwrap_or_else(|error| render::error(&visit.headers, error)),
        Err(error) => render::error(&visit.headers, error),
    }
}

/// `POST /complete`
pub async fn submit(visit: Visit) -> Response {
    let missing = match first_missing(&visit).await {
        Ok(missing) => missing.unwrap_or("password"),
        Err(error) => return render::error(&visit.headers, error),
    };
    match decide(&visit, missing).await {
        Ok(response) => response,
        Err(error) => page(&visit, missing, error.status(), visit.refused(&error)),
    }
}

async fn decide(visit: &Visit, missing: &str) -> Result<Response, WebError> {
    let (core, caller) = (&visit.web.core, &visit.caller);
    match missing {
        "password" => core.add_profile(caller, ProfileField::Password(visit.password())).await?,
        "username" => {
            let identifier = visit.identifier(kinds(missing))?;
            core.add_profile(caller, ProfileField::Username(identifier.value)).await?;
        }
        _ => {
            let identifier = visit.identifier(kinds(missing))?;
            core.send_code(caller, visit.code_request(identifier, None)).await?;
            return Ok(visit.go("/code?for=profile"));
        }
    }
    go_on(visit).await
}

/// With the account completed, goes on where it was incomplete.
pub async fn go_on(visit: &Visit) -> Result<Response, WebError> {
    let interaction = visit.web.core.interaction(&visit.caller).await?.interaction;
    if interaction.event()? == InteractionEvent::Register && interaction.user_id.is_none() {
        return visit.proceed(visit::proof(&interaction)).await;
    }
    visit.finish().await
}
