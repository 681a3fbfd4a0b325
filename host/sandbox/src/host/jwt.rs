//! Checks a provider's ID token (OpenID Connect Core 1.0 section 3.1.3.7) against its key set.

use jsonwebtoken::jwk::{JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
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
const MAX_AGE_MS: i64 = 600_000;
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
    let header = header(token, &rules)?;
    let key = key(state, &rules.jwks_uri, header.kid.as_deref(), header.alg).await?;
    claims(token, &key, &header, &rules, state.clock.now().0 / 1000)
}

/// The token's own words on how it is signed, which nothing vouches for yet.
fn header(token: &str, rules: &Rules) -> Result<Header, String> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| "the token is no JWT")?;
    let allowed = |algorithm: &Algorithm| {
        ASYMMETRIC.contains(algorithm) && rules.algorithms.as_ref().is_none_or(|listed| listed.contains(algorithm))
    };
    if allowed(&header.alg) {
        Ok(header)
    } else {
        Err(format!("the token's algorithm {:?} is not accepted", header.alg))
    }
}

/// The claims of a token that this key has signed and that the rules accept at this second, as a JSON object.
fn claims(token: &str, key: &DecodingKey, header: &Header, rules: &Rules, now: i64) -> Result<String, String> {
    let mut validation = Validation::new(header.alg);
    // Times are judged below by the server's clock, which tests can set.
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    validation.set_audience(&[&rules.audience]);
    let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, key, &validation)
        .map_err(|_| "the token's signature or audience is not right")?;
    judge(&decoded.claims, rules, now)?;
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
        && (0..MAX_AGE_MS).contains(&(now - read_at))
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
    let set = key_set(&answer.body)?;
    state.egress.keep_key_set(uri, set.clone(), now);
    find(&set, kid, algorithm)
}

fn key_set(text: &[u8]) -> Result<JwkSet, String> {
    serde_json::from_slice(text).map_err(|_| "the key set is not as RFC 7517 says".to_owned())
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

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use keyway_counted::growth;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    /// A key set with one key, and a token that this key has signed.
    fn provider() -> (Value, String) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = pair.public_key().as_ref();
        let coordinate = |from: usize| URL_SAFE_NO_PAD.encode(&public[from..from + 32]);
        let key = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "a", "x": coordinate(1), "y": coordinate(33) });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!(
            "{}.{}",
            part(json!({ "alg": "ES256", "kid": "a" })),
            part(json!({ "iss": "https://id.example", "aud": "me", "sub": "ada", "exp": NOW + 60 }))
        );
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()));
        (json!({ "keys": [key] }), token)
    }

    fn rules() -> Rules {
        let rules =
            json!({ "jwksUri": "https://id.example/keys", "issuers": ["https://id.example"], "audience": "me" });
        serde_json::from_value(rules).unwrap()
    }

    fn accepted(token: &str, set: &[u8]) -> Result<String, String> {
        let header = header(token, &rules())?;
        let key = find(&key_set(set)?, header.kid.as_deref(), header.alg)?;
        claims(token, &key, &header, &rules(), NOW)
    }

    #[test]
    fn parser_exhaustion_of_tokens_no_changed_token_is_accepted() {
        let (set, token) = provider();
        let set = set.to_string();
        assert!(accepted(&token, set.as_bytes()).unwrap().contains("ada"));
        let pieces = "(eyJhbGciOiJub25lIn0|eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ|\\.|=|[A-Za-z0-9_-]|\\PC){0,8}";
        proptest!(|(text in pieces, at in 0..token.len(), length in 0_usize..40)| {
            prop_assert!(accepted(&text, set.as_bytes()).is_err());
            let mut changed = token.clone();
            changed.replace_range(at..(at + length).min(token.len()), &text);
            // base64 without padding has one form, so that another text is another token.
            prop_assert!(changed == token || accepted(&changed, set.as_bytes()).is_err(), "{}", changed);
        });
    }

    #[test]
    fn parser_exhaustion_of_key_sets_only_the_signer_s_key_fits() {
        let (set, token) = provider();
        let (other, _) = provider();
        let members = "kty|crv|x|y|n|e|k|use|alg|kid|x5c|keys";
        let value = prop_oneof![
            "(EC|RSA|oct|OKP|P-256|P-521|ES256|HS256|none|sig|enc|a|AQAB|\\PC){0,2}".prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            Just(Value::Null),
            Just(json!(["sig"])),
            Just(json!({ "a": [] })),
        ];
        proptest!(|(changes in prop::collection::vec((members, value), 0..5), text in "(\\{|\\}|\\[|\\]|\"keys\"|:|,|\\PC){0,20}")| {
            prop_assert!(accepted(&token, text.as_bytes()).is_err());
            for (mut set, is_signers) in [(set.clone(), true), (other.clone(), false)] {
                for (member, value) in &changes {
                    set["keys"][0][member] = value.clone();
                }
                let result = accepted(&token, set.to_string().as_bytes());
                prop_assert!(is_signers || result.is_err(), "{}", set);
            }
        });
    }

    #[test]
    #[ignore = "cargo xtask test counts its instructions"]
    fn algorithmic_complexity() {
        let (set, token) = provider();
        let set = set.to_string();
        let key = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"b\",\"x\":\"AA\",\"y\":\"AA\"},";
        let many =
            |size: usize| format!("{{\"keys\":[{}{}", key.repeat(size / key.len()), set.replace("{\"keys\":[", ""));
        growth("keys of a provider", many, |text| accepted(&token, text.as_bytes()));
        growth("a token's dots", |size| ".".repeat(size), |text| accepted(text, set.as_bytes()));
        growth(
            "a token's claims",
            |size| token.replace('.', &format!(".{}", "A".repeat(size))),
            |text| accepted(text, set.as_bytes()),
        );
    }
}
