//! `/api/sign-in-exp`

mod check_password;
mod get;
mod update;
mod view;

use keyway_model::resource::ManagementScope::All;

use crate::declaration::{Operations, get, patch, post};

/// The operations on the sign-in settings.
pub fn operations() -> Operations {
    let check = "/api/sign-in-exp/default/check-password";
    Operations::of("Sign-in experience")
        .add(get("/api/sign-in-exp", All, "Get the sign-in settings", get::get))
        .add(patch("/api/sign-in-exp", All, "Update the sign-in settings", update::update))
        .add(post(check, All, "Check a password", check_password::check_password))
}
