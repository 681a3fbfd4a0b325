//! Users.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::user::{PasswordHash, PasswordMethod, User};
use keyway_model::{TenantId, Timestamp, UserId};
use sqlx::any::AnyRow;
use sqlx::{Row as _, query};

use crate::user_search::text_of;
use crate::{StoreError, Tx};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, username, primary_email, primary_phone, password_method, password_hash, name, avatar, custom_data, \
             profile, application_id, is_suspended, last_sign_in_at, created_at, updated_at FROM users WHERE tenant_id = $1",
            $rest
        )
    };
}

pub(crate) fn read(row: &AnyRow) -> Result<User, StoreError> {
    let method: Option<String> = row.try_get("password_method")?;
    let encoded: Option<String> = row.try_get("password_hash")?;
    let password = match (method, encoded) {
        (Some(method), Some(encoded)) => Some(PasswordHash {
            method: PasswordMethod::from_name(&method).ok_or(StoreError::Inconsistent("users.password_method"))?,
            encoded,
        }),
        _ => None,
    };
    Ok(User {
        id: UserId(row.try_get("id")?),
        username: row.try_get("username")?,
        primary_email: row.try_get("primary_email")?,
        primary_phone: row.try_get("primary_phone")?,
        password,
        name: row.try_get("name")?,
        avatar: row.try_get("avatar")?,
        custom_data: serde_json::from_str(&row.try_get::<String, _>("custom_data")?)?,
        profile: serde_json::from_str(&row.try_get::<String, _>("profile")?)?,
        application_id: row.try_get::<Option<String>, _>("application_id")?.map(Into::into),
        is_suspended: row.try_get::<i64, _>("is_suspended")? != 0,
        last_sign_in_at: row.try_get::<Option<i64>, _>("last_sign_in_at")?.map(Timestamp),
        created_at: Timestamp(row.try_get("created_at")?),
        updated_at: Timestamp(row.try_get("updated_at")?),
    })
}

fn optional(row: Option<AnyRow>) -> Result<Option<User>, StoreError> {
    row.as_ref().map(read).transpose()
}

/// The user with this id.
pub async fn find(tx: &mut Tx<'_>, tenant: &TenantId, id: &UserId) -> Result<Option<User>, StoreError> {
    optional(tx.one(query(select!(" AND id = $2")).bind(tenant.0.clone()).bind(id.0.clone())).await?)
}

/// The user that this identifier names.
pub async fn find_by_identifier(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    identifier: &Identifier,
) -> Result<Option<User>, StoreError> {
    let statement = match identifier.kind {
        IdentifierKind::Username => select!(" AND username = $2"),
        IdentifierKind::Email => select!(" AND primary_email = $2"),
        IdentifierKind::Phone => select!(" AND primary_phone = $2"),
    };
    optional(tx.one(query(statement).bind(tenant.0.clone()).bind(identifier.value.clone())).await?)
}

/// Adds a user; a taken identifier is [`StoreError::Unique`].
pub async fn insert(tx: &mut Tx<'_>, tenant: &TenantId, user: &User) -> Result<(), StoreError> {
    let statement = "INSERT INTO users (tenant_id, id, username, primary_email, primary_phone, password_method, \
         password_hash, name, avatar, custom_data, profile, application_id, is_suspended, last_sign_in_at, created_at, \
         updated_at, search_text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    tx.execute_later(bind(query(statement), tenant, user)?).await
}

/// Writes every field of the user.
pub async fn update(tx: &mut Tx<'_>, tenant: &TenantId, user: &User) -> Result<(), StoreError> {
    let statement = "UPDATE users SET username = $3, primary_email = $4, primary_phone = $5, password_method = $6, \
         password_hash = $7, name = $8, avatar = $9, custom_data = $10, profile = $11, application_id = $12, \
         is_suspended = $13, last_sign_in_at = $14, created_at = $15, updated_at = $16, \
         search_text = $17 WHERE tenant_id = $1 AND id = $2";
    tx.execute_later(bind(query(statement), tenant, user)?).await
}

fn bind(query: crate::db::Query, tenant: &TenantId, user: &User) -> Result<crate::db::Query, StoreError> {
    Ok(query
        .bind(tenant.0.clone())
        .bind(user.id.0.clone())
        .bind(user.username.clone())
        .bind(user.primary_email.clone())
        .bind(user.primary_phone.clone())
        .bind(user.password.as_ref().map(|password| password.method.as_str().to_owned()))
        .bind(user.password.as_ref().map(|password| password.encoded.clone()))
        .bind(user.name.clone())
        .bind(user.avatar.clone())
        .bind(serde_json::to_string(&user.custom_data)?)
        .bind(serde_json::to_string(&user.profile)?)
        .bind(user.application_id.as_ref().map(|id| id.0.clone()))
        .bind(i64::from(user.is_suspended))
        .bind(user.last_sign_in_at.map(|time| time.0))
        .bind(user.created_at.0)
        .bind(user.updated_at.0)
        .bind(text_of(user)))
}

/// Removes the user with sessions, grants and tokens; false when there was none.
pub async fn delete(tx: &mut Tx<'_>, tenant: &TenantId, id: &UserId) -> Result<bool, StoreError> {
    let statement = query("DELETE FROM users WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await? > 0)
}
