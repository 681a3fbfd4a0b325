//! Tencent Cloud's signature version 3 (TC3-HMAC-SHA256).
//!
//! Provider document: <https://www.tencentcloud.com/document/product/845/32206>

use hmac::{Hmac, KeyInit, Mac};
use keyway_connector::time;
use sha2::{Digest as _, Sha256};

/// The content type that is part of the signature.
pub const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// A POST to be signed.
pub struct Call<'c> {
    /// Such as `sms`.
    pub service: &'c str,
    /// The API's host.
    pub host: &'c str,
    /// The JSON body.
    pub body: &'c str,
    /// Seconds since 1970.
    pub seconds: u64,
}

impl Call<'_> {
    /// The Authorization header.
    pub fn authorization(&self, id: &str, secret: &str) -> String {
        let moment = time::rfc3339_seconds(self.seconds * 1000);
        let date = moment.get(..10).unwrap_or_default();
        let scope = format!("{date}/{}/tc3_request", self.service);
        let request = format!(
            "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{}\n\ncontent-type;host\n{}",
            self.host,
            digest(self.body)
        );
        let text = format!("TC3-HMAC-SHA256\n{}\n{scope}\n{}", self.seconds, digest(&request));
        let key = [date, self.service, "tc3_request"]
            .iter()
            .fold(format!("TC3{secret}").into_bytes(), |key, part| mac(&key, part.as_bytes()));
        let signature = hex::encode(mac(&key, text.as_bytes()));
        format!("TC3-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=content-type;host, Signature={signature}")
    }
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length, so this cannot fail; an empty signature is refused by the provider.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_s_own_example() {
        let call = Call {
            service: "cvm",
            host: "cvm.tencentcloudapi.com",
            body: r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#,
            seconds: 1_551_113_065,
        };
        let header = call.authorization("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE");
        assert!(
            header.ends_with("Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"),
            "{header}"
        );
    }
}
