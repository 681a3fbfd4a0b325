//! A role as the API shows it, alone and in a list.

use keyway_core::Cx;
use keyway_core::roles::{FeaturedApplication, FeaturedUser, RoleHolders};
use keyway_model::resource::Role;
use serde::Serialize;
use utoipa::ToSchema;

/// A role.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleView {
    tenant_id: String,
    id: String,
    name: String,
    description: String,
    /// `User` or `MachineToMachine`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Given to every new user.
    is_default: bool,
}

impl RoleView {
    /// A role of this tenant.
    pub fn new(cx: &Cx, role: Role) -> Self {
        let Role { id, name, description, kind, is_default } = role;
        Self { tenant_id: cx.tenant.0.clone(), id: id.0, name, description, kind: kind.as_str(), is_default }
    }
}

/// A role with those who have it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleWithHolders {
    #[serde(flatten)]
    role: RoleView,
    users_count: i64,
    /// Three of them.
    featured_users: Vec<FeaturedUserView>,
    applications_count: i64,
    /// Three of them.
    featured_applications: Vec<FeaturedApplicationView>,
}

#[derive(Serialize, ToSchema)]
struct FeaturedUserView {
    id: String,
    name: Option<String>,
    avatar: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct FeaturedApplicationView {
    id: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl RoleWithHolders {
    /// A role of this tenant and who has it.
    pub fn new(cx: &Cx, role: Role, holders: RoleHolders) -> Self {
        let RoleHolders { users, featured_users, applications, featured_applications } = holders;
        let user = |FeaturedUser { id, name, avatar }| FeaturedUserView { id: id.0, name, avatar };
        let application =
            |FeaturedApplication { id, name, kind }| FeaturedApplicationView { id: id.0, name, kind: kind.as_str() };
        Self {
            role: RoleView::new(cx, role),
            users_count: users,
            featured_users: featured_users.into_iter().map(user).collect(),
            applications_count: applications,
            featured_applications: featured_applications.into_iter().map(application).collect(),
        }
    }
}
