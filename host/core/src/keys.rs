//! Signing keys and JSON Web Tokens: ES384 alone, so there is no algorithm to confuse.

use std::collections::HashMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyway_model::{KeyId, TenantId};
use keyway_store::keys::{self, SigningKey};
use serde_json::{Value, json};

use crate::{CoreError, Parts};

struct Key {
    id: KeyId,
    pair: EcdsaKeyPair,
}

impl Key {
    fn public(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    fn jwk(&self) -> Value {
        let public = self.public();
        // An uncompressed point: 0x04, then x and y of 48 bytes each (SEC 1 section 2.3.3).
        let part = |from: usize| URL_SAFE_NO_PAD.encode(public.get(from..from + 48).unwrap_or_default());
        json!({ "kty": "EC", "use": "sig", "crv": "P-384", "alg": "ES384", "kid": self.id, "x": part(1), "y": part(49) })
    }
}

/// The signing keys of every tenant; the first of each signs.
pub struct KeyRing {
    keys: HashMap<TenantId, Vec<Key>>,
    rng: SystemRandom,
}

impl KeyRing {
    /// Loads the keys; makes a tenant's first.
    pub(crate) async fn open(parts: &Parts) -> Result<Self, CoreError> {
        let rng = SystemRandom::new();
        let mut ring = HashMap::new();
        for tenant in [TenantId::default_tenant(), TenantId::admin()] {
            let fresh = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(|_| CoreError::Internal("key generation"))?;
            let fresh = SigningKey {
                id: KeyId(parts.rng.text(21)),
                private_key: hex::encode(fresh.as_ref()),
                created_at: parts.clock.now(),
            };
            let (owner, master) = (tenant.clone(), parts.master_key.clone());
            let stored = parts.store.write(move |tx| {
                Box::pin(async move {
                    crate::tenants::lock(tx, &owner).await?;
                    if keys::list(tx, &owner, &master).await?.is_empty() {
                        keys::insert(tx, &owner, &fresh, &master).await?;
                    }
                    Ok::<_, CoreError>(keys::list(tx, &owner, &master).await?)
                })
            });
            let mut loaded = Vec::new();
            for key in stored.await? {
                let pkcs8 = hex::decode(&key.private_key).map_err(|_| CoreError::Internal("stored key"))?;
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &pkcs8)
                    .map_err(|_| CoreError::Internal("stored key"))?;
                loaded.push(Key { id: key.id, pair });
            }
            ring.insert(tenant, loaded);
        }
        Ok(Self { keys: ring, rng })
    }

    fn of(&self, tenant: &TenantId) -> &[Key] {
        self.keys.get(tenant).map(Vec::as_slice).unwrap_or_default()
    }

    /// The public keys of a tenant (RFC 7517).
    pub fn jwks(&self, tenant: &TenantId) -> Value {
        json!({ "keys": self.of(tenant).iter().map(Key::jwk).collect::<Vec<_>>() })
    }

    /// Signs claims as a token of type `typ`; an ID token has none.
    pub fn sign(&self, tenant: &TenantId, typ: Option<&str>, claims: &Value) -> Result<String, CoreError> {
        let key = self.of(tenant).first().ok_or(CoreError::Internal("no signing key"))?;
        let mut header = json!({ "alg": "ES384", "kid": key.id });
        if let (Some(typ), Some(header)) = (typ, header.as_object_mut()) {
            header.insert("typ".into(), typ.into());
        }
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(&header), encode(claims));
        let signature = key.pair.sign(&self.rng, input.as_bytes()).map_err(|_| CoreError::Internal("signature"))?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that this tenant signed with type `typ`. Everything else is refused: other algorithms, keys
    /// named or embedded in the header, other types. Expiry and audience are the caller's to check.
    pub fn verify(&self, tenant: &TenantId, typ: Option<&str>, token: &str) -> Option<Value> {
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let parsed: Value = serde_json::from_slice(&decode(header)?).ok()?;
        let text = |name: &str| parsed.get(name).and_then(Value::as_str);
        let known = parsed.as_object()?.keys().all(|name| ["alg", "kid", "typ"].contains(&name.as_str()));
        if !known || text("alg") != Some("ES384") || text("typ") != typ {
            return None;
        }
        let key = self.of(tenant).iter().find(|key| text("kid") == Some(key.id.as_str()))?;
        let input = token.rsplit_once('.')?.0;
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key.public())
            .verify(input.as_bytes(), &decode(signature)?)
            .ok()?;
        serde_json::from_slice(&decode(payload)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        let key = || Key { id: "k".into(), pair: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap() };
        let keys = HashMap::from([(TenantId::default_tenant(), vec![key()]), (TenantId::admin(), vec![key()])]);
        KeyRing { keys, rng: SystemRandom::new() }
    }

    fn forge(header: &Value, from: &str) -> String {
        let mut parts = from.split('.').map(ToOwned::to_owned).collect::<Vec<_>>();
        parts[0] = URL_SAFE_NO_PAD.encode(header.to_string());
        parts.join(".")
    }

    #[test]
    fn jwt_alg_confusion_corpus_is_refused() {
        let (ring, tenant) = (ring(), TenantId::default_tenant());
        let token = ring.sign(&tenant, Some("at+jwt"), &json!({ "sub": "ann" })).unwrap();
        assert_eq!(ring.verify(&tenant, Some("at+jwt"), &token).unwrap()["sub"], "ann");
        assert!(ring.verify(&tenant, None, &token).is_none(), "an access token is no ID token");
        assert!(ring.verify(&TenantId::admin(), Some("at+jwt"), &token).is_none(), "another tenant's key");
        for header in [
            json!({ "alg": "none", "typ": "at+jwt", "kid": "k" }),
            json!({ "alg": "HS384", "typ": "at+jwt", "kid": "k" }),
            json!({ "alg": "ES384", "typ": "at+jwt", "kid": "other" }),
            json!({ "alg": "ES384", "typ": "at+jwt", "kid": "k", "jwk": {} }),
            json!({ "alg": "ES384", "typ": "at+jwt", "kid": "k", "jku": "https://evil" }),
        ] {
            assert!(ring.verify(&tenant, Some("at+jwt"), &forge(&header, &token)).is_none(), "{header}");
        }
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        for broken in [unsigned.as_str(), "", "a.b.c", "..", "....", &token[..token.len() - 4]] {
            assert!(ring.verify(&tenant, Some("at+jwt"), broken).is_none(), "{broken}");
        }
    }
}
