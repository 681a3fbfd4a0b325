//! Who deletes what: every table is in the list below, and what no use case ends is swept in batches, so that no sweep holds
//! the database for long. Nothing depends on it: expiry is checked on every read.

use keyway_model::Timestamp;
use keyway_model::oauth::REFRESH_FAMILY_TTL;

use crate::statement::query;
use crate::{StoreError, Tx};

const DAY: i64 = 24 * 3600;

/// What ends a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleter {
    /// Somebody who may: a use case deletes it, or another takes its place.
    UseCase,
    /// The row that it belongs to (`ON DELETE CASCADE`, or a trigger).
    Owner,
    /// The sweep, when its time is over.
    Time,
    /// The sweep, when nothing refers to it any more.
    Disuse,
}

/// Every table.
pub const TABLES: &[(&str, Deleter)] = &[
    ("tenants", Deleter::UseCase),
    ("signing_keys", Deleter::UseCase),
    ("users", Deleter::UseCase),
    ("applications", Deleter::UseCase),
    ("application_secrets", Deleter::Owner),
    ("connectors", Deleter::UseCase),
    ("sign_in_experiences", Deleter::UseCase),
    ("resources", Deleter::UseCase),
    ("scopes", Deleter::Owner),
    ("roles", Deleter::UseCase),
    ("role_scopes", Deleter::Owner),
    ("user_roles", Deleter::Owner),
    ("application_roles", Deleter::Owner),
    ("interactions", Deleter::Time),
    ("sessions", Deleter::Time),
    ("grants", Deleter::Time),
    ("tokens", Deleter::Time),
    ("counters", Deleter::Time),
    ("logs", Deleter::Time),
    ("password_costs", Deleter::Disuse),
    ("connector_versions", Deleter::UseCase),
    ("connector_snapshots", Deleter::Owner),
    ("connector_cache", Deleter::Time),
    ("user_identities", Deleter::Owner),
    ("email_templates", Deleter::UseCase),
    ("phrases", Deleter::UseCase),
    ("images", Deleter::UseCase),
    ("jobs", Deleter::UseCase),
];

/// How long rows outlive their use, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// The audit log.
    pub logs: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { logs: 90 * DAY }
    }
}

/// What is swept of one table, and when.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// A name for logs.
    pub name: &'static str,
    statement: &'static str,
    /// The moment up to which rows go.
    until: fn(Retention, Timestamp) -> Timestamp,
}

/// Everything that time ends.
pub const SWEEPS: &[Sweep] = &[
    Sweep {
        name: "interactions",
        statement: "DELETE FROM interactions WHERE (tenant_id, secret_hash) IN (SELECT tenant_id, secret_hash FROM interactions WHERE \
             expires_at <= $1 LIMIT $2)",
        until: |_, now| now,
    },
    Sweep {
        name: "sessions",
        statement: "DELETE FROM sessions WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM sessions WHERE expires_at <= $1 LIMIT $2)",
        until: |_, now| now,
    },
    // A day longer, so that reuse is still noticed.
    Sweep {
        name: "tokens",
        statement: "DELETE FROM tokens WHERE (tenant_id, hash) IN (SELECT tenant_id, hash FROM tokens WHERE expires_at <= $1 LIMIT $2)",
        until: |_, now| now.plus_seconds(-DAY),
    },
    Sweep {
        name: "unused grants",
        statement: "DELETE FROM grants WHERE (tenant_id, id) IN (SELECT g.tenant_id, g.id FROM grants g WHERE g.created_at <= $1 AND \
             NOT EXISTS (SELECT 1 FROM tokens t WHERE t.tenant_id = g.tenant_id AND t.grant_id = g.id) LIMIT $2)",
        until: |_, now| now.plus_seconds(-DAY),
    },
    Sweep {
        name: "grants",
        statement: "DELETE FROM grants WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM grants WHERE created_at <= $1 LIMIT $2)",
        until: |_, now| now.plus_seconds(-REFRESH_FAMILY_TTL - DAY),
    },
    Sweep {
        name: "counters",
        statement: "DELETE FROM counters WHERE (tenant_id, name) IN (SELECT tenant_id, name FROM counters WHERE expires_at <= $1 LIMIT \
             $2)",
        until: |_, now| now,
    },
    Sweep {
        name: "connectors' caches",
        statement: "DELETE FROM connector_cache WHERE (tenant_id, connector_id, name) IN (SELECT tenant_id, connector_id, name FROM \
             connector_cache WHERE expires_at <= $1 LIMIT $2)",
        until: |_, now| now,
    },
    Sweep {
        name: "audit logs",
        statement: "DELETE FROM logs WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM logs WHERE created_at <= $1 LIMIT $2)",
        until: |retention, now| now.plus_seconds(-retention.logs),
    },
];

impl Sweep {
    /// Removes rows whose time is over, `limit` at most; the number.
    pub async fn batch(self, tx: &mut Tx, retention: Retention, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let until = (self.until)(retention, now);
        tx.execute_on_many(query(self.statement).bind(until.0).bind(limit)).await
    }
}
