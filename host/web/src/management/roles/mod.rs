//! `/api/roles`, and the roles of users and applications.

mod add_applications;
mod add_scopes;
mod add_to_application;
mod add_to_user;
mod add_users;
mod create;
mod delete;
mod get;
mod list;
mod list_applications;
mod list_of_application;
mod list_of_user;
mod list_scopes;
mod list_users;
mod remove_application;
mod remove_from_application;
mod remove_from_user;
mod remove_scope;
mod remove_user;
mod search;
mod set_of_application;
mod set_of_user;
mod update;
mod view;

use std::fmt;

use keyway_core::CoreError;
use keyway_core::roles::RoleError;
use keyway_model::resource::ManagementScope::All;
use keyway_model::{ErrorCode, Reason, Refusal, RoleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::declaration::{Operations, delete, get, patch, post, put};
use crate::error::WebError;

/// The operations on roles.
pub fn operations() -> Operations {
    Operations::of("Roles")
        .add(get("/api/roles", All, "List roles", list::list))
        .add(post("/api/roles", All, "Create a role", create::create).refusing(&[404, 422]))
        .add(get("/api/roles/{id}", All, "Get a role", get::get))
        .add(patch("/api/roles/{id}", All, "Update a role", update::update).refusing(&[422]))
        .add(delete("/api/roles/{id}", All, "Delete a role", delete::delete))
        .add(get("/api/roles/{id}/scopes", All, "List a role's scopes", list_scopes::list_scopes))
        .add(post("/api/roles/{id}/scopes", All, "Add scopes to a role", add_scopes::add_scopes).refusing(&[422]))
        .add(delete("/api/roles/{id}/scopes/{scopeId}", All, "Take a scope from a role", remove_scope::remove_scope))
        .add(get("/api/roles/{id}/users", All, "List a role's users", list_users::list_users))
        .add(post("/api/roles/{id}/users", All, "Give a role to users", add_users::add_users).refusing(&[422]))
        .add(delete("/api/roles/{id}/users/{userId}", All, "Take a role from a user", remove_user::remove_user))
        .merge(applications_of())
        .merge(of_applications())
        .merge(of_users())
}

fn applications_of() -> Operations {
    let (many, one) = ("/api/roles/{id}/applications", "/api/roles/{id}/applications/{applicationId}");
    Operations::of("Roles")
        .add(get(many, All, "List a role's applications", list_applications::list_applications))
        .add(post(many, All, "Give a role to applications", add_applications::add_applications).refusing(&[422]))
        .add(delete(one, All, "Take a role from an application", remove_application::remove_application))
}

fn of_applications() -> Operations {
    let (many, one) = ("/api/applications/{id}/roles", "/api/applications/{id}/roles/{roleId}");
    Operations::of("Applications")
        .add(get(many, All, "List an application's roles", list_of_application::list_of_application).refusing(&[422]))
        .add(post(many, All, "Give roles to an application", add_to_application::add_to_application).refusing(&[422]))
        .add(put(many, All, "Replace an application's roles", set_of_application::set_of_application).refusing(&[422]))
        .add(delete(one, All, "Take a role from an application", remove_from_application::remove_from_application))
}

fn of_users() -> Operations {
    let (many, one) = ("/api/users/{userId}/roles", "/api/users/{userId}/roles/{roleId}");
    Operations::of("Users")
        .add(get(many, All, "List a user's roles", list_of_user::list_of_user))
        .add(post(many, All, "Give roles to a user", add_to_user::add_to_user).refusing(&[422]))
        .add(put(many, All, "Replace a user's roles", set_of_user::set_of_user).refusing(&[422]))
        .add(delete(one, All, "Take a role from a user", remove_from_user::remove_from_user))
}

/// Roles by their ids.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RoleIds {
    #[schema(value_type = Vec<String>)]
    role_ids: Vec<RoleId>,
}

/// Roles that were to be given, and those of them that were not had before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AddedRoles {
    #[schema(value_type = Vec<String>)]
    role_ids: Vec<RoleId>,
    #[schema(value_type = Vec<String>)]
    added_role_ids: Vec<RoleId>,
}

/// A list that says what is given to something: an empty one is a mistake.
fn at_least_one<T: fmt::Display>(field: &'static str, ids: Vec<T>) -> Result<Vec<T>, Refusal> {
    let is_id = |id: &T| !id.to_string().is_empty();
    let fits = !ids.is_empty() && ids.iter().all(is_id);
    if fits { Ok(ids) } else { Err(Refusal::invalid_input(field, Reason::AtLeastOne)) }
}

impl From<RoleError> for WebError {
    fn from(error: RoleError) -> Self {
        let code = match error {
            RoleError::NotFound => ErrorCode::EntityNotFound,
            RoleError::NoSuchScope => ErrorCode::EntityNotFound,
            RoleError::HoldsScope => ErrorCode::RoleHoldsScope,
            RoleError::UserHasRole => ErrorCode::RoleHasUser,
            RoleError::ApplicationHasRole => ErrorCode::RoleHasApplication,
            RoleError::NameInUse => ErrorCode::RoleNameInUse,
            RoleError::ManagementScopeForUsers => ErrorCode::RoleNotForUsers,
            RoleError::MachineRoleForUsers => ErrorCode::ConstraintViolated,
            RoleError::UserNeedsUserRole => ErrorCode::InvalidRoleType,
            RoleError::ApplicationNeedsMachineRole => ErrorCode::ApplicationRoleType,
            RoleError::NotMachineToMachine => ErrorCode::ApplicationType,
            RoleError::NameLength => {
                return Refusal::invalid_input("name", Reason::Characters { least: 1, most: 128 }).into();
            }
            RoleError::DefaultForMachines => {
                return Refusal::invalid_input("isDefault", Reason::DefaultForUsersAlone).into();
            }
            RoleError::Store(error) => return CoreError::from(error).into(),
        };
        code.into()
    }
}
