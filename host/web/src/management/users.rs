//! `/api/users`

#![expect(clippy::option_option, reason = "a field that is null differs from one that is absent")]

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use keyway_core::management::{NewPassword, NewUser};
use keyway_model::user::{Identity, ObjectChange, User, UserChange};
use keyway_model::user_profile::UserProfile;
use keyway_model::{Patch, Timestamp, UserId};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::paging::{Paged, page};
use super::user_search::Searched;
use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::{Body, Pagination, Path};
use crate::response::NoContent;
use keyway_model::resource::ManagementScope::All;

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Users")
        .add(declaration::get("/api/users", All, "List users", list))
        .add(declaration::post("/api/users", All, "Create a user", create))
        .add(declaration::get("/api/users/{userId}", All, "Get a user", get))
        .add(declaration::patch("/api/users/{userId}", All, "Update a user", update))
        .add(declaration::delete("/api/users/{userId}", All, "Delete a user", delete))
        .add(declaration::get("/api/users/{userId}/custom-data", All, "Get a user's custom data", get_custom_data))
        .add(declaration::patch(
            "/api/users/{userId}/custom-data",
            All,
            "Update a user's custom data",
            update_custom_data,
        ))
        .add(declaration::patch("/api/users/{userId}/profile", All, "Update a user's profile", update_profile))
        .add(declaration::patch("/api/users/{userId}/is-suspended", All, "Suspend or resume a user", suspend))
        .add(declaration::patch("/api/users/{userId}/password", All, "Set a user's password", set_password))
        .add(declaration::post("/api/users/{userId}/password/verify", All, "Check a user's password", check_password))
        .add(declaration::get(
            "/api/users/{userId}/has-password",
            All,
            "Tell whether a user has a password",
            has_password,
        ))
        .add(declaration::delete("/api/users/{id}/identities/{target}", All, "Delete an identity", delete_identity))
}

/// Tells a field that is null from one that is absent.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(reader: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

/// A user without the password hash.
fn view(user: &User, identities: &[Identity]) -> Value {
    let identity = |one: &Identity| (one.target.clone(), json!({ "userId": one.id, "details": one.details }));
    let identities: Map<String, Value> = identities.iter().map(identity).collect();
    json!({
        "id": user.id,
        "username": user.username,
        "primaryEmail": user.primary_email,
        "primaryPhone": user.primary_phone,
        "name": user.name,
        "avatar": user.avatar,
        "customData": user.custom_data,
        "identities": identities,
        "ssoIdentities": [],
        "mfaVerificationFactors": [],
        "profile": user.profile,
        "applicationId": user.application_id,
        "isSuspended": user.is_suspended,
        "hasPassword": user.password.is_some(),
        "lastSignInAt": user.last_sign_in_at,
        "createdAt": user.created_at,
        "updatedAt": user.updated_at,
    })
}

async fn shown(web: &Web, user: &User) -> Result<Value, WebError> {
    let found = web.core.identities(&web.tenant, vec![user.id.clone()]).await?;
    Ok(view(user, found.get(&user.id).map(Vec::as_slice).unwrap_or_default()))
}

/// Users, newest first. `search` is compared with id, names and identifiers, `search.{field}` with one of them; `%` stands for
/// anything, `mode` or `mode.{field}` is `like` or `exact`, `joint` is `or` or `and`.
async fn list(
    State(web): State<Web>,
    Searched(search): Searched,
    paging: Pagination,
    uri: Uri,
) -> Result<Paged<Value>, WebError> {
    let (users, total) = match search {
        Some(search) => web.core.search_users(&web.tenant, search, paging.page()).await?,
        None => web.core.users(&web.tenant, None, paging.page()).await?,
    };
    let identities = web.core.identities(&web.tenant, users.iter().map(|user| user.id.clone()).collect()).await?;
    let of = |user: &User| identities.get(&user.id).map(Vec::as_slice).unwrap_or_default();
    Ok(page(users.iter().map(|user| view(user, of(user))).collect(), total, paging, &uri))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateUser {
    id: Option<String>,
    username: Option<String>,
    primary_email: Option<String>,
    primary_phone: Option<String>,
    password: Option<String>,
    password_digest: Option<String>,
    /// `Argon2i`, `Argon2id` or `Bcrypt`.
    password_algorithm: Option<String>,
    name: Option<String>,
    avatar: Option<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    custom_data: Map<String, Value>,
    #[serde(default)]
    #[schema(value_type = Object)]
    profile: UserProfile,
}

/// Makes a user, with a password, an imported hash or neither.
async fn create(State(web): State<Web>, Body(body): Body<CreateUser>) -> Result<Json<Value>, WebError> {
    let password = NewPassword::from_fields(body.password, body.password_digest, body.password_algorithm)?;
    let now: Timestamp = web.core.now();
    let user = User {
        username: body.username,
        primary_email: body.primary_email,
        primary_phone: body.primary_phone,
        name: body.name,
        avatar: body.avatar,
        custom_data: body.custom_data,
        profile: body.profile,
        ..User::new(UserId(body.id.unwrap_or_default()), now)
    };
    Ok(Json(view(&web.core.create_user(&web.tenant, NewUser { user, password }).await?, &[])))
}

/// One user.
async fn get(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    Ok(Json(shown(&web, &web.core.user(&web.tenant, &UserId(id)).await?).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UpdateUser {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    username: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    primary_email: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    primary_phone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    avatar: Patch<String>,
    #[schema(value_type = Option<Object>)]
    custom_data: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    profile: Option<UserProfile>,
}

/// Logto takes an empty text for none.
fn filled(patch: Patch<String>) -> Patch<String> {
    match patch {
        Patch::Set(text) if text.is_empty() => Patch::Clear,
        patch => patch,
    }
}

async fn changed(web: &Web, id: String, change: UserChange) -> Result<Json<Value>, WebError> {
    let user = web.core.update_user(&web.tenant, &UserId(id), change).await?;
    Ok(Json(shown(web, &user).await?))
}

/// Changes the given fields; null empties one.
async fn update(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<UpdateUser>,
) -> Result<Json<Value>, WebError> {
    let change = UserChange {
        username: filled(body.username),
        primary_email: filled(body.primary_email),
        primary_phone: filled(body.primary_phone),
        name: filled(body.name),
        avatar: filled(body.avatar),
        custom_data: body.custom_data.map_or(ObjectChange::Keep, ObjectChange::Replace),
        profile: body.profile.map_or(ObjectChange::Keep, ObjectChange::Replace),
        ..UserChange::default()
    };
    changed(&web, id, change).await
}

/// Removes a user with sessions and tokens.
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<NoContent, WebError> {
    web.core.delete_user(&web.tenant, &UserId(id)).await?;
    Ok(NoContent)
}

/// The application's own data.
async fn get_custom_data(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    Ok(Json(Value::Object(web.core.user(&web.tenant, &UserId(id)).await?.custom_data)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CustomData {
    #[schema(value_type = Object)]
    custom_data: Map<String, Value>,
}

/// Merges into the application's own data.
async fn update_custom_data(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<CustomData>,
) -> Result<Json<Value>, WebError> {
    let change = UserChange { custom_data: ObjectChange::Merge(body.custom_data), ..UserChange::default() };
    Ok(Json(Value::Object(web.core.update_user(&web.tenant, &UserId(id), change).await?.custom_data)))
}

#[derive(Deserialize, ToSchema)]
struct Profile {
    #[schema(value_type = Object)]
    profile: UserProfile,
}

/// Merges into the profile.
async fn update_profile(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<Profile>,
) -> Result<Json<Value>, WebError> {
    let change = UserChange { profile: ObjectChange::Merge(body.profile), ..UserChange::default() };
    Ok(Json(json!(web.core.update_user(&web.tenant, &UserId(id), change).await?.profile)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Suspension {
    is_suspended: bool,
}

/// Suspends a user, who is signed out everywhere at once, or lets the user in again.
async fn suspend(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<Suspension>,
) -> Result<Json<Value>, WebError> {
    changed(&web, id, UserChange { is_suspended: Some(body.is_suspended), ..UserChange::default() }).await
}

#[derive(Deserialize, ToSchema)]
struct Password {
    password: String,
}

/// Sets the password and signs the user out everywhere.
async fn set_password(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<Password>,
) -> Result<Json<Value>, WebError> {
    let user = web.core.set_user_password(&web.tenant, &UserId(id), body.password).await?;
    Ok(Json(shown(&web, &user).await?))
}

/// Says whether the password is the user's.
async fn check_password(
    State(web): State<Web>,
    Path(id): Path<String>,
    Body(body): Body<Password>,
) -> Result<NoContent, WebError> {
    web.core.check_user_password(&web.tenant, &UserId(id), body.password).await?;
    Ok(NoContent)
}

/// Whether the user has a password.
async fn has_password(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Value>, WebError> {
    let user = web.core.user(&web.tenant, &UserId(id)).await?;
    Ok(Json(json!({ "hasPassword": user.password.is_some() })))
}

/// Unlinks an identity of an outside provider.
async fn delete_identity(
    State(web): State<Web>,
    Path((id, target)): Path<(String, String)>,
) -> Result<NoContent, WebError> {
    web.core.delete_identity(&web.tenant, &UserId(id), target).await?;
    Ok(NoContent)
}
