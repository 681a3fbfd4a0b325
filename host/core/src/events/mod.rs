//! What happened: one row, written in the same transaction as the change. It is the entry of the audit log, and what a listener
//! outside may be told of. A use case makes the event and gives it to [`Cx::emit`].

mod recorded;

use keyway_model::{ApplicationId, UserId};
use keyway_store::{StoreError, Tx};
use serde_json::{Map, Value, json};

use crate::Cx;

pub use recorded::Recorded;

/// The kinds of events, with the names that the audit log and its filters know them by.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $key:literal;)*) => {
        /// What kind of thing happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EventKind {
            $($(#[$doc])* $name,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The key in the audit log.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }
        }
    };
}

kinds! {
    /// An application was made.
    ApplicationCreated = "Management.Applications.Create";
    /// An application was changed.
    ApplicationUpdated = "Management.Applications.Update";
    /// What the pages look like for an application was replaced.
    ApplicationExperienceReplaced = "Management.Applications.SignInExperience.Replace";
    /// An application was removed with its secrets and everybody's tokens for it.
    ApplicationDeleted = "Management.Applications.Delete";
    /// An application was given a secret.
    ApplicationSecretCreated = "Management.Applications.Secrets.Create";
    /// A secret was taken from an application.
    ApplicationSecretDeleted = "Management.Applications.Secrets.Delete";
    /// The sign-in settings were changed.
    SignInExperienceUpdated = "Management.SignInExp.Update";
    /// The tenant's own words in a language were replaced.
    PhrasesReplaced = "Management.CustomPhrases.Replace";
    /// The tenant's own words in a language were taken back.
    PhrasesDeleted = "Management.CustomPhrases.Delete";
    /// E-mail templates were added or replaced.
    EmailTemplatesReplaced = "Management.EmailTemplates.Replace";
    /// An e-mail template was removed.
    EmailTemplateDeleted = "Management.EmailTemplates.Delete";
    /// A picture was uploaded.
    ImageUploaded = "Management.UserAssets.Create";
    /// A new signing key was made.
    SigningKeyRotated = "Management.Configs.Oidc.Rotate.Create";
    /// A signing key was removed; what it signed is refused.
    SigningKeyDeleted = "Management.Configs.Oidc.Delete";
    /// An administrator was made.
    AdministratorCreated = "Management.Settings.Administrators.Create";
    /// An administrator was removed.
    AdministratorDeleted = "Management.Settings.Administrators.Delete";
    /// A tenant was made.
    TenantCreated = "Management.Tenants.Create";
    /// A tenant was taken out of use.
    TenantDeleted = "Management.Tenants.Delete";
    /// An API resource was made.
    ResourceCreated = "Management.Resources.Create";
    /// An API resource was changed.
    ResourceUpdated = "Management.Resources.Update";
    /// An API resource was removed with its scopes.
    ResourceDeleted = "Management.Resources.Delete";
    /// A resource was given a scope.
    ScopeCreated = "Management.Resources.Scopes.Create";
    /// A scope was removed from its resource and from every role.
    ScopeDeleted = "Management.Resources.Scopes.Delete";
    /// A role was made.
    RoleCreated = "Management.Roles.Create";
    /// A role was removed from everybody.
    RoleDeleted = "Management.Roles.Delete";
    /// A role was given scopes.
    RoleScopesAdded = "Management.Roles.Scopes.Create";
    /// A scope was taken from a role.
    RoleScopeRemoved = "Management.Roles.Scopes.Delete";
    /// An application was given roles.
    ApplicationRolesAdded = "Management.Applications.Roles.Create";
    /// A role was taken from an application.
    ApplicationRoleRemoved = "Management.Applications.Roles.Delete";
    /// A user was made.
    UserCreated = "Management.Users.Create";
    /// A user was changed.
    UserUpdated = "Management.Users.Update";
    /// A user was suspended, which ended everything that was signed in, or let in again.
    UserSuspensionUpdated = "Management.Users.IsSuspended.Update";
    /// A user got a new password, which ended everything that was signed in.
    UserPasswordUpdated = "Management.Users.Password.Update";
    /// A link was made by which a user sets a new password.
    UserPasswordLinkCreated = "Management.Users.Link.Create";
    /// A user was signed out everywhere.
    UserSignedOut = "Management.Users.SignOut.Update";
    /// A user was removed.
    UserDeleted = "Management.Users.Delete";
    /// An identity of an outside provider was taken from a user.
    UserIdentityDeleted = "Management.Users.Identities.Delete";
    /// One session of a user was ended.
    UserSessionEnded = "Management.Users.Sessions.Delete";
    /// A user was given roles.
    UserRolesAdded = "Management.Users.Roles.Create";
    /// A role was taken from a user.
    UserRoleRemoved = "Management.Users.Roles.Delete";
    /// A connector was set up.
    ConnectorCreated = "Management.Connectors.Create";
    /// A connector was changed, or switched on or off.
    ConnectorUpdated = "Management.Connectors.Update";
    /// A connector was removed, or replaced by another.
    ConnectorDeleted = "Management.Connectors.Delete";
    /// A test message was sent.
    ConnectorTested = "Management.Connectors.Test.Create";
    /// A component was uploaded.
    FactoryVersionUploaded = "Connector.Upload";
    /// What a version asks for was agreed to.
    FactoryVersionApproved = "Connector.Approve";
    /// A version serves.
    FactoryVersionActivated = "Connector.Activate";
    /// The version before serves again.
    FactoryRolledBack = "Connector.RollBack";
    /// A version was removed.
    FactoryVersionDeleted = "Connector.DeleteVersion";
    /// An uploaded factory was removed with its versions.
    FactoryDeleted = "Connector.DeleteFactory";
}

/// Stands in an event for a value that is not shown.
pub(crate) const CHANGED: &str = "changed";

/// Something that happened to something.
#[derive(Debug, Clone)]
pub struct Event {
    kind: EventKind,
    user: Option<UserId>,
    application: Option<ApplicationId>,
    /// On the heap: an event is a part of the future that writes it.
    fields: Box<EventFields>,
}

#[derive(Debug, Clone, Default)]
struct EventFields {
    targets: Map<String, Value>,
    before: Map<String, Value>,
    after: Map<String, Value>,
    details: Map<String, Value>,
}

impl Event {
    /// An event that is about nothing yet.
    pub fn new(kind: EventKind) -> Self {
        Self { kind, user: None, application: None, fields: Box::default() }
    }

    /// A thing was made.
    pub fn created<T: Recorded>(kind: EventKind, made: &T) -> Self {
        Self::new(kind).target(T::TARGET, made.id()).changed(Map::new(), made.fields())
    }

    /// A thing was changed: the fields that differ.
    pub fn updated<T: Recorded>(kind: EventKind, before: &T, after: &T) -> Self {
        Self::new(kind).target(T::TARGET, after.id()).changed(before.fields(), after.fields())
    }

    /// A thing was removed.
    pub fn deleted<T: Recorded>(kind: EventKind, removed: &T) -> Self {
        Self::new(kind).target(T::TARGET, removed.id()).changed(removed.fields(), Map::new())
    }

    /// The id of what it happened to.
    #[must_use]
    pub fn target(mut self, name: &str, id: &str) -> Self {
        self.fields.targets.insert(name.to_owned(), json!(id));
        self
    }

    /// It happened to a user, whose log shows it.
    #[must_use]
    pub fn of_user(mut self, id: &UserId) -> Self {
        self.user = Some(id.clone());
        self.target("userId", id.as_str())
    }

    /// It happened to an application, whose log shows it.
    #[must_use]
    pub fn of_application(mut self, id: &ApplicationId) -> Self {
        self.application = Some(id.clone());
        self.target("applicationId", id.as_str())
    }

    /// What is there now that was not.
    #[must_use]
    pub fn added(mut self, name: &str, value: Value) -> Self {
        self.fields.after.insert(name.to_owned(), value);
        self
    }

    /// What was there and is not any more.
    #[must_use]
    pub fn removed(mut self, name: &str, value: Value) -> Self {
        self.fields.before.insert(name.to_owned(), value);
        self
    }

    /// A field of the entry beside target, before and after.
    #[must_use]
    pub fn detail(mut self, name: &str, value: Value) -> Self {
        self.fields.details.insert(name.to_owned(), value);
        self
    }

    /// The fields that differ between two states.
    #[must_use]
    pub fn changed(mut self, before: Map<String, Value>, after: Map<String, Value>) -> Self {
        let mut before = before;
        for (name, value) in after {
            let old = before.remove(&name);
            if old.as_ref() == Some(&value) {
                continue;
            }
            self.fields.before.extend(old.map(|old| (name.clone(), old)));
            self.fields.after.insert(name, value);
        }
        self.fields.before.extend(before);
        self
    }
}

impl Cx {
    /// Writes an event in the transaction of the change.
    pub async fn emit(&self, tx: &mut Tx, event: Event) -> Result<(), StoreError> {
        let mut entry = self.event(event.kind.key());
        let EventFields { targets, before, after, details } = *event.fields;
        for (name, fields) in [("targets", targets), ("before", before), ("after", after)] {
            if !fields.is_empty() {
                entry = entry.with(name, Value::Object(fields));
            }
        }
        for (name, value) in details {
            entry = entry.with(&name, value);
        }
        if let Some(user) = &event.user {
            entry = entry.user(user);
        }
        if let Some(application) = &event.application {
            entry = entry.application(application);
        }
        self.request().note_event();
        entry.write(tx, &self.tenant).await
    }
}

/// The fields of a thing that has no secrets.
pub(crate) fn shown(thing: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(thing) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_shows_the_fields_that_differ() {
        let fields = |value: Value| value.as_object().unwrap().clone();
        let before = fields(json!({ "name": "A", "description": "same", "gone": 1 }));
        let after = fields(json!({ "name": "B", "description": "same", "new": true }));
        let event = Event::new(EventKind::RoleCreated).changed(before, after);
        assert_eq!(Value::Object(event.fields.before), json!({ "name": "A", "gone": 1 }));
        assert_eq!(Value::Object(event.fields.after), json!({ "name": "B", "new": true }));
    }

    #[test]
    fn each_kind_has_a_key_of_its_own() {
        let mut keys: Vec<_> = EventKind::ALL.iter().map(|kind| kind.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), EventKind::ALL.len());
    }
}
