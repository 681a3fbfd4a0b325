//! Digests, MACs and signatures, with keys that need not enter the guest.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, RsaKeyPair};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::{HostState, jwt};
use crate::contract::v1_0::bindings::keyway::host::crypto;

/// Stands in a configuration for a key that stays in the host; the key's JSON pointer follows.
pub const KEY_REFERENCE: &str = "keyway-key:";

impl crypto::Host for HostState {
    async fn digest(&mut self, algorithm: String, data: Vec<u8>) -> wasmtime::Result<Result<Vec<u8>, String>> {
        self.count()?;
        let algorithm = match algorithm.as_str() {
            "sha-1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            "sha-256" => &digest::SHA256,
            "sha-384" => &digest::SHA384,
            "sha-512" => &digest::SHA512,
            other => return Ok(Err(format!("there is no digest {other}"))),
        };
        Ok(Ok(digest::digest(algorithm, &data).as_ref().to_vec()))
    }

    async fn hmac(
        &mut self,
        algorithm: String,
        key: Vec<u8>,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, String>> {
        self.count()?;
        let algorithm = match algorithm.as_str() {
            "sha-1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "sha-256" => hmac::HMAC_SHA256,
            "sha-384" => hmac::HMAC_SHA384,
            "sha-512" => hmac::HMAC_SHA512,
            other => return Ok(Err(format!("there is no hmac {other}"))),
        };
        Ok(Ok(hmac::sign(&hmac::Key::new(algorithm, &key), &data).as_ref().to_vec()))
    }

    async fn sign(
        &mut self,
        algorithm: String,
        key: String,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, String>> {
        self.count()?;
        let key = match key.strip_prefix(KEY_REFERENCE) {
            Some(pointer) => match self.keys.get(pointer) {
                Some(key) => key.clone(),
                None => return Ok(Err(format!("the configuration holds no key at {pointer}"))),
            },
            None => key,
        };
        Ok(sign(&algorithm, &key, &data))
    }

    async fn verify_jwt(&mut self, token: String, rules: String) -> wasmtime::Result<Result<String, String>> {
        self.count()?;
        Ok(jwt::verify(self, &token, &rules).await)
    }
}

/// The DER of a private key in PEM, or in base64 without PEM's lines as some providers show it.
fn der(key: &str) -> Option<Vec<u8>> {
    if key.contains("-----BEGIN") {
        return PrivateKeyDer::from_pem_slice(key.as_bytes()).ok().map(|key| key.secret_der().to_vec());
    }
    let compact: String = key.split_ascii_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(compact).ok()
}

fn sign(algorithm: &str, key: &str, data: &[u8]) -> Result<Vec<u8>, String> {
    let der = der(key).ok_or("the private key is neither PEM nor base64")?;
    let rng = SystemRandom::new();
    let padding: &'static dyn signature::RsaEncoding = match algorithm {
        "RS256" => &signature::RSA_PKCS1_SHA256,
        "RS384" => &signature::RSA_PKCS1_SHA384,
        "RS512" => &signature::RSA_PKCS1_SHA512,
        "ES256" => {
            let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &der)
                .map_err(|_| "the key is no P-256 private key in PKCS #8")?;
            return pair.sign(&rng, data).map(|signed| signed.as_ref().to_vec()).map_err(|_| "not signed".into());
        }
        other => return Err(format!("there is no signature {other}")),
    };
    let pair = RsaKeyPair::from_pkcs8(&der)
        .or_else(|_| RsaKeyPair::from_der(&der))
        .map_err(|_| "the key is no RSA private key of 2048 bits or more")?;
    let mut signed = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &rng, data, &mut signed).map_err(|_| "not signed")?;
    Ok(signed)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer as _;
    use aws_lc_rs::signature::{KeyPair as _, UnparsedPublicKey};

    use super::*;

    #[test]
    fn es256_signs_with_pem_and_with_bare_base64() {
        let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let text = base64::engine::general_purpose::STANDARD
            .encode(pair.to_pkcs8v1().map(|key| key.as_ref().to_vec()).unwrap());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        let public = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
        for key in [text.as_str(), pem.as_str()] {
            public.verify(b"data", &sign("ES256", key, b"data").unwrap()).unwrap();
        }
        let _ = pair.public_key().as_der();
        assert!(sign("none", &pem, b"").is_err());
        assert!(sign("RS256", &pem, b"").is_err());
        assert!(sign("ES256", "not a key", b"").is_err());
    }
}
