//! Seals values that must be read again, and derives keys for other purposes, from the node's master key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{digest, hkdf, hmac};
use zeroize::ZeroizeOnDrop;

use crate::StoreError;

/// The key under which secrets are sealed at rest: AES-256-GCM. A sealed value is `v1.<key id>.<nonce and ciphertext>`.
#[derive(Clone, ZeroizeOnDrop)]
pub struct MasterKey {
    bytes: [u8; 32],
    #[zeroize(skip)]
    id: String,
}

impl MasterKey {
    /// A key of 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        let id = hex::encode(digest::digest(&digest::SHA256, &bytes).as_ref().get(..4).unwrap_or_default());
        Self { bytes, id }
    }

    /// 32 bytes for another purpose, by HKDF-SHA-256.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, b"keyway").extract(&self.bytes);
        let info = [purpose.as_bytes()];
        // Neither step fails for 32 bytes; a zero key would only ever be visible as a value that does not open.
        if let Ok(okm) = pseudo_random.expand(&info, hkdf::HKDF_SHA256) {
            let _ = okm.fill(&mut key);
        }
        key
    }

    /// Keyed hash of `text` in hex, for short secrets such as codes: useless without this key.
    pub fn keyed_hash(&self, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.derive("keyed-hash"));
        hex::encode(hmac::sign(&key, text.as_bytes()))
    }

    /// Seals `text` for the place that `context` names; it opens nowhere else.
    pub fn seal(&self, context: &str, text: &str) -> Result<String, StoreError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.derive("seal")).map_err(|_| StoreError::Unseal)?;
        let mut data = text.as_bytes().to_vec();
        let nonce =
            key.seal_in_place_append_tag(Aad::from(context.as_bytes()), &mut data).map_err(|_| StoreError::Unseal)?;
        Ok(format!("v1.{}.{}{}", self.id, hex::encode(nonce.as_ref()), hex::encode(data)))
    }

    /// Opens what [`Self::seal`] made for the same context.
    pub fn open(&self, context: &str, sealed: &str) -> Result<String, StoreError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some("v1"), Some(id), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(StoreError::Unseal);
        };
        if id != self.id {
            return Err(StoreError::Unseal);
        }
        let mut bytes = hex::decode(body).map_err(|_| StoreError::Unseal)?;
        if bytes.len() < 12 {
            return Err(StoreError::Unseal);
        }
        let mut data = bytes.split_off(12);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| StoreError::Unseal)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.derive("seal")).map_err(|_| StoreError::Unseal)?;
        let text =
            key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut data).map_err(|_| StoreError::Unseal)?;
        String::from_utf8(text.to_vec()).map_err(|_| StoreError::Unseal)
    }
}

#[cfg(test)]
mod tests {
    use super::MasterKey;

    #[test]
    fn sealed_values_open_with_the_same_key_in_the_same_place_only() {
        let key = MasterKey::new([1; 32]);
        let sealed = key.seal("connectors/a", "secret").unwrap();
        assert!(!sealed.contains("secret"));
        assert_ne!(sealed, key.seal("connectors/a", "secret").unwrap());
        assert_eq!(key.open("connectors/a", &sealed).unwrap(), "secret");
        assert!(key.open("connectors/b", &sealed).is_err());
        assert!(MasterKey::new([2; 32]).open("connectors/a", &sealed).is_err());
        assert!(key.open("connectors/a", &sealed[..sealed.len() - 2]).is_err());
    }
}
