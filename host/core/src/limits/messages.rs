//! Budgets of messages. What counts is a message whose code nobody has used: people type their codes, pumpers do not.

use std::collections::HashMap;

use keyway_model::history::History;
use keyway_model::{TenantId, Timestamp};
use keyway_store::counters::{self, Counter};
use keyway_store::{StoreError, Tx};

use super::{DAY, HOUR, Limits, MINUTE, Network, Rule};

/// What a message is counted under.
pub struct OutgoingMessage<'a> {
    /// Canonical recipient.
    pub recipient: &'a str,
    /// ISO country of a phone number, or empty.
    pub country: &'a str,
    /// Where it was asked for; none of a program that the operator exempts.
    pub network: Network,
    /// The device that asks, when it signed in to the recipient's account before.
    pub device: Option<&'a str>,
    /// Whether it goes to somebody without an account: those who have one have shown that they read their messages.
    pub to_stranger: bool,
    /// Whether a proof of work came with it.
    pub worked: bool,
}

/// The counters that a message was counted in.
pub type Counted = Vec<String>;

/// A message that is held back.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// Why.
    pub rule: Rule,
    /// Seconds until it may be asked for again.
    pub wait: i64,
    /// Whether a proof of work lets it through.
    pub by_work: bool,
    /// Whether nobody was told of this rule in this window yet.
    pub is_news: bool,
}

/// How many times its limit a budget reaches for those who bring a proof of work.
const WITH_WORK: i64 = 2;
/// The same for a site, whose networks may belong to many.
const SITE_WITH_WORK: i64 = 8;
/// Digits that neighbouring numbers differ in.
const SUFFIX: usize = 3;
/// Days whose best counts as what a site usually sends.
const PAST_DAYS: i64 = 14;

/// A counter with its limits.
struct Budget {
    counter: Counter,
    /// The counters of the same budget in other rows; one row for all would be what every message waits for.
    others: Vec<Counter>,
    rule: Rule,
    /// Seconds and limit, the shortest first.
    windows: Vec<(i64, i64)>,
    /// How far a proof of work reaches; 1 when it does not help.
    with_work: i64,
}

/// The counter of this name.
fn counter(name: String) -> Counter {
    // Recipients are told the second; budgets of many are kept by minutes.
    let resolution = if name.starts_with("send:") { 1 } else { 10 * MINUTE * 1000 };
    Counter { name, resolution, keep: DAY }
}

/// The last digits of numbers. What a country counts is kept by them: one counter for all would be a row that every sign-in by code
/// waits for until the one before it is on the disk.
const DIGITS: std::ops::RangeInclusive<char> = '0'..='9';

/// What was verified in a country, by day, at numbers that end in this digit.
fn past(country: &str, digit: char) -> Counter {
    Counter { name: format!("verified:{country}:{digit}"), resolution: DAY * 1000, keep: PAST_DAYS * DAY }
}

/// What is open at strangers of a country whose numbers end in this digit.
fn open(country: &str, digit: char) -> Counter {
    counter(format!("open:country:{country}:{digit}"))
}

/// What several counters with the same buckets counted together.
fn sum<'c>(read: &HashMap<String, History>, parts: impl Iterator<Item = &'c Counter>, resolution: i64) -> History {
    let mut all = History::new(resolution);
    for history in parts.filter_map(|part| read.get(&part.name)) {
        all.add(history);
    }
    all
}

impl OutgoingMessage<'_> {
    fn budgets(&self, limits: &Limits) -> Vec<Budget> {
        let own = self.device.map(|device| format!("@{device}")).unwrap_or_default();
        let (country, network) = (self.country, &self.network);
        let mut all = vec![
            (
                format!("send:{}{own}", self.recipient),
                Rule::Recipient,
                vec![
                    (MINUTE, limits.sends_per_recipient_minute),
                    (HOUR, limits.sends_per_recipient_hour),
                    (DAY, limits.sends_per_recipient_day),
                ],
                1,
            ),
            (
                format!("open:address:{}", network.address),
                Rule::Address,
                vec![(HOUR, limits.unverified_per_ip_hour), (DAY, limits.unverified_per_ip_day)],
                WITH_WORK,
            ),
            (
                format!("open:site:{}", network.site),
                Rule::Site,
                vec![(HOUR, limits.unverified_per_ip_hour), (DAY, limits.unverified_per_ip_day)],
                SITE_WITH_WORK,
            ),
        ];
        // A program that the operator exempts has no network.
        if self.to_stranger && !country.is_empty() && !network.address.is_empty() {
            let prefix: String = self.recipient.chars().take(self.recipient.len().saturating_sub(SUFFIX)).collect();
            let digit = self.recipient.chars().last().filter(|last| DIGITS.contains(last)).unwrap_or('0');
            all.push((
                open(country, digit).name,
                Rule::Country,
                vec![(HOUR, limits.unverified_per_country_hour), (DAY, limits.unverified_per_country_day)],
                WITH_WORK,
            ));
            all.push((
                format!("open:prefix:{prefix}"),
                Rule::Prefix,
                vec![(HOUR, limits.unverified_per_prefix_hour)],
                WITH_WORK,
            ));
        }
        let budget = |(name, rule, mut windows, with_work): (String, Rule, Vec<(i64, i64)>, i64)| {
            windows.retain(|(_, limit)| *limit > 0);
            let parts = DIGITS.filter(|_| rule == Rule::Country).map(|digit| open(country, digit));
            let others = parts.filter(|part| part.name != name).collect();
            Budget { counter: counter(name), others, rule, windows, with_work }
        };
        let is_named = |budget: &Budget| !budget.windows.is_empty() && !budget.counter.name.ends_with(':');
        all.into_iter().map(budget).filter(is_named).collect()
    }
}

impl Budget {
    /// The rule that holds the message back, if any: seconds to wait, whether work helps, and the window.
    fn judge(&self, history: &History, peak: i64, worked: bool, now: Timestamp) -> Option<(i64, bool, i64)> {
        self.windows.iter().find_map(|(seconds, floor)| {
            let limit = match self.rule {
                Rule::Recipient => *floor,
                // A budget grows with what is verified, so that a busy site is not mistaken for an attack: as many may be open
                // as came to a good end, now or on the best of the last days.
                Rule::Country => {
                    let usual = if *seconds == HOUR { peak / 6 } else { peak };
                    usual.max(history.settled(*seconds, now)).max(*floor)
                }
                _ => history.settled(*seconds, now).max(*floor),
            };
            let most = limit.saturating_mul(self.with_work);
            let (open, allowed) = (history.open(*seconds, now), if worked { most } else { limit });
            (open >= allowed).then(|| (history.wait(allowed, *seconds, now), open < most, *seconds))
        })
    }
}

/// Counts a message, or holds it back uncounted. The counters stay locked until the commit, so messages that are asked for at
/// once see each other.
pub async fn count(
    tx: &mut Tx,
    tenant: &TenantId,
    limits: &Limits,
    message: &OutgoingMessage<'_>,
    now: Timestamp,
) -> Result<Result<Counted, Refused>, StoreError> {
    let budgets = message.budgets(limits);
    let address = &message.network.address;
    let abroad =
        limits.countries_per_ip_day > 0 && message.to_stranger && !address.is_empty() && !message.country.is_empty();
    // The country is marked once, and counts among the countries of the address while its mark lasts.
    let mark = counter(format!("country:{address}:{}", message.country));
    let countries = counter(format!("countries:{address}"));
    let mut wanted: Vec<Counter> = budgets.iter().map(|budget| budget.counter.clone()).collect();
    if abroad {
        wanted.extend([mark.clone(), countries.clone()]);
    }
    let mut histories = counters::lock(tx, tenant, &wanted, now).await?;
    // The other rows are read without their locks: those who ask at the same moment may go past the limit by their number.
    let others: Vec<Counter> = budgets.iter().flat_map(|budget| budget.others.clone()).collect();
    let digits = DIGITS.filter(|_| !others.is_empty());
    let before: Vec<Counter> = digits.map(|digit| past(message.country, digit)).collect();
    let read = counters::read(tx, tenant, &[others, before.clone()].concat()).await?;
    let peak = sum(&read, before.iter(), DAY * 1000).peak();
    let mut take =
        |counter: &Counter| histories.remove(&counter.name).unwrap_or_else(|| History::new(counter.resolution));
    let mut counted: Vec<(Counter, History)> = Vec::new();
    let mut held: Option<(Refused, Counter, History, i64)> = None;
    let hold = |rule, (wait, by_work, seconds), counter: &Counter, history: History| {
        let by_work = by_work && !message.worked && limits.proof_of_work_bits > 0;
        Some((Refused { rule, wait, by_work, is_news: false }, counter.clone(), history, seconds))
    };
    for budget in &budgets {
        let mut history = take(&budget.counter);
        let mut whole = sum(&read, budget.others.iter(), budget.counter.resolution);
        whole.add(&history);
        match budget.judge(&whole, peak, message.worked, now) {
            // What no work helps against goes before what it does help against.
            Some(judged) if held.as_ref().is_none_or(|(held, ..)| held.by_work && !judged.1) => {
                held = hold(budget.rule, judged, &budget.counter, history);
            }
            Some(_) => {}
            None => {
                history.count(now);
                counted.push((budget.counter.clone(), history));
            }
        }
    }
    let names: Counted = counted.iter().map(|(counter, _)| counter.name.clone()).collect();
    if abroad {
        let (mut marked, mut all) = (take(&mark), take(&countries));
        if marked.open(DAY, now) == 0 {
            let (open, limit) = (all.open(DAY, now), limits.countries_per_ip_day);
            let most = limit * WITH_WORK;
            let allowed = if message.worked { most } else { limit };
            if open >= allowed {
                held = held.or_else(|| {
                    hold(Rule::Countries, (all.wait(allowed, DAY, now), open < most, DAY), &countries, all.clone())
                });
            } else {
                marked.count(now);
                all.count(now);
                counted.extend([(mark, marked), (countries, all)]);
            }
        }
    }
    if let Some((mut refused, mut counter, mut history, seconds)) = held {
        if refused.rule == Rule::Country {
            // Of all rows of a country one remembers what was told. It is locked last, so that nobody who has it waits for another.
            counter.name = format!("held:country:{}", message.country);
            let locked = counters::lock(tx, tenant, std::slice::from_ref(&counter), now).await?;
            history = locked.into_values().next().unwrap_or_else(|| History::new(counter.resolution));
        }
        refused.is_news = history.announce(!refused.by_work, seconds, now);
        if refused.is_news {
            counters::write(tx, tenant, &counter, history, now).await?;
        }
        return Ok(Err(refused));
    }
    for (counter, history) in counted {
        counters::write(tx, tenant, &counter, history, now).await?;
    }
    Ok(Ok(names))
}

/// Takes a used code out of the budgets that its message was counted in, and notes it as one more that the site sends for good:
/// where it went to a phone, with the number's country and last digit.
pub async fn settle(
    tx: &mut Tx,
    tenant: &TenantId,
    names: &[String],
    number: Option<(&str, char)>,
    sent_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut all: Vec<(Counter, Timestamp)> = names.iter().map(|name| (counter(name.clone()), sent_at)).collect();
    if let Some((country, digit)) = number {
        all.push((past(country, digit), now));
    }
    change(tx, tenant, all, now, History::settle).await
}

/// Takes a message that was not delivered out of its recipient's counts, so that a retry works at once.
pub async fn refund(
    tx: &mut Tx,
    tenant: &TenantId,
    names: &[String],
    sent_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let own = names.iter().filter(|name| name.starts_with("send:"));
    let all = own.map(|name| (counter(name.clone()), sent_at)).collect();
    change(tx, tenant, all, now, History::take_back).await
}

async fn change(
    tx: &mut Tx,
    tenant: &TenantId,
    all: Vec<(Counter, Timestamp)>,
    now: Timestamp,
    change: fn(&mut History, Timestamp),
) -> Result<(), StoreError> {
    let wanted: Vec<Counter> = all.iter().map(|(counter, _)| counter.clone()).collect();
    let mut histories = counters::lock(tx, tenant, &wanted, now).await?;
    for (counter, at) in all {
        if let Some(mut history) = histories.remove(&counter.name) {
            change(&mut history, at);
            counters::write(tx, tenant, &counter, history, now).await?;
        }
    }
    Ok(())
}
