//! Errors of the store.

use deadpool_postgres::PoolError;
use rusqlite::{ErrorCode, ffi};
use tokio_postgres::error::SqlState;

use crate::postgres;

/// Which rule of uniqueness a write ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// The id of a user.
    UserId,
    /// A user's name.
    Username,
    /// A user's address.
    PrimaryEmail,
    /// A user's number.
    PrimaryPhone,
    /// An identity of an outside provider, or a second one of that provider at one user.
    Identity,
    /// The id of an application.
    ApplicationId,
    /// The name of an application's secret.
    ApplicationSecret,
    /// The id of a connector.
    ConnectorId,
    /// The indicator of an API resource.
    ResourceIndicator,
    /// The name of a scope within its resource.
    ScopeName,
    /// The name of a role.
    RoleName,
    /// The id of a tenant.
    TenantId,
    /// The host of a tenant.
    TenantHost,
    /// An e-mail template's language and type.
    EmailTemplate,
    /// Another one.
    Other,
}

/// The index's name, as PostgreSQL tells it, and its last column, as `SQLite` does.
const CONSTRAINTS: [(&str, &str, Constraint); 16] = [
    ("users_pkey", "users.id", Constraint::UserId),
    ("users_username", "users.username", Constraint::Username),
    ("users_username_key", "users.username_key", Constraint::Username),
    ("users_primary_email", "users.primary_email", Constraint::PrimaryEmail),
    ("users_primary_phone", "users.primary_phone", Constraint::PrimaryPhone),
    ("user_identities_pkey", "user_identities.identity_id", Constraint::Identity),
    ("user_identities_user", "user_identities.target", Constraint::Identity),
    ("applications_pkey", "applications.id", Constraint::ApplicationId),
    ("application_secrets_pkey", "application_secrets.name", Constraint::ApplicationSecret),
    ("connectors_pkey", "connectors.id", Constraint::ConnectorId),
    ("resources_indicator", "resources.indicator", Constraint::ResourceIndicator),
    ("scopes_name", "scopes.name", Constraint::ScopeName),
    ("roles_name", "roles.name", Constraint::RoleName),
    ("tenants_pkey", "tenants.id", Constraint::TenantId),
    ("tenants_host", "tenants.host", Constraint::TenantHost),
    ("email_templates_use", "email_templates.template_type", Constraint::EmailTemplate),
];

impl Constraint {
    /// PostgreSQL names the index; `SQLite` lists the columns at the end of its message.
    fn read(index: Option<&str>, message: &str) -> Self {
        let last = message.rsplit([' ', ',']).next().unwrap_or_default();
        let fits = |name: &str, column: &str| index.map_or(last == column, |index| index == name);
        CONSTRAINTS.iter().find(|(name, column, _)| fits(name, column)).map_or(Self::Other, |(_, _, found)| *found)
    }
}

/// Why the store could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique field is taken.
    #[error("a unique field is taken: {0:?}")]
    Unique(Constraint),
    /// A row that is referred to does not exist.
    #[error("a referenced row does not exist")]
    Reference,
    /// The database's disk is full.
    #[error("the database's disk is full")]
    Full,
    /// PostgreSQL ended the transaction in favour of another.
    #[error("the transaction yielded to another")]
    Yielded,
    /// PostgreSQL failed: what it says of it.
    #[error("database: {0}")]
    Database(String),
    /// `SQLite` failed.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
    /// The migration of this number failed.
    #[error("migration {0}: {1}")]
    Migration(i64, String),
    /// A row holds what it should not.
    #[error("inconsistent data in {0}")]
    Inconsistent(&'static str),
    /// A sealed value does not open with this master key.
    #[error("a sealed value does not open: is this the master key that it was sealed with?")]
    Unseal,
    /// The transaction crashed or the store is closing.
    #[error("the transaction did not finish")]
    Aborted,
    /// The address of the database, or a certificate that it names, cannot be read.
    #[error("the database's address cannot be read; it begins with sqlite: or postgres://")]
    Url,
}

impl StoreError {
    /// Whether the same request may succeed a moment later; otherwise a row, a key or the program is wrong.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Yielded | Self::Database(_) | Self::Sqlite(_) | Self::Aborted)
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(database) = error.as_db_error() else { return Self::Database(postgres::message(&error)) };
        match *database.code() {
            SqlState::UNIQUE_VIOLATION => Self::Unique(Constraint::read(database.constraint(), database.message())),
            SqlState::FOREIGN_KEY_VIOLATION => Self::Reference,
            SqlState::DISK_FULL => Self::Full,
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Self::Yielded,
            _ => Self::Database(postgres::message(&error)),
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            error => Self::Database(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::SqliteFailure(cause, message) = &error {
            let message = message.as_deref().unwrap_or_default();
            match (cause.code, cause.extended_code) {
                (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
                    return Self::Unique(Constraint::read(None, message));
                }
                (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => return Self::Reference,
                (ErrorCode::DiskFull, _) => return Self::Full,
                _ => {}
            }
        }
        Self::Sqlite(error)
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(_: serde_json::Error) -> Self {
        Self::Inconsistent("json")
    }
}
