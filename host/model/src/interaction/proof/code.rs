//! Proof by a code that is sent to an e-mail address or a phone number.

use serde::{Deserialize, Serialize};

use crate::identifier::Identifier;
use crate::{ErrorCode, Timestamp};

/// A code that was sent, and whether it came back.
#[derive(Debug, Clone)]
pub struct CodeProof {
    /// Whom it was sent to.
    pub identifier: Identifier,
    /// The code.
    pub code: SentCode,
}

impl CodeProof {
    /// Whether the code came back.
    pub fn is_verified(&self) -> bool {
        self.code.consumed
    }

    /// Whether the code can still come back.
    pub fn is_open(&self, now: Timestamp, max_tries: u32) -> bool {
        !self.code.consumed && now <= self.code.expires_at && self.code.tries < max_tries
    }
}

/// A sent code; known by keyed hash only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SentCode {
    /// Keyed hash of code and verification id.
    pub hash: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// After this moment it is refused.
    pub expires_at: Timestamp,
    /// Wrong guesses so far.
    pub tries: u32,
    /// A code that was used once is gone.
    pub consumed: bool,
    /// The counters that its message is open in, until it is used.
    #[serde(default)]
    pub counters: Vec<String>,
}

/// Judges a guess against the sent code. Does not compare the code itself: `matches` says whether it was right.
/// Counts the try; a right guess uses the code up.
pub fn judge_code(code: &mut SentCode, matches: bool, now: Timestamp, max_tries: u32) -> Result<(), ErrorCode> {
    if code.consumed {
        return Err(ErrorCode::CodeNotFound);
    }
    if now > code.expires_at {
        return Err(ErrorCode::CodeExpired);
    }
    if code.tries >= max_tries {
        return Err(ErrorCode::CodeTooManyTries);
    }
    if !matches {
        code.tries += 1;
        return Err(ErrorCode::CodeMismatch);
    }
    code.consumed = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interaction::CODE_TRIES;

    fn code() -> SentCode {
        SentCode {
            hash: String::new(),
            sent_at: Timestamp(0),
            expires_at: Timestamp(600_000),
            tries: 0,
            consumed: false,
            counters: Vec::new(),
        }
    }

    #[test]
    fn otp_brute_force_ends_after_five_guesses() {
        let mut code = code();
        for _ in 0..CODE_TRIES {
            assert_eq!(judge_code(&mut code, false, Timestamp(1), CODE_TRIES), Err(ErrorCode::CodeMismatch));
        }
        assert_eq!(judge_code(&mut code, true, Timestamp(1), CODE_TRIES), Err(ErrorCode::CodeTooManyTries));
    }

    #[test]
    fn a_code_works_once_and_in_time() {
        let mut late = code();
        assert_eq!(judge_code(&mut late, true, Timestamp(600_001), CODE_TRIES), Err(ErrorCode::CodeExpired));
        let mut code = code();
        assert_eq!(judge_code(&mut code, true, Timestamp(600_000), CODE_TRIES), Ok(()));
        assert_eq!(judge_code(&mut code, true, Timestamp(2), CODE_TRIES), Err(ErrorCode::CodeNotFound));
    }
}
