//! Things as events show them.

use keyway_model::application::Application;
use keyway_model::connector::Connector;
use keyway_model::resource::{Resource, Role, Scope};
use keyway_model::tenant::Tenant;
use keyway_model::user::User;
use serde_json::{Map, Value, json};

use super::shown;

/// A thing as events show it, by field. Secrets, hashes and codes are marks such as `set`, never themselves.
pub trait Recorded {
    /// What the target is called, such as `roleId`.
    const TARGET: &'static str;

    /// The id of this one.
    fn id(&self) -> &str;

    /// Its fields.
    fn fields(&self) -> Map<String, Value>;
}

/// A thing with an id: what its target is called, and its fields by name.
macro_rules! recorded {
    ($($thing:ty, $target:literal, |$it:ident| [$($name:literal: $value:expr,)+];)+) => {$(
        impl Recorded for $thing {
            const TARGET: &'static str = $target;

            fn id(&self) -> &str {
                self.id.as_str()
            }

            fn fields(&self) -> Map<String, Value> {
                let $it = self;
                Map::from_iter([$(($name.to_owned(), json!($value))),+])
            }
        }
    )+};
}

/// A connector's configuration without its secrets.
fn masked(connector: &Connector) -> Value {
    let mut config = connector.config.clone();
    connector.marks.mask(&mut config);
    config
}

impl Recorded for Connector {
    const TARGET: &'static str = "connectorId";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = shown(&self.settings);
        fields.remove("disabled");
        fields.insert("enabled".to_owned(), json!(!self.settings.disabled));
        fields.insert("factoryId".to_owned(), json!(self.factory_id));
        fields.insert("config".to_owned(), masked(self));
        fields
    }
}

recorded! {
    Application, "applicationId", |application| [
        "name": application.name,
        "description": application.description,
        "type": application.kind,
        "oidcClientMetadata": application.oidc_client_metadata,
        "customClientMetadata": application.custom_client_metadata,
        "signInExperience": application.sign_in_experience,
        "isThirdParty": application.is_third_party,
    ];
    Resource, "resourceId", |resource| [
        "name": resource.name,
        "indicator": resource.indicator,
        "accessTokenTtl": resource.access_token_ttl,
        "isDefault": resource.is_default,
    ];
    Scope, "scopeId", |scope| [
        "name": scope.name,
        "description": scope.description,
    ];
    Tenant, "tenantId", |tenant| [
        "name": tenant.name,
        "address": tenant.address.as_ref().map(|address| &address.endpoint),
    ];
    User, "userId", |user| [
        "username": user.username,
        "primaryEmail": user.primary_email,
        "primaryPhone": user.primary_phone,
        "name": user.name,
        "avatar": user.avatar,
        "profile": user.profile,
        "isSuspended": user.is_suspended,
        "password": user.password.as_ref().map(|_| "set"),
    ];
    Role, "roleId", |role| [
        "name": role.name,
        "description": role.description,
        "type": role.kind,
        "isDefault": role.is_default,
    ];
}
