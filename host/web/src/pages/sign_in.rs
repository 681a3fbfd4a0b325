//! The sign-in page.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use keyway_core::{administrators, signin};
use keyway_model::TenantId;
use keyway_model::connector::ConnectorKind;
use keyway_model::identifier::IdentifierKind;
use keyway_model::interaction::InteractionEvent;
use keyway_model::sign_in_experience::SignInExperience;

use super::render::{self, Frame};
use super::social::{self, Button};
use super::visit::{IdentifierField, Visit};
use crate::Web;
use crate::cookies::{self, CookieKind};
use crate::error::WebError;
use crate::oidc::answer::see_other;

#[derive(Template)]
#[template(path = "sign_in.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is one link or field of the page")]
struct SignInPage {
    frame: Frame,
    social: Vec<Button>,
    field: IdentifierField,
    /// Whether the password is asked for on this page.
    password: bool,
    /// Whether a code can be asked for.
    code: bool,
    /// Whether the other way, by password, can be chosen.
    password_offered: bool,
    register: bool,
    reset: bool,
}

fn kinds(experience: &SignInExperience) -> Vec<IdentifierKind> {
    experience.sign_in.methods.iter().map(|method| method.identifier).collect()
}

/// Whether the page asks for the password at once: when no method prefers a code.
fn password_first(experience: &SignInExperience) -> bool {
    experience
        .sign_in
        .methods
        .iter()
        .all(|method| method.password && (method.is_password_primary || !method.verification_code))
}

/// The page as these settings make it, for an administrator to look at before they are saved.
pub fn preview(
    experience: &SignInExperience,
    connectors: &[ConnectorKind],
    frame: Frame,
    social: Vec<Button>,
) -> Response {
    let by_password = experience.sign_in.methods.iter().any(|method| method.password);
    let shown = SignInPage {
        field: IdentifierField::empty(&frame.t, &kinds(experience), "off"),
        social,
        password: by_password && password_first(experience),
        code: experience.sign_in.methods.iter().any(|method| method.verification_code),
        password_offered: by_password,
        register: experience.allows(InteractionEvent::Register),
        reset: by_password && !experience.reset_kinds(connectors).is_empty(),
        frame,
    };
    render::html(StatusCode::OK, &shown, None)
}

async fn page(visit: &Visit, status: StatusCode, frame: Frame, with_password: bool) -> Response {
    let experience = visit.view.experience();
    let methods = &experience.sign_in.methods;
    let by_password = methods.iter().any(|method| method.password);
    let notice = match (visit.view.interaction.waits_for_link(), visit.form.get("reset")) {
        (Some(_), _) => visit.t.link_account.clone().into_owned(),
        (None, Some(_)) => visit.t.password_was_reset.clone().into_owned(),
        (None, None) => String::new(),
    };
    let frame = Frame { notice, ..frame };
    visit.page(
        status,
        &SignInPage {
            frame,
            social: social::buttons(visit).await,
            field: IdentifierField::new(visit, &kinds(experience), "username"),
            password: with_password && by_password,
            code: methods.iter().any(|method| method.verification_code),
            password_offered: by_password,
            register: experience.allows(InteractionEvent::Register),
            reset: by_password && !experience.reset_kinds(&visit.view.connectors()).is_empty(),
        },
    )
}

/// `GET /`: to the console for operators, on with the sign-in that is under way, or a word on where this is.
pub async fn root(State(web): State<Web>, headers: HeaderMap) -> Response {
    if web.tenant == TenantId::admin() {
        return see_other("/console");
    }
    match cookies::read(&web, &headers, CookieKind::Interaction) {
        Some(_) => see_other("/sign-in"),
        None => render::root(&headers),
    }
}

/// `GET /sign-in`
pub async fn show(visit: Visit) -> Response {
    if visit.web.tenant == TenantId::admin() {
        match administrators::is_awaited(&visit.browser.cx).await {
            Ok(true) => return render::before_set_up(visit.locale),
            Ok(false) => {}
            Err(error) => return render::failed(&visit, &error.into()),
        }
    }
    let experience = visit.view.experience();
    if !experience.allows(InteractionEvent::SignIn) {
        return visit.go("/register");
    }
    let with_password = password_first(experience) || visit.field("with") == "password";
    page(&visit, StatusCode::OK, visit.frame(), with_password).await
}

/// `POST /sign-in`
pub async fn submit(visit: Visit) -> Response {
    let with_password = visit.form.get("password").is_some();
    match decide(&visit).await {
        Ok(response) => response,
        Err(error) => {
            let frame = visit.refused(&error);
            page(&visit, error.status(), frame, with_password || password_first(visit.view.experience())).await
        }
    }
}

async fn decide(visit: &Visit) -> Result<Response, WebError> {
    let (browser, interaction) = (&visit.browser, &visit.view.interaction);
    let identifier = visit.identifier(&kinds(visit.view.experience()))?;
    let method = visit.view.experience().method(identifier.kind);
    let by_code = method.is_some_and(|method| method.verification_code);
    let wants_code = visit.field("action") == "code";
    let password = visit.password();
    if by_code && wants_code {
        let starts = interaction.waits_for_link().is_none().then_some(InteractionEvent::SignIn);
        signin::send_code(browser, visit.code_request(identifier, starts)).await?;
        return Ok(visit.go("/code"));
    }
    if password.is_empty() {
        return Ok(page(visit, StatusCode::OK, visit.frame(), true).await);
    }
    visit.follow(signin::sign_in_with_password(browser, interaction, identifier, password).await)
}
