//! `/api/logs`

use axum::Json;
use axum::http::Uri;
use keyway_core::{Cx, audit_logs};
use keyway_model::log::LogEntry;
use keyway_model::{LogId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

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

fn view(cx: &Cx, entry: &LogEntry) -> Value {
    let mut payload = entry.payload.clone();
    payload.insert("key".into(), json!(entry.key));
    payload.insert("userId".into(), json!(entry.user_id));
    payload.insert("applicationId".into(), json!(entry.application_id));
    json!({ "tenantId": cx.tenant, "id": entry.id, "key": entry.key, "payload": payload, "createdAt": entry.created_at })
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
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
async fn list(cx: Cx, Query(filter): Query<Filter>, paging: Pagination, uri: Uri) -> Result<Paged<Value>, WebError> {
    let filter = audit_logs::Filter {
        user_id: filter.user_id,
        application_id: filter.application_id,
        key: filter.log_key,
        from: filter.start_time.map(Timestamp),
        until: filter.end_time.map(|last| Timestamp(last.saturating_add(1))),
    };
    let (entries, total) = audit_logs::list(&cx, &filter, paging.page()).await?;
    Ok(page(entries.iter().map(|entry| view(&cx, entry)).collect(), total, paging, &uri))
}

/// One audit log entry.
async fn get(cx: Cx, Path(id): Path<LogId>) -> Result<Json<Value>, WebError> {
    let entry = audit_logs::get(&cx, &id).await?;
    Ok(Json(view(&cx, &entry)))
}
