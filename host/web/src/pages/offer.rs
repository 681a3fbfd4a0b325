//! The stops where what was proven does not fit what was wanted: no account to sign in to, or one already.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::signin;
use keyway_model::interaction::InteractionEvent;

use super::render::{self, Frame};
use super::texts::Phrase;
use super::visit::Visit;

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage {
    frame: Frame,
    title: Phrase,
    text: Phrase,
    who: String,
    action: &'static str,
    button: Phrase,
    back: &'static str,
}

/// `GET /no-account`: what was to sign in has no account.
pub async fn no_account(visit: Visit) -> Response {
    let t = &visit.t;
    let page = OfferPage {
        frame: visit.frame(),
        title: t.no_account_title.clone(),
        text: t.no_account.clone(),
        who: visit.known_identifier(),
        action: "/no-account",
        button: t.create_it.clone(),
        back: "/sign-in",
    };
    visit.page(StatusCode::OK, &page)
}

/// `POST /no-account`: makes one.
pub async fn create_account(visit: Visit) -> Response {
    turn(visit, InteractionEvent::Register).await
}

/// `GET /account-exists`: what was to be registered has an account.
pub async fn account_exists(visit: Visit) -> Response {
    let t = &visit.t;
    let page = OfferPage {
        frame: visit.frame(),
        title: t.account_exists_title.clone(),
        text: t.account_exists.clone(),
        who: visit.known_identifier(),
        action: "/account-exists",
        button: t.sign_in_with_it.clone(),
        back: "/register",
    };
    visit.page(StatusCode::OK, &page)
}

/// `POST /account-exists`: signs in to it.
pub async fn use_account(visit: Visit) -> Response {
    turn(visit, InteractionEvent::SignIn).await
}

/// Goes on with the other event; the proof is there already.
async fn turn(visit: Visit, event: InteractionEvent) -> Response {
    let turned = visit.follow(signin::turn(&visit.browser, event).await);
    turned.unwrap_or_else(|error| render::error(&visit.headers, error))
}
