//! A role as the API shows it.

use keyway_model::resource::Role;
use serde::Serialize;
use utoipa::ToSchema;

/// A role.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleView {
    id: String,
    name: String,
    description: String,
    /// `User` or `MachineToMachine`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Given to every new user.
    is_default: bool,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        let Role { id, name, description, kind, is_default } = role;
        Self { id: id.0, name, description, kind: kind.as_str(), is_default }
    }
}
