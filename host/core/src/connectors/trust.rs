//! Whose components may be uploaded: anyone's, those with a listed digest, or those that a listed key has signed.

use minisign_verify::{PublicKey, Signature};
use serde::{Deserialize, Serialize};

/// The operator's rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// What an admin approves.
    #[default]
    Any,
    /// Only listed digests.
    Pinned,
    /// Only what a listed key has signed.
    Signed,
}

/// Who may approve what somebody uploaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FourEyes {
    /// Everybody with the duty.
    #[default]
    Never,
    /// Somebody else than the uploader, where the version takes the place of another publisher's.
    Publisher,
    /// Always somebody else than the uploader.
    Always,
}

/// The operator's rule with its lists.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrustPolicy {
    /// The rule.
    pub policy: Trust,
    /// SHA-256 of accepted components, in hex.
    pub digests: Vec<String>,
    /// Public keys in minisign's base64 form.
    pub keys: Vec<String>,
    /// Who may approve.
    pub four_eyes: FourEyes,
    /// Whether a module may have the id, name or target of an official one, and a connector the target of an official provider.
    pub official_names: bool,
    /// Versions of one factory that are kept.
    pub versions_per_factory: i64,
    /// Versions that are kept in all.
    pub versions: i64,
    /// Bytes of the versions that are kept in all.
    pub bytes: i64,
    /// Test messages of one administrator or program in an hour.
    pub tests_per_actor_hour: i64,
    /// Test messages to one recipient in an hour.
    pub tests_per_recipient_hour: i64,
}

impl Default for TrustPolicy {
    fn default() -> Self {
        Self {
            policy: Trust::default(),
            digests: Vec::new(),
            keys: Vec::new(),
            four_eyes: FourEyes::default(),
            official_names: false,
            versions_per_factory: 20,
            versions: 200,
            bytes: 1024 * 1024 * 1024,
            tests_per_actor_hour: 30,
            tests_per_recipient_hour: 10,
        }
    }
}

/// Why a component is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Only listed components are admitted.
    #[error("{0} is not listed")]
    NotListed(String),
    /// Only signed components are admitted.
    #[error("not signed")]
    NotSigned,
    /// What should be a signature is none.
    #[error("the signature is not in minisign's form")]
    Unreadable,
    /// The signature is of another key, or of another file.
    #[error("none of the listed keys made the signature")]
    UnknownKey,
}

impl TrustPolicy {
    /// The key that signed `wasm`, if a listed one did; refused where the policy asks for more than there is.
    pub fn judge(&self, wasm: &[u8], digest: &str, signature: Option<&str>) -> Result<Option<String>, TrustError> {
        let signer = match signature.map(|text| self.signer(wasm, text)) {
            Some(Ok(key)) => Some(key),
            // Where signatures are not asked for, one of an unknown key says nothing, and neither does none.
            Some(Err(refusal)) if self.policy == Trust::Signed => return Err(refusal),
            _ => None,
        };
        let listed = self.digests.iter().any(|known| known.eq_ignore_ascii_case(digest));
        match self.policy {
            Trust::Pinned if !listed => Err(TrustError::NotListed(digest.to_owned())),
            Trust::Signed if signer.is_none() => Err(TrustError::NotSigned),
            _ => Ok(signer),
        }
    }

    fn signer(&self, wasm: &[u8], text: &str) -> Result<String, TrustError> {
        let signature = Signature::decode(text).map_err(|_| TrustError::Unreadable)?;
        let signed_by =
            |key: &&String| PublicKey::from_base64(key).is_ok_and(|key| key.verify(wasm, &signature, false).is_ok());
        self.keys.iter().find(signed_by).cloned().ok_or(TrustError::UnknownKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of minisign's own documentation.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
        trusted comment: timestamp:1633700835\tfile:test\tprehashed\n\
        wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==";

    #[test]
    fn unsigned_and_foreign_components_are_refused_where_signatures_are_asked_for() {
        let policy = TrustPolicy { policy: Trust::Signed, keys: vec![KEY.into()], ..TrustPolicy::default() };
        assert_eq!(policy.judge(b"test", "", Some(SIGNATURE)).unwrap().unwrap(), KEY);
        assert_eq!(policy.judge(b"Test", "", Some(SIGNATURE)), Err(TrustError::UnknownKey));
        assert_eq!(policy.judge(b"test", "", None), Err(TrustError::NotSigned));
        assert_eq!(policy.judge(b"test", "", Some("x")), Err(TrustError::Unreadable));
        let none = TrustPolicy::default();
        assert_eq!(none.judge(b"test", "", Some(SIGNATURE)), Ok(None));
        assert_eq!(none.judge(b"test", "", None), Ok(None));
    }

    #[test]
    fn a_component_that_is_not_pinned_is_refused() {
        let policy = TrustPolicy { policy: Trust::Pinned, digests: vec!["AB".into()], ..TrustPolicy::default() };
        assert_eq!(policy.judge(b"", "ab", None), Ok(None));
        assert_eq!(policy.judge(b"", "cd", None), Err(TrustError::NotListed("cd".into())));
    }

    proptest::proptest! {
        #[test]
        fn parser_exhaustion_of_signatures(
            text in "(untrusted comment: |trusted comment: |RUQf6LRCGA9i|=|\n|\r|[A-Za-z0-9+/]|\\PC){0,12}",
            at in 0..SIGNATURE.len(), length in 0_usize..40,
        ) {
            let policy = TrustPolicy { policy: Trust::Signed, keys: vec![KEY.into()], ..TrustPolicy::default() };
            proptest::prop_assert!(policy.judge(b"test", "", Some(&text)).is_err());
            let mut changed = SIGNATURE.to_owned();
            changed.replace_range(at..(at + length).min(SIGNATURE.len()), &text);
            // Nothing vouches for the first line, nor for what follows the last.
            proptest::prop_assert!(policy.judge(b"Test", "", Some(&changed)).is_err());
        }
    }
}
