//! The Experience API: sign-in pages of one's own can drive an interaction through it. Bound to the browser by the
//! interaction cookie.

mod interaction;
mod profile;
mod social;
mod verification;

use axum::Router;
use axum::routing::{get, post, put};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Web;

/// Routes below `/api/experience`.
pub fn router() -> Router<Web> {
    let api = Router::new()
        .route("/interaction-event", put(interaction::change_event))
        .route("/interaction", get(interaction::show))
        .route("/identification", post(interaction::identify))
        .route("/submit", post(interaction::submit))
        .route("/sso-connectors", get(interaction::sso_connectors))
        .route("/verification/password", post(verification::password))
        .route("/verification/verification-code", post(verification::send_code))
        .route("/verification/verification-code/verify", post(verification::verify_code))
        .route("/verification/new-password-identity", post(verification::new_password_identity))
        .route("/verification/social/{connector}/authorization-uri", post(social::authorization_uri))
        .route("/verification/social/{connector}/verify", post(social::verify))
        .route("/profile", post(profile::add))
        .route("/profile/password", put(profile::set_password));
    Router::new().route("/api/experience", put(interaction::start)).nest("/api/experience", api)
}

/// The id of a proof.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerificationAnswer {
    /// For the next steps.
    pub verification_id: String,
}
