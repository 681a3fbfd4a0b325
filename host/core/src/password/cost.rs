//! What a password hash costs to verify. Imported ones have costs of their own: bounded, so that none holds a thread for long,
//! and known, so that a wrong password costs the same at every account.

use std::fmt;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Params, Version};
use keyway_model::user::{PasswordHash, PasswordMethod};
use keyway_model::{Reason, Refusal};

/// Memory in KiB, passes and lanes: OWASP's first choice for argon2id.
const OWN: Cost = Cost::Argon2(Algorithm::Argon2id, 19_456, 2, 1);

/// Most memory in KiB that an imported hash may ask for.
const MAX_MEMORY: u32 = 256 * 1024;
/// Most work of a hash, and of all kinds of hashes that a tenant imports together, for each wrong password costs that of all: in
/// KiB of memory times passes, half as much again as Logto's own hashes ask for (4 MiB, 256 passes).
const MAX_WORK: u64 = 3 * 512 * 1024;
/// Kinds of hashes that a tenant may import.
const MAX_KINDS: usize = 8;
/// Work of a round of bcrypt, estimated from what both usually take.
const BCRYPT_ROUND: u64 = 80;
/// Most lanes.
const MAX_LANES: u32 = 16;
/// Bcrypt costs that are used: 14 takes about a second.
const BCRYPT: std::ops::RangeInclusive<u32> = 4..=14;

/// The cost of one kind of hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Variant, memory in KiB, passes, lanes.
    Argon2(Algorithm, u32, u32, u32),
    /// The logarithm of its rounds.
    Bcrypt(u32),
}

impl Default for Cost {
    /// What the server hashes passwords with.
    fn default() -> Self {
        OWN
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argon2(algorithm, memory, passes, lanes) => {
                write!(f, "{algorithm} {memory} {passes} {lanes}")
            }
            Self::Bcrypt(cost) => write!(f, "bcrypt {cost}"),
        }
    }
}

impl Cost {
    /// Reads what [`fmt::Display`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let name = words.next()?;
        let mut number = || words.next()?.parse::<u32>().ok();
        if name == "bcrypt" {
            return Some(Self::Bcrypt(number()?));
        }
        Some(Self::Argon2(name.try_into().ok()?, number()?, number()?, number()?))
    }

    fn work(self) -> u64 {
        match self {
            Self::Argon2(_, memory, passes, _) => u64::from(memory) * u64::from(passes),
            Self::Bcrypt(rounds) => BCRYPT_ROUND << rounds,
        }
    }

    /// The cost of a hash; a refusal that says what is wrong with it.
    pub fn of(hash: &PasswordHash) -> Result<Self, Refusal> {
        let refuse = |reason: Reason| Refusal::invalid_input("passwordDigest", reason);
        match hash.method {
            PasswordMethod::Argon2id | PasswordMethod::Argon2i => {
                let unreadable = || refuse(Reason::NoHashOfAlgorithm);
                let phc = Phc::new(&hash.encoded).map_err(|_| unreadable())?;
                let params = Params::try_from(&phc).map_err(|_| unreadable())?;
                let algorithm: Algorithm = phc.algorithm.as_str().try_into().map_err(|_| unreadable())?;
                if phc.salt.is_none() || phc.hash.is_none() {
                    return Err(unreadable());
                }
                let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
                if memory > MAX_MEMORY {
                    return Err(refuse(Reason::HashMemory { mebibytes: MAX_MEMORY / 1024 }));
                }
                if u64::from(memory) * u64::from(passes) > MAX_WORK {
                    return Err(refuse(Reason::HashWork { most: MAX_WORK }));
                }
                if lanes > MAX_LANES {
                    return Err(refuse(Reason::HashLanes { most: MAX_LANES }));
                }
                Ok(Self::Argon2(algorithm, memory, passes, lanes))
            }
            PasswordMethod::Bcrypt => {
                let unreadable = || refuse(Reason::NoHashOfAlgorithm);
                let parts: bcrypt::HashParts = hash.encoded.parse().map_err(|_| unreadable())?;
                if hash.encoded.len() != 60 {
                    return Err(unreadable());
                }
                if !BCRYPT.contains(&parts.get_cost()) {
                    return Err(refuse(Reason::HashRounds { least: *BCRYPT.start(), most: *BCRYPT.end() }));
                }
                Ok(Self::Bcrypt(parts.get_cost()))
            }
        }
    }
}

/// Refuses a hash of another variant than its method names.
pub(crate) fn check_variant(hash: &PasswordHash) -> Result<(), Refusal> {
    let named = match hash.method {
        PasswordMethod::Argon2id => "$argon2id$",
        PasswordMethod::Argon2i => "$argon2i$",
        PasswordMethod::Bcrypt => "$2",
    };
    if hash.encoded.starts_with(named) {
        return Ok(());
    }
    Err(Refusal::invalid_input("passwordDigest", Reason::NoHashOfAlgorithm))
}

/// The cost of a hash where it is not `ours`.
pub(crate) fn imported(hash: &PasswordHash, ours: Cost) -> Result<Option<String>, Refusal> {
    let cost = Cost::of(hash)?;
    Ok((cost != ours).then(|| cost.to_string()))
}

/// Whether the hash is as new ones are made; another is replaced when its password is typed.
pub(crate) fn is_present(hash: &PasswordHash, ours: Cost) -> bool {
    let version = |hash: &PasswordHash| Phc::new(&hash.encoded).ok()?.version;
    Cost::of(hash).is_ok_and(|cost| cost == ours) && version(hash) == Some(Version::V0x13.into())
}

/// Whether a tenant that has imported hashes of these costs may import one of another.
pub(crate) fn may_join(cost: &str, others: &[String]) -> bool {
    let costs = others.iter().map(String::as_str).chain([cost]);
    let work: u64 = costs.filter_map(Cost::read).map(Cost::work).fold(0, u64::saturating_add);
    others.len() < MAX_KINDS && work <= MAX_WORK
}

#[cfg(test)]
mod tests {
    use keyway_model::Detail;

    use super::*;

    fn argon2(memory: u64, passes: u64, lanes: u64) -> PasswordHash {
        let encoded =
            format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA");
        PasswordHash { method: PasswordMethod::Argon2id, encoded }
    }

    #[test]
    fn imported_hashes_are_bounded_by_name() {
        let logto = PasswordHash { method: PasswordMethod::Argon2i, ..argon2(4096, 256, 1) };
        assert!(Cost::of(&logto).is_ok() && Cost::of(&argon2(65_536, 3, 4)).is_ok());
        let reason = |hash: &PasswordHash| match Cost::of(hash).unwrap_err().detail.as_deref() {
            Some(Detail::Reason(reason)) => reason.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(&argon2(8, 4_294_967_295, 1)), Reason::HashWork { most: MAX_WORK });
        assert_eq!(reason(&argon2(300_000, 1, 1)), Reason::HashMemory { mebibytes: 256 });
        assert_eq!(reason(&argon2(65_536, 1, 200)), Reason::HashLanes { most: 16 });
        let bcrypt = |cost: u32| PasswordHash {
            method: PasswordMethod::Bcrypt,
            encoded: format!("$2b${cost:02}$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuuabcdefghi"),
        };
        assert_eq!(Cost::of(&bcrypt(12)).unwrap(), Cost::Bcrypt(12));
        assert_eq!(reason(&bcrypt(31)), Reason::HashRounds { least: 4, most: 14 });
        let garbage = PasswordHash { method: PasswordMethod::Bcrypt, encoded: "$2".to_owned() + &"x".repeat(58) };
        assert_eq!(reason(&garbage), Reason::NoHashOfAlgorithm);
    }

    #[test]
    fn costs_are_kept_as_text() {
        for cost in [OWN, Cost::Bcrypt(10), Cost::of(&argon2(65_536, 3, 4)).unwrap()] {
            assert_eq!(Cost::read(&cost.to_string()), Some(cost));
        }
        assert_eq!(Cost::read("md5 1"), None);
    }

    #[test]
    fn a_hash_is_of_the_variant_that_its_method_names() {
        let of = |method, encoded: &str| check_variant(&PasswordHash { method, encoded: encoded.into() }).is_ok();
        assert!(of(PasswordMethod::Argon2id, "$argon2id$v=19") && of(PasswordMethod::Argon2i, "$argon2i$v=19"));
        assert!(of(PasswordMethod::Bcrypt, "$2b$10$"));
        assert!(!of(PasswordMethod::Argon2id, "$argon2d$v=19") && !of(PasswordMethod::Argon2i, "$argon2id$v=19"));
    }

    #[test]
    fn noise_budget_of_all_imported_hashes() {
        let (logto, bcrypt) = ("argon2i 4096 256 1", "bcrypt 12");
        assert!(may_join(logto, &[]) && may_join(bcrypt, &[logto.into()]));
        assert!(!may_join("bcrypt 13", &[logto.into()]));
        let kinds: Vec<String> = (1..=8).map(|passes| format!("argon2id 64 {passes} 1")).collect();
        assert!(!may_join("argon2id 64 9 1", &kinds) && may_join("argon2id 64 9 1", &kinds[..7]));
        for most in ["argon2id 196608 8 1", "bcrypt 14"] {
            assert!(may_join(most, &[]), "each alone: {most}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parser_exhaustion_of_imported_hashes(
            text in "(\\$|argon2id|argon2i|argon2d|v=19|v=16|m=|t=|p=|,|[0-9]{1,10}|4294967295|c29tZXNhbHRzb21lc2FsdA|2b|2y|\\PC){0,20}",
            numbers in proptest::array::uniform3(0_u64..=u64::from(u32::MAX)),
            bcrypt in "\\$2[abxy]\\$[0-9]{2}\\$[./A-Za-z0-9]{52,54}",
        ) {
            let [memory, passes, lanes] = numbers.map(|number| number >> (number % 32));
            let texts = [text, argon2(memory, passes, lanes).encoded, bcrypt];
            for encoded in texts {
                for method in [PasswordMethod::Argon2id, PasswordMethod::Argon2i, PasswordMethod::Bcrypt] {
                    let Ok(cost) = Cost::of(&PasswordHash { method, encoded: encoded.clone() }) else { continue };
                    proptest::prop_assert_eq!(Cost::read(&cost.to_string()), Some(cost));
                    let is_bounded = match cost {
                        Cost::Argon2(_, memory, passes, lanes) => {
                            memory <= MAX_MEMORY && u64::from(memory) * u64::from(passes) <= MAX_WORK && lanes <= MAX_LANES
                        }
                        Cost::Bcrypt(rounds) => BCRYPT.contains(&rounds),
                    };
                    proptest::prop_assert!(is_bounded, "{}", encoded);
                }
            }
        }
    }
}
