//! The audit log.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::management::LogFilter;
use keyway_model::log::LogEntry;
use keyway_model::{LogId, TenantId};
use serde_json::Value;

use super::managed;
use super::page::{Paging, Shell, asked, moment, page};
use super::session::Admin;
use crate::Web;
use crate::error::WebError;
use crate::request::Parameters;

/// An entry in a list.
pub struct Line {
    /// Its id.
    pub id: String,
    /// When.
    pub at: String,
    /// What happened.
    pub event: String,
    /// Whether it was refused.
    pub failed: bool,
    /// Id of the user.
    pub user: String,
    /// Id of the application.
    pub application: String,
    /// The browser's address.
    pub ip: String,
}

/// An entry as a line.
pub fn line(entry: &LogEntry) -> Line {
    let text = |name: &str| entry.payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Line {
        id: entry.id.0.clone(),
        at: moment(entry.created_at),
        event: entry.key.clone(),
        failed: text("result") == "Error",
        user: entry.user_id.as_ref().map(|id| id.0.clone()).unwrap_or_default(),
        application: entry.application_id.as_ref().map(|id| id.0.clone()).unwrap_or_default(),
        ip: text("ip"),
    }
}

#[derive(Template)]
#[template(path = "console/logs.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
    paging: Paging,
    event: String,
    user: String,
    application: String,
    /// Whether it is the log of the operators' own tenant.
    operators: bool,
}

/// Whose log is asked for.
fn tenant(parameters: &Parameters) -> TenantId {
    if parameters.get("of").as_deref() == Some("operators") { TenantId::admin() } else { managed() }
}

/// `GET /console/logs`
pub async fn list(
    State(web): State<Web>,
    Extension(admin): Extension<Admin>,
    parameters: Parameters,
) -> Result<Response, WebError> {
    let get = |name: &str| parameters.get(name).unwrap_or_default().trim().to_owned();
    let (event, user, application) = (get("event"), get("user"), get("application"));
    let (number, wanted) = asked(&parameters);
    let filter = LogFilter { user_id: user.clone(), application_id: application.clone(), key: event.clone() };
    let tenant = tenant(&parameters);
    let (entries, total) = web.core.logs(&tenant, filter, wanted).await?;
    let operators = tenant == TenantId::admin();
    let kept = [
        ("of", if operators { "operators" } else { "" }),
        ("event", event.as_str()),
        ("user", &user),
        ("application", &application),
    ];
    let paging = Paging::new("/console/logs", number, total, &kept);
    let shell = Shell::new(&admin, "logs");
    let lines = entries.iter().map(line).collect();
    Ok(page(StatusCode::OK, &ListPage { shell, lines, paging, event, user, application, operators }))
}

#[derive(Template)]
#[template(path = "console/log.html")]
struct EntryPage {
    shell: Shell,
    line: Line,
    error: String,
    agent: String,
    json: String,
}

/// `GET /console/logs/{id}`
pub async fn show(
    State(web): State<Web>,
    Extension(admin): Extension<Admin>,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let entry = match web.core.log(&managed(), LogId(id.clone())).await {
        Ok(entry) => entry,
        Err(_) => web.core.log(&TenantId::admin(), LogId(id)).await?,
    };
    let text = |name: &str| entry.payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let json = format!("{:#}", Value::Object(entry.payload.clone()));
    let shell = Shell::new(&admin, "logs");
    let error = entry.payload.get("error").and_then(|error| error.get("code")).and_then(Value::as_str);
    let error = error.unwrap_or_default().to_owned();
    let shown = EntryPage { shell, line: line(&entry), error, agent: text("userAgent"), json };
    Ok(page(StatusCode::OK, &shown))
}
