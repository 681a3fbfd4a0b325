//! Tenants: those that users have, each with a way to its pages.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::Cx;
use keyway_core::tenants::{self, NewTenant, TenantChange};
use keyway_model::resource::management_api;
use keyway_model::tenant::Tenant;
use keyway_model::{ErrorCode, Reason, Refusal, TenantId, Timestamp};

use super::address::base;
use super::page::{Notice, Paging, Shell, display_name, done, explain, moment, page, refused_page, requested_page};
use super::session::Admin;
use crate::error::{WebError, message};
use crate::request::{Parameters, Path};

/// A tenant as the pages show it.
struct TenantRow {
    id: String,
    name: String,
    address: String,
    issuer: String,
    /// The resource for which tokens of its Management API are made.
    api: String,
    /// Empty of those that are always there.
    created: String,
    /// Where its pages are.
    console: String,
    /// Whether it is always there.
    is_fixed: bool,
}

fn item(cx: &Cx, tenant: &Tenant) -> TenantRow {
    let address = tenant.address.as_ref().map(|address| address.endpoint.clone());
    let address = address.unwrap_or_else(|| cx.core().endpoint(&tenant.id));
    TenantRow {
        name: display_name(tenant),
        issuer: format!("{address}/oidc"),
        api: management_api(&tenant.id),
        address,
        created: if tenant.created_at == Timestamp(0) { String::new() } else { moment(tenant.created_at) },
        console: base(&tenant.id),
        is_fixed: TenantId::permanent().contains(&tenant.id),
        id: tenant.id.0.clone(),
    }
}

#[derive(Template)]
#[template(path = "console/tenants.html")]
struct TenantsPage {
    shell: Shell,
    tenants: Vec<TenantRow>,
    paging: Paging,
}

/// `GET /console/tenants`
pub async fn list(cx: Cx, Extension(admin): Extension<Admin>, parameters: Parameters) -> Result<Response, WebError> {
    let (number, wanted) = requested_page(&parameters);
    let (found, total) = tenants::page_of_users(&cx, wanted).await?;
    let shown = TenantsPage {
        shell: Shell::new(&admin, "tenants"),
        tenants: found.iter().map(|tenant| item(&cx, tenant)).collect(),
        paging: Paging::new(&admin.to("/tenants"), number, total, &[]),
    };
    Ok(page(StatusCode::OK, &shown))
}

/// What was refused: at which field it is to be said, and what; of the whole where there is no field.
#[derive(Default)]
struct FormProblem {
    at: String,
    text: String,
    alert: String,
}

impl FormProblem {
    fn of(error: &WebError, admin: &Admin) -> Self {
        match error {
            WebError::Refusal(refusal) if refusal.field.is_some() => Self {
                at: refusal.field.as_deref().unwrap_or_default().to_owned(),
                text: message(refusal, admin.locale).into_owned(),
                alert: String::new(),
            },
            error => Self { alert: explain(error, admin.locale), ..Self::default() },
        }
    }
}

#[derive(Template)]
#[template(path = "console/tenant_new.html")]
struct NewTenantPage {
    shell: Shell,
    name: String,
    id: String,
    address: String,
    at: String,
    problem: String,
}

/// `GET /console/tenants/new`
pub async fn new(Extension(admin): Extension<Admin>) -> Response {
    let shell = Shell::new(&admin, "tenants");
    let (name, id, address, problem) = (String::new(), String::new(), String::new(), String::new());
    page(StatusCode::OK, &NewTenantPage { shell, name, id, address, at: String::new(), problem })
}

/// `POST /console/tenants`
pub async fn create(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Response {
    let text = |name: &str| sent.given(name).unwrap_or_default();
    let (name, id, address) = (text("name"), text("id"), text("address"));
    let wished = Some(id.clone()).filter(|id| !id.is_empty()).map(TenantId);
    match tenants::create(&cx, NewTenant { id: wished, name: name.clone(), address: address.clone() }).await {
        Ok(made) => done(&admin, &format!("/tenants/{}", made.id), Notice::Created),
        Err(error) => {
            let error = WebError::from(error);
            let FormProblem { at, text: problem, alert } = FormProblem::of(&error, &admin);
            let shell = Shell::new(&admin, "tenants").failing(alert).drafted();
            refused_page(&error, &NewTenantPage { shell, name, id, address, at, problem })
        }
    }
}

#[derive(Template)]
#[template(path = "console/tenant.html")]
struct TenantPage {
    shell: Shell,
    tenant: TenantRow,
    name: String,
    at: String,
    problem: String,
}

async fn found(cx: &Cx, id: &TenantId) -> Result<Tenant, WebError> {
    if *id == cx.tenant {
        return Err(ErrorCode::EntityNotFound.into());
    }
    Ok(tenants::get(cx, id).await?)
}

/// `GET /console/tenants/{id}`
pub async fn show(cx: Cx, Extension(admin): Extension<Admin>, Path(id): Path<TenantId>) -> Result<Response, WebError> {
    let known = found(&cx, &id).await?;
    let shell = Shell::new(&admin, "tenants");
    let shown =
        TenantPage { shell, tenant: item(&cx, &known), name: known.name, at: String::new(), problem: String::new() };
    Ok(page(StatusCode::OK, &shown))
}

/// The page with what was refused.
async fn refused(
    cx: &Cx,
    admin: &Admin,
    id: &TenantId,
    error: WebError,
    name: Option<String>,
) -> Result<Response, WebError> {
    let known = found(cx, id).await?;
    let FormProblem { at, text: problem, alert } = FormProblem::of(&error, admin);
    let shell = Shell::new(admin, "tenants").failing(alert);
    let shell = if name.is_some() { shell.drafted() } else { shell };
    let name = name.unwrap_or_else(|| known.name.clone());
    Ok(refused_page(&error, &TenantPage { shell, tenant: item(cx, &known), name, at, problem }))
}

/// `POST /console/tenants/{id}`: another name.
pub async fn save(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<TenantId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let name = sent.given("name").unwrap_or_default();
    found(&cx, &id).await?;
    let change = TenantChange { name: Some(name.clone()), address: None };
    match tenants::update(&cx, &id, change).await {
        Ok(_) => Ok(done(&admin, &format!("/tenants/{id}"), Notice::Saved)),
        Err(error) => refused(&cx, &admin, &id, error.into(), Some(name)).await,
    }
}

/// `POST /console/tenants/{id}/delete`: with the id typed once more.
pub async fn delete(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<TenantId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    if sent.given("confirmation").as_deref() != Some(id.as_str()) {
        let error = Refusal::invalid_input("confirmation", Reason::OtherTenantId);
        return refused(&cx, &admin, &id, error.into(), None).await;
    }
    match tenants::delete(&cx, &id).await {
        Ok(()) => Ok(done(&admin.leaving(&id), "/tenants", Notice::Deleted)),
        Err(error) => refused(&cx, &admin, &id, error.into(), None).await,
    }
}
