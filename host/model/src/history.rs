//! What was counted under one name lately: how often, when, and how much of it came to a good end.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What was counted in one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Bucket {
    /// When it starts, in milliseconds.
    #[serde(rename = "a")]
    at: i64,
    /// What is open.
    #[serde(rename = "o")]
    open: i64,
    /// What came to a good end.
    #[serde(rename = "s", default)]
    settled: i64,
}

/// Counts by time. A bucket counts until its last moment has left the window, so that a window never holds more than its limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Milliseconds that share a bucket.
    #[serde(rename = "r")]
    resolution: i64,
    #[serde(rename = "b")]
    buckets: Vec<Bucket>,
    /// Until when nobody needs to hear of a refusal again, in milliseconds.
    #[serde(rename = "t", default)]
    announced_until: i64,
    /// The same of what comes before a refusal.
    #[serde(rename = "w", default)]
    warned_until: i64,
}

impl History {
    /// An empty one, whose buckets are `resolution` milliseconds long.
    pub fn new(resolution: i64) -> Self {
        Self { resolution: resolution.max(1), buckets: Vec::new(), announced_until: 0, warned_until: 0 }
    }

    fn change(&mut self, at: Timestamp, change: impl FnOnce(&mut Bucket)) {
        let start = at.0.div_euclid(self.resolution) * self.resolution;
        let place = self.buckets.partition_point(|bucket| bucket.at < start);
        if let Some(bucket) = self.buckets.get_mut(place).filter(|bucket| bucket.at == start) {
            change(bucket);
        } else {
            let mut bucket = Bucket { at: start, open: 0, settled: 0 };
            change(&mut bucket);
            self.buckets.insert(place, bucket);
        }
    }

    fn within(&self, seconds: i64, now: Timestamp) -> impl Iterator<Item = &Bucket> {
        let (since, resolution) = (now.0 - seconds * 1000, self.resolution);
        self.buckets.iter().filter(move |bucket| bucket.at + resolution - 1 > since)
    }

    /// Counts one.
    pub fn count(&mut self, now: Timestamp) {
        self.change(now, |bucket| bucket.open += 1);
    }

    /// What was counted at `then` came to a good end.
    pub fn settle(&mut self, then: Timestamp) {
        self.change(then, |bucket| {
            bucket.open = (bucket.open - 1).max(0);
            bucket.settled += 1;
        });
    }

    /// What was counted at `then` did not happen.
    pub fn take_back(&mut self, then: Timestamp) {
        self.change(then, |bucket| bucket.open = (bucket.open - 1).max(0));
    }

    /// Counts what another one with the same buckets counted.
    pub fn add(&mut self, other: &Self) {
        for bucket in &other.buckets {
            self.change(Timestamp(bucket.at), |sum| {
                sum.open += bucket.open;
                sum.settled += bucket.settled;
            });
        }
    }

    /// What is open of the last `seconds`.
    pub fn open(&self, seconds: i64, now: Timestamp) -> i64 {
        self.within(seconds, now).map(|bucket| bucket.open).sum()
    }

    /// What came to a good end of the last `seconds`.
    pub fn settled(&self, seconds: i64, now: Timestamp) -> i64 {
        self.within(seconds, now).map(|bucket| bucket.settled).sum()
    }

    /// The largest settled bucket.
    pub fn peak(&self) -> i64 {
        self.buckets.iter().map(|bucket| bucket.settled).max().unwrap_or_default()
    }

    /// When something open was counted last.
    pub fn last(&self) -> Option<Timestamp> {
        self.buckets.iter().rev().find(|bucket| bucket.open > 0).map(|bucket| Timestamp(bucket.at))
    }

    /// Seconds until less than `limit` is open of the last `seconds`; 0 when that is so now.
    pub fn wait(&self, limit: i64, seconds: i64, now: Timestamp) -> i64 {
        let mut open = self.open(seconds, now);
        for bucket in self.within(seconds, now) {
            if open < limit {
                break;
            }
            open -= bucket.open;
            if open < limit {
                return seconds_between(now.0, bucket.at + self.resolution - 1 + seconds * 1000);
            }
        }
        0
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.buckets.clear();
    }

    /// Forgets what is older than `seconds`, and the oldest of more than `most` buckets.
    pub fn prune(&mut self, seconds: i64, most: usize, now: Timestamp) {
        let (since, resolution) = (now.0 - seconds * 1000, self.resolution);
        self.buckets.retain(|bucket| bucket.at + resolution - 1 > since && (bucket.open > 0 || bucket.settled > 0));
        let surplus = self.buckets.len().saturating_sub(most);
        self.buckets.drain(..surplus);
    }

    /// Whether a refusal, or what comes before it, is announced: once in `seconds`.
    pub fn announce(&mut self, refused: bool, seconds: i64, now: Timestamp) -> bool {
        let until = if refused { &mut self.announced_until } else { &mut self.warned_until };
        let first = now.0 >= *until;
        if first {
            *until = now.0 + seconds * 1000;
        }
        first
    }
}

/// Whole seconds from one moment to another, rounded up; not less than 1.
fn seconds_between(from: i64, to: i64) -> i64 {
    (to - from + 999).div_euclid(1000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1000;

    #[test]
    fn a_limit_holds_in_every_stretch_of_time() {
        let mut history = History::new(1);
        for second in 0..5 {
            history.count(Timestamp(second * SECOND));
        }
        assert_eq!(history.open(60, Timestamp(10 * SECOND)), 5);
        assert_eq!(history.wait(5, 60, Timestamp(10 * SECOND)), 50, "the first leaves after a minute");
        assert_eq!(history.open(60, Timestamp(60 * SECOND)), 4);
        assert_eq!(history.wait(5, 60, Timestamp(60 * SECOND)), 0);
        assert_eq!(history.open(60, Timestamp(64 * SECOND)), 0);
    }

    #[test]
    fn what_came_to_a_good_end_is_not_open() {
        let mut history = History::new(60 * SECOND);
        history.count(Timestamp(1));
        history.count(Timestamp(2));
        history.settle(Timestamp(2));
        assert_eq!((history.open(3600, Timestamp(5)), history.settled(3600, Timestamp(5)), history.peak()), (1, 1, 1));
        history.take_back(Timestamp(1));
        history.take_back(Timestamp(1));
        assert_eq!(history.open(3600, Timestamp(5)), 0);
    }

    #[test]
    fn histories_of_parts_are_added_by_their_buckets() {
        let (mut odd, mut even) = (History::new(60 * SECOND), History::new(60 * SECOND));
        odd.settle(Timestamp(1));
        even.settle(Timestamp(2));
        even.settle(Timestamp(70 * SECOND));
        odd.add(&even);
        assert_eq!((odd.peak(), odd.settled(3600, Timestamp(80 * SECOND))), (2, 3));
    }

    #[test]
    fn a_coarse_bucket_counts_until_its_last_moment_has_left() {
        let mut history = History::new(60 * SECOND);
        history.count(Timestamp(0));
        assert_eq!(history.open(3600, Timestamp(3600 * SECOND)), 1);
        assert_eq!(history.open(3600, Timestamp(3660 * SECOND)), 0);
    }

    #[test]
    fn unbounded_growth_of_a_history_is_pruned() {
        let mut history = History::new(1);
        for moment in 0..1000 {
            history.count(Timestamp(moment));
        }
        history.prune(3600, 64, Timestamp(1000));
        assert_eq!(history.open(3600, Timestamp(1000)), 64);
        history.prune(3600, 64, Timestamp(4000 * SECOND));
        assert_eq!(history, History::new(1));
    }

    #[test]
    fn a_refusal_is_told_once_in_a_window() {
        let mut history = History::new(1);
        assert!(history.announce(false, 60, Timestamp(0)));
        assert!(history.announce(true, 60, Timestamp(0)));
        assert!(!history.announce(true, 60, Timestamp(59 * SECOND)));
        assert!(history.announce(true, 60, Timestamp(60 * SECOND)));
    }
}
