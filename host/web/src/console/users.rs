//! Users.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::users::{self, ListPosition, NewPassword, NewUser, Window};
use keyway_core::{Cx, Page, audit_logs, password_link};
use keyway_model::session::Session;
use keyway_model::user::{User, UserChange};
use keyway_model::{SessionId, Timestamp, UserId};

use super::audit_logs::{LogRow, line};
use super::page::{Notice, PAGE, Paging, Shell, done, moment, page, refused_page, requested_page, shown_total};
use super::session::Admin;
use crate::error::WebError;
use crate::request::{Parameters, Path};

/// A user in a list.
struct UserRow {
    id: String,
    name: String,
    identifiers: Vec<String>,
    created: String,
    last_sign_in: String,
    suspended: bool,
}

fn identifiers(user: &User) -> Vec<String> {
    let phone = user.primary_phone.as_ref().map(|digits| format!("+{digits}"));
    [user.username.clone(), user.primary_email.clone(), phone].into_iter().flatten().collect()
}

fn item(user: &User) -> UserRow {
    let known = identifiers(user);
    UserRow {
        id: user.id.0.clone(),
        name: user.name.clone().or_else(|| known.first().cloned()).unwrap_or_else(|| user.id.0.clone()),
        identifiers: known,
        created: moment(user.created_at),
        last_sign_in: user.last_sign_in_at.map(moment).unwrap_or_default(),
        suspended: user.is_suspended,
    }
}

/// Where the list of all users goes on; each is an address, or empty where there is nothing.
#[derive(Default)]
struct Walk {
    newer: String,
    older: String,
    total: String,
}

impl Walk {
    fn new(window: &Window, admin: &Admin) -> Self {
        let to = |name: &str, goes_on: bool, user: Option<&User>| {
            let place = user.filter(|_| goes_on);
            let address = |user: &User| admin.to(&format!("/users?{name}={}.{}", user.created_at.0, user.id));
            place.map(address).unwrap_or_default()
        };
        Self {
            newer: to("newer", window.has_newer, window.users.first()),
            older: to("older", window.has_older, window.users.last()),
            total: shown_total(window.total),
        }
    }
}

/// The place that is asked for; the newest users where it makes no sense.
fn place(parameters: &Parameters) -> ListPosition {
    let read = |name: &str| {
        let text = parameters.get(name)?;
        let (time, id) = text.split_once('.')?;
        Some((Timestamp(time.parse().ok()?), UserId(id.to_owned())))
    };
    if let Some((time, id)) = read("older") {
        ListPosition::OlderThan(time, id)
    } else if let Some((time, id)) = read("newer") {
        ListPosition::NewerThan(time, id)
    } else if parameters.get("oldest").is_some() {
        ListPosition::Oldest
    } else {
        ListPosition::Newest
    }
}

#[derive(Template)]
#[template(path = "console/users.html")]
struct UsersPage {
    shell: Shell,
    users: Vec<UserRow>,
    /// Of a search.
    paging: Option<Paging>,
    walk: Walk,
    search: String,
}

/// `GET /console/users`
pub async fn list(cx: Cx, Extension(admin): Extension<Admin>, parameters: Parameters) -> Result<Response, WebError> {
    let search = parameters.get("search").unwrap_or_default().trim().to_owned();
    let (shown, paging, walk) = if search.is_empty() {
        let window = users::window(&cx, place(&parameters), PAGE).await?;
        let walk = Walk::new(&window, &admin);
        (window.users, None, walk)
    } else {
        let (number, wanted) = requested_page(&parameters);
        let (found, total) = users::list(&cx, Some(search.clone()), wanted).await?;
        (found, Some(Paging::new(&admin.to("/users"), number, total, &[("search", &search)])), Walk::default())
    };
    let shell = Shell::new(&admin, "users");
    Ok(page(StatusCode::OK, &UsersPage { shell, users: shown.iter().map(item).collect(), paging, walk, search }))
}

#[derive(Template)]
#[template(path = "console/user_new.html")]
struct NewUserPage {
    shell: Shell,
    username: String,
    email: String,
    phone: String,
    name: String,
}

/// `GET /console/users/new`
pub async fn new(Extension(admin): Extension<Admin>) -> Response {
    page(StatusCode::OK, &new_page(Shell::new(&admin, "users"), &Parameters::default()))
}

fn new_page(shell: Shell, sent: &Parameters) -> NewUserPage {
    let get = |name: &str| sent.get(name).unwrap_or_default();
    NewUserPage { shell, username: get("username"), email: get("email"), phone: get("phone"), name: get("name") }
}

/// The identifiers and the name of a form.
struct UserFields {
    username: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    name: Option<String>,
}

impl UserFields {
    fn read(sent: &Parameters) -> Self {
        Self {
            username: sent.given("username"),
            email: sent.given("email"),
            phone: sent.given("phone"),
            name: sent.given("name"),
        }
    }

    fn change(self) -> UserChange {
        UserChange {
            username: self.username.into(),
            primary_email: self.email.into(),
            primary_phone: self.phone.into(),
            name: self.name.into(),
            ..UserChange::default()
        }
    }
}

/// `POST /console/users`
pub async fn create(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Response {
    let mut user = User::new(UserId(String::new()), cx.now);
    user.apply(UserFields::read(&sent).change());
    let password = sent.get("password").filter(|password| !password.is_empty()).map(NewPassword::Plain);
    match users::create(&cx, NewUser { user, password }).await {
        Ok(made) => done(&admin, &format!("/users/{}", made.id), Notice::Created),
        Err(error) => {
            let error = WebError::from(error);
            refused_page(&error, &new_page(Shell::refused(&admin, "users", &error), &sent))
        }
    }
}

#[derive(Template)]
#[template(path = "console/user.html")]
struct UserPage {
    shell: Shell,
    item: UserRow,
    username: String,
    email: String,
    phone: String,
    name: String,
    has_password: bool,
    identities: Vec<(String, String)>,
    data: String,
    sessions: Vec<SessionLine>,
    /// A link to set a password with, and when it ends; shown once.
    link: Option<(String, String)>,
    log: Vec<LogRow>,
}

/// A browser that is signed in.
struct SessionLine {
    id: String,
    browser: String,
    address: String,
    since: String,
    expires: String,
}

fn session_line(session: &Session) -> SessionLine {
    SessionLine {
        id: session.id.0.clone(),
        browser: session.user_agent.clone().unwrap_or_default(),
        address: session.ip.clone().unwrap_or_default(),
        since: moment(session.authenticated_at),
        expires: moment(session.expires_at),
    }
}

async fn shown(cx: &Cx, shell: Shell, id: &UserId, sent: &Parameters) -> Result<UserPage, WebError> {
    let locale = shell.t.locale;
    let user = users::get(cx, id).await?;
    let filter = audit_logs::AuditLogFilter { user_id: Some(id.clone()), ..audit_logs::AuditLogFilter::default() };
    let (entries, _) = audit_logs::list(cx, &filter, Page { offset: 0, limit: 10 }).await?;
    let identities = users::identities(cx, std::slice::from_ref(id)).await?.remove(id).unwrap_or_default();
    let typed = |name: &str, saved: Option<String>| sent.get(name).unwrap_or_else(|| saved.unwrap_or_default());
    Ok(UserPage {
        shell,
        username: typed("username", user.username.clone()),
        email: typed("email", user.primary_email.clone()),
        phone: typed("phone", user.primary_phone.as_ref().map(|digits| format!("+{digits}"))),
        name: typed("name", user.name.clone()),
        has_password: user.password.is_some(),
        identities: identities.into_iter().map(|identity| (identity.target, identity.id)).collect(),
        data: format!("{:#}", serde_json::Value::Object(user.custom_data.clone())),
        sessions: users::sessions(cx, id).await?.iter().map(session_line).collect(),
        link: None,
        log: entries.iter().map(|entry| line(entry, locale)).collect(),
        item: item(&user),
    })
}

/// `GET /console/users/{id}`
pub async fn show(cx: Cx, Extension(admin): Extension<Admin>, Path(id): Path<UserId>) -> Result<Response, WebError> {
    let shell = Shell::new(&admin, "users");
    Ok(page(StatusCode::OK, &shown(&cx, shell, &id, &Parameters::default()).await?))
}

/// Back to the user, with what was refused where something was.
async fn after(
    cx: &Cx,
    admin: &Admin,
    id: &UserId,
    sent: &Parameters,
    result: Result<(), WebError>,
) -> Result<Response, WebError> {
    match result {
        Ok(()) => Ok(done(admin, &format!("/users/{id}"), Notice::Saved)),
        Err(error) => {
            let shell = Shell::refused(admin, "users", &error);
            Ok(refused_page(&error, &shown(cx, shell, id, sent).await?))
        }
    }
}

/// `POST /console/users/{id}`
pub async fn save(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<UserId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let saved = users::update(&cx, &id, UserFields::read(&sent).change()).await;
    after(&cx, &admin, &id, &sent, saved.map(|_| ()).map_err(WebError::from)).await
}

/// `POST /console/users/{id}/suspend`
pub async fn suspend(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<UserId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let suspended = sent.get("suspended").as_deref() == Some("yes");
    let change = UserChange { is_suspended: Some(suspended), ..UserChange::default() };
    let saved = users::update(&cx, &id, change).await;
    after(&cx, &admin, &id, &Parameters::default(), saved.map(|_| ()).map_err(WebError::from)).await
}

/// `POST /console/users/{id}/sign-out`
pub async fn sign_out(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<UserId>,
) -> Result<Response, WebError> {
    let ended = users::sign_out(&cx, &id).await;
    after(&cx, &admin, &id, &Parameters::default(), ended.map_err(WebError::from)).await
}

/// `POST /console/users/{id}/password`
pub async fn set_password(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<UserId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let set = users::set_password(&cx, &id, sent.get("password").unwrap_or_default()).await;
    after(&cx, &admin, &id, &Parameters::default(), set.map(|_| ()).map_err(WebError::from)).await
}

/// `POST /console/users/{id}/link`: a link to set a password with, to hand on.
pub async fn link(cx: Cx, Extension(admin): Extension<Admin>, Path(id): Path<UserId>) -> Result<Response, WebError> {
    let (url, ends) = password_link::create(&cx, &id).await?;
    let shown = shown(&cx, Shell::new(&admin, "users"), &id, &Parameters::default()).await?;
    Ok(page(StatusCode::OK, &UserPage { link: Some((url, moment(ends))), ..shown }))
}

/// `POST /console/users/{id}/sessions/{session}/delete`
pub async fn end_session(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path((id, session)): Path<(UserId, SessionId)>,
) -> Result<Response, WebError> {
    let ended = users::end_session(&cx, &id, &session).await;
    after(&cx, &admin, &id, &Parameters::default(), ended.map_err(WebError::from)).await
}

/// `POST /console/users/{id}/delete`
pub async fn delete(cx: Cx, Extension(admin): Extension<Admin>, Path(id): Path<UserId>) -> Result<Response, WebError> {
    users::delete(&cx, &id).await?;
    Ok(done(&admin, "/users", Notice::Deleted))
}
