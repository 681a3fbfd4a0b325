//! `/api/logs`

use axum::Json;
use axum::http::Uri;
use keyway_core::{Cx, audit_logs};
use keyway_model::audit_log::LogEntry;
use keyway_model::{LogId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::paging::{Paged, page};
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::{Pagination, Path, Query};
use keyway_model::resource::ManagementScope::All;

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Audit logs").add(declaration::get("/api/logs", All, "List audit logs", list)).add(declaration::get(
        "/api/logs/{id}",
        All,
        "Get an audit log",
        get,
    ))
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogView {
    tenant_id: String,
    id: String,
    key: String,
    payload: PayloadView,
    /// In milliseconds.
    #[schema(value_type = i64)]
    created_at: Timestamp,
}

/// What happened, with who it happened to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PayloadView {
    #[serde(flatten)]
    #[schema(value_type = Object)]
    payload: Map<String, Value>,
    key: String,
    user_id: Option<String>,
    application_id: Option<String>,
}

impl LogView {
    fn new(cx: &Cx, entry: LogEntry) -> Self {
        let LogEntry { id, key, payload, user_id, application_id, created_at } = entry;
        let (user_id, application_id) = (user_id.map(|id| id.0), application_id.map(|id| id.0));
        let payload = PayloadView { payload, key: key.clone(), user_id, application_id };
        Self { tenant_id: cx.tenant.0.clone(), id: id.0, key, payload, created_at }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct LogQuery {
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

/// A filter's value; an empty one asks for all.
fn given<T: From<String>>(text: String) -> Option<T> {
    Some(text).filter(|text| !text.is_empty()).map(T::from)
}

/// Audit log entries, newest first.
async fn list(
    cx: Cx,
    Query(filter): Query<LogQuery>,
    paging: Pagination,
    uri: Uri,
) -> Result<Paged<LogView>, WebError> {
    let filter = audit_logs::AuditLogFilter {
        user_id: given(filter.user_id),
        application_id: given(filter.application_id),
        key: given(filter.log_key),
        from: filter.start_time.map(Timestamp),
        until: filter.end_time.map(|last| Timestamp(last.saturating_add(1))),
    };
    let (entries, total) = audit_logs::list(&cx, &filter, paging.page()).await?;
    Ok(page(entries.into_iter().map(|entry| LogView::new(&cx, entry)).collect(), total, paging, &uri))
}

/// One audit log entry.
async fn get(cx: Cx, Path(id): Path<LogId>) -> Result<Json<LogView>, WebError> {
    let entry = audit_logs::get(&cx, &id).await?;
    Ok(Json(LogView::new(&cx, entry)))
}
