//! Limits on messages and guesses, counted in the store so that they hold over all nodes and restarts.

use std::collections::HashMap;

use keyway_model::{ErrorCode, TenantId, Timestamp};
use keyway_store::counters::{self, Window};
use keyway_store::{StoreError, Tx};

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
    /// Messages to one country in an hour whose code was not used.
    pub unverified_per_country_hour: i64,
    /// Messages to one country in a day whose code was not used.
    pub unverified_per_country_day: i64,
    /// Countries that one address may send to in a day.
    pub countries_per_ip_day: i64,
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
            unverified_per_country_hour: 3,
            unverified_per_country_day: 20,
            countries_per_ip_day: 3,
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

/// A counter that may reach `limit` in `seconds`.
struct Budget {
    name: String,
    seconds: i64,
    limit: i64,
}

impl Send<'_> {
    /// Every message to the recipient counts.
    fn per_recipient(&self, limits: &Limits) -> Vec<Budget> {
        let windows = [
            ("minute", MINUTE, limits.sends_per_recipient_minute),
            ("hour", HOUR, limits.sends_per_recipient_hour),
            ("day", DAY, limits.sends_per_recipient_day),
        ];
        let budget = |(window, seconds, limit)| Budget { name: sends(window, self.recipient), seconds, limit };
        windows.into_iter().filter(|(_, _, limit)| *limit > 0).map(budget).collect()
    }

    /// Messages count until their code is used.
    fn unverified(&self, limits: &Limits) -> Vec<Budget> {
        let windows = [
            ("ip-hour", self.ip, HOUR, limits.unverified_per_ip_hour),
            ("ip-day", self.ip, DAY, limits.unverified_per_ip_day),
            ("country-hour", self.country, HOUR, limits.unverified_per_country_hour),
            ("country-day", self.country, DAY, limits.unverified_per_country_day),
        ];
        let budget =
            |(window, of, seconds, limit)| Budget { name: format!("unverified:{window}:{of}"), seconds, limit };
        windows.into_iter().filter(|(_, of, _, limit)| *limit > 0 && !of.is_empty()).map(budget).collect()
    }
}

fn sends(window: &str, recipient: &str) -> String {
    format!("send:{window}:{recipient}")
}

fn verified(budget: &Budget) -> String {
    format!("verified:{}", budget.name)
}

/// Counts a message; refuses it, uncounted, when a limit is reached. A fifth of the verified messages of the window is added
/// to each budget of unverified ones, so that a busy site is not mistaken for an attack.
pub async fn count_send(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    limits: &Limits,
    send: &Send<'_>,
    now: Timestamp,
) -> Result<Result<(), ErrorCode>, StoreError> {
    let (recipient, unverified) = (send.per_recipient(limits), send.unverified(limits));
    let pair = format!("country-of-ip:{}:{}", send.ip, send.country);
    let mut windows: Vec<Window> =
        recipient.iter().chain(&unverified).map(|budget| (budget.name.clone(), budget.seconds)).collect();
    let counts_countries = limits.countries_per_ip_day > 0 && !send.ip.is_empty() && !send.country.is_empty();
    if counts_countries {
        windows.push((pair.clone(), DAY));
    }
    // Counted first and judged after: the rows are locked, so messages that are asked for at once see each other.
    let counts = counters::add(tx, tenant, &windows, now).await?;
    let used = counters::get(tx, tenant, &unverified.iter().map(verified).collect::<Vec<_>>(), now).await?;
    let of = |counts: &HashMap<String, i64>, name: &str| counts.get(name).copied().unwrap_or_default();
    let mut over = recipient.iter().any(|budget| of(&counts, &budget.name) > budget.limit)
        || unverified.iter().any(|budget| {
            let verified = of(&used, &verified(budget));
            of(&counts, &budget.name) - verified > budget.limit.max(verified / 5)
        });
    if counts_countries && of(&counts, &pair) == 1 {
        let countries = format!("countries-of-ip:{}", send.ip);
        windows.push((countries.clone(), DAY));
        let count = counters::add(tx, tenant, &[(countries.clone(), DAY)], now).await?;
        over |= of(&count, &countries) > limits.countries_per_ip_day;
    }
    if over {
        let names: Vec<String> = windows.into_iter().map(|(name, _)| name).collect();
        counters::subtract(tx, tenant, &names, now).await?;
        return Ok(Err(ErrorCode::MessageRateLimited));
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
    let windows: Vec<Window> =
        send.unverified(limits).iter().map(|budget| (verified(budget), budget.seconds)).collect();
    counters::add(tx, tenant, &windows, now).await.map(|_| ())
}

/// Takes a message that was not delivered out of its recipient's counts.
pub async fn refund_send(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    recipient: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let names = ["minute", "hour", "day"].map(|window| sends(window, recipient));
    counters::subtract(tx, tenant, &names, now).await
}

/// Name of the counter of wrong guesses for an identifier.
fn failures(identifier: &str) -> String {
    format!("failures:{identifier}")
}

/// The wrong guesses for an identifier so far; refuses when they are too many.
pub async fn check_failures(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    limits: &Limits,
    identifier: &str,
    now: Timestamp,
) -> Result<Result<i64, ErrorCode>, StoreError> {
    let count = counters::get(tx, tenant, &[failures(identifier)], now).await?.into_values().sum();
    let blocked = limits.failures_per_identifier_hour > 0 && count >= limits.failures_per_identifier_hour;
    Ok(if blocked { Err(ErrorCode::VerificationBlocked) } else { Ok(count) })
}

/// Counts a wrong guess.
pub async fn count_failure(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    identifier: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    counters::add(tx, tenant, &[(failures(identifier), HOUR)], now).await.map(|_| ())
}

/// Forgets the `count` wrong guesses for an identifier, after a right one.
pub async fn forget_failures(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    identifier: &str,
    count: i64,
) -> Result<(), StoreError> {
    if count > 0 { counters::reset(tx, tenant, &failures(identifier)).await } else { Ok(()) }
}
