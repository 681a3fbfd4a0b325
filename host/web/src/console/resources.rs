//! API resources: what access tokens are made for, and their scopes.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::resources::{self, NewResource, ResourceChange, ResourceError, ScopeChange};
use keyway_core::{Cx, Page};
use keyway_model::resource::{Resource, Scope, management_api};
use keyway_model::{Patch, Reason, Refusal, ResourceId, ScopeId};

use super::page::{Notice, Paging, Shell, done, page, refused_page, requested_page};
use super::session::Admin;
use crate::error::WebError;
use crate::request::{Parameters, Path};

/// Seconds that a token lives where a form says nothing.
const USUAL_TTL: i64 = 3600;

/// An API in the list.
struct ResourceRow {
    id: String,
    name: String,
    indicator: String,
    is_default: bool,
    /// Whether it is the Management API, which stays as it is.
    is_fixed: bool,
}

fn row(cx: &Cx, resource: &Resource) -> ResourceRow {
    ResourceRow {
        id: resource.id.0.clone(),
        name: resource.name.clone(),
        indicator: resource.indicator.clone(),
        is_default: resource.is_default,
        is_fixed: resource.indicator == management_api(&cx.tenant),
    }
}

#[derive(Template)]
#[template(path = "console/resources.html")]
struct ResourcesPage {
    shell: Shell,
    resources: Vec<ResourceRow>,
    paging: Paging,
}

/// `GET /console/resources`
pub async fn list(cx: Cx, Extension(admin): Extension<Admin>, parameters: Parameters) -> Result<Response, WebError> {
    let (number, wanted) = requested_page(&parameters);
    let (found, total) = resources::list(&cx, wanted).await?;
    let shown = ResourcesPage {
        shell: Shell::new(&admin, "resources"),
        resources: found.iter().map(|resource| row(&cx, resource)).collect(),
        paging: Paging::new(&admin.to("/resources"), number, total, &[]),
    };
    Ok(page(StatusCode::OK, &shown))
}

#[derive(Template)]
#[template(path = "console/resource_new.html")]
struct NewResourcePage {
    shell: Shell,
    name: String,
    indicator: String,
    ttl: String,
}

/// `GET /console/resources/new`
pub async fn new(Extension(admin): Extension<Admin>) -> Response {
    let shell = Shell::new(&admin, "resources");
    page(StatusCode::OK, &NewResourcePage { shell, name: String::new(), indicator: String::new(), ttl: String::new() })
}

/// The life of tokens that a form asks for, in seconds; none where it says nothing.
fn ttl(sent: &Parameters) -> Result<Option<i64>, Refusal> {
    let number = |text: String| text.parse().map_err(|_| Refusal::invalid_input("ttl", Reason::NumberOfSeconds));
    sent.given("ttl").map(number).transpose()
}

/// `POST /console/resources`
pub async fn create(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Response {
    let text = |name: &str| sent.given(name).unwrap_or_default();
    let made = async {
        let access_token_ttl = ttl(&sent)?.unwrap_or(USUAL_TTL);
        let new = NewResource { name: text("name"), indicator: text("indicator"), access_token_ttl };
        Ok::<_, WebError>(resources::create(&cx, new).await?)
    };
    match made.await {
        Ok(made) => done(&admin, &format!("/resources/{}", made.id), Notice::Created),
        Err(error) => {
            let shell = Shell::refused(&admin, "resources", &error);
            let shown = NewResourcePage { shell, name: text("name"), indicator: text("indicator"), ttl: text("ttl") };
            refused_page(&error, &shown)
        }
    }
}

/// A scope in the list.
struct ScopeRow {
    id: String,
    name: String,
    description: String,
}

#[derive(Template)]
#[template(path = "console/resource.html")]
struct ResourcePage {
    shell: Shell,
    resource: ResourceRow,
    name: String,
    ttl: String,
    scopes: Vec<ScopeRow>,
    /// A scope that could not be added, as it was typed.
    scope: String,
    description: String,
}

async fn shown(cx: &Cx, shell: Shell, id: &ResourceId, sent: &Parameters) -> Result<ResourcePage, WebError> {
    let resource = resources::get(cx, id).await?;
    let (scopes, _) = resources::list_scopes(cx, id, None, Page::ALL).await?;
    let scope = |Scope { id, name, description, .. }: Scope| ScopeRow {
        id: id.0,
        name,
        description: description.unwrap_or_default(),
    };
    let text = |name: &str| sent.get(name).unwrap_or_default();
    Ok(ResourcePage {
        shell,
        name: sent.get("name").unwrap_or_else(|| resource.name.clone()),
        ttl: sent.get("ttl").unwrap_or_else(|| resource.access_token_ttl.to_string()),
        scopes: scopes.into_iter().map(scope).collect(),
        scope: text("scope"),
        description: text("description"),
        resource: row(cx, &resource),
    })
}

/// `GET /console/resources/{id}`
pub async fn show(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ResourceId>,
) -> Result<Response, WebError> {
    let shell = Shell::new(&admin, "resources");
    Ok(page(StatusCode::OK, &shown(&cx, shell, &id, &Parameters::default()).await?))
}

/// Back to the resource, with what was refused where something was.
async fn after(
    cx: &Cx,
    admin: &Admin,
    id: &ResourceId,
    sent: &Parameters,
    (notice, result): (Notice, Result<(), WebError>),
) -> Result<Response, WebError> {
    match result {
        Ok(()) => Ok(done(admin, &format!("/resources/{id}"), notice)),
        Err(error) => {
            let shell = Shell::refused(admin, "resources", &error);
            Ok(refused_page(&error, &shown(cx, shell, id, sent).await?))
        }
    }
}

/// `POST /console/resources/{id}`
pub async fn save(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ResourceId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let saved = async {
        let change = ResourceChange {
            name: Some(sent.given("name").unwrap_or_default()),
            access_token_ttl: Some(ttl(&sent)?.unwrap_or(USUAL_TTL)),
        };
        resources::update(&cx, &id, change).await?;
        Ok(())
    };
    let result = (Notice::Saved, saved.await);
    after(&cx, &admin, &id, &sent, result).await
}

/// `POST /console/resources/{id}/default`
pub async fn set_default(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ResourceId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let is_default = sent.get("default").as_deref() == Some("yes");
    let saved = resources::set_default(&cx, &id, is_default).await.map(|_| ()).map_err(WebError::from);
    after(&cx, &admin, &id, &Parameters::default(), (Notice::Saved, saved)).await
}

/// `POST /console/resources/{id}/scopes`
pub async fn add_scope(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ResourceId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let made = resources::create_scope(&cx, &id, sent.given("scope").unwrap_or_default(), sent.given("description"));
    let made = made.await.map(|_| ()).map_err(WebError::from);
    after(&cx, &admin, &id, &sent, (Notice::Created, made)).await
}

/// `POST /console/resources/{id}/scopes/{scope}`
pub async fn save_scope(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path((id, scope)): Path<(ResourceId, ScopeId)>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let change = ScopeChange {
        name: Some(sent.given("scope").unwrap_or_default()),
        description: Patch::from(sent.given("description")),
    };
    let saved = resources::update_scope(&cx, &id, &scope, change).await.map(|_| ()).map_err(WebError::from);
    after(&cx, &admin, &id, &Parameters::default(), (Notice::Saved, saved)).await
}

/// `POST /console/resources/{id}/scopes/{scope}/delete`
pub async fn delete_scope(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path((id, scope)): Path<(ResourceId, ScopeId)>,
) -> Result<Response, WebError> {
    let deleted = resources::delete_scope(&cx, &id, &scope).await.map_err(WebError::from);
    after(&cx, &admin, &id, &Parameters::default(), (Notice::Deleted, deleted)).await
}

/// `POST /console/resources/{id}/delete`
pub async fn delete(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ResourceId>,
) -> Result<Response, WebError> {
    match resources::delete(&cx, &id).await {
        Ok(()) | Err(ResourceError::NotFound) => Ok(done(&admin, "/resources", Notice::Deleted)),
        Err(error) => {
            let result = (Notice::Deleted, Err(error.into()));
            after(&cx, &admin, &id, &Parameters::default(), result).await
        }
    }
}
