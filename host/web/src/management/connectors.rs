//! `/api/connectors`

use axum::Json;
use axum::extract::{Extension, State};
use keyway_core::Cx;
use keyway_core::connectors::{ConnectorChange, Factory, Line, NewConnector, TestMessage, form_items};
use keyway_model::connector::{Connector, ConnectorSettings, Manifest, Routing};
use keyway_model::{ConnectorId, ErrorCode, FactoryId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::Duties;
use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::{Body, Path, Query};
use crate::response::NoContent;
use keyway_model::resource::ManagementScope::{ConnectorsConfigure, ConnectorsTest, ConnectorsView};

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Connectors")
        .add(declaration::get("/api/connectors", ConnectorsView, "List connectors", list))
        .add(declaration::post("/api/connectors", ConnectorsConfigure, "Create a connector", create))
        .add(declaration::get("/api/connectors/{id}", ConnectorsView, "Get a connector", get))
        .add(declaration::patch("/api/connectors/{id}", ConnectorsConfigure, "Update a connector", update))
        .add(declaration::delete("/api/connectors/{id}", ConnectorsConfigure, "Delete a connector", delete))
        .add(
            declaration::post("/api/connectors/{id}/test", ConnectorsTest, "Send a test message", test)
                .refusing(&[429, 502]),
        )
        .add(declaration::get("/api/connectors/{id}/logs", ConnectorsView, "Get a connector's log", log))
}

/// A factory in Logto's shape, with what Keyway knows beyond it.
pub fn factory_view(factory: &Factory) -> Map<String, Value> {
    let mut view = manifest_view(&factory.manifest);
    view.insert("digest".into(), json!(factory.digest));
    view.insert("uploaded".into(), json!(factory.uploaded));
    view
}

/// What a manifest says, in Logto's shape.
pub fn manifest_view(manifest: &Manifest) -> Map<String, Value> {
    let view = json!({
        "id": manifest.id,
        "type": manifest.kind,
        "target": manifest.target,
        "platform": manifest.platform,
        "name": manifest.name,
        "description": manifest.description,
        "logo": manifest.logo,
        "logoDark": manifest.logo_dark,
        "readme": manifest.readme,
        "configTemplate": manifest.sample.as_ref().map(|sample| format!("{sample:#}")),
        "configSchema": manifest.config,
        "formItems": manifest.form_items.clone().unwrap_or_else(|| form_items(&manifest.config)),
        "isStandard": manifest.is_standard,
        "isTokenStorageSupported": false,
        "version": manifest.version,
        "contract": manifest.contract,
        "sdk": manifest.sdk,
        "hosts": manifest.hosts,
        "features": manifest.features,
        "licence": manifest.licence,
        "source": manifest.source,
    });
    match view {
        Value::Object(view) => view,
        _ => Map::new(),
    }
}

fn view(web: &Web, connector: &Connector, factory: &Factory) -> Value {
    let mut view = factory_view(factory);
    view.insert("tenantId".into(), json!(web.tenant));
    view.insert("id".into(), json!(connector.id));
    view.insert("connectorId".into(), json!(connector.factory_id));
    view.insert("config".into(), connector.config.clone());
    let settings = &connector.settings;
    view.insert("metadata".into(), json!(settings.metadata));
    view.insert("syncProfile".into(), json!(settings.sync_profile));
    view.insert("enableTokenStorage".into(), json!(settings.enable_token_storage));
    if factory.manifest.kind.signs_in() {
        let trusted = factory.trusts_addresses(settings);
        view.insert("trustVerifiedAddresses".into(), json!(trusted));
    }
    view.insert("routing".into(), json!(settings.routing));
    view.insert("enabled".into(), json!(!settings.disabled));
    // What an admin set goes before the manifest's words.
    for (name, value) in &settings.metadata {
        view.insert(name.clone(), value.clone());
    }
    view.insert("createdAt".into(), json!(connector.created_at));
    Value::Object(view)
}

#[derive(Deserialize, IntoParams)]
struct Filter {
    target: Option<String>,
}

/// The connectors that are set up; secrets are masked.
async fn list(State(web): State<Web>, Query(filter): Query<Filter>) -> Result<Json<Value>, WebError> {
    let found = web.core.connectors(&web.tenant).await?;
    let shown = found.iter().map(|(connector, factory)| view(&web, connector, factory));
    let wanted = |view: &Value| {
        filter.target.is_none() || view.get("target").and_then(Value::as_str) == filter.target.as_deref()
    };
    Ok(Json(shown.filter(wanted).collect()))
}

async fn shown(web: &Web, id: &ConnectorId) -> Result<Json<Value>, WebError> {
    let found = web.core.connectors(&web.tenant).await?;
    let (connector, factory) =
        found.iter().find(|(connector, _)| connector.id == *id).ok_or(ErrorCode::EntityNotFound)?;
    Ok(Json(view(web, connector, factory)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateConnector {
    /// Id of the connector factory.
    connector_id: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// Whether name and avatar follow the provider at every sign-in.
    #[serde(default)]
    sync_profile: bool,
    /// Whether the provider's tokens are kept.
    #[serde(default)]
    enable_token_storage: bool,
    /// Whether addresses that the provider calls verified count, for new accounts and for linking. When absent, those of the
    /// connectors of the binary do.
    trust_verified_addresses: Option<bool>,
    /// Which messages it takes; with this, it stands beside the others of its kind in place of replacing them.
    #[schema(value_type = Option<Object>)]
    routing: Option<Routing>,
    /// Id of the connector.
    id: Option<String>,
}

/// Sets up a connector. One that sends messages replaces the other of its kind.
async fn create(State(web): State<Web>, Body(body): Body<CreateConnector>) -> Result<Json<Value>, WebError> {
    let new = NewConnector {
        factory_id: FactoryId(body.connector_id),
        config: Value::Object(body.config),
        beside: body.routing.is_some(),
        settings: ConnectorSettings {
            metadata: body.metadata.unwrap_or_default(),
            sync_profile: body.sync_profile,
            enable_token_storage: body.enable_token_storage,
            trust_verified_addresses: body.trust_verified_addresses,
            routing: body.routing.unwrap_or_default(),
            disabled: false,
        },
        id: body.id.map(ConnectorId),
    };
    let id = web.core.create_connector(&web.tenant, new).await?;
    shown(&web, &id).await
}

/// One connector; secrets are masked.
async fn get(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    shown(&web, &ConnectorId(id)).await
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateConnector {
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    sync_profile: Option<bool>,
    enable_token_storage: Option<bool>,
    /// Whether addresses that the provider calls verified count, for new accounts and for linking.
    trust_verified_addresses: Option<bool>,
    #[schema(value_type = Option<Object>)]
    routing: Option<Routing>,
    /// Whether it serves.
    enabled: Option<bool>,
}

/// Replaces the configuration; a masked secret keeps its stored value.
async fn update(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<UpdateConnector>,
) -> Result<Json<Value>, WebError> {
    let id = ConnectorId(id);
    let change = ConnectorChange {
        config: body.config.map(Value::Object),
        metadata: body.metadata,
        sync_profile: body.sync_profile,
        enable_token_storage: body.enable_token_storage,
        trust_verified_addresses: body.trust_verified_addresses,
        routing: body.routing,
        enabled: body.enabled,
    };
    web.core.update_connector(&web.tenant, &id, change).await?;
    shown(&web, &id).await
}

/// Removes a connector.
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<NoContent, WebError> {
    web.core.delete_connector(&web.tenant, &ConnectorId(id)).await?;
    Ok(NoContent)
}

#[derive(Deserialize, ToSchema)]
struct TestConnector {
    phone: Option<String>,
    email: Option<String>,
    /// BCP 47 tag of the message's language.
    locale: Option<String>,
    /// Id of the connector whose stored secrets stand for masked ones; needed where the factory has several.
    id: Option<String>,
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

/// Sends the code 000000, with the duty of configuring through settings that need not be saved. A refusal tells the provider's code, message and
/// request id.
async fn test(
    State(web): State<Web>,
    cx: Cx,
    Extension(duties): Extension<Duties>,
    Path(id): Path<String>,
    Body(body): Body<TestConnector>,
) -> Result<NoContent, WebError> {
    let message = TestMessage {
        factory_id: FactoryId(id),
        connector: body.id.map(ConnectorId),
        phone: body.phone.as_deref(),
        email: body.email.as_deref(),
        locale: body.locale.as_deref(),
        config: Value::Object(body.config),
        by: cx.actor.id().unwrap_or_default(),
        may_configure: duties.may_configure,
    };
    web.core.test_connector(&web.tenant, message).await?;
    Ok(NoContent)
}

/// The last calls and log lines of the connector on this node, newest first; secrets, recipients and codes are masked.
async fn log(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    let id = ConnectorId(id);
    let _ = shown(&web, &id).await?;
    let line = |line: &Line| {
        let mut entry = line.entry.clone();
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("at".into(), json!(line.at));
        }
        entry
    };
    Ok(Json(web.core.connector_log(&id).iter().map(line).collect()))
}
