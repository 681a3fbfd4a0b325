//! The page that takes a code.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::signin::{self, CodeRequest, RESEND_AFTER, TypedCode};
use keyway_model::interaction::InteractionEvent;

use super::render::Frame;
use super::texts::Phrase;
use super::visit::Visit;
use crate::error::WebError;

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
    sent: Phrase,
    recipient: String,
    /// `profile` when the code completes an account.
    purpose: String,
    /// Seconds until a new code may be asked for.
    wait: i64,
    back: &'static str,
    /// Whether the account may have a password to sign in with instead.
    password: bool,
}

fn page(visit: &Visit, status: StatusCode, frame: Frame) -> Response {
    let Some((_, sent)) = visit.view.interaction.sent_code() else { return visit.go("/sign-in") };
    let event = visit.view.interaction.event;
    let t = &visit.t;
    let sent_at = sent.code.sent_at.0;
    let purpose = visit.field("for");
    let back = match event {
        _ if !purpose.is_empty() => "/complete",
        Some(InteractionEvent::ForgotPassword) => "/forgot-password",
        Some(InteractionEvent::Register) => "/register",
        _ => "/sign-in",
    };
    let method = visit.view.experience().method(sent.identifier.kind);
    let signs_in = event == Some(InteractionEvent::SignIn) && purpose.is_empty();
    let completes = visit.view.interaction.user_id.is_some();
    let welcomes = |event| visit.view.experience().welcomes_strangers(event, sent.identifier.kind);
    let certain = completes || event.is_some_and(welcomes);
    let page = CodePage {
        frame,
        sent: if certain { t.code_sent.clone() } else { t.code_may_be_sent.clone() },
        recipient: sent.identifier.display(),
        purpose,
        wait: (RESEND_AFTER - (visit.web.core.now().0 - sent_at) / 1000).clamp(0, RESEND_AFTER),
        back,
        password: signs_in && method.is_some_and(|method| method.password),
    };
    visit.page(status, &page)
}

/// `GET /code`
pub async fn show(visit: Visit) -> Response {
    page(&visit, StatusCode::OK, visit.frame())
}

/// `POST /code`
pub async fn submit(visit: Visit) -> Response {
    match decide(&visit).await {
        Ok(response) => response,
        Err(error) => page(&visit, error.status(), visit.refused(&error)),
    }
}

async fn decide(visit: &Visit) -> Result<Response, WebError> {
    let Some((record, sent)) = visit.view.interaction.sent_code() else { return Ok(visit.go("/sign-in")) };
    let digits: String = visit.field("code").chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let typed = TypedCode { verification: record.id.clone(), identifier: sent.identifier.clone(), code: digits };
    visit.follow(signin::sign_in_with_code(&visit.browser, typed, visit.field("for") == "profile").await)
}

/// `POST /code/resend`
pub async fn resend(visit: Visit) -> Response {
    let Some((_, sent)) = visit.view.interaction.sent_code() else { return visit.go("/sign-in") };
    let request = CodeRequest { work: visit.form.get("work"), ..CodeRequest::new(sent.identifier.clone()) };
    match signin::send_code(&visit.browser, request).await {
        Ok(_) if visit.field("for") == "profile" => visit.go("/code?for=profile"),
        Ok(_) => visit.go("/code"),
        Err(error) => {
            let error = WebError::from(error);
            page(&visit, error.status(), visit.refused(&error))
        }
    }
}
