//! `/api/users`

mod check_password;
mod create;
mod delete;
mod delete_identity;
mod end_session;
mod error;
mod get;
mod get_custom_data;
mod get_session;
mod has_password;
mod list;
mod list_sessions;
pub(crate) mod search;
mod session_view;
mod set_password;
mod suspend;
mod update;
mod update_custom_data;
mod update_profile;
pub mod view;

use keyway_model::resource::ManagementScope::All;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::declaration::{Operations, delete, get, patch, post};

/// The operations on users.
pub fn operations() -> Operations {
    let (data, password) = ("/api/users/{userId}/custom-data", "/api/users/{userId}/password");
    Operations::of("Users")
        .add(get("/api/users", All, "List users", list::list))
        .add(post("/api/users", All, "Create a user", create::create).refusing(&[422]))
        .add(get("/api/users/{userId}", All, "Get a user", get::get))
        .add(patch("/api/users/{userId}", All, "Update a user", update::update).refusing(&[422]))
        .add(delete("/api/users/{userId}", All, "Delete a user", delete::delete))
        .add(get(data, All, "Get a user's custom data", get_custom_data::get_custom_data))
        .add(patch(data, All, "Update a user's custom data", update_custom_data::update_custom_data))
        .add(patch("/api/users/{userId}/profile", All, "Update a user's profile", update_profile::update_profile))
        .add(patch("/api/users/{userId}/is-suspended", All, "Suspend or resume a user", suspend::suspend))
        .add(patch(password, All, "Set a user's password", set_password::set_password).refusing(&[422]))
        .add(
            post("/api/users/{userId}/password/verify", All, "Check a user's password", check_password::check_password)
                .refusing(&[422]),
        )
        .add(get(
            "/api/users/{userId}/has-password",
            All,
            "Tell whether a user has a password",
            has_password::has_password,
        ))
        .add(delete("/api/users/{id}/identities/{target}", All, "Delete an identity", delete_identity::delete_identity))
        .merge(sessions())
}

fn sessions() -> Operations {
    let (many, one) = ("/api/users/{userId}/sessions", "/api/users/{userId}/sessions/{sessionId}");
    Operations::of("Users")
        .add(get(many, All, "List a user's sessions", list_sessions::list_sessions))
        .add(get(one, All, "Get a user's session", get_session::get_session))
        .add(delete(one, All, "End a user's session", end_session::end_session))
}

/// A password in clear.
#[derive(Deserialize, ToSchema)]
pub struct Password {
    password: String,
}
