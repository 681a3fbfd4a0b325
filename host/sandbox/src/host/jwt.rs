//! Checks a provider's ID token (OpenID Connect Core 1.0 section 3.1.3.7) against its key set.

use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::HostState;
use crate::egress::{Denied, FetchError, Request};

/// Algorithms with a public key; `none` and the HMAC ones are never accepted.
const ASYMMETRIC: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// A key set is kept for ten minutes and read again at most once a minute for a key that it lacks.
const KEPT_MS: i64 = 600_000;
const AGAIN_MS: i64 = 60_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rules {
    jwks_uri: String,
    #[serde(default)]
    issuers: Vec<String>,
    audience: String,
    nonce: Option<String>,
    algorithms: Option<Vec<Algorithm>>,
    #[serde(default)]
    clock_tolerance_seconds: u16,
}

pub async fn verify(state: &mut HostState, token: &str, rules: &str) -> Result<String, String> {
    let rules: Rules =
        serde_json::from_str(rules).map_err(|error| format!("the rules are not as documented: {error}"))?;
    let header = jsonwebtoken::decode_header(token).map_err(|_| "the token is no JWT")?;
    let allowed = |algorithm: &Algorithm| {
        ASYMMETRIC.contains(algorithm) && rules.algorithms.as_ref().is_none_or(|listed| listed.contains(algorithm))
    };
    if !allowed(&header.alg) {
        return Err(format!("the token's algorithm {:?} is not accepted", header.alg));
    }
    let key = key(state, &rules.jwks_uri, header.kid.as_deref(), header.alg).await?;
    let mut validation = Validation::new(header.alg);
    // Times are judged by the server's clock below, which tests can set.
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    validation.set_audience(&[&rules.audience]);
    let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation)
        .map_err(|_| "the token's signature or audience is not right")?;
    judge(&decoded.claims, &rules, state.clock.now().0 / 1000)?;
    Ok(Value::Object(decoded.claims).to_string())
}

fn judge(claims: &Map<String, Value>, rules: &Rules, now: i64) -> Result<(), String> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit a float exactly")]
    let (now, leeway) = (now as f64, f64::from(rules.clock_tolerance_seconds));
    if !rules.issuers.is_empty() && !text("iss").is_some_and(|issuer| rules.issuers.iter().any(|one| one == issuer)) {
        return Err("the token's issuer is not the expected one".into());
    }
    if claims.get("aud").is_none() {
        return Err("the token has no audience".into());
    }
    let parties = claims.get("aud").and_then(Value::as_array).map_or(1, Vec::len);
    if (parties > 1 || claims.contains_key("azp")) && text("azp").is_some_and(|party| party != rules.audience) {
        return Err("the token was made for another party".into());
    }
    if time("exp").is_none_or(|end| now >= end + leeway) {
        return Err("the token has expired".into());
    }
    if time("nbf").is_some_and(|start| now + leeway < start)
        || time("iat").is_some_and(|made| now + leeway + 300.0 < made)
    {
        return Err("the token is not valid yet".into());
    }
    match &rules.nonce {
        Some(nonce) if text("nonce") != Some(nonce) => Err("the token's nonce is not the expected one".into()),
        _ => Ok(()),
    }
}

async fn key(state: &mut HostState, uri: &str, kid: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, String> {
    let now = state.clock.now().0;
    let kept = state.egress.key_set(uri);
    if let Some((set, read_at)) = &kept
        && (0..KEPT_MS).contains(&(now - read_at))
    {
        let found = find(set, kid, algorithm);
        if found.is_ok() || now - read_at < AGAIN_MS {
            return found;
        }
    }
    let request = Request { method: "GET".into(), url: uri.to_owned(), headers: Vec::new(), body: None };
    let answer = state.exchange(request).await.map_err(|error| match error {
        FetchError::Denied(Denied::Policy(what) | Denied::Invalid(what)) => format!("the key set: {what}"),
        _ => "the key set could not be read".to_owned(),
    })?;
    let set: JwkSet = serde_json::from_slice(&answer.body).map_err(|_| "the key set is not as RFC 7517 says")?;
    state.egress.keep_key_set(uri, set.clone(), now);
    find(&set, kid, algorithm)
}

fn find(set: &JwkSet, kid: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, String> {
    let signs = |key: &&jsonwebtoken::jwk::Jwk| {
        key.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature)
    };
    let named = set.keys.iter().filter(signs).filter(|key| match kid {
        Some(kid) => key.common.key_id.as_deref() == Some(kid),
        None => true,
    });
    named
        .filter_map(|key| DecodingKey::from_jwk(key).ok())
        .find(|key| key.family() == algorithm.family())
        .ok_or_else(|| "the key set has no key for this token".to_owned())
}
