//! One newtype per kind of id, so that no id is passed for another. Ids are names, never secrets.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self(value)
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self(value.to_owned())
            }
        }
    )*};
}

ids! {
    /// A tenant: `default` (the application's users), `admin` (the operators), or another that an operator made.
    TenantId;
    /// A user of a tenant.
    UserId;
    /// An OAuth client.
    ApplicationId;
    /// A configured connector.
    ConnectorId;
    /// A loaded component, such as `aliyun-short-message-service`.
    FactoryId;
    /// A signed-in browser.
    SessionId;
    /// The tokens that follow from one authorization; revoked together.
    GrantId;
    /// A sign-in under way.
    InteractionId;
    /// A proof within an interaction.
    VerificationId;
    /// An API that access tokens are made for.
    ResourceId;
    /// A permission of a resource.
    ScopeId;
    /// A named set of scopes.
    RoleId;
    /// An audit log entry.
    LogId;
    /// A signing key.
    KeyId;
    /// An e-mail template of the tenant.
    EmailTemplateId;
}

impl UserId {
    /// Whether a caller may choose this id: it ends in addresses, in `sub` and in logs.
    pub fn is_well_formed(&self) -> bool {
        (1..=64).contains(&self.0.len())
            && self.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    }
}

impl TenantId {
    /// The tenant of the application's users.
    pub fn default_tenant() -> Self {
        Self("default".into())
    }

    /// The tenant of the operators.
    pub fn admin() -> Self {
        Self("admin".into())
    }

    /// The tenants that are always there, whose addresses are in the server's settings.
    pub fn permanent() -> [Self; 2] {
        [Self::default_tenant(), Self::admin()]
    }
}
