//! Limits on messages and guesses, counted in the store so that they hold over all nodes and restarts.

use keyway_model::{ErrorCode, TenantId, Timestamp};
use keyway_store::{StoreError, Tx, counters};

/// The numbers; zero switches a limit off.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Messages to one recipient in a minute.
    pub sends_per_recipient_minute: i64,
    /// Messages to one recipient in an hour.
    pub sends_per_recipient_hour: i64,
    /// Messages to one recipient in a day.
    pub sends_per_recipient_day: i64,
    /// Messages asked for from one address in an hour whose code was not used.
    pub unverified_per_ip_hour: i64,
    /// Messages asked for from one address in a day whose code was not used.
    pub unverified_per_ip_day: i64,
    /// Messages to one country in a day whose code was not used.
    pub unverified_per_country_day: i64,
    /// Wrong passwords and codes for one identifier in an hour.
    pub failures_per_identifier_hour: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sends_per_recipient_minute: 1,
            sends_per_recipient_hour: 5,
            sends_per_recipient_day: 10,
            unverified_per_ip_hour: 5,
            unverified_per_ip_day: 10,
            unverified_per_country_day: 20,
            failures_per_identifier_hour: 10,
        }
    }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What a message is counted under.
pub struct Send<'a> {
    /// Canonical recipient.
    pub recipient: &'a str,
    /// ISO country of a phone number, or empty.
    pub country: &'a str,
    /// Address of the browser.
    pub ip: &'a str,
}

impl Send<'_> {
    fn budgets(&self, limits: &Limits) -> [(String, i64, i64); 3] {
        [
            (format!("unverified:ip-hour:{}", self.ip), HOUR, limits.unverified_per_ip_hour),
            (format!("unverified:ip-day:{}", self.ip), DAY, limits.unverified_per_ip_day),
            (format!("unverified:country-day:{}", self.country), DAY, limits.unverified_per_country_day),
        ]
    }
}

/// Counts a message; refuses it when a limit is reached. A fifth of the verified messages of the window is added to
/// each budget of unverified ones, so that a busy site is not mistaken for an attack.
pub async fn count_send(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    limits: &Limits,
    send: &Send<'_>,
    now: Timestamp,
) -> Result<Result<(), ErrorCode>, StoreError> {
    let recipient = send.recipient;
    let windows = [
        (format!("send:minute:{recipient}"), MINUTE, limits.sends_per_recipient_minute),
        (format!("send:hour:{recipient}"), HOUR, limits.sends_per_recipient_hour),
        (format!("send:day:{recipient}"), DAY, limits.sends_per_recipient_day),
    ];
    for (name, seconds, limit) in windows {
        if limit > 0 && counters::add(tx, tenant, &name, seconds, now).await? > limit {
            return Ok(Err(ErrorCode::MessageRateLimited));
        }
    }
    for (name, seconds, limit) in send.budgets(limits) {
        if limit == 0 || name.ends_with(':') {
            continue;
        }
        let sent = counters::add(tx, tenant, &name, seconds, now).await?;
        let verified = counters::get(tx, tenant, &format!("verified:{name}"), now).await?;
        if sent - verified > limit.max(verified / 5) {
            return Ok(Err(ErrorCode::MessageRateLimited));
        }
    }
    Ok(Ok(()))
}

/// Takes a used code out of the budgets of unverified messages.
pub async fn count_verified(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    limits: &Limits,
    send: &Send<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    forget_failures(tx, tenant, send.recipient).await?;
    for (name, seconds, limit) in send.budgets(limits) {
        if limit > 0 && !name.ends_with(':') {
            counters::add(tx, tenant, &format!("verified:{name}"), seconds, now).await?;
        }
    }
    Ok(())
}

/// Takes a message that was not delivered out of its recipient's counts.
pub async fn refund_send(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    recipient: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    for window in ["minute", "hour", "day"] {
        counters::subtract(tx, tenant, &format!("send:{window}:{recipient}"), now).await?;
    }
    Ok(())
}

/// Forgets the wrong guesses for an identifier, after a right one.
pub async fn forget_failures(tx: &mut Tx<'_>, tenant: &TenantId, identifier: &str) -> Result<(), StoreError> {
    counters::reset(tx, tenant, &failures(identifier)).await
}

/// Name of the counter of wrong guesses for an identifier.
fn failures(identifier: &str) -> String {
    format!("failures:{identifier}")
}

/// Refuses when an identifier has had too many wrong guesses.
pub async fn check_failures(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    limits: &Limits,
    identifier: &str,
    now: Timestamp,
) -> Result<Result<(), ErrorCode>, StoreError> {
    let count = counters::get(tx, tenant, &failures(identifier), now).await?;
    let blocked = limits.failures_per_identifier_hour > 0 && count >= limits.failures_per_identifier_hour;
    Ok(if blocked { Err(ErrorCode::VerificationBlocked) } else { Ok(()) })
}

/// Counts a wrong guess.
pub async fn count_failure(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    identifier: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    counters::add(tx, tenant, &failures(identifier), HOUR, now).await.map(|_| ())
}
