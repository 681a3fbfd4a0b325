//! Users.

use std::collections::HashMap;

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::user::{PasswordHash, PasswordMethod, User, UserChange};
use keyway_model::user_profile::UserProfile;
use keyway_model::{TenantId, Timestamp, UserId};

use crate::statement::{Query, Row, assembled, query};
use crate::user_search::text_of;
use crate::{StoreError, Tx};

/// The version of what a row holds of its other columns.
const DERIVED: i64 = 1;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, username, primary_email, primary_phone, password_method, password_hash, name, avatar, custom_data, \
             profile, application_id, is_suspended, last_sign_in_at, credential_epoch, created_at, \
             updated_at FROM users WHERE tenant_id = $1",
            $rest
        )
    };
}

pub(crate) fn read(row: &Row) -> Result<User, StoreError> {
    let method: Option<String> = row.get("password_method")?;
    let encoded: Option<String> = row.get("password_hash")?;
    let password = match (method, encoded) {
        (Some(method), Some(encoded)) => Some(PasswordHash {
            method: PasswordMethod::from_name(&method).ok_or(StoreError::Inconsistent("users.password_method"))?,
            encoded,
        }),
        _ => None,
    };
    Ok(User {
        id: UserId(row.get("id")?),
        username: row.get("username")?,
        primary_email: row.get("primary_email")?,
        primary_phone: row.get("primary_phone")?,
        password,
        name: row.get("name")?,
        avatar: row.get("avatar")?,
        custom_data: serde_json::from_str(&row.get::<String>("custom_data")?)?,
        profile: UserProfile::from_stored(serde_json::from_str(&row.get::<String>("profile")?)?),
        application_id: row.get::<Option<String>>("application_id")?.map(Into::into),
        is_suspended: row.get::<i64>("is_suspended")? != 0,
        last_sign_in_at: row.get::<Option<i64>>("last_sign_in_at")?.map(Timestamp),
        credential_epoch: row.get("credential_epoch")?,
        created_at: Timestamp(row.get("created_at")?),
        updated_at: Timestamp(row.get("updated_at")?),
    })
}

fn optional(row: Option<Row>) -> Result<Option<User>, StoreError> {
    row.as_ref().map(read).transpose()
}

/// The user with this id.
pub async fn find(tx: &mut Tx, tenant: &TenantId, id: &UserId) -> Result<Option<User>, StoreError> {
    optional(tx.one(query(select!(" AND id = $2")).bind(tenant.0.clone()).bind(id.0.clone())).await?)
}

/// The statements that find a user by name, in whatever case, by address and by number. Of several whose names differ in case alone, which
/// were there before that was refused, it is the one whose name is written so.
const NAMED: [&str; 3] = [
    select!(" AND (username_key = $2 OR username = $3) ORDER BY username = $3 DESC LIMIT 1"),
    select!(" AND primary_email = $2"),
    select!(" AND primary_phone = $2"),
];

/// The same, holding the row.
const NAMED_AND_HELD: [&str; 3] = [
    select!(" AND (username_key = $2 OR username = $3) ORDER BY username = $3 DESC LIMIT 1 FOR NO KEY UPDATE"),
    select!(" AND primary_email = $2 FOR NO KEY UPDATE"),
    select!(" AND primary_phone = $2 FOR NO KEY UPDATE"),
];

fn named(tenant: &TenantId, identifier: &Identifier, [name, address, number]: [&'static str; 3]) -> Query {
    let value = &identifier.value;
    let of = |text: &'static str| query(text).bind(tenant.0.clone());
    match identifier.kind {
        IdentifierKind::Username => of(name).bind(value.to_ascii_lowercase()).bind(value.clone()),
        IdentifierKind::Email => of(address).bind(value.clone()),
        IdentifierKind::Phone => of(number).bind(value.clone()),
    }
}

/// The user that this identifier names.
pub async fn find_by_identifier(
    tx: &mut Tx,
    tenant: &TenantId,
    identifier: &Identifier,
) -> Result<Option<User>, StoreError> {
    optional(tx.one(named(tenant, identifier, NAMED)).await?)
}

/// Users who hold a scope of the resource with this indicator, newest first, each with the names of those scopes.
pub async fn holders(
    tx: &mut Tx,
    tenant: &TenantId,
    indicator: &str,
    limit: i64,
) -> Result<Vec<(User, Vec<String>)>, StoreError> {
    let found = query(select!(
        " AND id IN (SELECT ur.user_id FROM user_roles ur JOIN role_scopes rs ON rs.tenant_id = ur.tenant_id AND rs.role_id = \
         ur.role_id JOIN scopes s ON s.tenant_id = rs.tenant_id AND s.id = rs.scope_id JOIN resources r ON r.tenant_id = \
         s.tenant_id AND r.id = s.resource_id WHERE ur.tenant_id = $1 AND r.indicator = $2) ORDER BY created_at DESC, id DESC \
         LIMIT $3"
    ));
    let rows = tx.all(found.bind(tenant.0.clone()).bind(indicator.to_owned()).bind(limit)).await?;
    let scopes = "SELECT DISTINCT ur.user_id, s.name FROM user_roles ur JOIN role_scopes rs ON rs.tenant_id = ur.tenant_id AND \
         rs.role_id = ur.role_id JOIN scopes s ON s.tenant_id = rs.tenant_id AND s.id = rs.scope_id JOIN resources r ON \
         r.tenant_id = s.tenant_id AND r.id = s.resource_id WHERE ur.tenant_id = $1 AND r.indicator = $2 ORDER BY s.name";
    let mut held: HashMap<String, Vec<String>> = HashMap::new();
    for row in tx.all(query(scopes).bind(tenant.0.clone()).bind(indicator.to_owned())).await? {
        held.entry(row.get("user_id")?).or_default().push(row.get("name")?);
    }
    let with_scopes = |row: &Row| {
        let user = read(row)?;
        let scopes = held.remove(user.id.as_str()).unwrap_or_default();
        Ok((user, scopes))
    };
    rows.iter().map(with_scopes).collect()
}

/// An account whose row is held until the transaction ends: only such a one is changed, so that what was read is what is
/// changed.
#[derive(Debug)]
pub struct LockedUser(User);

impl std::ops::Deref for LockedUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.0
    }
}

impl From<LockedUser> for User {
    fn from(locked: LockedUser) -> Self {
        locked.0
    }
}

/// Holds the user's row against every other writer; `SQLite` has one writer at a time.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, id: &UserId) -> Result<Option<LockedUser>, StoreError> {
    let statement = tx.statement(select!(" AND id = $2"), select!(" AND id = $2 FOR NO KEY UPDATE"));
    let row = tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?;
    Ok(optional(row)?.map(LockedUser))
}

/// [`lock`] for the user that this identifier names.
pub async fn lock_by_identifier(
    tx: &mut Tx,
    tenant: &TenantId,
    identifier: &Identifier,
) -> Result<Option<LockedUser>, StoreError> {
    let texts = if tx.is_sqlite() { NAMED } else { NAMED_AND_HELD };
    Ok(optional(tx.one(named(tenant, identifier, texts)).await?)?.map(LockedUser))
}

/// The user, who is neither changed nor removed until the transaction ends; others may read and hold the row as well.
pub async fn hold(tx: &mut Tx, tenant: &TenantId, id: &UserId) -> Result<Option<User>, StoreError> {
    let statement = tx.statement(select!(" AND id = $2"), select!(" AND id = $2 FOR SHARE"));
    optional(tx.one(query(statement).bind(tenant.0.clone()).bind(id.0.clone())).await?)
}

/// Adds a user; a taken identifier is [`StoreError::Unique`].
pub async fn insert(tx: &mut Tx, tenant: &TenantId, user: &User) -> Result<(), StoreError> {
    let statement = "INSERT INTO users (tenant_id, id, username, primary_email, primary_phone, password_method, \
         password_hash, name, avatar, custom_data, profile, application_id, is_suspended, last_sign_in_at, created_at, \
         updated_at, search_text, username_key, derived) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
         $16, $17, $18, $19)";
    let statement = query(statement)
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
        .bind(text_of(user))
        .bind(user.username.as_deref().map(str::to_ascii_lowercase))
        .bind(DERIVED);
    tx.execute_later(statement).await
}

enum Column {
    Text(Option<String>),
    Number(i64),
}

/// The columns that a change writes, with what they hold afterwards.
fn columns(changed: &User, change: &UserChange) -> Result<Vec<(&'static str, Column)>, StoreError> {
    let mut columns = Vec::new();
    let mut names = false;
    for (column, patch, value) in [
        ("username", &change.username, &changed.username),
        ("primary_email", &change.primary_email, &changed.primary_email),
        ("primary_phone", &change.primary_phone, &changed.primary_phone),
        ("name", &change.name, &changed.name),
    ] {
        if !patch.is_keep() {
            columns.push((column, Column::Text(value.clone())));
            names = true;
        }
    }
    if !change.username.is_keep() {
        columns.push(("username_key", Column::Text(changed.username.as_deref().map(str::to_ascii_lowercase))));
    }
    if names {
        columns.push(("search_text", Column::Text(Some(text_of(changed)))));
    }
    if !change.avatar.is_keep() {
        columns.push(("avatar", Column::Text(changed.avatar.clone())));
    }
    if !change.password.is_keep() {
        let password = changed.password.as_ref();
        columns.push(("password_method", Column::Text(password.map(|hash| hash.method.as_str().to_owned()))));
        columns.push(("password_hash", Column::Text(password.map(|hash| hash.encoded.clone()))));
        columns.push(("password_cost", Column::Text(None)));
    }
    if !change.custom_data.is_keep() {
        columns.push(("custom_data", Column::Text(Some(serde_json::to_string(&changed.custom_data)?))));
    }
    if !change.profile.is_keep() {
        columns.push(("profile", Column::Text(Some(serde_json::to_string(&changed.profile)?))));
    }
    if let Some(suspended) = change.is_suspended {
        columns.push(("is_suspended", Column::Number(i64::from(suspended))));
    }
    if let Some(time) = change.last_sign_in_at {
        columns.push(("last_sign_in_at", Column::Number(time.0)));
    }
    if let Some(time) = change.updated_at {
        columns.push(("updated_at", Column::Number(time.0)));
    }
    if change.ends_sign_ins {
        columns.push(("credential_epoch", Column::Number(changed.credential_epoch)));
    }
    Ok(columns)
}

/// Writes what the change holds and nothing else.
pub async fn change(
    tx: &mut Tx,
    tenant: &TenantId,
    user: &mut LockedUser,
    change: UserChange,
) -> Result<(), StoreError> {
    let mut changed = user.0.clone();
    changed.apply(change.clone());
    let columns = columns(&changed, &change)?;
    user.0 = changed;
    if columns.is_empty() {
        return Ok(());
    }
    let set: Vec<String> =
        columns.iter().enumerate().map(|(index, (column, _))| format!("{column} = ${}", index + 3)).collect();
    let text = format!("UPDATE users SET {} WHERE tenant_id = $1 AND id = $2", set.join(", "));
    let mut statement = assembled(text).bind(tenant.0.clone()).bind(user.id.0.clone());
    for (_, value) in columns {
        statement = match value {
            Column::Text(text) => statement.bind(text),
            Column::Number(number) => statement.bind(number),
        };
    }
    tx.execute_later(statement).await
}

/// Removes the user with sessions, grants and tokens; false when there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &UserId) -> Result<bool, StoreError> {
    let statement = query("DELETE FROM users WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await? > 0)
}

/// Some users, held, whose rows an earlier version of the program wrote.
pub async fn outdated(tx: &mut Tx, limit: i64) -> Result<Vec<(TenantId, User)>, StoreError> {
    let statement = tx.statement(
        "SELECT * FROM users WHERE derived < 1 ORDER BY tenant_id, id LIMIT $1",
        "SELECT * FROM users WHERE derived < 1 ORDER BY tenant_id, id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED",
    );
    let rows = tx.all(query(statement).bind(limit)).await?;
    rows.iter().map(|row| Ok((TenantId(row.get("tenant_id")?), read(row)?))).collect()
}

/// Writes anew what the row holds of its other columns.
pub async fn derive(tx: &mut Tx, tenant: &TenantId, user: &User) -> Result<(), StoreError> {
    let statement = query("UPDATE users SET search_text = $3, derived = $4 WHERE tenant_id = $1 AND id = $2");
    let statement = statement.bind(tenant.0.clone()).bind(user.id.0.clone());
    tx.execute(statement.bind(text_of(user)).bind(DERIVED)).await.map(|_| ())
}
