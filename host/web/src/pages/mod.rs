//! The sign-in pages: rendered here, working without JavaScript and better with it.

pub mod assets;
mod code;
mod complete;
mod forgot_password;
mod language;
mod offer;
mod progress;
mod register;
pub mod render;
mod set_password;
pub mod sign_in;
pub mod social;
pub mod texts;
mod visit;
mod welcome;

use axum::Router;
use axum::routing::{get, post};

use crate::Web;

pub use progress::first_page;
pub use render::{ask_sign_out, error, form_post, signed_out};

/// The pages and what they load.
pub fn router() -> Router<Web> {
    Router::new()
        .route("/", get(sign_in::root))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/register", get(register::show).post(register::submit))
        .route("/no-account", get(offer::no_account).post(offer::create_account))
        .route("/account-exists", get(offer::account_exists).post(offer::use_account))
        .route("/code", get(code::show).post(code::submit))
        .route("/code/resend", post(code::resend))
        .route("/social/{connector}", get(social::start))
        .route("/callback/{connector}", get(social::callback))
        .route("/callback/{connector}/posted", post(social::posted))
        .route("/complete", get(complete::show).post(complete::submit))
        .route("/forgot-password", get(forgot_password::show).post(forgot_password::submit))
        .route("/new-password", get(forgot_password::show_new).post(forgot_password::submit_new))
        .route("/welcome", get(welcome::show).post(welcome::submit))
        .route("/set-password", get(set_password::show).post(set_password::submit))
        .route("/language", get(language::choose))
        .route("/unknown-session", get(render::unknown_session))
        .route("/assets/style.css", get(assets::style))
        .route("/assets/theme.css", get(assets::theme))
        .route("/images/{name}", get(assets::image))
        .route("/assets/app.js", get(assets::script))
        .route("/favicon.ico", get(assets::icon))
        .route("/assets/icon.svg", get(assets::icon))
}

/// What a provider's own page may post to.
pub fn callbacks() -> Router<Web> {
    Router::new().route("/callback/{connector}", post(social::form_post))
}
