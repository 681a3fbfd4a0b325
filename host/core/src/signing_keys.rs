//! Signing keys and JSON Web Tokens: ES384 alone, so there is no algorithm to confuse.

use std::cmp::Ordering;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyway_model::{KeyId, TenantId, Timestamp};
use keyway_store::StoreError;
use keyway_store::signing_keys::{self, SigningKey};
use serde_json::{Value, json};

use crate::events::{Event, EventKind};
use crate::{Core, CoreError, Cx, Parts};

/// Keys of one tenant at a time.
const MAX_KEYS: usize = 5;

/// How long a new key is published before it signs, in seconds: longer than programs keep a tenant's keys.
const GRACE: i64 = 3600;

/// Longest time for which a key may wait, in seconds: a week.
pub const MAX_GRACE: i64 = 7 * 24 * 3600;

/// Why nothing was done about a signing key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key is not there.
    #[error("not found")]
    NotFound,
    /// How long a new key waits.
    #[error("a key waits {MAX_GRACE} seconds at most")]
    Grace,
    /// Another key waits to sign.
    #[error("another key waits")]
    Waiting,
    /// As many keys are kept as may be.
    #[error("there are {MAX_KEYS} keys")]
    TooMany,
    /// The key signs.
    #[error("the key signs")]
    Signs,
    /// The machine could not make a key.
    #[error("key generation")]
    Generation,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

struct LoadedKey {
    id: KeyId,
    signs_from: Timestamp,
    pair: EcdsaKeyPair,
}

impl LoadedKey {
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

/// Whether a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum KeyStatus {
    /// Published, and not yet signing.
    Next,
    /// Signing.
    Current,
    /// Good for checking what it signed.
    Previous,
}

/// A signing key without its private half.
#[derive(Debug, Clone)]
pub struct KeyInfo {
    /// The `kid`.
    pub id: KeyId,
    /// Whether it signs.
    pub status: KeyStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins, or began, to sign.
    pub signs_from: Timestamp,
}

/// The signing keys of a tenant, the last to sign first.
pub struct Keys {
    keys: Vec<LoadedKey>,
    rng: SystemRandom,
}

pub(crate) fn generate(parts: &Parts, now: Timestamp, signs_from: Timestamp) -> Result<SigningKey, CoreError> {
    let made = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).and_then(|pair| pair.to_pkcs8v1());
    let made = made.map_err(|_| CoreError::Internal("key generation"))?;
    Ok(SigningKey {
        id: KeyId(parts.rng.text(21)),
        private_key: hex::encode(made.as_ref()),
        created_at: now,
        signs_from,
    })
}

/// Makes the first key of the tenants that are always there.
pub(crate) async fn seed(parts: &Parts) -> Result<(), CoreError> {
    for tenant in TenantId::permanent() {
        let now = parts.clock.now();
        let (fresh, master) = (generate(parts, now, now)?, parts.master_key.clone());
        parts
            .store
            .write(async move |tx| {
                crate::tenants::lock(tx, &tenant).await?;
                if signing_keys::list(tx, &tenant, &master).await?.is_empty() {
                    signing_keys::insert(tx, &tenant, &fresh, &master).await?;
                }
                Ok::<_, CoreError>(())
            })
            .await?;
    }
    Ok(())
}

/// The place of the key that signs, among keys of which the last to sign goes first: the newest whose time has come, or the
/// oldest where a clock went back before all of them.
fn signing(signs_from: impl ExactSizeIterator<Item = Timestamp>, now: Timestamp) -> usize {
    let oldest = signs_from.len().saturating_sub(1);
    signs_from.into_iter().position(|from| from <= now).unwrap_or(oldest)
}

fn status(keys: &[SigningKey], now: Timestamp) -> Vec<KeyInfo> {
    let current = signing(keys.iter().map(|key| key.signs_from), now);
    let info = |(place, key): (usize, &SigningKey)| KeyInfo {
        id: key.id.clone(),
        status: match place.cmp(&current) {
            Ordering::Less => KeyStatus::Next,
            Ordering::Equal => KeyStatus::Current,
            Ordering::Greater => KeyStatus::Previous,
        },
        created_at: key.created_at,
        signs_from: key.signs_from,
    };
    keys.iter().enumerate().map(info).collect()
}

impl Core {
    /// The signing keys of a tenant.
    pub async fn keys(&self, tenant: &TenantId) -> Result<Arc<Keys>, CoreError> {
        let key = (tenant.clone(), self.version(tenant).await?);
        if let Some(kept) = self.configuration.keys.get(&key) {
            return Ok(kept);
        }
        let (owner, master) = (tenant.clone(), self.parts.master_key.clone());
        let stored = self.read(async move |tx| signing_keys::list(tx, &owner, &master).await).await?;
        let loaded = Arc::new(Keys::load(stored)?);
        self.configuration.keys.insert(key, Arc::clone(&loaded));
        Ok(loaded)
    }

    /// The public keys of a tenant (RFC 7517).
    pub async fn jwks(&self, tenant: &TenantId) -> Result<Value, CoreError> {
        Ok(self.keys(tenant).await?.jwks())
    }
}

/// The signing keys of a tenant, as administrators see them.
#[tracing::instrument(name = "signing_keys.list", skip_all)]
pub async fn list(cx: &Cx) -> Result<Vec<KeyInfo>, KeyError> {
    let master = &cx.core().parts.master_key;
    let stored = cx.read(async |tx| Ok::<_, KeyError>(signing_keys::list(tx, &cx.tenant, master).await?)).await?;
    Ok(status(&stored, cx.now))
}

/// Makes a new key that signs after `grace` seconds, an hour when absent, during which it is published. Refused while
/// another waits, and while as many are kept as may be.
#[tracing::instrument(name = "signing_keys.rotate", skip_all)]
pub async fn rotate(cx: &Cx, grace: Option<i64>) -> Result<(), KeyError> {
    let grace = grace.unwrap_or(GRACE);
    if !(0..=MAX_GRACE).contains(&grace) {
        return Err(KeyError::Grace);
    }
    let parts = &cx.core().parts;
    let fresh = generate(parts, cx.now, cx.now.plus_seconds(grace)).map_err(|_| KeyError::Generation)?;
    cx.write(async move |tx| {
        crate::tenants::lock(tx, &cx.tenant).await?;
        let known = status(&signing_keys::list(tx, &cx.tenant, &parts.master_key).await?, cx.now);
        if known.iter().any(|key| key.status == KeyStatus::Next) {
            return Err(KeyError::Waiting);
        }
        if known.len() >= MAX_KEYS {
            return Err(KeyError::TooMany);
        }
        signing_keys::insert(tx, &cx.tenant, &fresh, &parts.master_key).await?;
        let event = Event::new(EventKind::SigningKeyRotated).target("keyId", fresh.id.as_str());
        Ok(cx.emit(tx, event.added("signsFrom", json!(fresh.signs_from))).await?)
    })
    .await
}

/// Removes a key that does not sign. What it signed is refused from then on.
#[tracing::instrument(name = "signing_keys.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &KeyId) -> Result<(), KeyError> {
    let master = &cx.core().parts.master_key;
    cx.write(async move |tx| {
        crate::tenants::lock(tx, &cx.tenant).await?;
        let known = status(&signing_keys::list(tx, &cx.tenant, master).await?, cx.now);
        let key = known.into_iter().find(|key| key.id == *id).ok_or(KeyError::NotFound)?;
        if key.status == KeyStatus::Current {
            return Err(KeyError::Signs);
        }
        signing_keys::delete(tx, &cx.tenant, id).await?;
        Ok(cx.emit(tx, Event::new(EventKind::SigningKeyDeleted).target("keyId", id.as_str())).await?)
    })
    .await
}

impl Keys {
    fn load(stored: Vec<SigningKey>) -> Result<Self, CoreError> {
        let load = |key: SigningKey| {
            let pkcs8 = hex::decode(&key.private_key).map_err(|_| CoreError::Internal("stored key"))?;
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &pkcs8)
                .map_err(|_| CoreError::Internal("stored key"))?;
            Ok::<_, CoreError>(LoadedKey { id: key.id, pair, signs_from: key.signs_from })
        };
        Ok(Self { keys: stored.into_iter().map(load).collect::<Result<_, _>>()?, rng: SystemRandom::new() })
    }

    /// The public keys (RFC 7517).
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.keys.iter().map(LoadedKey::jwk).collect::<Vec<_>>() })
    }

    /// Signs claims as a token of type `typ`; an ID token has none.
    pub fn sign(&self, typ: Option<&str>, claims: &Value, now: Timestamp) -> Result<String, CoreError> {
        let place = signing(self.keys.iter().map(|key| key.signs_from), now);
        let key = self.keys.get(place).ok_or(CoreError::Internal("no signing key"))?;
        let mut header = json!({ "alg": "ES384", "kid": key.id });
        if let (Some(typ), Some(header)) = (typ, header.as_object_mut()) {
            header.insert("typ".into(), typ.into());
        }
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(&header), encode(claims));
        let signature = key.pair.sign(&self.rng, input.as_bytes()).map_err(|_| CoreError::Internal("signature"))?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that the tenant signed with type `typ`. Everything else is refused: other algorithms, keys
    /// named or embedded in the header, other types. Expiry and audience are the caller's to check.
    pub fn verify(&self, typ: Option<&str>, token: &str) -> Option<Value> {
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
        let key = self.keys.iter().find(|key| text("kid") == Some(key.id.as_str()))?;
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

    fn keys(ids: &[(&str, i64)]) -> Keys {
        let key = |(id, from): &(&str, i64)| {
            let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
            LoadedKey { id: (*id).into(), signs_from: Timestamp(*from), pair }
        };
        Keys { keys: ids.iter().map(key).collect(), rng: SystemRandom::new() }
    }

    #[test]
    fn a_key_is_published_before_it_signs() {
        let keys = keys(&[("next", 100), ("current", 10), ("previous", 1)]);
        let signer = |now: i64| {
            let token = keys.sign(None, &json!({}), Timestamp(now)).unwrap();
            let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
            assert!(keys.verify(None, &token).is_some());
            serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
        };
        assert_eq!(signer(99), "current");
        assert_eq!(signer(100), "next");
        assert_eq!(signer(0), "previous", "a clock that went back");
        assert_eq!(keys.jwks()["keys"].as_array().unwrap().len(), 3);
        let stored = |(id, from): (&str, i64)| SigningKey {
            id: id.into(),
            private_key: String::new(),
            created_at: Timestamp(0),
            signs_from: Timestamp(from),
        };
        let states = status(&[("next", 100), ("current", 10), ("previous", 1)].map(stored), Timestamp(50));
        let states: Vec<KeyStatus> = states.iter().map(|key| key.status).collect();
        let early = status(&[("next", 100), ("first", 10)].map(stored), Timestamp(0));
        assert_eq!(early[1].status, KeyStatus::Current, "what signs when a clock went back is not for deletion");
        assert_eq!(states, [KeyStatus::Next, KeyStatus::Current, KeyStatus::Previous]);
    }

    fn forge(header: &Value, from: &str) -> String {
        let mut parts = from.split('.').map(ToOwned::to_owned).collect::<Vec<_>>();
        parts[0] = URL_SAFE_NO_PAD.encode(header.to_string());
        parts.join(".")
    }

    #[test]
    fn jwt_alg_confusion_corpus_is_refused() {
        let (ring, other) = (keys(&[("k", 0)]), keys(&[("k", 0)]));
        let token = ring.sign(Some("at+jwt"), &json!({ "sub": "ann" }), Timestamp(0)).unwrap();
        assert_eq!(ring.verify(Some("at+jwt"), &token).unwrap()["sub"], "ann");
        assert!(ring.verify(None, &token).is_none(), "an access token is no ID token");
        assert!(other.verify(Some("at+jwt"), &token).is_none(), "another tenant's key");
        for header in [
            json!({ "alg": "none", "typ": "at+jwt", "kid": "k" }),
            json!({ "alg": "HS384", "typ": "at+jwt", "kid": "k" }),
            json!({ "alg": "ES384", "typ": "at+jwt", "kid": "other" }),
            json!({ "alg": "ES384", "typ": "at+jwt", "kid": "k", "jwk": {} }),
            json!({ "alg": "ES384", "typ": "at+jwt", "kid": "k", "jku": "https://evil" }),
        ] {
            assert!(ring.verify(Some("at+jwt"), &forge(&header, &token)).is_none(), "{header}");
        }
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        for broken in [unsigned.as_str(), "", "a.b.c", "..", "....", &token[..token.len() - 4]] {
            assert!(ring.verify(Some("at+jwt"), broken).is_none(), "{broken}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parser_exhaustion_of_tokens(
            text in "(eyJhbGciOiJFUzM4NCJ9|e30|\\.|=|[A-Za-z0-9_-]|\\PC){0,12}", place in 0_usize..1000, character in "[A-Za-z0-9_.=-]",
        ) {
            static SIGNED: std::sync::LazyLock<(Keys, String)> = std::sync::LazyLock::new(|| {
                let ring = keys(&[("k", 0)]);
                let token = ring.sign(None, &json!({ "sub": "ann" }), Timestamp(0)).unwrap();
                (ring, token)
            });
            let (ring, token) = &*SIGNED;
            proptest::prop_assert!(ring.verify(None, &text).is_none());
            let place = place % token.len();
            for end in [place, place + 1] {
                let changed = format!("{}{character}{}", &token[..place], &token[end..]);
                proptest::prop_assert_eq!(ring.verify(None, &changed).is_some(), changed == *token, "{}", changed);
            }
        }
    }
}
