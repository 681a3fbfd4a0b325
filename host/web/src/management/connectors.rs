//! `/api/connector-factories` and `/api/connectors`

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use keyway_core::connectors::{Factory, NewConnector};
use keyway_model::connector::Connector;
use keyway_model::{ConnectorId, ErrorCode, FactoryId};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::error::WebError;
use crate::request::Body;

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_factories))
        .routes(routes!(get_factory))
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(test))
}

fn factory_view(factory: &Factory) -> Map<String, Value> {
    let manifest = &factory.manifest;
    let view = json!({
        "id": manifest.id,
        "type": manifest.kind,
        "target": manifest.target,
        "platform": null,
        "name": manifest.name,
        "description": manifest.description,
        "logo": manifest.logo,
        "logoDark": null,
        "readme": manifest.readme,
        "configTemplate": manifest.sample.as_ref().map(|sample| format!("{sample:#}")),
        "configSchema": manifest.config,
        "formItems": manifest.form_items,
        "isStandard": false,
        "isTokenStorageSupported": false,
        "version": manifest.version,
        "contract": manifest.contract,
        "hosts": manifest.hosts,
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
    view.insert("metadata".into(), json!({}));
    view.insert("syncProfile".into(), json!(false));
    view.insert("enableTokenStorage".into(), json!(false));
    view.insert("createdAt".into(), json!(connector.created_at));
    Value::Object(view)
}

/// Every loaded connector factory.
#[utoipa::path(get, path = "/api/connector-factories", tag = "Connector factories", summary = "List connector factories",
    responses((status = 200)))]
async fn list_factories(State(web): State<Web>) -> Json<Vec<Value>> {
    let factories = web.core.connector_factories().await;
    Json(factories.iter().map(|factory| Value::Object(factory_view(factory))).collect())
}

/// One connector factory.
#[utoipa::path(get, path = "/api/connector-factories/{id}", tag = "Connector factories",
    summary = "Get a connector factory", params(("id" = String, Path)), responses((status = 200), (status = 404)))]
async fn get_factory(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    let found = web.core.connector_factory(&FactoryId(id)).await.ok_or(ErrorCode::EntityNotFound)?;
    Ok(Json(Value::Object(factory_view(&found))))
}

#[derive(Deserialize)]
struct Filter {
    target: Option<String>,
}

/// The connectors that are set up; secrets are masked.
#[utoipa::path(get, path = "/api/connectors", tag = "Connectors", summary = "List connectors",
    params(("target" = Option<String>, Query)), responses((status = 200)))]
async fn list(State(web): State<Web>, Query(filter): Query<Filter>) -> Result<Json<Vec<Value>>, WebError> {
    let found = web.core.connectors(&web.tenant).await?;
    let wanted = |factory: &Factory| filter.target.as_ref().is_none_or(|target| *target == factory.manifest.target);
    let shown = found.iter().filter(|(_, factory)| wanted(factory));
    Ok(Json(shown.map(|(connector, factory)| view(&web, connector, factory)).collect()))
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
    /// Id of the connector.
    id: Option<String>,
}

/// Sets up a connector. One that sends messages replaces the other of its kind.
#[utoipa::path(post, path = "/api/connectors", tag = "Connectors", summary = "Create a connector",
    request_body = CreateConnector, responses((status = 200), (status = 400), (status = 422)))]
async fn create(State(web): State<Web>, Body(body): Body<CreateConnector>) -> Result<Json<Value>, WebError> {
    if body.metadata.is_some_and(|metadata| !metadata.is_empty()) {
        return Err(ErrorCode::ConnectorMetadataNotAllowed.into());
    }
    let new = NewConnector {
        factory_id: FactoryId(body.connector_id),
        config: Value::Object(body.config),
        id: body.id.map(ConnectorId),
    };
    let id = web.core.create_connector(&web.tenant, new).await?;
    shown(&web, &id).await
}

/// One connector; secrets are masked.
#[utoipa::path(get, path = "/api/connectors/{id}", tag = "Connectors", summary = "Get a connector",
    params(("id" = String, Path)), responses((status = 200), (status = 404)))]
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
}

/// Replaces the configuration; a masked secret keeps its stored value.
#[utoipa::path(patch, path = "/api/connectors/{id}", tag = "Connectors", summary = "Update a connector",
    params(("id" = String, Path)), request_body = UpdateConnector, responses((status = 200), (status = 400), (status = 404)))]
async fn update(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<UpdateConnector>,
) -> Result<Json<Value>, WebError> {
    if body.metadata.is_some_and(|metadata| !metadata.is_empty()) {
        return Err(ErrorCode::ConnectorMetadataNotAllowed.into());
    }
    let id = ConnectorId(id);
    if let Some(config) = body.config {
        web.core.update_connector(&web.tenant, &id, Value::Object(config)).await?;
    }
    shown(&web, &id).await
}

/// Removes a connector.
#[utoipa::path(delete, path = "/api/connectors/{id}", tag = "Connectors", summary = "Delete a connector",
    params(("id" = String, Path)), responses((status = 204), (status = 404)))]
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<StatusCode, WebError> {
    web.core.delete_connector(&web.tenant, &ConnectorId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
struct TestConnector {
    phone: Option<String>,
    email: Option<String>,
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

/// Sends the code 000000 through settings that need not be saved. A refusal tells the provider's code, message and
/// request id.
#[utoipa::path(post, path = "/api/connectors/{id}/test", tag = "Connectors", summary = "Send a test message",
    params(("id" = String, Path, description = "Id of the connector factory")), request_body = TestConnector,
    responses((status = 204), (status = 400), (status = 429), (status = 502)))]
async fn test(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<TestConnector>,
) -> Result<StatusCode, WebError> {
    let (phone, email) = (body.phone.as_deref(), body.email.as_deref());
    web.core.test_connector(&web.tenant, &FactoryId(id), phone, email, Value::Object(body.config)).await?;
    Ok(StatusCode::NO_CONTENT)
}
