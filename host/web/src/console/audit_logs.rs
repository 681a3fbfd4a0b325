//! The audit log.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::Extension;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyway_core::applications::{self, ApplicationFilter};
use keyway_core::{Cx, Page, audit_logs, users};
use keyway_model::audit_log::LogEntry;
use keyway_model::{ApplicationId, LogId, TenantId, Timestamp, UserId};
use serde_json::Value;
use time::macros::format_description;
use time::{Date, Duration};

use super::events::{self, GROUPS};
use super::page::{self, Paging, Shell, moment, page};
use super::session::{Admin, name_of};
use super::texts::texts;
use crate::error::WebError;
use crate::locale::Locale;
use crate::request::{Parameters, Path};

/// An entry in a list.
pub struct LogRow {
    /// Its id.
    pub id: String,
    /// When.
    pub at: String,
    /// What happened, in words.
    pub event: String,
    /// The event's key.
    pub key: String,
    /// Whether it was refused.
    pub failed: bool,
    /// Id of the user.
    pub user: String,
    /// Who did it: the user, or the administrator.
    pub who: String,
    /// Id of the application.
    pub application: String,
    /// The browser's address.
    pub ip: String,
}

/// An entry as a line.
pub fn line(entry: &LogEntry, locale: Locale) -> LogRow {
    let text = |name: &str| entry.payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    LogRow {
        id: entry.id.0.clone(),
        at: moment(entry.created_at),
        event: events::name(&entry.key, locale),
        key: entry.key.clone(),
        failed: text("result") == "Error",
        user: entry.user_id.as_ref().map(|id| id.0.clone()).unwrap_or_default(),
        who: Some(text("actor"))
            .filter(|actor| !actor.is_empty())
            .or_else(|| entry.user_id.as_ref().map(|id| id.0.clone()))
            .unwrap_or_default(),
        application: entry.application_id.as_ref().map(|id| id.0.clone()).unwrap_or_default(),
        ip: text("ip"),
    }
}

#[derive(Template)]
#[template(path = "console/audit_logs.html")]
struct AuditLogsPage {
    shell: Shell,
    lines: Vec<LogRow>,
    paging: Paging,
    filters: LogFilters,
    /// Kinds of events: what they begin with, and their names.
    groups: Vec<(&'static str, &'static str)>,
    /// Applications by id and name.
    applications: Vec<(String, String)>,
    /// Where the same entries are as a table for other programs.
    export: String,
}

/// What the filters ask for, as they were typed.
struct LogFilters {
    event: String,
    user: String,
    application: String,
    from: String,
    until: String,
    /// Whether it is the log of the operators' own tenant.
    operators: bool,
}

/// What a field holds, where it is not empty.
fn given(field: &str) -> Option<String> {
    Some(field.to_owned()).filter(|text| !text.is_empty())
}

/// A day, as a date field sends it, in UTC.
fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

impl LogFilters {
    fn read(parameters: &Parameters) -> Self {
        let get = |name: &str| parameters.get(name).unwrap_or_default().trim().to_owned();
        Self {
            event: get("event"),
            user: get("user"),
            application: get("application"),
            from: get("from"),
            until: get("until"),
            operators: get("of") == "operators",
        }
    }

    /// The context of the log that is shown.
    fn within(&self, cx: &Cx) -> Cx {
        if self.operators { cx.within(TenantId::admin()) } else { cx.clone() }
    }

    fn filter(&self) -> audit_logs::AuditLogFilter {
        let start = |date: Date| Timestamp(date.midnight().assume_utc().unix_timestamp().saturating_mul(1000));
        audit_logs::AuditLogFilter {
            user_id: given(&self.user).map(UserId),
            application_id: given(&self.application).map(ApplicationId),
            key: given(&self.event),
            from: day(&self.from).map(start),
            // The last day belongs to it.
            until: day(&self.until).and_then(|date| date.checked_add(Duration::DAY)).map(start),
        }
    }

    fn pairs(&self) -> [(&str, &str); 6] {
        [
            ("of", if self.operators { "operators" } else { "" }),
            ("event", &self.event),
            ("user", &self.user),
            ("application", &self.application),
            ("from", &self.from),
            ("until", &self.until),
        ]
    }

    /// Whether the event is none of the groups that can be chosen.
    fn is_single_event(&self) -> bool {
        !self.event.is_empty() && !GROUPS.iter().any(|(group, ..)| *group == self.event)
    }

    fn is_empty(&self) -> bool {
        self.pairs().iter().skip(1).all(|(_, value)| value.is_empty())
    }
}

/// `GET /console/logs`
pub async fn list(cx: Cx, Extension(admin): Extension<Admin>, parameters: Parameters) -> Result<Response, WebError> {
    let filters = LogFilters::read(&parameters);
    let (number, wanted) = page::requested_page(&parameters);
    let (entries, total) = audit_logs::list(&filters.within(&cx), &filters.filter(), wanted).await?;
    let (applications, _) =
        applications::list(&cx, &ApplicationFilter::default(), Page { offset: 0, limit: 100 }).await?;
    let mut applications: Vec<_> = applications.into_iter().map(|one| (one.id.0, one.name)).collect();
    if !filters.application.is_empty() && !applications.iter().any(|(id, _)| *id == filters.application) {
        applications.push((filters.application.clone(), filters.application.clone()));
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(filters.pairs().iter().filter(|(_, value)| !value.is_empty()));
    let shown = AuditLogsPage {
        shell: Shell::new(&admin, "logs"),
        lines: entries.iter().map(|entry| line(entry, admin.locale)).collect(),
        paging: Paging::new(&admin.to("/logs"), number, total, &filters.pairs()),
        groups: GROUPS.iter().map(|(group, name)| (*group, name(texts(admin.locale)))).collect(),
        applications,
        export: admin.to(&format!("/logs/export.csv?{}", query.finish())),
        filters,
    };
    Ok(page(StatusCode::OK, &shown))
}

/// Most entries of one table, so that it is made in bounded memory; the filters choose which.
const EXPORTED: i64 = 10_000;

/// `GET /console/logs/export.csv`: what the filters choose, newest first, as RFC 4180 says.
pub async fn export(cx: Cx, Extension(admin): Extension<Admin>, parameters: Parameters) -> Result<Response, WebError> {
    let filters = LogFilters::read(&parameters);
    let mut table = csv::Writer::from_writer(Vec::new());
    let head =
        ["time", "key", "event", "result", "error", "user_id", "application_id", "ip", "actor", "operation", "id"];
    let mut written = table.write_record(head);
    let cx = filters.within(&cx);
    for offset in (0..EXPORTED).step_by(1000) {
        let (entries, _) = audit_logs::list(&cx, &filters.filter(), Page { offset, limit: 1000 }).await?;
        for entry in &entries {
            written = written.and_then(|()| table.write_record(record(entry, admin.locale)));
        }
        if entries.len() < 1000 {
            break;
        }
    }
    let bytes = written.ok().and_then(|()| table.into_inner().ok()).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit-log.csv\""),
    ];
    Ok((headers, bytes).into_response())
}

fn record(entry: &LogEntry, locale: Locale) -> Vec<String> {
    let text = |name: &str| entry.payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let error = entry.payload.get("error").and_then(|error| error.get("code")).and_then(Value::as_str);
    let line = line(entry, locale);
    let cells = [
        line.at,
        line.key,
        line.event,
        text("result"),
        error.unwrap_or_default().to_owned(),
        line.user,
        line.application,
        line.ip,
        text("actor"),
        text("operation"),
        line.id,
    ];
    cells.into_iter().map(harmless).collect()
}

/// A spreadsheet takes a cell that begins so for a formula (CWE-1236); the quote makes it text.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[derive(Template)]
#[template(path = "console/audit_log.html")]
struct EntryPage {
    shell: Shell,
    line: LogRow,
    error: String,
    agent: String,
    /// Who did it, by name where it is somebody who is still there, and what kind of caller that is.
    actor: String,
    actor_kind: &'static str,
    operation: String,
    /// What it was done to: the name of each id, and the id.
    targets: Vec<(String, String)>,
    changes: Vec<Change>,
    json: String,
}

/// A field that an event changed, as it was before and after; empty where it was not there.
struct Change {
    field: String,
    before: String,
    after: String,
}

/// A value of an entry, as short as it can be read.
fn readable(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

/// The fields of one member of an entry.
fn fields<'e>(entry: &'e LogEntry, name: &str) -> BTreeMap<&'e str, &'e Value> {
    let fields = entry.payload.get(name).and_then(Value::as_object).into_iter().flatten();
    fields.map(|(field, value)| (field.as_str(), value)).collect()
}

fn changes(entry: &LogEntry) -> Vec<Change> {
    let (before, after) = (fields(entry, "before"), fields(entry, "after"));
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let change = |field: &str| Change {
        field: field.to_owned(),
        before: readable(before.get(field).copied()),
        after: readable(after.get(field).copied()),
    };
    names.into_iter().map(change).collect()
}

/// Who did it: an administrator's and a user's name, an application's, or the id of somebody who is not there any more.
async fn actor(cx: &Cx, kind: &str, id: &str) -> String {
    let user_of = |cx: Cx| async move { users::get(&cx, &UserId(id.to_owned())).await.ok().map(|user| name_of(&user)) };
    let name = match kind {
        "administrator" => user_of(cx.within(TenantId::admin())).await,
        "user" => user_of(cx.clone()).await,
        "application" => applications::get(cx, &ApplicationId(id.to_owned())).await.ok().map(|one| one.name),
        _ => None,
    };
    name.unwrap_or_else(|| id.to_owned())
}

/// `GET /console/logs/{id}`
pub async fn show(cx: Cx, Extension(admin): Extension<Admin>, Path(id): Path<LogId>) -> Result<Response, WebError> {
    let (cx, entry) = if let Ok(entry) = audit_logs::get(&cx, &id).await {
        (cx, entry)
    } else {
        let operators = cx.within(TenantId::admin());
        let entry = audit_logs::get(&operators, &id).await?;
        (operators, entry)
    };
    let text = |name: &str| entry.payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let json = format!("{:#}", Value::Object(entry.payload.clone()));
    let shell = Shell::new(&admin, "logs");
    let error = entry.payload.get("error").and_then(|error| error.get("code")).and_then(Value::as_str);
    let error = error.unwrap_or_default().to_owned();
    let actor_kind = text("actorType");
    let shown = EntryPage {
        line: line(&entry, admin.locale),
        error,
        agent: text("userAgent"),
        actor: actor(&cx, &actor_kind, &text("actor")).await,
        actor_kind: match actor_kind.as_str() {
            "administrator" => shell.t.actor_administrator,
            "user" => shell.t.user,
            "application" => shell.t.application,
            "system" => shell.t.actor_system,
            _ => shell.t.actor_nobody,
        },
        operation: text("operation"),
        targets: fields(&entry, "targets")
            .into_iter()
            .map(|(name, id)| (name.to_owned(), readable(Some(id))))
            .collect(),
        changes: changes(&entry),
        json,
        shell,
    };
    Ok(page(StatusCode::OK, &shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_days_holds_its_last_one() {
        let sent = Parameters::parse(b"from=2026-01-31&until=2026-01-31&event=Interaction.").unwrap();
        let filter = LogFilters::read(&sent).filter();
        let (from, until) = (filter.from.unwrap().0, filter.until.unwrap().0);
        assert_eq!((from, until - from), (1_769_817_600_000, 24 * 3600 * 1000));
        let wrong = Parameters::parse(b"from=yesterday&until=9999-12-31").unwrap();
        assert_eq!((LogFilters::read(&wrong).filter().from, LogFilters::read(&wrong).filter().until), (None, None));
    }

    #[test]
    fn csv_injection_is_text() {
        assert_eq!(harmless("=HYPERLINK(\"https://evil.example\")".into()), "'=HYPERLINK(\"https://evil.example\")");
        assert_eq!(harmless("203.0.113.7".into()), "203.0.113.7");
    }
}
