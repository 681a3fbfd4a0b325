//! Uploaded modules: what one is and asks for, and its way from upload to service and back.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use keyway_core::Cx;
use keyway_core::connectors::factories::{self, FactoryError, Upload, UploadedVersion};
use keyway_model::connector::{Platform, Publisher, VersionState};
use keyway_model::{ErrorCode, FactoryId};

use super::connectors::words;
use super::page::{Notice, Shell, done, explain, markdown, moment, page, refused_page};
use super::session::Admin;
use crate::error::WebError;
use crate::management::read;
use crate::request::Path;

#[derive(Template)]
#[template(path = "console/connector_factory_new.html")]
struct UploadPage {
    shell: Shell,
}

/// `GET /console/modules/new`
pub async fn choose(Extension(admin): Extension<Admin>) -> Response {
    page(StatusCode::OK, &UploadPage { shell: Shell::new(&admin, "connectors") })
}

/// `POST /console/modules`: the bytes of a module. Answers with the address of its page, or with what is wrong.
pub async fn upload(cx: Cx, Extension(admin): Extension<Admin>, headers: HeaderMap, body: Body) -> Response {
    let signature = headers.get("keyway-signature").and_then(|value| value.to_str().ok());
    let signature = signature.map(|text| text.replace("\\n", "\n"));
    let taken = async {
        // Before the bytes are read: those who wait hold none.
        let _turn = factories::turn(&cx).await?;
        let new = Upload { wasm: read(body).await?, signature };
        Ok::<_, WebError>(factories::upload(&cx, new).await?)
    };
    match taken.await {
        Ok(view) => {
            let mut response = StatusCode::CREATED.into_response();
            let address = admin.to(&format!("/modules/{}", view.version.factory_id));
            response.extensions_mut().insert(Notice::Uploaded.of(&admin.tenant));
            if let Ok(value) = HeaderValue::from_str(&address) {
                response.headers_mut().insert(header::LOCATION, value);
            }
            response
        }
        Err(error) => {
            let mut body = error.body();
            if let Some(fields) = body.as_object_mut() {
                fields.insert("message".into(), explain(&error, admin.locale).into());
            }
            (error.status(), Json(body)).into_response()
        }
    }
}

/// A version of a module.
struct VersionRow {
    digest: String,
    version: String,
    state: &'static str,
    is_staged: bool,
    is_approved: bool,
    is_active: bool,
    signer: String,
    by: String,
    at: String,
    kilobytes: i64,
    publisher: String,
    /// The publisher whose place it takes.
    replaces: String,
    target: (String, bool),
    platform: (&'static str, bool),
    downgrade_from: String,
    exposed: Vec<String>,
    hosts: Vec<(String, bool)>,
    features: Vec<(String, bool)>,
    secrets: Vec<(String, bool)>,
    licence: String,
    source: String,
}

fn vouches(publisher: &Publisher, shell: &Shell) -> String {
    let t = shell.t;
    match publisher {
        Publisher::Official => t.publisher_official.to_owned(),
        Publisher::Key(key) => format!("{} {key}", t.publisher_key),
        Publisher::Uploader(id) => format!("{} {id}", t.publisher_uploader),
    }
}

fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Native => "Native",
        Platform::Universal => "Universal",
        Platform::Web => "Web",
    }
}

fn item(view: &UploadedVersion, shell: &Shell) -> VersionRow {
    let version = &view.version;
    let t = shell.t;
    let marked = |all: &[String], new: &[String]| -> Vec<(String, bool)> {
        all.iter().map(|name| (name.clone(), new.contains(name))).collect()
    };
    let (state, is_active) = match version.state {
        VersionState::Staged => (t.state_staged, false),
        VersionState::Approved => (t.state_approved, false),
        VersionState::Active => (t.state_active, true),
        VersionState::Retired => (t.state_retired, false),
    };
    let source = version.manifest.source.clone().unwrap_or_default();
    VersionRow {
        digest: version.digest.clone(),
        version: version.manifest.version.clone(),
        state,
        is_staged: version.state == VersionState::Staged,
        is_approved: matches!(version.state, VersionState::Approved | VersionState::Retired),
        is_active,
        signer: version.signer.clone().unwrap_or_default(),
        by: version.uploaded_by.clone(),
        at: moment(version.created_at),
        kilobytes: version.size / 1000,
        publisher: view.asks.publisher.as_ref().map(|one| vouches(one, shell)).unwrap_or_default(),
        replaces: view.asks_new.replaces.as_ref().map(|one| vouches(one, shell)).unwrap_or_default(),
        target: (version.manifest.target.clone(), view.asks_new.target.is_some()),
        platform: (version.manifest.platform.map_or("", platform), view.asks_new.platform.is_some()),
        downgrade_from: view.asks_new.downgrade_from.clone().unwrap_or_default(),
        exposed: view.asks_new.exposed.clone(),
        hosts: marked(&view.asks.hosts, &view.asks_new.hosts),
        features: marked(&view.asks.features, &view.asks_new.features),
        secrets: marked(&view.asks.secrets, &view.asks_new.secrets),
        licence: version.manifest.licence.clone().unwrap_or_default(),
        source: if source.starts_with("https://") { source } else { String::new() },
    }
}

#[derive(Template)]
#[template(path = "console/connector_factory.html")]
struct ModulePage {
    shell: Shell,
    id: String,
    name: String,
    description: String,
    readme: String,
    versions: Vec<VersionRow>,
    can_roll_back: bool,
    is_serving: bool,
}

async fn shown(cx: &Cx, admin: &Admin, shell: Shell, id: &FactoryId) -> Result<ModulePage, WebError> {
    let all = factories::versions(cx).await?;
    let own: Vec<UploadedVersion> = all.into_iter().filter(|view| view.version.factory_id == *id).collect();
    let newest = &own.first().ok_or(ErrorCode::EntityNotFound)?.version.manifest;
    let versions: Vec<VersionRow> = own.iter().map(|view| item(view, &shell)).collect();
    let is_serving = versions.iter().any(|version| version.is_active);
    Ok(ModulePage {
        id: id.0.clone(),
        name: words(&newest.name, admin.locale),
        description: words(&newest.description, admin.locale),
        readme: markdown(newest.readme.as_deref().unwrap_or_default()),
        can_roll_back: is_serving,
        is_serving,
        versions,
        shell,
    })
}

/// `GET /console/modules/{id}`
pub async fn show(cx: Cx, Extension(admin): Extension<Admin>, Path(id): Path<FactoryId>) -> Result<Response, WebError> {
    let shell = Shell::new(&admin, "connectors");
    Ok(page(StatusCode::OK, &shown(&cx, &admin, shell, &id).await?))
}

/// Back to the module, with what was refused where something was.
async fn after(
    cx: &Cx,
    admin: &Admin,
    id: FactoryId,
    notice: Notice,
    result: Result<(), FactoryError>,
) -> Result<Response, WebError> {
    match result {
        Ok(()) => Ok(done(admin, &format!("/modules/{id}"), notice)),
        Err(error) => {
            let error = WebError::from(error);
            let shell = Shell::refused(admin, "connectors", &error);
            Ok(refused_page(&error, &shown(cx, admin, shell, &id).await?))
        }
    }
}

/// `POST /console/modules/{id}/{digest}/approve`
pub async fn approve(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path((id, digest)): Path<(FactoryId, String)>,
) -> Result<Response, WebError> {
    let approved = factories::approve(&cx, &id, &digest).await;
    after(&cx, &admin, id, Notice::Approved, approved.map(|_| ())).await
}

/// `POST /console/modules/{id}/{digest}/activate`
pub async fn activate(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path((id, digest)): Path<(FactoryId, String)>,
) -> Result<Response, WebError> {
    let activated = factories::activate(&cx, &id, &digest).await;
    after(&cx, &admin, id, Notice::Activated, activated).await
}

/// `POST /console/modules/{id}/roll-back`
pub async fn roll_back(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<FactoryId>,
) -> Result<Response, WebError> {
    let rolled_back = factories::roll_back(&cx, &id).await;
    after(&cx, &admin, id, Notice::RolledBack, rolled_back).await
}

/// `POST /console/modules/{id}/{digest}/delete`
pub async fn delete(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path((id, digest)): Path<(FactoryId, String)>,
) -> Result<Response, WebError> {
    let deleted = factories::delete_version(&cx, &id, &digest).await;
    let left = factories::versions(&cx).await?;
    if deleted.is_ok() && !left.iter().any(|view| view.version.factory_id == id) {
        return Ok(done(&admin, "/connectors", Notice::Deleted));
    }
    after(&cx, &admin, id, Notice::Deleted, deleted).await
}
