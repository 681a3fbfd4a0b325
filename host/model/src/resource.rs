//! API resources, their scopes, and roles.

use serde::{Deserialize, Serialize};

use crate::{ResourceId, RoleId, ScopeId, TenantId};

/// The indicator of a tenant's Management API: the `aud` of tokens that may call it. That of the operators' tenant administers tenants.
pub fn management_api(tenant: &TenantId) -> String {
    format!("https://{tenant}.logto.app/api")
}

/// The indicator of the resource in the operators' tenant whose scopes are the duties of administrators at the console.
pub const CONSOLE_API: &str = "https://default.logto.app/api";

/// Longest life of a token for the Management API, in seconds.
pub const MANAGEMENT_TOKEN_TTL: i64 = 24 * 3600;
/// The scope that opens the whole Management API.
pub const MANAGEMENT_SCOPE: &str = "all";

/// What a token, or an administrator's roles, must hold for an operation. Seeing, uploading, approving, configuring and testing
/// connectors are five duties that different people may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ManagementScope {
    /// The whole Management API: what an operation asks for that no narrower one opens.
    All,
    /// See connectors and their components.
    ConnectorsView,
    /// Upload components.
    ConnectorsUpload,
    /// Approve, activate, roll back and remove components.
    ConnectorsApprove,
    /// Set up, change and remove connectors.
    ConnectorsConfigure,
    /// Send test messages.
    ConnectorsTest,
}

impl ManagementScope {
    /// The scope's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => MANAGEMENT_SCOPE,
            Self::ConnectorsView => "connectors:view",
            Self::ConnectorsUpload => "connectors:upload",
            Self::ConnectorsApprove => "connectors:approve",
            Self::ConnectorsConfigure => "connectors:configure",
            Self::ConnectorsTest => "connectors:test",
        }
    }

    /// Whether somebody with these scopes may do it: with this one, or with the one that opens everything.
    pub fn is_within(self, held: &[String]) -> bool {
        held.iter().any(|scope| scope == MANAGEMENT_SCOPE || scope == self.as_str())
    }
}

/// An API that access tokens are made for (RFC 8707).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Id.
    pub id: ResourceId,
    /// For admins.
    pub name: String,
    /// The `resource` parameter and the token's `aud`.
    pub indicator: String,
    /// Used when a client names no resource.
    pub is_default: bool,
    /// Seconds that a token for it lives.
    pub access_token_ttl: i64,
}

/// A permission of a resource.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Id.
    pub id: ScopeId,
    /// Of which resource.
    pub resource_id: ResourceId,
    /// The word in `scope`.
    pub name: String,
    /// For admins and consent pages.
    pub description: Option<String>,
    /// When it was made, in milliseconds.
    pub created_at: i64,
}

/// Whom a role is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleType {
    /// People.
    User,
    /// Machine-to-machine applications.
    MachineToMachine,
}

impl RoleType {
    /// The name used in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::MachineToMachine => "MachineToMachine",
        }
    }
}

/// A named set of scopes.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Id.
    pub id: RoleId,
    /// Name, unique in the tenant.
    pub name: String,
    /// For admins.
    pub description: String,
    /// Whom it is for.
    #[serde(rename = "type")]
    pub kind: RoleType,
    /// Given to every new user.
    pub is_default: bool,
}

/// The requested scopes that are also granted, in the order of the request, each once.
pub fn intersect(requested: &str, granted: &[String]) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for scope in requested.split_ascii_whitespace() {
        if granted.iter().any(|name| name == scope) && !kept.contains(&scope) {
            kept.push(scope);
        }
    }
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privilege_escalation_a_narrow_scope_opens_its_own_operations_alone() {
        let held = ["connectors:view".to_owned()];
        assert!(ManagementScope::ConnectorsView.is_within(&held));
        assert!(!ManagementScope::ConnectorsTest.is_within(&held) && !ManagementScope::All.is_within(&held));
        assert!(ManagementScope::ConnectorsTest.is_within(&["all".to_owned()]) && !ManagementScope::All.is_within(&[]));
    }

    #[test]
    fn a_token_carries_only_what_was_asked_and_granted() {
        let granted = ["read".to_owned(), "write".to_owned()];
        assert_eq!(intersect("write admin read read", &granted), "write read");
        assert_eq!(intersect("", &granted), "");
    }
}
