//! The only room that speaks SQL: SQLite and PostgreSQL behind one type.
//!
//! One module per aggregate; each function takes a [`Tx`] and a tenant. Checks and the action they guard run in one
//! [`Store::write`]. The SQL is common to both databases: text, 64-bit integers, `$1` parameters.

pub mod applications;
pub mod audit_logs;
mod configuration;
pub mod connector_cache;
pub mod connector_versions;
pub mod connectors;
pub mod counters;
pub mod custom_phrases;
mod db;
pub mod email_templates;
mod error;
pub mod identities;
pub mod images;
pub mod interactions;
pub mod jobs;
mod migrations;
pub mod password_costs;
mod postgres;
pub mod resources;
pub mod retention;
pub mod role_assignments;
pub mod roles;
mod seal;
pub mod sessions;
pub mod sign_in_experiences;
pub mod signing_keys;
mod sqlite;
mod statement;
pub mod tenants;
pub mod tokens;
mod tx;
pub mod user_search;
pub mod users;

pub use db::Store;
pub use error::{Constraint, StoreError};
pub use seal::MasterKey;
pub use tx::Tx;

/// A page of a list: how many rows to skip and how many to return.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Rows to skip.
    pub offset: i64,
    /// Rows to return.
    pub limit: i64,
}

impl Page {
    /// Everything, for lists that administrators keep short.
    pub const ALL: Self = Self { offset: 0, limit: i64::MAX };
}

/// How many entries a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The number, or the one at which counting stopped.
    pub count: i64,
    /// Whether counting stopped there.
    pub is_capped: bool,
}

impl From<i64> for Total {
    fn from(count: i64) -> Self {
        Self { count, is_capped: false }
    }
}
