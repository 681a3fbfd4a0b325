//! Connectors: the list, and the choice of a factory for another.

use std::collections::BTreeMap;

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::Cx;
use keyway_core::connectors::factories::UploadedVersion;
use keyway_core::connectors::{self, ConnectorLogLine, Factory, LogContent, OK, factories};
use keyway_model::FactoryId;
use keyway_model::connector::{ConnectorKind, ConnectorSettings, Manifest, VersionState};

use super::page::{Shell, page};
use super::session::Admin;
use crate::error::WebError;
use crate::locale::Locale;
use crate::request::own_picture;

/// A factory or connector in a list.
struct ConnectorRow {
    href: String,
    name: String,
    description: String,
    /// The factory, which tells connectors of one name apart.
    id: String,
    /// A picture that the manifest brings along, or empty.
    logo: String,
    state: String,
    is_good: bool,
}

impl ConnectorRow {
    fn new(href: String, manifest: &Manifest, locale: Locale) -> Self {
        Self {
            href,
            name: words(&manifest.name, locale),
            description: words(&manifest.description, locale),
            id: manifest.id.0.clone(),
            logo: own_picture(manifest.logo.as_deref()),
            state: String::new(),
            is_good: false,
        }
    }

    /// What stands for a logo where there is none.
    fn letters(&self) -> String {
        self.name.chars().filter(|letter| letter.is_alphanumeric()).take(2).collect()
    }
}

/// A manifest's words in the reader's language.
pub fn words(translated: &BTreeMap<String, String>, locale: Locale) -> String {
    let text = translated
        .get(locale.tag())
        .or_else(|| translated.get(Locale::SOURCE.tag()))
        .or_else(|| translated.values().next());
    text.cloned().unwrap_or_default()
}

/// The name that an admin gave a connector.
pub fn own_name(settings: &ConnectorSettings, locale: Locale) -> Option<String> {
    let name = serde_json::from_value(settings.metadata.get("name")?.clone()).ok()?;
    Some(words(&name, locale))
}

#[derive(Template)]
#[template(path = "console/connectors.html")]
struct ConnectorsPage {
    shell: Shell,
    messages: Vec<ConnectorRow>,
    social: Vec<ConnectorRow>,
    modules: Vec<ConnectorRow>,
}

/// `GET /console/connectors`
pub async fn list(cx: Cx, Extension(admin): Extension<Admin>) -> Result<Response, WebError> {
    let mut shell = Shell::new(&admin, "connectors");
    let skew: Vec<String> =
        factories::skew(&cx).iter().map(|skew| format!("{}: {}", skew.factory_id, skew.reason)).collect();
    shell.alert = skew.join(" ");
    let (mut messages, mut social) = (Vec::new(), Vec::new());
    for (connector, factory) in connectors::list(&cx).await? {
        let href = admin.to(&format!("/connectors/{}", connector.id));
        let mut item = ConnectorRow::new(href, &factory.manifest, admin.locale);
        if let Some(name) = own_name(&connector.settings, admin.locale) {
            item.name = name;
        }
        let last = last_outcome(&connectors::log(&cx, &connector.id));
        item.is_good = last == Some(OK);
        last.unwrap_or_default().clone_into(&mut item.state);
        if connector.settings.disabled {
            shell.t.off.clone_into(&mut item.state);
            item.is_good = false;
        }
        if connector.kind.signs_in() { social.push(item) } else { messages.push(item) }
    }
    let modules = uploaded(&factories::versions(&cx).await?, &shell, &admin);
    Ok(page(StatusCode::OK, &ConnectorsPage { shell, messages, social, modules }))
}

/// How the last call went.
fn last_outcome(log: &[ConnectorLogLine]) -> Option<&'static str> {
    log.iter().find_map(|line| match &line.content {
        LogContent::Call(call) => Some(call.outcome),
        LogContent::Written(_) => None,
    })
}

/// One tile for each uploaded module, with the state of the version that is furthest.
fn uploaded(versions: &[UploadedVersion], shell: &Shell, admin: &Admin) -> Vec<ConnectorRow> {
    let t = shell.t;
    let mut found: BTreeMap<&FactoryId, (u8, ConnectorRow)> = BTreeMap::new();
    for view in versions {
        let version = &view.version;
        let (rank, state) = match version.state {
            VersionState::Active => (3, t.state_active),
            VersionState::Staged => (2, t.state_staged),
            VersionState::Approved => (1, t.state_approved),
            VersionState::Retired => (0, t.state_retired),
        };
        if found.get(&version.factory_id).is_some_and(|(known, _)| *known >= rank) {
            continue;
        }
        let mut item =
            ConnectorRow::new(admin.to(&format!("/modules/{}", version.factory_id)), &version.manifest, admin.locale);
        state.clone_into(&mut item.state);
        item.is_good = version.state == VersionState::Active;
        found.insert(&version.factory_id, (rank, item));
    }
    found.into_values().map(|(_, item)| item).collect()
}

#[derive(Template)]
#[template(path = "console/connector_choose.html")]
struct ChooseConnectorPage {
    shell: Shell,
    groups: Vec<(&'static str, Vec<ConnectorRow>)>,
}

/// `GET /console/connectors/new`
pub async fn choose(cx: Cx, Extension(admin): Extension<Admin>) -> Response {
    let shell = Shell::new(&admin, "connectors");
    let t = shell.t;
    let factories = factories::list(&cx);
    let group = |kind: ConnectorKind, title: &'static str| {
        let of_kind = factories.iter().filter(|factory| factory.manifest.kind == kind);
        let item = |factory: &std::sync::Arc<Factory>| {
            let href = admin.to(&format!("/connectors/set-up/{}", factory.manifest.id));
            ConnectorRow::new(href, &factory.manifest, admin.locale)
        };
        (title, of_kind.map(item).collect::<Vec<_>>())
    };
    let groups = vec![
        group(ConnectorKind::Sms, t.sms_connectors),
        group(ConnectorKind::Email, t.email_connectors),
        group(ConnectorKind::Social, t.social_connectors),
    ];
    page(StatusCode::OK, &ChooseConnectorPage { shell, groups })
}
