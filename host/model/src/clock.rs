//! Time and randomness, passed in so that a test can turn the clock and repeat the dice.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment plus `seconds`.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Whole seconds since the epoch, as tokens carry them.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Seconds from `earlier` to this moment.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).div_euclid(1000)
    }
}

/// The wall clock.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A cryptographic random source.
pub trait Rng: Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// In the order in which databases sort its characters.
const ALPHABET: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";

/// Characters of an id that say when it was made: 45 bits of milliseconds, which last for a thousand years.
const TIME: u32 = 9;

impl dyn Rng {
    /// `length` characters of an alphabet of 32 without look-alikes: 5 bits each.
    pub fn text(&self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|byte| char::from(*byte)).collect()
    }

    /// A new id of 21 characters, a name and no secret: later ids sort behind earlier ones, so that rows made together lie together
    /// in every index of ids. 12 characters are random.
    pub fn id(&self, now: Timestamp) -> String {
        let digit =
            |place: u32| ALPHABET.get(usize::try_from((now.0 >> (5 * place)) & 31).ok()?).map(|byte| char::from(*byte));
        let time: String = (0..TIME).rev().filter_map(digit).collect();
        time + &self.text(12)
    }

    /// A code of six digits, each equally likely.
    pub fn six_digits(&self) -> String {
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            let number = u32::from_le_bytes(bytes);
            // 4,294,000,000 is the largest multiple of a million below 2^32; above it the low codes would be likelier.
            if number < 4_294_000_000 {
                return format!("{:06}", number % 1_000_000);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);
    impl Rng for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn codes_have_six_digits_and_text_its_length() {
        let rng: &dyn Rng = &Counting(0.into());
        assert_eq!(rng.six_digits().len(), 6);
        assert_eq!(rng.text(21).len(), 21);
    }

    #[test]
    fn ids_sort_by_the_moment_in_which_they_were_made() {
        let rng: &dyn Rng = &Counting(0.into());
        let moments = [0, 1, 31, 32, 1023, 1024, 1_790_000_000_000, 1_790_000_000_001, 4_000_000_000_000];
        let ids: Vec<String> = moments.into_iter().rev().map(|now| rng.id(Timestamp(now))).rev().collect();
        assert!(ids.is_sorted() && ids.iter().all(|id| id.len() == 21), "{ids:?}");
        assert_ne!(rng.id(Timestamp(5)), rng.id(Timestamp(5)));
    }

    #[test]
    fn seconds_round_down() {
        assert_eq!(Timestamp(1999).seconds(), 1);
        assert_eq!(Timestamp(0).plus_seconds(60), Timestamp(60_000));
    }
}
