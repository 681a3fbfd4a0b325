//! Applications: by framework, with the guide that connects them.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::Cx;
use keyway_core::applications::{self, ApplicationFilter, DEFAULT_SECRET, NewApplication, NewSecret};
use keyway_model::application::{
    Application, ApplicationChange, ApplicationSecret, ApplicationType, CustomClientMetadata, OidcClientMetadata,
};
use keyway_model::resource::management_api;
use keyway_model::{ApplicationId, ErrorCode, ObjectChange, Reason, Refusal, Timestamp};
use serde_json::{Map, Value, json};

use super::application_branding::BrandingForm;
use super::guides::{Filled, GUIDES, Guide, guide};
use super::page::{Notice, Paging, Shell, done, moment, page, refused_page, requested_page};
use super::session::Admin;
use crate::error::WebError;
use crate::request::{Parameters, Path};

/// Under which name an application's own data holds its framework.
const FRAMEWORK: &str = "framework";

#[derive(Template)]
#[template(path = "console/applications.html")]
struct ApplicationsPage {
    shell: Shell,
    applications: Vec<Application>,
    paging: Paging,
}

/// `GET /console/applications`
pub async fn list(cx: Cx, Extension(admin): Extension<Admin>, parameters: Parameters) -> Result<Response, WebError> {
    let (number, wanted) = requested_page(&parameters);
    let (applications, total) = applications::list(&cx, &ApplicationFilter::default(), wanted).await?;
    let shell = Shell::new(&admin, "applications");
    let paging = Paging::new(&admin.to("/applications"), number, total, &[]);
    Ok(page(StatusCode::OK, &ApplicationsPage { shell, applications, paging }))
}

#[derive(Template)]
#[template(path = "console/application_choose.html")]
struct ChooseFrameworkPage {
    shell: Shell,
    guides: &'static [Guide],
    chosen: String,
    name: String,
}

/// `GET /console/applications/new`
pub async fn choose(Extension(admin): Extension<Admin>) -> Response {
    let shell = Shell::new(&admin, "applications");
    page(StatusCode::OK, &ChooseFrameworkPage { shell, guides: &GUIDES, chosen: String::new(), name: String::new() })
}

/// `POST /console/applications`
pub async fn create(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Result<Response, WebError> {
    let (chosen, name) = (sent.get("framework").unwrap_or_default(), sent.get("name").unwrap_or_default());
    let made = async {
        let missing = || Refusal::invalid_input("framework", Reason::FrameworkNeeded);
        let guide = guide(&chosen).ok_or_else(missing)?;
        let redirect = format!("{}{}", guide.origin, guide.callback);
        let local = guide.origin.starts_with("http://localhost");
        let oidc_client_metadata = OidcClientMetadata {
            redirect_uris: if redirect.is_empty() { Vec::new() } else { vec![redirect] },
            post_logout_redirect_uris: if local { vec![guide.origin.to_owned()] } else { Vec::new() },
            ..OidcClientMetadata::default()
        };
        let new = NewApplication {
            name: name.trim().to_owned(),
            description: None,
            kind: guide.kind,
            oidc_client_metadata,
            custom_client_metadata: CustomClientMetadata::default(),
            custom_data: Map::from_iter([(FRAMEWORK.to_owned(), json!(guide.id))]),
            is_third_party: false,
        };
        Ok::<_, WebError>(applications::create(&cx, new).await?)
    };
    match made.await {
        Ok(made) => Ok(done(&admin, &format!("/applications/{}", made.id), Notice::Created)),
        Err(error) => {
            let shell = Shell::refused(&admin, "applications", &error);
            Ok(refused_page(&error, &ChooseFrameworkPage { shell, guides: &GUIDES, chosen, name }))
        }
    }
}

/// A secret in the list. Its value is shown where it is asked for alone.
struct Secret {
    name: String,
    /// Its name in the reader's language.
    label: String,
    value: String,
    created: String,
    expires: String,
    expired: bool,
}

#[derive(Template)]
#[template(path = "console/application.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is one part of the page")]
struct ApplicationPage {
    shell: Shell,
    application: Application,
    endpoint: String,
    issuer: String,
    secrets: Vec<Secret>,
    guide: Option<(&'static str, Filled)>,
    name: String,
    description: String,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    cors_origins: String,
    refresh_days: String,
    id_token_ttl: String,
    always_refresh: bool,
    rotate_refresh: bool,
    branding: BrandingForm,
    has_secrets: bool,
    is_machine: bool,
    reveal: bool,
}

async fn shown(
    cx: &Cx,
    shell: Shell,
    application: Application,
    sent: &Parameters,
    reveal: bool,
) -> Result<ApplicationPage, WebError> {
    let secrets = applications::secrets(cx, &application.id).await?;
    let endpoint = cx.core().endpoint(&cx.tenant);
    let framework = application.custom_data.get(FRAMEWORK).and_then(Value::as_str).unwrap_or_default();
    let value = secrets.first().filter(|_| reveal).map_or("••••••••", |secret| secret.value.as_str());
    let api = management_api(&cx.tenant);
    let guide = guide(framework).map(|guide| (guide.name, guide.fill(&endpoint, &api, application.id.as_str(), value)));
    let t = shell.t;
    let secret = |secret: &ApplicationSecret| Secret {
        name: secret.name.clone(),
        label: if secret.name == DEFAULT_SECRET { t.default_secret.to_owned() } else { secret.name.clone() },
        value: if reveal { secret.value.clone() } else { "••••••••••••••••".into() },
        created: moment(secret.created_at),
        expires: secret.expires_at.map(moment).unwrap_or_default(),
        expired: secret.expires_at.is_some_and(|at| at <= cx.now),
    };
    // A switch that is off sends nothing, so only a form tells that it was sent at all.
    let is_form = sent.get("name").is_some();
    let switch = |name: &str, saved: bool| if is_form { sent.get(name).is_some() } else { saved };
    let lines = |name: &str, saved: &[String]| sent.get(name).unwrap_or_else(|| saved.join("\n"));
    let metadata = &application.oidc_client_metadata;
    let custom = &application.custom_client_metadata;
    Ok(ApplicationPage {
        shell,
        issuer: cx.core().issuer(&cx.tenant),
        endpoint,
        secrets: secrets.iter().map(secret).collect(),
        guide,
        name: sent.get("name").unwrap_or_else(|| application.name.clone()),
        description: sent.get("description").or_else(|| application.description.clone()).unwrap_or_default(),
        redirect_uris: lines("redirect_uris", &metadata.redirect_uris),
        post_logout_redirect_uris: lines("post_logout_redirect_uris", &metadata.post_logout_redirect_uris),
        cors_origins: lines("cors_origins", &custom.cors_allowed_origins),
        refresh_days: sent
            .get("refresh_days")
            .unwrap_or_else(|| custom.refresh_token_ttl_in_days.map(|days| days.to_string()).unwrap_or_default()),
        id_token_ttl: sent
            .get("id_token_ttl")
            .unwrap_or_else(|| custom.id_token_ttl.map(|seconds| seconds.to_string()).unwrap_or_default()),
        always_refresh: switch("always_refresh", custom.always_issue_refresh_token.unwrap_or(false)),
        rotate_refresh: switch("rotate_refresh", custom.rotate_refresh_token.unwrap_or(true)),
        branding: BrandingForm::new(&application.sign_in_experience),
        has_secrets: !application.kind.is_public(),
        is_machine: application.kind == ApplicationType::MachineToMachine,
        reveal,
        application,
    })
}

/// `GET /console/applications/{id}`
pub async fn show(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ApplicationId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let application = applications::get(&cx, &id).await?;
    let shell = Shell::new(&admin, "applications");
    let reveal = sent.get("reveal").is_some();
    // What an address says does not get into the fields: a link would have an administrator save what its author chose.
    Ok(page(StatusCode::OK, &shown(&cx, shell, application, &Parameters::default(), reveal).await?))
}

/// The page with what was refused, and what was typed.
pub async fn again(
    cx: &Cx,
    admin: &Admin,
    id: &ApplicationId,
    error: &WebError,
    sent: &Parameters,
    typed: Option<BrandingForm>,
) -> Result<Response, WebError> {
    let application = applications::get(cx, id).await?;
    let shell = Shell::refused(admin, "applications", error);
    let mut shown = shown(cx, shell, application, sent, false).await?;
    if let Some(typed) = typed {
        shown.branding = typed;
    }
    Ok(refused_page(error, &shown))
}

/// The lines of a text area.
fn lines(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
}

/// `POST /console/applications/{id}`
pub async fn save(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ApplicationId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let changed = async {
        let number = |name: &str, reason: Reason| {
            sent.given(name).map(|text| text.parse().map_err(|_| Refusal::invalid_input(name, reason))).transpose()
        };
        let days = number("refresh_days", Reason::Between { least: 1, most: 180 })?;
        let id_token_ttl = number("id_token_ttl", Reason::NumberOfSeconds)?;
        let (always, rotate) = (sent.get("always_refresh").is_some(), sent.get("rotate_refresh").is_some());
        let (name, description) = (sent.get("name"), sent.get("description").filter(|text| !text.is_empty()));
        let (redirects, after, origins) = (
            lines(sent.get("redirect_uris")),
            lines(sent.get("post_logout_redirect_uris")),
            lines(sent.get("cors_origins")),
        );
        let custom = CustomClientMetadata {
            cors_allowed_origins: origins,
            id_token_ttl,
            refresh_token_ttl_in_days: days,
            always_issue_refresh_token: Some(always),
            rotate_refresh_token: Some(rotate),
            ..CustomClientMetadata::default()
        };
        let change = ApplicationChange {
            name: Some(name.unwrap_or_default().trim().to_owned()),
            description: description.into(),
            redirect_uris: Some(redirects),
            post_logout_redirect_uris: Some(after),
            custom_client_metadata: ObjectChange::Merge(custom),
            ..ApplicationChange::default()
        };
        Ok::<_, WebError>(applications::update(&cx, &id, change).await?)
    };
    match changed.await {
        Ok(_) => Ok(done(&admin, &format!("/applications/{id}"), Notice::Saved)),
        Err(error) => again(&cx, &admin, &id, &error, &sent, None).await,
    }
}

const DAY: i64 = 24 * 3600 * 1000;

/// `POST /console/applications/{id}/secrets`
pub async fn add_secret(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ApplicationId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let days: Option<i64> = sent.get("expires_in_days").and_then(|days| days.parse().ok()).filter(|days| *days > 0);
    let expires_at = days.map(|days| Timestamp(cx.now.0.saturating_add(days.saturating_mul(DAY))));
    let name = sent.get("secret_name").unwrap_or_default().trim().to_owned();
    match applications::create_secret(&cx, &id, NewSecret { name, expires_at }).await {
        Ok(_) => Ok(done(&admin, &format!("/applications/{id}?reveal=1#secrets"), Notice::Created)),
        Err(error) => again(&cx, &admin, &id, &error.into(), &sent, None).await,
    }
}

/// `POST /console/applications/{id}/secrets/delete`
pub async fn delete_secret(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ApplicationId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let name = sent.get("secret_name").ok_or(ErrorCode::EntityNotFound)?;
    applications::delete_secret(&cx, &id, &name).await?;
    Ok(done(&admin, &format!("/applications/{id}#secrets"), Notice::Deleted))
}

/// `POST /console/applications/{id}/delete`
pub async fn delete(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ApplicationId>,
) -> Result<Response, WebError> {
    applications::delete(&cx, &id).await?;
    Ok(done(&admin, "/applications", Notice::Deleted))
}
