//! What happened: one row, written in the same transaction as the change. It is the entry of the audit log, and what a listener
//! outside may be told of. A use case makes the event and gives it to [`Cx::emit`].

mod kind;
mod recorded;

use keyway_model::audit_log::LogEntry;
use keyway_model::interaction::Interaction;
use keyway_model::{ApplicationId, UserId};
use keyway_store::{StoreError, Tx, audit_logs};
use serde_json::{Map, Value, json};

use crate::{Actor, Cx};

pub use kind::EventKind;
pub use recorded::Recorded;

/// Stands in an event for a value that is not shown.
pub(crate) const CHANGED: &str = "changed";

/// Something that happened to something.
#[derive(Debug, Clone)]
pub struct Event {
    kind: EventKind,
    user: Option<UserId>,
    /// Whether that user did it: who signs in acts for nobody before, and for themselves from then on.
    by_user: bool,
    application: Option<ApplicationId>,
    /// The code of the refusal, where it was refused.
    error: Option<&'static str>,
    /// Whether it is one only where something differs.
    is_change: bool,
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
        Self {
            kind,
            user: None,
            by_user: false,
            application: None,
            error: None,
            is_change: false,
            fields: Box::default(),
        }
    }

    /// A thing was made.
    pub fn created<T: Recorded>(kind: EventKind, made: &T) -> Self {
        Self::new(kind).target(T::TARGET, made.id()).changed(Map::new(), made.fields())
    }

    /// A thing was changed: the fields that differ.
    pub fn updated<T: Recorded>(kind: EventKind, before: &T, after: &T) -> Self {
        Self::new(kind).target(T::TARGET, after.id()).changed(before.fields(), after.fields()).only_of_changes()
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

    /// A user did it to themselves.
    #[must_use]
    pub fn by_user(mut self, id: &UserId) -> Self {
        self.by_user = true;
        self.of_user(id)
    }

    /// It happened in an interaction: of its account, as far as that is known, and through its application.
    #[must_use]
    pub fn in_interaction(mut self, interaction: &Interaction) -> Self {
        self.user.clone_from(&interaction.user_id);
        self.application = Some(interaction.application_id.clone());
        self.detail("interactionId", json!(interaction.id))
    }

    /// It was refused, with this code.
    #[must_use]
    pub fn failed(mut self, code: &'static str) -> Self {
        self.error = Some(code);
        self
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

    /// Not to be written where nothing differs.
    #[must_use]
    pub fn only_of_changes(self) -> Self {
        Self { is_change: true, ..self }
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
    /// Notes that what was asked for was so already: the log has no entry of it.
    pub(crate) fn emit_nothing(&self) {
        self.request().note_event();
    }

    /// Writes an event in the transaction of the change; none of an update in which nothing differs.
    pub async fn emit(&self, tx: &mut Tx, event: Event) -> Result<(), StoreError> {
        if event.is_change && event.fields.before.is_empty() && event.fields.after.is_empty() {
            self.emit_nothing();
            return Ok(());
        }
        let actor = event.user.as_ref().filter(|_| event.by_user).map(|user| Actor::User(user.clone()));
        let mut entry = self.log_entry(event.kind.key(), actor.as_ref().unwrap_or(&self.actor));
        let EventFields { targets, before, after, details } = *event.fields;
        for (name, fields) in [("targets", targets), ("before", before), ("after", after)] {
            if !fields.is_empty() {
                entry.payload.insert(name.to_owned(), Value::Object(fields));
            }
        }
        entry.payload.extend(details);
        if let Some(code) = event.error {
            refused(&mut entry, code);
        }
        entry.user_id = event.user;
        entry.application_id = event.application;
        self.request().note_event();
        audit_logs::insert(tx, &self.tenant, &entry).await
    }

    /// An entry of the audit log that says who acts, from where, and by which request.
    pub(crate) fn log_entry(&self, key: impl Into<String>, actor: &Actor) -> LogEntry {
        let (core, request) = (self.core(), self.request());
        let mut payload = Map::new();
        let mut put = |name: &str, value: Value| payload.insert(name.to_owned(), value);
        put("result", json!("Success"));
        put("ip", json!(self.visitor.ip));
        put("userAgent", json!(self.visitor.user_agent));
        put("actorType", json!(actor.kind()));
        let texts =
            [("actor", actor.id()), ("requestId", Some(&*request.id)), ("operation", Some(&*request.operation))];
        for (name, text) in texts {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                put(name, json!(text));
            }
        }
        LogEntry {
            id: core.id(),
            key: key.into(),
            payload,
            user_id: None,
            application_id: None,
            created_at: core.now(),
        }
    }
}

/// Marks an entry of the audit log as that of something that was refused.
pub(crate) fn refused(entry: &mut LogEntry, code: &str) {
    entry.payload.insert("result".to_owned(), json!("Error"));
    entry.payload.insert("error".to_owned(), json!({ "code": code }));
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
}
