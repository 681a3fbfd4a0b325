//! Test messages.
//!
//! A test costs money and carries the sender's name, so that it has budgets of its own; and whoever may only test sends what is
//! saved. Settings that are not saved, texts included, are tried by those who could save them.

use keyway_model::connector::Connector;
use keyway_model::history::History;
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::marks::Marks;
use keyway_model::phone::Phone;
use keyway_model::{ConnectorId, ErrorCode, FactoryId, Refusal, TenantId};
use keyway_sandbox::{Context, Message};
use keyway_store::counters::{self, Counter};
use serde_json::{Value, json};

use super::configure::{addresses, tidy};
use super::deliver::explain;
use crate::{Core, CoreError};

/// A test message that an administrator or a program asks for.
pub struct TestMessage<'a> {
    /// Which component.
    pub factory_id: FactoryId,
    /// Whose stored secrets stand for masked ones; where absent, the only connector's of the factory.
    pub connector: Option<ConnectorId>,
    /// Recipient of a text message.
    pub phone: Option<&'a str>,
    /// Recipient of an e-mail.
    pub email: Option<&'a str>,
    /// BCP 47 tag of the message's language.
    pub locale: Option<&'a str>,
    /// The settings to try.
    pub config: Value,
    /// Who asks.
    pub by: &'a str,
    /// Whether they could save these settings.
    pub may_configure: bool,
}

const HOUR: i64 = 3600;
/// Milliseconds that are counted together.
const RESOLUTION: i64 = 60_000;

impl Core {
    /// Sends a test message of usage Generic with code `000000` and returns what the provider said. The refusal holds the
    /// provider's own words, or the budget that was breached: they are for the admin.
    pub async fn test_connector(&self, tenant: &TenantId, test: TestMessage<'_>) -> Result<Value, CoreError> {
        let factory = self.registry.get(tenant, &test.factory_id).ok_or_else(|| {
            let message = format!("There is no connector factory {}.", test.factory_id);
            Refusal::with_message(ErrorCode::ConnectorUnexpectedType, message)
        })?;
        let to = match (factory.manifest.kind.descriptor().recipient, test.phone, test.email) {
            (Some(IdentifierKind::Phone), Some(phone), _) => Phone::parse(phone, None)?.digits().to_owned(),
            (Some(IdentifierKind::Email), _, Some(email)) => Identifier::parse(IdentifierKind::Email, email)?.value,
            _ => return Err(ErrorCode::ConnectorUnexpectedType.into()),
        };
        let saved = self.saved_for(tenant, &test).await?;
        let own = Marks::of(&factory.manifest.config);
        let marks = saved.as_ref().map_or_else(|| own.clone(), |saved| own.and(&saved.marks));
        let mut config = test.config;
        if let Some(saved) = &saved {
            let restored = marks.restore(&mut config, &saved.config);
            if restored > 0 && addresses(&config) != addresses(&saved.config) {
                return Err(ErrorCode::ConnectorHostChanged.into());
            }
        }
        if !test.may_configure && saved.as_ref().is_none_or(|saved| saved.config != config) {
            let message = "Testing alone sends what is saved. Trying other settings needs the duty of configuring.";
            return Err(Refusal::with_message(ErrorCode::Forbidden, message).into());
        }
        tidy(&marks, &mut config)?;
        self.check_config(&factory, &config, &marks).await?;
        self.count_test(tenant, test.by, &to).await?;
        let message = Message {
            to,
            usage: "Generic".into(),
            payload: json!({ "code": "000000" }).to_string(),
            locale: test.locale.map(ToOwned::to_owned),
            template: None,
        };
        let sandbox = self.registry.sandbox();
        let component = factory.component(sandbox).await.map_err(|_| ErrorCode::ConnectorFailed)?;
        let context = Context { marks, ..Context::new(config) };
        let (result, report) = sandbox.send(component, &context, message).await;
        self.note(saved.as_ref().map(|saved| &saved.id), &factory, &result, &report);
        let text = result.map_err(explain)?;
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    async fn saved_for(&self, tenant: &TenantId, test: &TestMessage<'_>) -> Result<Option<Connector>, CoreError> {
        let mut stored = self.stored_connectors(tenant).await?;
        stored.retain(|connector| connector.factory_id == test.factory_id);
        match &test.connector {
            Some(id) => {
                let found = stored.into_iter().find(|connector| connector.id == *id);
                Ok(Some(found.ok_or(ErrorCode::EntityNotFound)?))
            }
            // With several of them, nobody can say whose secrets are meant.
            None if stored.len() == 1 => Ok(stored.pop()),
            None => Ok(None),
        }
    }

    /// Counts a test before it is sent; the counts hold over all nodes.
    async fn count_test(&self, tenant: &TenantId, by: &str, to: &str) -> Result<(), CoreError> {
        let policy = &self.parts.trust;
        let budgets = [
            (format!("test:by:{by}"), policy.tests_per_actor_hour),
            (format!("test:to:{to}"), policy.tests_per_recipient_hour),
        ];
        let now = self.now();
        self.parts
            .store
            .write(async move |tx| {
                let counter = |name: &str| Counter { name: name.to_owned(), resolution: RESOLUTION, keep: HOUR };
                let wanted: Vec<Counter> = budgets.iter().map(|(name, _)| counter(name)).collect();
                let mut histories = counters::lock(tx, tenant, &wanted, now).await?;
                for ((name, most), counter) in budgets.iter().zip(&wanted) {
                    let mut history = histories.remove(name).unwrap_or_else(|| History::new(RESOLUTION));
                    if history.open(HOUR, now) >= *most {
                        return Err(ErrorCode::ConnectorTestLimited.into());
                    }
                    history.count(now);
                    counters::write(tx, tenant, counter, history, now).await?;
                }
                Ok::<_, CoreError>(())
            })
            .await
    }
}
