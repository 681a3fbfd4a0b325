//! Errors of the store.

/// Why the store could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique field is taken; holds the name of the index where the database tells it.
    #[error("a unique field is taken: {0}")]
    Unique(String),
    /// A row that is referred to does not exist.
    #[error("a referenced row does not exist")]
    Reference,
    /// The database failed.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row holds what it should not.
    #[error("inconsistent data in {0}")]
    Inconsistent(&'static str),
    /// A sealed value does not open with this master key.
    #[error("a sealed value does not open: is this the master key that it was sealed with?")]
    Unseal,
    /// The transaction crashed or the store is closing.
    #[error("the transaction did not finish")]
    Aborted,
    /// The address of the database cannot be read.
    #[error("the database address must begin with sqlite: or postgres://")]
    Url,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(database) = &error {
            if database.is_unique_violation() {
                return Self::Unique(format!("{} {}", database.constraint().unwrap_or_default(), database.message()));
            }
            if database.is_foreign_key_violation() {
                return Self::Reference;
            }
        }
        Self::Database(error)
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(_: serde_json::Error) -> Self {
        Self::Inconsistent("json")
    }
}
