//! Roles: what they hold, and who has them.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::applications::{self, ApplicationFilter};
use keyway_core::roles::{self, NewRole, RoleChange, RoleError, RoleFilter, RoleHolders};
use keyway_core::users::{self, UserMatch, UserSearch};
use keyway_core::{Cx, Page};
use keyway_model::application::ApplicationType;
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::resource::{Role, RoleType};
use keyway_model::{ApplicationId, RoleId, ScopeId, UserId};

use super::page::{Notice, Paging, Shell, done, page, refused_page, requested_page};
use super::session::{Admin, name_of};
use super::texts::texts;
use crate::error::WebError;
use crate::request::{Parameters, Path};

/// A role in the list.
struct RoleRow {
    id: String,
    name: String,
    description: String,
    is_for_machines: bool,
    is_default: bool,
    members: i64,
}

fn row(role: &Role, holders: &RoleHolders) -> RoleRow {
    let is_for_machines = role.kind == RoleType::MachineToMachine;
    RoleRow {
        id: role.id.0.clone(),
        name: role.name.clone(),
        description: role.description.clone(),
        is_for_machines,
        is_default: role.is_default,
        members: if is_for_machines { holders.applications } else { holders.users },
    }
}

#[derive(Template)]
#[template(path = "console/roles.html")]
struct RolesPage {
    shell: Shell,
    roles: Vec<RoleRow>,
    paging: Paging,
}

/// `GET /console/roles`
pub async fn list(cx: Cx, Extension(admin): Extension<Admin>, parameters: Parameters) -> Result<Response, WebError> {
    let (number, wanted) = requested_page(&parameters);
    let (found, total) = roles::list(&cx, &RoleFilter::default(), wanted).await?;
    let holders = roles::holders(&cx, &found).await?;
    let rows = found.iter().map(|role| row(role, holders.get(&role.id).unwrap_or(&RoleHolders::default())));
    let shown = RolesPage {
        roles: rows.collect(),
        shell: Shell::new(&admin, "roles"),
        paging: Paging::new(&admin.to("/roles"), number, total, &[]),
    };
    Ok(page(StatusCode::OK, &shown))
}

#[derive(Template)]
#[template(path = "console/role_new.html")]
struct NewRolePage {
    shell: Shell,
    name: String,
    description: String,
    is_for_machines: bool,
    is_default: bool,
}

/// `GET /console/roles/new`
pub async fn new(Extension(admin): Extension<Admin>) -> Response {
    page(StatusCode::OK, &new_page(Shell::new(&admin, "roles"), &Parameters::default()))
}

fn new_page(shell: Shell, sent: &Parameters) -> NewRolePage {
    NewRolePage {
        shell,
        name: sent.get("name").unwrap_or_default(),
        description: sent.get("description").unwrap_or_default(),
        is_for_machines: sent.get("type").as_deref() == Some("machines"),
        is_default: sent.get("default").is_some(),
    }
}

/// `POST /console/roles`
pub async fn create(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Response {
    let form = new_page(Shell::new(&admin, "roles"), &sent);
    let new = NewRole {
        name: form.name.trim().to_owned(),
        description: form.description.trim().to_owned(),
        kind: if form.is_for_machines { RoleType::MachineToMachine } else { RoleType::User },
        is_default: form.is_default && !form.is_for_machines,
        scopes: Vec::new(),
    };
    match roles::create(&cx, new).await {
        Ok(made) => done(&admin, &format!("/roles/{}", made.id), Notice::Created),
        Err(error) => {
            let error = WebError::from(error);
            refused_page(&error, &new_page(Shell::refused(&admin, "roles", &error), &sent))
        }
    }
}

/// A scope that the role holds or may hold.
struct ScopeChoice {
    id: String,
    name: String,
    description: String,
    is_held: bool,
}

/// Who has the role: a user or a program.
struct Member {
    id: String,
    name: String,
    href: String,
}

#[derive(Template)]
#[template(path = "console/role.html")]
struct RolePage {
    shell: Shell,
    role: RoleRow,
    name: String,
    description: String,
    is_default: bool,
    /// Scopes by the name of their resource.
    scopes: Vec<(String, Vec<ScopeChoice>)>,
    members: Vec<Member>,
    paging: Paging,
    /// Programs that do not have it, by id and name.
    programs: Vec<(String, String)>,
    /// A user who could not be added, as typed.
    user: String,
}

async fn members(cx: &Cx, admin: &Admin, role: &Role, page: Page) -> Result<(Vec<Member>, i64), WebError> {
    if role.kind == RoleType::MachineToMachine {
        let filter = ApplicationFilter { of_role: Some(role.id.clone()), ..ApplicationFilter::default() };
        let (found, total) = applications::list(cx, &filter, page).await?;
        let member = |one: keyway_model::application::Application| Member {
            href: admin.to(&format!("/applications/{}", one.id)),
            id: one.id.0,
            name: one.name,
        };
        return Ok((found.into_iter().map(member).collect(), total));
    }
    let search = UserSearch { of_role: Some(role.id.clone()), ..UserSearch::default() };
    let (found, total) = users::search(cx, search, page).await?;
    let member = |user: keyway_model::user::User| Member {
        href: admin.to(&format!("/users/{}", user.id)),
        name: name_of(&user),
        id: user.id.0,
    };
    Ok((found.into_iter().map(member).collect(), total.count))
}

async fn shown(cx: &Cx, admin: &Admin, shell: Shell, id: &RoleId, sent: &Parameters) -> Result<RolePage, WebError> {
    let role = roles::get(cx, id).await?;
    let is_for_machines = role.kind == RoleType::MachineToMachine;
    let (held, _) = roles::list_scopes(cx, id, None, Page::ALL).await?;
    let scopes = roles::scopes_to_choose(cx, role.kind).await?.into_iter().map(|(resource, scopes)| {
        let choice = |scope: keyway_model::resource::Scope| ScopeChoice {
            is_held: held.iter().any(|(one, _)| one.id == scope.id),
            id: scope.id.0,
            name: scope.name,
            description: scope.description.unwrap_or_default(),
        };
        (resource.name, scopes.into_iter().map(choice).collect())
    });
    let (number, wanted) = requested_page(sent);
    let (members, total) = members(cx, admin, &role, wanted).await?;
    let mut programs = Vec::new();
    if is_for_machines {
        let filter = ApplicationFilter {
            kinds: vec![ApplicationType::MachineToMachine],
            without_role: Some(id.clone()),
            ..ApplicationFilter::default()
        };
        let (found, _) = applications::list(cx, &filter, Page { offset: 0, limit: 100 }).await?;
        programs.extend(found.into_iter().map(|one| (one.id.0, one.name)));
    }
    let is_form = sent.get("name").is_some();
    Ok(RolePage {
        shell,
        name: sent.get("name").unwrap_or_else(|| role.name.clone()),
        description: sent.get("description").unwrap_or_else(|| role.description.clone()),
        is_default: if is_form { sent.get("default").is_some() } else { role.is_default },
        scopes: scopes.collect(),
        members,
        paging: Paging::new(&admin.to(&format!("/roles/{id}")), number, total, &[]),
        programs,
        user: sent.get("user").unwrap_or_default(),
        role: row(&role, &RoleHolders::default()),
    })
}

/// `GET /console/roles/{id}`
pub async fn show(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<RoleId>,
    parameters: Parameters,
) -> Result<Response, WebError> {
    let shell = Shell::new(&admin, "roles");
    Ok(page(StatusCode::OK, &shown(&cx, &admin, shell, &id, &parameters).await?))
}

/// Back to the role, with what was refused where something was.
async fn after(
    cx: &Cx,
    admin: &Admin,
    id: &RoleId,
    sent: &Parameters,
    result: Result<(), WebError>,
) -> Result<Response, WebError> {
    match result {
        Ok(()) => Ok(done(admin, &format!("/roles/{id}"), Notice::Saved)),
        Err(error) => {
            let shell = Shell::refused(admin, "roles", &error);
            Ok(refused_page(&error, &shown(cx, admin, shell, id, sent).await?))
        }
    }
}

/// `POST /console/roles/{id}`
pub async fn save(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<RoleId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let change = RoleChange {
        name: Some(sent.given("name").unwrap_or_default()),
        description: Some(sent.given("description").unwrap_or_default()),
        is_default: Some(sent.get("default").is_some()),
    };
    let saved = roles::update(&cx, &id, change).await.map(|_| ()).map_err(WebError::from);
    after(&cx, &admin, &id, &sent, saved).await
}

/// `POST /console/roles/{id}/scopes`: the chosen scopes and no others.
pub async fn set_scopes(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<RoleId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let chosen = sent.pairs().filter_map(|(name, _)| name.strip_prefix("scope:").map(ScopeId::from)).collect();
    let saved = roles::set_scopes(&cx, &id, chosen).await.map_err(WebError::from);
    after(&cx, &admin, &id, &Parameters::default(), saved).await
}

/// The one user whom an id, a username, an address or a number names.
async fn named(cx: &Cx, text: &str) -> Result<Option<UserId>, WebError> {
    let text = text.trim();
    let kinds = [IdentifierKind::Username, IdentifierKind::Email, IdentifierKind::Phone];
    let identifier = Identifier::guess(text, &kinds, None).ok();
    let mut values = vec![text.to_owned()];
    values.extend(identifier.map(|identifier| identifier.value).filter(|value| value != text));
    let search = UserSearch {
        matches: vec![UserMatch { field: None, exact: true, values }],
        all: false,
        case_sensitive: false,
        ..UserSearch::default()
    };
    let (found, total) = users::search(cx, search, Page { offset: 0, limit: 2 }).await?;
    Ok(found.into_iter().next().filter(|_| total.count == 1).map(|user| user.id))
}

/// `POST /console/roles/{id}/members`
pub async fn add_member(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<RoleId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    if let Some(program) = sent.given("program") {
        let added = roles::add_applications(&cx, &id, vec![ApplicationId(program)]).await;
        return after(&cx, &admin, &id, &sent, added.map_err(WebError::from)).await;
    }
    let Some(user) = named(&cx, &sent.get("user").unwrap_or_default()).await? else {
        let shell = Shell::new(&admin, "roles").failing(texts(admin.locale).no_such_user.to_owned());
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown(&cx, &admin, shell, &id, &sent).await?));
    };
    let added = roles::add_users(&cx, &id, vec![user]).await.map_err(WebError::from);
    after(&cx, &admin, &id, &sent, added).await
}

/// `POST /console/roles/{id}/members/{member}/delete`
pub async fn remove_member(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path((id, member)): Path<(RoleId, String)>,
) -> Result<Response, WebError> {
    let removed = match roles::get(&cx, &id).await?.kind {
        RoleType::User => roles::remove_from_user(&cx, &UserId(member), &id).await,
        RoleType::MachineToMachine => roles::remove_from_application(&cx, &ApplicationId(member), &id).await,
    };
    after(&cx, &admin, &id, &Parameters::default(), removed.map_err(WebError::from)).await
}

/// `POST /console/roles/{id}/delete`
pub async fn delete(cx: Cx, Extension(admin): Extension<Admin>, Path(id): Path<RoleId>) -> Result<Response, WebError> {
    match roles::delete(&cx, &id).await {
        Ok(()) | Err(RoleError::NotFound) => Ok(done(&admin, "/roles", Notice::Deleted)),
        Err(error) => after(&cx, &admin, &id, &Parameters::default(), Err(error.into())).await,
    }
}
