//! Test messages.
//!
//! A test costs money and carries the sender's name, so that it has budgets of its own; and whoever may only test sends what is
//! saved. Settings that are not saved, texts included, are tried by those who could save them.

use keyway_model::connector::Connector;
use keyway_model::history::History;
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::marks::Marks;
use keyway_model::phone::Phone;
use keyway_model::{ConnectorId, FactoryId, Refusal};
use keyway_sandbox::{Context, Message};
use keyway_store::StoreError;
use keyway_store::counters::{self, Counter};
use serde_json::{Value, json};

use super::calls::note;
use super::config::{check_config, restore, tidy};
use super::list::stored;
use super::{ConnectorError, Factory};
use crate::Cx;
use crate::events::{Event, EventKind};

/// A test message that an administrator or a program asks for.
#[derive(Debug)]
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
    /// Whether who asks could save these settings.
    pub may_configure: bool,
}

/// Why no test message was sent.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// There is no such factory.
    #[error("there is no connector factory {0}")]
    NoFactory(FactoryId),
    /// The component sends nothing to what was given.
    #[error("no recipient that the connector reaches")]
    Recipient,
    /// The recipient is no number or no address.
    #[error(transparent)]
    Unreadable(#[from] Refusal),
    /// Other settings than the saved ones, by somebody who could not save them.
    #[error("other settings than the saved ones")]
    OnlySaved,
    /// The budget of the sender or of the recipient is used up.
    #[error("the budget of test messages is used up")]
    Limited,
    /// The settings do not work, or the component failed.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
}

impl From<StoreError> for TestError {
    fn from(error: StoreError) -> Self {
        Self::Connector(error.into())
    }
}

const HOUR: i64 = 3600;
/// Milliseconds that are counted together.
const RESOLUTION: i64 = 60_000;

/// Sends a test message of usage Generic with code `000000` and returns what the provider said. The refusal holds the provider's own
/// words, or the budget that was breached: they are for the admin.
#[tracing::instrument(name = "connectors.test", skip_all)]
pub async fn send_test_message(cx: &Cx, test: TestMessage<'_>) -> Result<Value, TestError> {
    let core = cx.core();
    let factory = core.registry.get(&cx.tenant, &test.factory_id);
    let factory = factory.ok_or_else(|| TestError::NoFactory(test.factory_id.clone()))?;
    let to = match (factory.manifest.kind.descriptor().recipient, test.phone, test.email) {
        (Some(IdentifierKind::Phone), Some(phone), _) => Phone::parse(phone, None)?.digits().to_owned(),
        (Some(IdentifierKind::Email), _, Some(email)) => Identifier::parse(IdentifierKind::Email, email)?.value,
        _ => return Err(TestError::Recipient),
    };
    let saved = saved_for(cx, &test).await?;
    let own = Marks::of(&factory.manifest.config);
    let marks = saved.as_ref().map_or_else(|| own.clone(), |saved| own.and(&saved.marks));
    let mut config = test.config;
    if let Some(saved) = &saved {
        restore(&marks, &mut config, &saved.config)?;
    }
    if !test.may_configure && saved.as_ref().is_none_or(|saved| saved.config != config) {
        return Err(TestError::OnlySaved);
    }
    tidy(&marks, &mut config).map_err(ConnectorError::from)?;
    check_config(core, &factory, &config, &marks).await?;
    count(cx, &factory, saved.as_ref(), &to).await?;
    let message = Message {
        to,
        usage: "Generic".into(),
        payload: json!({ "code": "000000" }).to_string(),
        locale: test.locale.map(ToOwned::to_owned),
        template: None,
    };
    let sandbox = core.registry.sandbox();
    let component = factory.component(sandbox).await.map_err(|_| ConnectorError::NotLoaded)?;
    let context = Context { marks, ..Context::new(config) };
    let (result, report) = sandbox.send(component, &context, message).await;
    note(cx, saved.as_ref().map(|saved| &saved.id), &factory, &result, &report);
    let text = result.map_err(ConnectorError::from)?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

async fn saved_for(cx: &Cx, test: &TestMessage<'_>) -> Result<Option<Connector>, ConnectorError> {
    let mut all = stored(cx.core(), &cx.tenant).await?;
    all.retain(|connector| connector.factory_id == test.factory_id);
    match &test.connector {
        Some(id) => {
            let found = all.into_iter().find(|connector| connector.id == *id);
            Ok(Some(found.ok_or(ConnectorError::NotFound)?))
        }
        // With several of them, nobody can say whose secrets are meant.
        None if all.len() == 1 => Ok(all.pop()),
        None => Ok(None),
    }
}

/// Counts a test before it is sent; the counts hold over all nodes.
async fn count(cx: &Cx, factory: &Factory, saved: Option<&Connector>, to: &str) -> Result<(), TestError> {
    let policy = &cx.core().parts.trust;
    let by = cx.actor.id().unwrap_or_default();
    let budgets = [
        (format!("test:by:{by}"), policy.tests_per_actor_hour),
        (format!("test:to:{to}"), policy.tests_per_recipient_hour),
    ];
    let mut event = Event::new(EventKind::ConnectorTested).target("factoryId", factory.manifest.id.as_str());
    if let Some(saved) = saved {
        event = event.target("connectorId", saved.id.as_str());
    }
    let now = cx.core().now();
    cx.write(async move |tx| {
        let counter = |name: &str| Counter { name: name.to_owned(), resolution: RESOLUTION, keep: HOUR };
        let wanted: Vec<Counter> = budgets.iter().map(|(name, _)| counter(name)).collect();
        let mut histories = counters::lock(tx, &cx.tenant, &wanted, now).await?;
        for ((name, most), counter) in budgets.iter().zip(&wanted) {
            let mut history = histories.remove(name).unwrap_or_else(|| History::new(RESOLUTION));
            if history.open(HOUR, now) >= *most {
                return Err(TestError::Limited);
            }
            history.count(now);
            counters::write(tx, &cx.tenant, counter, history, now).await?;
        }
        Ok(cx.emit(tx, event).await?)
    })
    .await
}
