//! The list of users: pages, and a search for any part of an id, a name or an identifier.
//!
//! [`crate::users`] writes what can be found into one column. `SQLite` has a full-text index of its three-letter pieces,
//! PostgreSQL one of `pg_trgm`.

use keyway_model::user::User;
use keyway_model::{TenantId, Timestamp, UserId};

use crate::statement::{Query, Row, query};
use crate::users::read;
use crate::{Page, StoreError, Total, Tx};

/// A place in the list of users, which is in the order of their making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListPosition {
    /// The newest users.
    Newest,
    /// The oldest ones.
    Oldest,
    /// Those older than this one.
    OlderThan(Timestamp, UserId),
    /// Those newer than this one, next to it.
    NewerThan(Timestamp, UserId),
}

macro_rules! columns {
    () => {
        "users.id, username, primary_email, primary_phone, password_method, password_hash, name, avatar, custom_data, \
         profile, application_id, is_suspended, last_sign_in_at, credential_epoch, created_at, updated_at"
    };
}

mod fields;
mod text;

pub(crate) use fields::like_pattern;
pub use fields::{UserField, UserMatch, UserSearch, matching};
pub(crate) use text::text_of;
use text::{like, pieces, wanted};

macro_rules! placed {
    ($condition:literal, $order:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM users WHERE tenant_id = $1",
            $condition,
            " ORDER BY created_at ",
            $order,
            ", id ",
            $order,
            " LIMIT ",
            $limit
        )
    };
}

/// `$1` the tenant, `$2` the pieces, `$3` the text: common pieces may lie apart. `CROSS` has the index asked first.
macro_rules! found_by_sqlite {
    () => {
        " FROM user_search CROSS JOIN user_search_rows ON number = user_search.rowid CROSS JOIN users ON users.tenant_id = \
         user_search_rows.tenant_id AND users.id = user_id WHERE user_search MATCH $2 AND users.tenant_id = $1 AND \
         INSTR(users.search_text, $3) > 0"
    };
}

/// `$1` the tenant, `$2` the pattern; the planner drops what is said of `$3`.
macro_rules! found_by_postgres {
    () => {
        " FROM users WHERE tenant_id = $1 AND search_text LIKE $2 AND $3::text IS NOT NULL"
    };
}

/// The statement with what is looked for. It is planned for this text: a plan for any text reads all users in order, or
/// sorts all that match.
fn searching(tx: &Tx, tenant: &TenantId, wanted: String, sqlite: &'static str, postgres: &'static str) -> Query {
    let statement = query(tx.statement(sqlite, postgres)).planned_anew().bind(tenant.0.clone());
    statement.bind(if tx.is_sqlite() { pieces(&wanted) } else { like(&wanted) }).bind(wanted)
}

/// The number in the one row of a statement that counts.
fn total(rows: &[Row]) -> Result<i64, StoreError> {
    rows.first().map_or(Ok(0), |row| row.get("total"))
}

/// A page of users, newest first, that `search` finds; all where it is absent or blank.
pub async fn list(tx: &mut Tx, tenant: &TenantId, search: Option<&str>, page: Page) -> Result<Vec<User>, StoreError> {
    let select = match search.and_then(wanted) {
        // Rows that are skipped are counted in the index alone.
        None => query(concat!(
            "SELECT ",
            columns!(),
            " FROM users JOIN (SELECT id AS found FROM users WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC \
             LIMIT $2 OFFSET $3) page ON users.id = found WHERE tenant_id = $1 ORDER BY created_at DESC, users.id DESC"
        ))
        .bind(tenant.0.clone()),
        Some(wanted) => searching(
            tx,
            tenant,
            wanted,
            concat!("SELECT ", columns!(), found_by_sqlite!(), " ORDER BY user_search.rowid DESC LIMIT $4 OFFSET $5"),
            concat!(
                "SELECT ",
                columns!(),
                found_by_postgres!(),
                " ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5"
            ),
        ),
    };
    let rows = tx.scan(select.bind(page.limit).bind(page.offset)).await?;
    rows.iter().map(read).collect()
}

/// How many users `search` finds, or all where it is absent or blank; counting stops at `most`.
pub async fn count(tx: &mut Tx, tenant: &TenantId, search: Option<&str>, most: i64) -> Result<Total, StoreError> {
    let select = match search.and_then(wanted) {
        None => query("SELECT COUNT(*) AS total FROM (SELECT id FROM users WHERE tenant_id = $1 LIMIT $2) counted")
            .bind(tenant.0.clone()),
        Some(wanted) => searching(
            tx,
            tenant,
            wanted,
            concat!("SELECT COUNT(*) AS total FROM (SELECT users.id", found_by_sqlite!(), " LIMIT $4) counted"),
            concat!("SELECT COUNT(*) AS total FROM (SELECT id", found_by_postgres!(), " LIMIT $4) counted"),
        ),
    };
    let count = total(&tx.scan(select.bind(most.saturating_add(1))).await?)?;
    Ok(Total { count: count.min(most), is_capped: count > most })
}

/// A page of what `search` finds, and how much there is, counted to `most`. The last page tells how much without counting.
pub async fn page(
    tx: &mut Tx,
    tenant: &TenantId,
    search: Option<&str>,
    page: Page,
    most: i64,
) -> Result<(Vec<User>, Total), StoreError> {
    let users = list(tx, tenant, search, page).await?;
    let shown = i64::try_from(users.len()).unwrap_or(i64::MAX);
    if shown < page.limit && (shown > 0 || page.offset == 0) {
        return Ok((users, page.offset.saturating_add(shown).into()));
    }
    Ok((users, count(tx, tenant, search, most).await?))
}
/// The users at a place of the list, newest first.
pub async fn at(tx: &mut Tx, tenant: &TenantId, place: ListPosition, limit: i64) -> Result<Vec<User>, StoreError> {
    let (statement, from) = match place {
        ListPosition::Newest => (placed!("", "DESC", "$2"), None),
        ListPosition::Oldest => (placed!("", "ASC", "$2"), None),
        ListPosition::OlderThan(time, id) => {
            (placed!(" AND (created_at, id) < ($2, $3)", "DESC", "$4"), Some((time, id)))
        }
        ListPosition::NewerThan(time, id) => {
            (placed!(" AND (created_at, id) > ($2, $3)", "ASC", "$4"), Some((time, id)))
        }
    };
    let mut select = query(statement).bind(tenant.0.clone());
    if let Some((time, id)) = from {
        select = select.bind(time.0).bind(id.0);
    }
    let rows = tx.all(select.bind(limit)).await?;
    let mut users: Vec<User> = rows.iter().map(read).collect::<Result<_, _>>()?;
    users.sort_by(|one, other| (other.created_at, &other.id.0).cmp(&(one.created_at, &one.id.0)));
    Ok(users)
}
