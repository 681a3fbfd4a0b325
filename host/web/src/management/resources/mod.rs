//! `/api/resources`: APIs that tokens are made for, and their scopes.

mod create;
mod create_scope;
mod delete;
mod delete_scope;
mod get;
mod list;
pub mod list_scopes;
mod set_default;
mod update;
mod update_scope;
pub mod view;

use keyway_core::CoreError;
use keyway_core::resources::ResourceError;
use keyway_model::resource::ManagementScope::All;
use keyway_model::{ErrorCode, Reason, Refusal};

use crate::declaration::{Operations, delete, get, patch, post};
use crate::error::WebError;

/// The operations on API resources.
pub fn operations() -> Operations {
    let (scopes, scope) = ("/api/resources/{id}/scopes", "/api/resources/{id}/scopes/{scopeId}");
    Operations::of("Resources")
        .add(get("/api/resources", All, "List resources", list::list))
        .add(post("/api/resources", All, "Create a resource", create::create).refusing(&[422]))
        .add(get("/api/resources/{id}", All, "Get a resource", get::get))
        .add(patch("/api/resources/{id}", All, "Update a resource", update::update))
        .add(patch("/api/resources/{id}/is-default", All, "Make a resource the default", set_default::set_default))
        .add(delete("/api/resources/{id}", All, "Delete a resource", delete::delete).refusing(&[400]))
        .add(get(scopes, All, "List scopes", list_scopes::list_scopes))
        .add(post(scopes, All, "Create a scope", create_scope::create_scope).refusing(&[422]))
        .add(patch(scope, All, "Update a scope", update_scope::update_scope).refusing(&[422]))
        .add(delete(scope, All, "Delete a scope", delete_scope::delete_scope).refusing(&[400]))
}

impl From<ResourceError> for WebError {
    fn from(error: ResourceError) -> Self {
        let (field, reason) = match error {
            ResourceError::NotFound => return ErrorCode::EntityNotFound.into(),
            ResourceError::IndicatorInUse => return ErrorCode::ResourceInUse.into(),
            ResourceError::ScopeNameInUse => return ErrorCode::ScopeExists.into(),
            ResourceError::ManagementApiStays => return ErrorCode::ManagementApiStays.into(),
            ResourceError::ManagementApiFixed => return ErrorCode::ManagementApiFixed.into(),
            ResourceError::SpaceInScopeName => return ErrorCode::ScopeWithSpace.into(),
            ResourceError::Store(error) => return CoreError::from(error).into(),
            ResourceError::NameLength => ("name", Reason::Characters { least: 1, most: 256 }),
            ResourceError::TokenTtl => ("accessTokenTtl", Reason::Seconds { least: 60, most: 31_536_000 }),
            ResourceError::Indicator => ("indicator", Reason::ResourceIndicator),
        };
        Refusal::invalid_input(field, reason).into()
    }
}
