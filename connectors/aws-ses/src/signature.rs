//! AWS signature version 4 for a POST.
//!
//! Provider document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>

use hmac::{Hmac, KeyInit, Mac};
use keyway_connector::time;
use sha2::{Digest as _, Sha256};

/// A POST to be signed.
pub struct Call<'c> {
    /// Such as `ses`.
    pub service: &'c str,
    /// Such as `us-east-1`.
    pub region: &'c str,
    /// The API's host.
    pub host: &'c str,
    /// The path, without a query.
    pub path: &'c str,
    /// The body's content type.
    pub content_type: &'c str,
    /// The body.
    pub body: &'c str,
    /// Milliseconds since 1970.
    pub milliseconds: u64,
}

impl Call<'_> {
    /// The headers Authorization and X-Amz-Date.
    pub fn sign(&self, id: &str, secret: &str) -> (String, String) {
        let date: String = time::rfc3339_seconds(self.milliseconds)
            .chars()
            .filter(|character| !matches!(character, '-' | ':'))
            .collect();
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let headers = "content-type;host;x-amz-date";
        let request = format!(
            "POST\n{}\n\ncontent-type:{}\nhost:{}\nx-amz-date:{date}\n\n{headers}\n{}",
            self.path,
            self.content_type,
            self.host,
            digest(self.body)
        );
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", digest(&request));
        let key = [day, self.region, self.service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| mac(&key, part.as_bytes()));
        let signature = hex::encode(mac(&key, text.as_bytes()));
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={headers}, Signature={signature}");
        (authorization, date)
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

    /// `post-x-www-form-urlencoded` of the provider's published test suite.
    #[test]
    fn the_provider_s_own_example() {
        let call = Call {
            service: "service",
            region: "us-east-1",
            host: "example.amazonaws.com",
            path: "/",
            content_type: "application/x-www-form-urlencoded",
            body: "Param1=value1",
            milliseconds: 1_440_938_160_000,
        };
        let (header, date) = call.sign("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        assert_eq!(date, "20150830T123600Z");
        assert!(
            header.ends_with("Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
            "{header}"
        );
    }
}
