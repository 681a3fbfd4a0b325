//! What Aliyun's connectors share: its RPC signature, version 1.0: HMAC-SHA1 over the sorted, percent-encoded parameters.
//!
//! Provider document: <https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use keyway_connector::{now_ms, time, uuid};
use sha1::Sha1;

/// The signed form of a call of `action` in `version` of an API, with the parameters that every call has.
pub fn call(action: &str, version: &str, access_key_id: &str, secret: &str, parameters: &[(&str, &str)]) -> String {
    let (nonce, timestamp) = (uuid(), time::rfc3339_seconds(now_ms()));
    let mut pairs = vec![
        ("AccessKeyId", access_key_id),
        ("Action", action),
        ("Format", "json"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &timestamp),
        ("Version", version),
    ];
    pairs.extend_from_slice(parameters);
    sign("POST", &pairs, secret)
}

/// The form body for `pairs` with its `Signature` added; every key and value is escaped by RFC 3986.
pub fn sign(method: &str, pairs: &[(&str, &str)], secret: &str) -> String {
    let mut encoded: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
    encoded.sort_unstable();
    let query = encoded.join("&");
    let text = format!("{method}&%2F&{}", escape(&query));
    format!("{query}&Signature={}", escape(&mac(secret, &text)))
}

fn mac(secret: &str, text: &str) -> String {
    // HMAC takes a key of any length, so this cannot fail; an empty signature is refused by the provider.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(format!("{secret}&").as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// RFC 3986 escaping: everything but letters, digits and `-_.~`.
fn escape(text: &str) -> String {
    keyway_connector::http::escape(text)
}

/// `YYYY-MM-DDThh:mm:ssZ` of a Unix time in milliseconds.
pub fn timestamp(ms: u64) -> String {
    keyway_connector::time::rfc3339_seconds(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signing example of Aliyun's document of the RPC mechanism (`DescribeRegions`, secret `testsecret`).
    #[test]
    fn the_provider_s_published_vector() {
        let pairs = [
            ("TimeStamp", "2016-02-23T12:46:24Z"),
            ("Format", "XML"),
            ("AccessKeyId", "testid"),
            ("Action", "DescribeRegions"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"),
            ("Version", "2014-05-26"),
            ("SignatureVersion", "1.0"),
        ];
        let pairs = pairs.map(|(key, value)| (if key == "TimeStamp" { "Timestamp" } else { key }, value));
        let body = sign("GET", &pairs, "testsecret");
        assert!(body.ends_with("&Signature=OLeaidS1JvxuMvnyHOwuJ%2BuX5qY%3D"), "{body}");
    }

    #[test]
    fn timestamps_have_no_milliseconds() {
        assert_eq!(timestamp(1_456_231_584_999), "2016-02-23T12:46:24Z");
    }
}
