//! Time and chance in a test's hand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use keyway_model::{Clock, Rng, Timestamp};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Stands still until it is turned.
pub struct TestClock(AtomicI64);

impl Default for TestClock {
    /// 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self(AtomicI64::new(1_767_225_600_000))
    }
}

impl TestClock {
    /// Turns it forward.
    pub fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Repeats itself for the same seed.
pub struct Dice(Mutex<ChaCha12Rng>);

impl Dice {
    /// The same throws for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha12Rng::seed_from_u64(seed)))
    }

    /// A number below `limit`.
    pub fn below(&self, limit: usize) -> usize {
        let thrown = self.0.lock().unwrap().next_u64();
        usize::try_from(thrown % u64::try_from(limit).unwrap()).unwrap()
    }

    /// One of several.
    pub fn pick<'a, T>(&self, choices: &'a [T]) -> &'a T {
        choices.get(self.below(choices.len())).unwrap()
    }
}

impl Rng for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(bytes);
    }
}
