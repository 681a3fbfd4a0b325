//! The registration page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::signin;
use keyway_model::identifier::IdentifierKind;
use keyway_model::interaction::InteractionEvent;

use super::render::Frame;
use super::social::{self, Button};
use super::visit::{IdentifierField, Visit};
use crate::error::WebError;

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage {
    frame: Frame,
    social: Vec<Button>,
    field: IdentifierField,
    /// Whether a password is asked for on this page.
    password: bool,
    sign_in: bool,
}

async fn page(visit: &Visit, status: StatusCode, frame: Frame, with_password: bool) -> Response {
    let kinds = &visit.view.experience().sign_up.identifiers;
    let only_username = *kinds == [IdentifierKind::Username];
    let mut field = IdentifierField::new(visit, kinds, "username");
    if only_username {
        field.hint = visit.t.username_hint.clone();
    }
    let sign_in = visit.view.experience().allows(InteractionEvent::SignIn);
    visit.page(
        status,
        &RegisterPage {
            frame,
            social: social::buttons(visit).await,
            field,
            password: with_password || only_username,
            sign_in,
        },
    )
}

/// `GET /register`
pub async fn show(visit: Visit) -> Response {
    if !visit.view.experience().allows(InteractionEvent::Register) {
        return visit.go("/sign-in");
    }
    page(&visit, StatusCode::OK, visit.frame(), false).await
}

/// `POST /register`
pub async fn submit(visit: Visit) -> Response {
    match decide(&visit).await {
        Ok(response) => response,
        Err(error) => page(&visit, error.status(), visit.refused(&error), visit.form.get("password").is_some()).await,
    }
}

async fn decide(visit: &Visit) -> Result<Response, WebError> {
    let identifier = visit.identifier(&visit.view.experience().sign_up.identifiers)?;
    if identifier.kind != IdentifierKind::Username {
        let request = visit.code_request(identifier, Some(InteractionEvent::Register));
        signin::send_code(&visit.browser, request).await?;
        return Ok(visit.go("/code"));
    }
    let password = visit.password();
    if password.is_empty() {
        return Ok(page(visit, StatusCode::OK, visit.frame(), true).await);
    }
    visit.follow(signin::register_with_password(&visit.browser, identifier, password).await)
}
