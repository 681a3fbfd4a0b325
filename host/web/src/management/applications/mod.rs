//! `/api/applications`

mod create;
mod create_secret;
mod delete;
mod delete_secret;
mod get;
mod get_sign_in_experience;
mod list;
mod list_secrets;
mod put_sign_in_experience;
mod search;
mod update;
mod update_custom_data;
pub mod view;

use keyway_core::CoreError;
use keyway_core::applications::ApplicationError;
use keyway_model::ErrorCode;
use keyway_model::resource::ManagementScope::All;

use crate::declaration::{Operations, delete, get, patch, post, put};
use crate::error::WebError;

/// The operations on applications.
pub fn operations() -> Operations {
    let (many, one) = ("/api/applications", "/api/applications/{id}");
    let (look, data) = ("/api/applications/{id}/sign-in-experience", "/api/applications/{id}/custom-data");
    Operations::of("Applications")
        .add(get(
            look,
            All,
            "Get the sign-in experience of an application",
            get_sign_in_experience::get_sign_in_experience,
        ))
        .add(put(
            look,
            All,
            "Replace the sign-in experience of an application",
            put_sign_in_experience::put_sign_in_experience,
        ))
        .add(get(many, All, "List applications", list::list))
        .add(post(many, All, "Create an application", create::create))
        .add(get(one, All, "Get an application", get::get))
        .add(patch(one, All, "Update an application", update::update))
        .add(patch(data, All, "Update an application's custom data", update_custom_data::update_custom_data))
        .add(delete(one, All, "Delete an application", delete::delete))
        .merge(secrets())
}

fn secrets() -> Operations {
    let (many, one) = ("/api/applications/{id}/secrets", "/api/applications/{id}/secrets/{name}");
    Operations::of("Applications")
        .add(get(many, All, "List secrets", list_secrets::list_secrets))
        .add(post(many, All, "Add a secret", create_secret::create_secret).refusing(&[422]))
        .add(delete(one, All, "Delete a secret", delete_secret::delete_secret))
}

impl From<ApplicationError> for WebError {
    fn from(error: ApplicationError) -> Self {
        match error {
            ApplicationError::NotFound => ErrorCode::EntityNotFound.into(),
            ApplicationError::SecretNameInUse => ErrorCode::SecretNameExists.into(),
            ApplicationError::Refused(refusal) => refusal.into(),
            ApplicationError::Store(error) => CoreError::from(error).into(),
        }
    }
}
