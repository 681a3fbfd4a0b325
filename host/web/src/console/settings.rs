//! Settings: signing keys, administrators, programs with access to the Management API, and what this server is.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::administrators::{AdministratorError, MAX_ADMINISTRATORS};
use keyway_core::console::Administrator;
use keyway_core::signing_keys::{self, KeyInfo, KeyStatus};
use keyway_core::tenants::CONNECTOR_SCOPES;
use keyway_core::{Cx, administrators, applications, password_link, users};
use keyway_model::{ErrorCode, KeyId, Reason, Refusal, TenantId, UserId};

use super::page::{Notice, Shell, done, moment, page, refused_page};
use super::session::{Admin, name_of};
use crate::error::WebError;
use crate::request::{Parameters, Path};

impl From<AdministratorError> for WebError {
    fn from(error: AdministratorError) -> Self {
        let (field, reason) = match error {
            AdministratorError::NotFound => return ErrorCode::EntityNotFound.into(),
            AdministratorError::OwnAccount => return ErrorCode::OwnAccount.into(),
            AdministratorError::Last => return ErrorCode::LastAdministrator.into(),
            AdministratorError::LinkOver => return ErrorCode::LinkExpired.into(),
            AdministratorError::NotTheFirst => return ErrorCode::Forbidden.into(),
            AdministratorError::User(error) => return error.into(),
            AdministratorError::NoDuties => ("duties", Reason::DutiesNeeded),
            AdministratorError::TooMany => ("username", Reason::TooManyAdministrators { most: MAX_ADMINISTRATORS }),
        };
        Refusal::invalid_input(field, reason).into()
    }
}

/// A signing key in the list.
struct SigningKeyRow {
    id: String,
    state: &'static str,
    badge: &'static str,
    signs_from: String,
    may_be_deleted: bool,
}

/// An administrator in the list.
struct AdministratorRow {
    id: String,
    name: String,
    duties: String,
    last_sign_in: String,
    has_password: bool,
    is_self: bool,
}

/// A link to hand on.
struct PasswordLink {
    name: String,
    url: String,
    ends: String,
}

/// A program with access to the Management API.
struct MachineRow {
    id: String,
    name: String,
}

/// The form that adds an administrator, as it is or as it was typed.
struct Invitation {
    username: String,
    everything: bool,
    /// Names, and whether each is chosen.
    duties: Vec<(&'static str, bool)>,
}

impl Invitation {
    fn new(sent: &Parameters) -> Self {
        let username = sent.given("username").unwrap_or_default();
        let everything = username.is_empty() || sent.get("everything").is_some();
        let duties = CONNECTOR_SCOPES.iter().map(|(name, _)| (*name, sent.get(name).is_some())).collect();
        Self { username, everything, duties }
    }
}

#[derive(Template)]
#[template(path = "console/settings.html")]
struct SettingsPage {
    shell: Shell,
    keys: Vec<SigningKeyRow>,
    people: Vec<AdministratorRow>,
    invitation: Invitation,
    link: Option<PasswordLink>,
    machines: Vec<MachineRow>,
    facts: Vec<(&'static str, String)>,
}

fn key(shell: &Shell, key: &KeyInfo) -> SigningKeyRow {
    let t = shell.t;
    let (state, badge) = match key.status {
        KeyStatus::Next => (t.key_next, "warn"),
        KeyStatus::Current => (t.key_current, "good"),
        KeyStatus::Previous => (t.key_previous, ""),
    };
    SigningKeyRow {
        id: key.id.0.clone(),
        state,
        badge,
        signs_from: moment(key.signs_from),
        may_be_deleted: key.status != KeyStatus::Current,
    }
}

fn person(shell: &Shell, admin: &Admin, one: &Administrator) -> AdministratorRow {
    let user = &one.user;
    let duties = if one.may_do_everything() { shell.t.everything.to_owned() } else { one.scopes.join(", ") };
    AdministratorRow {
        id: user.id.0.clone(),
        name: name_of(user),
        duties,
        last_sign_in: user.last_sign_in_at.map(moment).unwrap_or_default(),
        has_password: user.password.is_some(),
        is_self: user.id == admin.user.id,
    }
}

async fn shown(cx: &Cx, admin: &Admin, shell: Shell, link: Option<PasswordLink>) -> Result<SettingsPage, WebError> {
    let t = shell.t;
    let keys = signing_keys::list(cx).await?;
    let people = administrators::list(cx).await?;
    let machines = applications::machines(cx).await?.into_iter();
    let machines = machines.map(|machine| MachineRow { id: machine.id.0, name: machine.name }).collect();
    let facts = vec![
        (t.version, env!("CARGO_PKG_VERSION").to_owned()),
        (t.contract_version, keyway_core::connectors::CONTRACT_VERSION.to_owned()),
        (t.database, cx.core().store().database().to_owned()),
        (t.endpoint, cx.core().endpoint(&cx.tenant)),
        (t.console, cx.core().endpoint(&TenantId::admin())),
    ];
    Ok(SettingsPage {
        keys: keys.iter().map(|one| key(&shell, one)).collect(),
        people: people.iter().map(|one| person(&shell, admin, one)).collect(),
        invitation: Invitation::new(&Parameters::default()),
        link,
        machines,
        facts,
        shell,
    })
}

/// `GET /console/settings`
pub async fn show(cx: Cx, Extension(admin): Extension<Admin>) -> Result<Response, WebError> {
    let shell = Shell::new(&admin, "settings");
    Ok(page(StatusCode::OK, &shown(&cx, &admin, shell, None).await?))
}

/// Back to the settings, with what was refused where something was.
async fn after(cx: &Cx, admin: &Admin, notice: Notice, result: Result<(), WebError>) -> Result<Response, WebError> {
    match result {
        Ok(()) => Ok(done(admin, "/settings", notice)),
        Err(error) => {
            let shell = Shell::refused(admin, "settings", &error);
            Ok(refused_page(&error, &shown(cx, admin, shell, None).await?))
        }
    }
}

/// `POST /console/settings/keys`: makes a new signing key.
pub async fn rotate(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Result<Response, WebError> {
    let grace = sent.get("grace").and_then(|text| text.parse().ok());
    let made = signing_keys::rotate(&cx, grace).await.map_err(WebError::from);
    after(&cx, &admin, Notice::Created, made).await
}

/// `POST /console/settings/keys/{id}/delete`
pub async fn delete_key(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<KeyId>,
) -> Result<Response, WebError> {
    let deleted = signing_keys::delete(&cx, &id).await.map_err(WebError::from);
    after(&cx, &admin, Notice::Deleted, deleted).await
}

/// The settings with a link by which an administrator sets a password; it is shown this once.
async fn with_link(cx: &Cx, admin: &Admin, id: &UserId) -> Result<Response, WebError> {
    let owner = users::get(cx, id).await?;
    let (url, ends) = password_link::create(cx, id).await?;
    let link = PasswordLink { name: owner.username.unwrap_or_default(), url, ends: moment(ends) };
    let shell = Shell::new(admin, "settings");
    let shown = shown(&cx.within(admin.tenant.clone()), admin, shell, Some(link)).await?;
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /console/settings/administrators`
pub async fn add_administrator(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let invitation = Invitation::new(&sent);
    let chosen = invitation.duties.iter().filter(|(_, chosen)| *chosen);
    let duties: Vec<String> = chosen.map(|(name, _)| (*name).to_owned()).collect();
    match administrators::create(&cx, &invitation.username, None, invitation.everything, &duties).await {
        Ok(made) => with_link(&cx, &admin, &made.id).await,
        Err(error) => {
            let error = WebError::from(error);
            let shell = Shell::refused(&admin, "settings", &error);
            let shown = shown(&cx.within(admin.tenant.clone()), &admin, shell, None).await?;
            Ok(refused_page(&error, &SettingsPage { invitation, ..shown }))
        }
    }
}

/// `POST /console/settings/administrators/{id}/link`
pub async fn link(cx: Cx, Extension(admin): Extension<Admin>, Path(id): Path<UserId>) -> Result<Response, WebError> {
    with_link(&cx, &admin, &id).await
}

/// `POST /console/settings/administrators/{id}/delete`
pub async fn delete_administrator(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<UserId>,
) -> Result<Response, WebError> {
    let deleted = administrators::delete(&cx, &id).await;
    after(&cx.within(admin.tenant.clone()), &admin, Notice::Deleted, deleted.map_err(WebError::from)).await
}

/// `POST /console/settings/machines`: a program with access to the whole Management API.
pub async fn add_machine(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Result<Response, WebError> {
    let name = sent.get("name").unwrap_or_default().trim().to_owned();
    match applications::create_management(&cx, name).await {
        Ok((id, _)) => Ok(done(&admin, &format!("/applications/{id}?reveal=1#secrets"), Notice::Created)),
        Err(error) => after(&cx, &admin, Notice::Saved, Err(error.into())).await,
    }
}
