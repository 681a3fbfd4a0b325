//! The standard profile of a user (OpenID Connect Core section 5.1): a closed list, so that nothing in it can pass for another
//! claim of a token.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use crate::look::is_web;
use crate::{Merge, Reason, Refusal};

/// A postal address (OpenID Connect Core section 5.1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub struct PostalAddress {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// The fields of a profile, under Logto's names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub struct UserProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<PostalAddress>,
}

/// Whether an address is none of a page, which applications make a link of: of a scheme such as `javascript:` it would be a
/// stranger's code.
fn is_harmful(address: Option<&str>) -> bool {
    address.is_some_and(|text| Url::parse(text).is_ok() && !is_web(text))
}

impl UserProfile {
    /// Refuses a profile with an address that must not become a link.
    pub fn check(&self) -> Result<(), Refusal> {
        for (place, address) in [("profile.profile", &self.profile), ("profile.website", &self.website)] {
            if is_harmful(address.as_deref()) {
                return Err(Refusal::invalid_input(place, Reason::WebAddress));
            }
        }
        Ok(())
    }

    /// Reads a stored profile; a member that does not belong there is left out.
    pub fn from_stored(stored: Map<String, Value>) -> Self {
        let mut kept = Map::new();
        for (name, value) in stored {
            let alone = Map::from_iter([(name.clone(), value.clone())]);
            if serde_json::from_value::<Self>(Value::Object(alone)).is_ok_and(|alone| alone.check().is_ok()) {
                kept.insert(name, value);
            }
        }
        serde_json::from_value(Value::Object(kept)).unwrap_or_default()
    }

    /// The claims under the names of the specification; what is not there is left out.
    pub fn claims(&self) -> Map<String, Value> {
        let address = self.address.as_ref().map(|address| {
            present([
                ("formatted", json!(address.formatted)),
                ("street_address", json!(address.street_address)),
                ("locality", json!(address.locality)),
                ("region", json!(address.region)),
                ("postal_code", json!(address.postal_code)),
                ("country", json!(address.country)),
            ])
        });
        present([
            ("family_name", json!(self.family_name)),
            ("given_name", json!(self.given_name)),
            ("middle_name", json!(self.middle_name)),
            ("nickname", json!(self.nickname)),
            ("preferred_username", json!(self.preferred_username)),
            ("profile", json!(self.profile)),
            ("website", json!(self.website)),
            ("gender", json!(self.gender)),
            ("birthdate", json!(self.birthdate)),
            ("zoneinfo", json!(self.zoneinfo)),
            ("locale", json!(self.locale)),
            ("address", json!(address)),
        ])
    }
}

impl Merge for PostalAddress {
    fn merge(&mut self, change: Self) {
        for (own, change) in [
            (&mut self.formatted, change.formatted),
            (&mut self.street_address, change.street_address),
            (&mut self.locality, change.locality),
            (&mut self.region, change.region),
            (&mut self.postal_code, change.postal_code),
            (&mut self.country, change.country),
        ] {
            *own = change.or(own.take());
        }
    }
}

impl Merge for UserProfile {
    fn merge(&mut self, change: Self) {
        for (own, change) in [
            (&mut self.family_name, change.family_name),
            (&mut self.given_name, change.given_name),
            (&mut self.middle_name, change.middle_name),
            (&mut self.nickname, change.nickname),
            (&mut self.preferred_username, change.preferred_username),
            (&mut self.profile, change.profile),
            (&mut self.website, change.website),
            (&mut self.gender, change.gender),
            (&mut self.birthdate, change.birthdate),
            (&mut self.zoneinfo, change.zoneinfo),
            (&mut self.locale, change.locale),
        ] {
            *own = change.or(own.take());
        }
        if let Some(change) = change.address {
            self.address.get_or_insert_default().merge(change);
        }
    }
}

fn present<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mass_assignment_of_claims_is_refused() {
        for name in ["sub", "iss", "aud", "exp", "roles", "email", "email_verified", "phone_number", "sid", "name"] {
            let sent = json!({ name: "x", "nickname": "Ann" });
            assert!(serde_json::from_value::<UserProfile>(sent.clone()).is_err(), "{name}");
            let Value::Object(stored) = sent else { unreachable!() };
            assert_eq!(UserProfile::from_stored(stored).claims(), *json!({ "nickname": "Ann" }).as_object().unwrap());
        }
    }

    #[test]
    fn stored_xss_in_the_page_of_a_profile() {
        for name in ["profile", "website"] {
            let read = |text: &str| serde_json::from_value::<UserProfile>(json!({ name: text })).unwrap().check();
            for text in ["https://example.com/me", "http://example.com", "example.com", ""] {
                assert!(read(text).is_ok(), "{text}");
            }
            for text in [
                "javascript:alert(1)",
                " JavaScript:alert(1)",
                "java\nscript:alert(1)",
                "data:text/html,x",
                "vbscript:x",
            ] {
                assert!(read(text).is_err(), "{text}");
            }
        }
    }

    #[test]
    fn claims_have_the_names_of_the_specification() {
        let mut profile: UserProfile =
            serde_json::from_value(json!({ "familyName": "L", "address": { "postalCode": "1" } })).unwrap();
        profile.merge(serde_json::from_value(json!({ "address": { "country": "GB" } })).unwrap());
        let expected = json!({ "family_name": "L", "address": { "postal_code": "1", "country": "GB" } });
        assert_eq!(Value::Object(profile.claims()), expected);
    }
}
