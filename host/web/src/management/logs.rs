//! `/api/logs`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use keyway_core::management::LogFilter;
use keyway_model::log::LogEntry;
use keyway_model::{LogId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::page;
use crate::Web;
use crate::error::WebError;
use crate::request::{Pagination, Query};

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

fn view(web: &Web, entry: &LogEntry) -> Value {
    let mut payload = entry.payload.clone();
    payload.insert("key".into(), json!(entry.key));
    payload.insert("userId".into(), json!(entry.user_id));
    payload.insert("applicationId".into(), json!(entry.application_id));
    json!({ "tenantId": web.tenant, "id": entry.id, "key": entry.key, "payload": payload, "createdAt": entry.created_at })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    application_id: String,
    #[serde(default)]
    log_key: String,
    /// Milliseconds since 1970.
    #[serde(rename = "start_time")]
    start_time: Option<i64>,
    /// Milliseconds since 1970.
    #[serde(rename = "end_time")]
    end_time: Option<i64>,
}

/// Audit log entries, newest first.
#[utoipa::path(get, path = "/api/logs", tag = "Audit logs", summary = "List audit logs",
    params(("userId" = Option<String>, Query), ("applicationId" = Option<String>, Query), ("logKey" = Option<String>, Query),
        ("start_time" = Option<i64>, Query), ("end_time" = Option<i64>, Query),
        ("page" = Option<i64>, Query), ("page_size" = Option<i64>, Query)), responses((status = 200)))]
async fn list(
    State(web): State<Web>,
    Query(filter): Query<Filter>,
    paging: Pagination,
    uri: Uri,
) -> Result<Response, WebError> {
    let filter = LogFilter {
        user_id: filter.user_id,
        application_id: filter.application_id,
        key: filter.log_key,
        from: filter.start_time.map(Timestamp),
        until: filter.end_time.map(|last| Timestamp(last.saturating_add(1))),
    };
    let (entries, total) = web.core.logs(&web.tenant, filter, paging.page()).await?;
    Ok(page(entries.iter().map(|entry| view(&web, entry)).collect(), total, paging, &uri))
}

/// One audit log entry.
#[utoipa::path(get, path = "/api/logs/{id}", tag = "Audit logs", summary = "Get an audit log",
    params(("id" = String, Path)), responses((status = 200), (status = 404)))]
async fn get(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    let entry = web.core.log(&web.tenant, LogId(id)).await?;
    Ok(Json(view(&web, &entry)))
}
