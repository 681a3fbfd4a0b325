//! The pages that lead to a new password.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::signin;
use keyway_model::interaction::InteractionEvent;

use super::render::Frame;
use super::visit::{IdentifierField, Visit};
use crate::error::WebError;

#[derive(Template)]
#[template(path = "forgot_password.html")]
struct ForgotPage {
    frame: Frame,
    /// None when no channel is set up.
    field: Option<IdentifierField>,
}

fn page(visit: &Visit, status: StatusCode, frame: Frame) -> Response {
    let kinds = visit.view.experience().reset_kinds(&visit.view.connectors());
    let field = (!kinds.is_empty()).then(|| IdentifierField::new(visit, &kinds, "username"));
    visit.page(status, &ForgotPage { frame, field })
}

/// `GET /forgot-password`
pub async fn show(visit: Visit) -> Response {
    page(&visit, StatusCode::OK, visit.frame())
}

/// `POST /forgot-password`: goes on in the same way whether there is an account or not.
pub async fn submit(visit: Visit) -> Response {
    let sent = async {
        let kinds = visit.view.experience().reset_kinds(&visit.view.connectors());
        let identifier = visit.identifier(&kinds)?;
        let request = visit.code_request(identifier, Some(InteractionEvent::ForgotPassword));
        signin::send_code(&visit.browser, request).await?;
        Ok::<_, WebError>(visit.go("/code"))
    };
    match sent.await {
        Ok(response) => response,
        Err(error) => page(&visit, error.status(), visit.refused(&error)),
    }
}

#[derive(Template)]
#[template(path = "new_password.html")]
struct NewPasswordPage {
    frame: Frame,
}

fn new_page(visit: &Visit, status: StatusCode, alert: String) -> Response {
    let resets = visit.view.interaction.event == Some(InteractionEvent::ForgotPassword);
    if !resets || visit.view.interaction.user_id.is_none() {
        return visit.go("/forgot-password");
    }
    visit.page(status, &NewPasswordPage { frame: Frame { alert, ..visit.frame() } })
}

/// `GET /new-password`
pub async fn show_new(visit: Visit) -> Response {
    new_page(&visit, StatusCode::OK, String::new())
}

/// `POST /new-password`
pub async fn submit_new(visit: Visit) -> Response {
    match visit.follow(signin::reset_password(&visit.browser, visit.password()).await) {
        Ok(response) => response,
        Err(error) => new_page(&visit, error.status(), visit.explain(&error)),
    }
}
