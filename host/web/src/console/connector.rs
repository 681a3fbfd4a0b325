//! One connector: the form that its schema makes, its test message, and how its calls went.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::Cx;
use keyway_core::connectors::{
    self, ConnectorChange, ConnectorError, Factory, NewConnector, TestError, TestMessage, WishedId, factories,
};
use keyway_model::connector::{Connector, ConnectorSettings, ConnectorSettingsChange, Manifest, Routing};
use keyway_model::identifier::IdentifierKind;
use keyway_model::reason::FieldProblem;
use keyway_model::resource::ManagementScope;
use keyway_model::{ConnectorId, ErrorCode, FactoryId, Refusal};
use serde_json::{Map, Value, json};

use super::connector_config::{apply, initial, parse};
use super::connector_form::{Field, Form};
use super::connector_health::Health;
use super::connectors::{own_name, words};
use super::page::{Notice, Shell, done, explain, markdown, page, redrawn, refused_page, saves, unnamed};
use super::session::Admin;
use crate::error::{WebError, message};
use crate::locale::Locale;
use crate::reason_texts;
use crate::request::{Parameters, Path};

#[derive(Template)]
#[template(path = "console/connector.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is one part of the page")]
struct ConnectorPage {
    shell: Shell,
    name: String,
    description: String,
    factory: String,
    version: String,
    hosts: Vec<String>,
    readme: String,
    /// Where the form goes.
    action: String,
    /// The connector, when it is set up.
    id: String,
    fields: Vec<Field>,
    /// The configuration as text, in place of the fields.
    raw: Option<String>,
    raw_problem: String,
    is_email: bool,
    is_social: bool,
    is_standard: bool,
    target: String,
    display_name: String,
    sync_profile: bool,
    trusts_addresses: bool,
    disabled: bool,
    callback: String,
    /// The id that it gets when it is saved, from which its callback address is made.
    new_id: String,
    prefixes: String,
    order: String,
    beside: bool,
    test_to: String,
    test_result: String,
    test_failed: String,
    health: Health,
}

/// What a form of the page shows.
struct ConnectorDraft {
    config: Value,
    raw: Option<String>,
    sent: Parameters,
    problems: Vec<(String, String)>,
    alert: String,
    raw_problem: String,
    test_result: String,
    test_failed: String,
}

impl ConnectorDraft {
    fn of(config: Value) -> Self {
        Self {
            config,
            raw: None,
            sent: Parameters::default(),
            problems: Vec::new(),
            alert: String::new(),
            raw_problem: String::new(),
            test_result: String::new(),
            test_failed: String::new(),
        }
    }

    /// Reads the form: its fields, or the text that stands in their place.
    fn read(schema: &Value, sent: Parameters, locale: Locale) -> Self {
        let text = sent.get("raw");
        let mut draft = match &text {
            None => Self::of(parse(schema, &sent)),
            Some(text) => match serde_json::from_str::<Value>(text) {
                Ok(config) => Self::of(config),
                Err(error) => {
                    let refusal = Refusal::unreadable("raw", &error.to_string());
                    Self { raw_problem: message(&refusal, locale).into_owned(), ..Self::of(Value::Null) }
                }
            },
        };
        match sent.get("op").unwrap_or_default().as_str() {
            "fields" if draft.raw_problem.is_empty() => draft.raw = None,
            "raw" => draft.raw = Some(format!("{:#}", draft.config)),
            operation => {
                apply(schema, &mut draft.config, operation);
                draft.raw = text;
            }
        }
        draft.sent = sent;
        draft
    }

    /// Shows a refusal: what belongs to a field stands there, and what the module says itself in the reader's language as far as
    /// it speaks it. The refusal comes back.
    fn refused(&mut self, error: ConnectorError, manifest: &Manifest, locale: Locale) -> WebError {
        let error = match (error, manifest.translations.get(locale.tag())) {
            (ConnectorError::Config(detail), Some(own)) => ConnectorError::Config(detail.translated(own)),
            (error, _) => error,
        };
        if let ConnectorError::Config(detail) = &error {
            let problem =
                |one: &FieldProblem| (one.path.clone(), reason_texts::words(&one.detail, locale).into_owned());
            self.problems = detail.fields().iter().map(problem).collect();
        }
        let error = WebError::from(error);
        self.alert = explain(&error, locale);
        error
    }

    /// What is set beside the configuration. What is as it was before, or by default, is not said.
    fn settings(&self, manifest: &Manifest, trusted: bool) -> ConnectorSettingsChange {
        let trusts = self.sent.get("trust_verified_addresses").is_some();
        let said = manifest.kind.signs_in() && trusts != trusted;
        let get = |name: &str| self.sent.get(name).unwrap_or_default().trim().to_owned();
        let metadata = manifest.is_standard.then(|| {
            let name = get("display_name");
            // Null takes away the name that was set before.
            let named = if name.is_empty() {
                Value::Null
            } else {
                Locale::ALL.iter().map(|locale| (locale.tag().to_owned(), Value::from(name.clone()))).collect()
            };
            Map::from_iter([("target".to_owned(), json!(get("target"))), ("name".to_owned(), named)])
        });
        let prefixes = get("prefixes");
        let prefixes = prefixes.split([',', ' ']).filter(|prefix| !prefix.is_empty());
        ConnectorSettingsChange {
            metadata,
            sync_profile: Some(self.sent.get("sync_profile").is_some()),
            trust_verified_addresses: said.then_some(trusts),
            routing: Some(Routing {
                prefixes: prefixes.map(|prefix| prefix.trim_start_matches('+').to_owned()).collect(),
                order: get("order").parse().unwrap_or_default(),
            }),
            ..ConnectorSettingsChange::default()
        }
    }
}

fn shown(
    cx: &Cx,
    admin: &Admin,
    factory: &Factory,
    connector: Option<&Connector>,
    draft: ConnectorDraft,
) -> ConnectorPage {
    let manifest = &factory.manifest;
    let shell = Shell::new(admin, "connectors").failing(draft.alert);
    let shell = if draft.sent.pairs().next().is_some() { shell.drafted() } else { shell };
    let sample = manifest.sample.clone().unwrap_or_default();
    let language = admin.locale.tag();
    let form = Form::new(&manifest.config, &sample, &draft.problems).in_language(manifest.translations.get(language));
    let readme = manifest.readmes.get(language).or(manifest.readme.as_ref()).map(String::as_str).unwrap_or_default();
    let fields = if draft.raw.is_some() { Vec::new() } else { form.fields(&draft.config) };
    let settings = connector.map(|connector| connector.settings.clone()).unwrap_or_default();
    let typed = |name: &str, saved: String| draft.sent.get(name).unwrap_or(saved);
    let is_sent = draft.sent.pairs().next().is_some();
    let ticked = |name: &str, saved: bool| if is_sent { draft.sent.get(name).is_some() } else { saved };
    let text = |name: &str| settings.metadata.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let endpoint = cx.core().endpoint(&cx.tenant);
    let new_id = draft.sent.get("new_id").unwrap_or_else(|| connectors::new_id(cx).0);
    let place = connector.map_or_else(|| new_id.clone(), |connector| connector.id.0.clone());
    ConnectorPage {
        shell,
        name: words(&manifest.name, admin.locale),
        description: words(&manifest.description, admin.locale),
        factory: manifest.id.0.clone(),
        version: manifest.version.clone(),
        hosts: manifest.hosts.clone(),
        readme: markdown(readme),
        action: connector.map_or_else(
            || admin.to(&format!("/connectors/set-up/{}", manifest.id)),
            |connector| admin.to(&format!("/connectors/{}", connector.id)),
        ),
        id: connector.map(|connector| connector.id.0.clone()).unwrap_or_default(),
        fields,
        raw: draft.raw,
        raw_problem: draft.raw_problem,
        is_email: manifest.kind.descriptor().takes_templates,
        is_social: manifest.kind.signs_in(),
        is_standard: manifest.is_standard,
        target: typed("target", text("target")),
        display_name: typed("display_name", own_name(&settings, admin.locale).unwrap_or_default()),
        sync_profile: ticked("sync_profile", settings.sync_profile),
        trusts_addresses: ticked("trust_verified_addresses", factory.trusts_addresses(&settings)),
        disabled: settings.disabled,
        callback: format!("{endpoint}/callback/{place}"),
        new_id,
        prefixes: typed("prefixes", settings.routing.prefixes.join(", ")),
        order: typed("order", settings.routing.order.to_string()),
        beside: draft.sent.get("beside").is_some(),
        test_to: draft.sent.get("test_to").unwrap_or_default(),
        test_result: draft.test_result,
        test_failed: draft.test_failed,
        health: connector.map(|connector| Health::new(&connectors::log(cx, &connector.id))).unwrap_or_default(),
    }
}

fn factory_of(cx: &Cx, id: &FactoryId) -> Result<Arc<Factory>, ErrorCode> {
    factories::get(cx, id).ok_or(ErrorCode::EntityNotFound)
}

/// `GET /console/connectors/set-up/{factory}`
pub async fn set_up(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<FactoryId>,
) -> Result<Response, WebError> {
    let factory = factory_of(&cx, &id)?;
    let draft = ConnectorDraft::of(initial(&factory.manifest.config));
    Ok(page(StatusCode::OK, &shown(&cx, &admin, &factory, None, draft)))
}

/// `POST /console/connectors/set-up/{factory}`
pub async fn create(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<FactoryId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let factory = factory_of(&cx, &id)?;
    let (saves, problem) = (saves(&sent), unnamed(&sent, admin.locale));
    let mut draft = ConnectorDraft::read(&factory.manifest.config, sent, admin.locale);
    problem.clone_into(&mut draft.alert);
    if !saves || !draft.raw_problem.is_empty() {
        return Ok(redrawn(&shown(&cx, &admin, &factory, None, draft), problem));
    }
    let new = NewConnector {
        factory_id: factory.manifest.id.clone(),
        config: draft.config.clone(),
        settings: draft.settings(&factory.manifest, factory.trusts_addresses(&ConnectorSettings::default())),
        // The form shows a callback address that is made of it.
        id: draft.sent.get("new_id").map_or(WishedId::Any, |id| WishedId::OrAny(ConnectorId(id))),
        beside: draft.sent.get("beside").is_some(),
    };
    match connectors::create(&cx, new).await {
        Ok((made, _)) => Ok(done(&admin, &format!("/connectors/{}", made.id), Notice::Saved)),
        Err(error) => {
            let error = draft.refused(error, &factory.manifest, admin.locale);
            Ok(refused_page(&error, &shown(&cx, &admin, &factory, None, draft)))
        }
    }
}

/// `GET /console/connectors/{id}`
pub async fn show(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ConnectorId>,
) -> Result<Response, WebError> {
    let (connector, factory) = connectors::get(&cx, &id).await?;
    let draft = ConnectorDraft::of(connector.config.clone());
    Ok(page(StatusCode::OK, &shown(&cx, &admin, &factory, Some(&connector), draft)))
}

/// `POST /console/connectors/{id}`
pub async fn save(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ConnectorId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let (connector, factory) = connectors::get(&cx, &id).await?;
    let (saves, problem) = (saves(&sent), unnamed(&sent, admin.locale));
    let mut draft = ConnectorDraft::read(&factory.manifest.config, sent, admin.locale);
    problem.clone_into(&mut draft.alert);
    if !saves || !draft.raw_problem.is_empty() {
        return Ok(redrawn(&shown(&cx, &admin, &factory, Some(&connector), draft), problem));
    }
    let settings = draft.settings(&factory.manifest, factory.trusts_addresses(&connector.settings));
    let change = ConnectorChange { config: Some(draft.config.clone()), settings };
    match connectors::update(&cx, &id, change).await {
        Ok(_) => Ok(done(&admin, &format!("/connectors/{id}"), Notice::Saved)),
        Err(error) => {
            let error = draft.refused(error, &factory.manifest, admin.locale);
            Ok(refused_page(&error, &shown(&cx, &admin, &factory, Some(&connector), draft)))
        }
    }
}

/// `POST /console/connector-test/{factory}`: sends a message with what stands in the form, saved or not.
pub async fn test(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<FactoryId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let factory = factory_of(&cx, &id)?;
    let connector = match sent.get("connector").filter(|id| !id.is_empty()) {
        Some(id) => Some(connectors::get(&cx, &ConnectorId(id)).await?.0),
        None => None,
    };
    let to = sent.get("test_to").unwrap_or_default();
    let mut draft = ConnectorDraft::read(&factory.manifest.config, sent, admin.locale);
    // Without scripts, the test's own form holds the recipient alone.
    let has_form = draft.sent.pairs().any(|(name, _)| name == "raw" || name.starts_with('/'));
    if let Some(connector) = connector.as_ref().filter(|_| !has_form) {
        draft.config = connector.config.clone();
    }
    let mut refusal = None;
    if draft.raw_problem.is_empty() {
        let (phone, email) = match factory.manifest.kind.descriptor().recipient {
            Some(IdentifierKind::Phone) => (Some(to.as_str()), None),
            _ => (None, Some(to.as_str())),
        };
        let locale = Some(admin.locale.tag());
        let message = TestMessage {
            factory_id: factory.manifest.id.clone(),
            connector: connector.as_ref().map(|connector| connector.id.clone()),
            phone,
            email,
            locale,
            config: draft.config.clone(),
            may_configure: ManagementScope::ConnectorsConfigure.is_within(&admin.scopes),
        };
        match connectors::send_test_message(&cx, message).await {
            Ok(answer) => draft.test_result = format!("{answer:#}"),
            Err(TestError::Connector(error)) => {
                refusal = Some(draft.refused(error, &factory.manifest, admin.locale));
                // The provider's refusal stands beside the button, a wrong field at the field.
                draft.test_failed = std::mem::take(&mut draft.alert);
            }
            Err(error) => {
                let error = WebError::from(error);
                draft.test_failed = explain(&error, admin.locale);
                refusal = Some(error);
            }
        }
    }
    let shown = shown(&cx, &admin, &factory, connector.as_ref(), draft);
    Ok(match refusal {
        Some(error) => refused_page(&error, &shown),
        None => page(StatusCode::OK, &shown),
    })
}

/// `POST /console/connectors/{id}/enabled`
pub async fn enable(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ConnectorId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let enabled = Some(sent.get("enabled").as_deref() == Some("yes"));
    let settings = ConnectorSettingsChange { enabled, ..ConnectorSettingsChange::default() };
    let change = ConnectorChange { config: None, settings };
    connectors::update(&cx, &id, change).await?;
    Ok(done(&admin, &format!("/connectors/{id}"), Notice::Saved))
}

/// `POST /console/connectors/{id}/delete`
pub async fn delete(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ConnectorId>,
) -> Result<Response, WebError> {
    connectors::delete(&cx, &id).await?;
    Ok(done(&admin, "/connectors", Notice::Deleted))
}
