//! Limits on messages and guesses, counted in the store so that they hold over all nodes and restarts.

mod guesses;
mod messages;
mod network;
mod work;

use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use guesses::{GuessedSecret, Guesses};
pub(crate) use messages::{Counted, OutgoingMessage, Refused, count, refund, settle};
pub(crate) use network::Network;
pub(crate) use work::{is_answer, puzzle};

/// The numbers; zero switches a limit off.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Messages to one recipient in a minute whose code was not used.
    pub sends_per_recipient_minute: i64,
    /// Messages to one recipient in an hour whose code was not used.
    pub sends_per_recipient_hour: i64,
    /// Messages to one recipient in a day whose code was not used.
    pub sends_per_recipient_day: i64,
    /// Messages asked for from one address in an hour whose code was not used.
    pub unverified_per_ip_hour: i64,
    /// Messages asked for from one address in a day whose code was not used.
    pub unverified_per_ip_day: i64,
    /// Messages to strangers of one country in an hour whose code was not used.
    pub unverified_per_country_hour: i64,
    /// Messages to strangers of one country in a day whose code was not used.
    pub unverified_per_country_day: i64,
    /// Messages in an hour to strangers whose numbers differ in the last three digits alone.
    pub unverified_per_prefix_hour: i64,
    /// Countries whose strangers one address may send to in a day.
    pub countries_per_ip_day: i64,
    /// Leading zero bits of the proof of work that lets more messages through; zero refuses at once.
    pub proof_of_work_bits: u32,
    /// Wrong codes for one identifier from one network in an hour; twice as many from everywhere.
    pub failures_per_identifier_hour: i64,
    /// Wrong passwords for one account from one network or device before each further one has to wait.
    pub failures_before_delay: i64,
    /// Wrong passwords for one account in a day from devices that it never signed in from.
    pub failures_per_identifier_day: i64,
    /// Wrong passwords from one network in an hour, whatever the accounts.
    pub failures_per_network_hour: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sends_per_recipient_minute: 1,
            sends_per_recipient_hour: 5,
            sends_per_recipient_day: 10,
            unverified_per_ip_hour: 5,
            unverified_per_ip_day: 10,
            unverified_per_country_hour: 300,
            unverified_per_country_day: 900,
            unverified_per_prefix_hour: 20,
            countries_per_ip_day: 3,
            proof_of_work_bits: 16,
            failures_per_identifier_hour: 10,
            failures_before_delay: 5,
            failures_per_identifier_day: 100,
            failures_per_network_hour: 100,
        }
    }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Why a message is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Too many for one recipient.
    Recipient,
    /// Too many from one address.
    Address,
    /// Too many from the addresses of one site.
    Site,
    /// Too many for one country.
    Country,
    /// Too many for neighbouring numbers.
    Prefix,
    /// Too many countries from one address.
    Countries,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 6] =
        [Self::Recipient, Self::Address, Self::Site, Self::Country, Self::Prefix, Self::Countries];

    /// The name in the audit log and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::Address => "address",
            Self::Site => "site",
            Self::Country => "country",
            Self::Prefix => "prefix",
            Self::Countries => "countries",
        }
    }
}

/// What this node held back since its start, for metrics.
#[derive(Debug, Default)]
pub(crate) struct HeldBack([(AtomicU64, AtomicU64); Rule::ALL.len()]);

impl HeldBack {
    /// Counts one: refused, or asked for a proof of work.
    pub fn count(&self, rule: Rule, refused: bool) {
        for (kept, (refusals, puzzles)) in Rule::ALL.iter().zip(&self.0) {
            if *kept == rule {
                if refused { refusals } else { puzzles }.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Rule, outcome and count.
    pub fn totals(&self) -> Vec<(&'static str, &'static str, u64)> {
        let pairs = Rule::ALL.iter().zip(&self.0);
        pairs
            .flat_map(|(rule, (refusals, puzzles))| {
                let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
                [(rule.as_str(), "refused", read(refusals)), (rule.as_str(), "proof_of_work", read(puzzles))]
            })
            .collect()
    }
}
