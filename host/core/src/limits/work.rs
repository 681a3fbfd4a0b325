//! A proof of work: what a browser does in a second and a program that wants ten thousand messages has to do ten thousand times.

use aws_lc_rs::digest;
use keyway_model::Rng;
use keyway_model::interaction::Work;

/// Longest answer that is looked at.
const MAX_ANSWER: usize = 64;

/// A new puzzle.
pub fn puzzle(rng: &dyn Rng, bits: u32) -> Work {
    Work { challenge: crate::secret::generate(rng), bits }
}

/// Whether SHA-256 of the challenge, a full stop and the answer starts with enough zero bits.
pub fn is_answer(work: &Work, answer: &str) -> bool {
    if answer.is_empty() || answer.len() > MAX_ANSWER {
        return false;
    }
    let hash = digest::digest(&digest::SHA256, format!("{}.{answer}", work.challenge).as_bytes());
    leading_zeros(hash.as_ref()) >= work.bits
}

fn leading_zeros(bytes: &[u8]) -> u32 {
    let mut zeros = 0;
    for byte in bytes {
        zeros += byte.leading_zeros();
        if *byte != 0 {
            break;
        }
    }
    zeros
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_by_trying_and_fits_its_puzzle_alone() {
        let work = |challenge: &str| Work { challenge: challenge.into(), bits: 10 };
        let answer =
            (0..100_000).map(|number: u32| number.to_string()).find(|text| is_answer(&work("a"), text)).unwrap();
        assert!(!is_answer(&work("b"), &answer) || !is_answer(&work("c"), &answer));
        assert!(!is_answer(&work("a"), ""));
        assert!(!is_answer(&work("a"), &"1".repeat(65)));
        assert_eq!((leading_zeros(&[0, 0x10]), leading_zeros(&[0xff])), (11, 0));
    }
}
