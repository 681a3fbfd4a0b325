//! Changes of the settings: what may be set, and which settings go together.

use serde_json::{Map, Value, json};

use super::SignInExperience;
use crate::application::is_web;
use crate::connector::ConnectorKind;
use crate::identifier::IdentifierKind;
use crate::{ErrorCode, Refusal};

/// Whether a value has the type of its setting.
type Fits = fn(&Value) -> bool;

/// Keys of a tenant's settings that may be set and how each must look.
const REST: [(&str, Fits); 24] = [
    ("color", Value::is_object),
    ("branding", is_branding),
    ("hideLogtoBranding", Value::is_boolean),
    ("languageInfo", Value::is_object),
    ("termsOfUseUrl", is_optional_address),
    ("privacyPolicyUrl", is_optional_address),
    ("agreeToTermsPolicy", Value::is_string),
    ("socialSignIn", Value::is_object),
    ("socialSignInConnectorTargets", Value::is_array),
    ("passwordPolicy", Value::is_object),
    ("passwordExpiration", Value::is_object),
    ("usernamePolicy", Value::is_object),
    ("mfa", Value::is_object),
    ("adaptiveMfa", Value::is_object),
    ("passkeySignIn", Value::is_object),
    ("singleSignOnEnabled", Value::is_boolean),
    ("captchaPolicy", Value::is_object),
    ("sentinelPolicy", Value::is_object),
    ("emailBlocklistPolicy", Value::is_object),
    ("supportEmail", is_optional_text),
    ("supportWebsiteUrl", is_optional_address),
    ("unknownSessionRedirectUrl", is_optional_address),
    ("customCss", is_optional_text),
    ("customContent", Value::is_object),
];

/// Settings of Logto that are not here. Its own document, sent back, holds them empty.
const ABSENT: [&str; 4] = ["customUiAssets", "customUiCsp", "trustedDevice", "signUpProfileFields"];

/// Whether a setting that is not here asks for nothing.
fn asks_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.values().all(|value| matches!(value, Value::Null | Value::Bool(false))),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn is_optional_text(value: &Value) -> bool {
    value.is_null() || value.is_string()
}

/// Pages make links and pictures of these: of a scheme such as `javascript:` they would be code. Empty is none.
fn is_optional_address(value: &Value) -> bool {
    value.as_str().map_or(value.is_null(), |text| text.is_empty() || is_web(text))
}

fn is_branding(value: &Value) -> bool {
    value.as_object().is_some_and(|branding| branding.values().all(is_optional_address))
}

impl SignInExperience {
    /// Applies a partial update: each given key replaces that whole value. Nothing changes when it is refused.
    /// `connectors` are the kinds that are set up.
    pub fn patched(&self, patch: &Map<String, Value>, connectors: &[ConnectorKind]) -> Result<Self, Refusal> {
        let mut next = self.clone();
        for (key, value) in patch {
            match key.as_str() {
                "signInMode" => next.sign_in_mode = field(key, value)?,
                "signUp" => next.sign_up = field(key, value)?,
                "signIn" => next.sign_in = field(key, value)?,
                "forgotPasswordMethods" => next.forgot_password_methods = field(key, value)?,
                "verificationCodePolicy" => next.verification_code_policy = field(key, value)?,
                "smsCountries" => next.sms_countries = field(key, value)?,
                "id" | "tenantId" => {}
                absent if ABSENT.contains(&absent) => {
                    if !asks_nothing(value) {
                        return Err(Refusal::invalid_input(absent, "there is no such setting here; leave it empty"));
                    }
                }
                other => {
                    let Some((_, fits)) = REST.iter().find(|(name, _)| *name == other) else {
                        return Err(Refusal::invalid_input(other, "there is no such setting"));
                    };
                    if !fits(value) {
                        return Err(Refusal::invalid_input(other, "has the wrong type, or is not a web address"));
                    }
                    next.rest.insert(other.to_owned(), value.clone());
                }
            }
        }
        next.check(patch, connectors)?;
        if ["signInMode", "signUp", "signIn"].iter().any(|key| patch.contains_key(*key)) {
            next.admit_who_signs_up(connectors);
        }
        Ok(next)
    }

    fn check(&self, patch: &Map<String, Value>, connectors: &[ConnectorKind]) -> Result<(), Refusal> {
        if patch.contains_key("signUp") {
            self.check_sign_up(connectors)?;
        }
        if patch.contains_key("signIn") {
            self.check_sign_in(connectors)?;
        }
        if patch.contains_key("verificationCodePolicy") {
            self.check_code_policy()?;
        }
        if patch.contains_key("forgotPasswordMethods") {
            self.check_forgot_password(connectors)?;
        }
        Ok(())
    }

    fn check_code_policy(&self) -> Result<(), Refusal> {
        let policy = self.verification_code_policy;
        if !(60..=3600).contains(&policy.expiration_duration) {
            return Err(Refusal::invalid_input(
                "verificationCodePolicy.expirationDuration",
                "must be 60 to 3600 seconds",
            ));
        }
        if !(1..=100).contains(&policy.max_retry_attempts) {
            return Err(Refusal::invalid_input("verificationCodePolicy.maxRetryAttempts", "must be 1 to 100"));
        }
        Ok(())
    }

    fn check_forgot_password(&self, connectors: &[ConnectorKind]) -> Result<(), Refusal> {
        for method in self.forgot_password_methods.iter().flatten() {
            let is_named = |kind: &ConnectorKind| kind.descriptor().forgot_password == Some(method.as_str());
            let kind = ConnectorKind::ALL.into_iter().find(is_named).ok_or_else(|| {
                let expected = "must hold EmailVerificationCode or PhoneVerificationCode";
                Refusal::invalid_input("forgotPasswordMethods", expected)
            })?;
            if !connectors.contains(&kind) {
                return Err(ErrorCode::ForgotPasswordNeedsConnector.into());
            }
        }
        Ok(())
    }

    fn check_sign_up(&self, connectors: &[ConnectorKind]) -> Result<(), Refusal> {
        let sign_up = &self.sign_up;
        let mut seen: Vec<&str> = Vec::new();
        let secondary = sign_up.secondary_identifiers.iter().map(|secondary| secondary.identifier.as_str());
        for name in sign_up.identifiers.iter().map(|kind| kind.as_str()).chain(secondary) {
            if !["username", "email", "phone", "emailOrPhone"].contains(&name) {
                let expected = "identifier must be username, email, phone or emailOrPhone";
                return Err(Refusal::invalid_input("signUp.secondaryIdentifiers", expected));
            }
            let parts: &[&str] = if name == "emailOrPhone" { &["email", "phone"] } else { &[name] };
            for part in parts {
                if seen.contains(part) {
                    return Err(ErrorCode::DuplicatedSignUpIdentifiers.into());
                }
                seen.push(part);
            }
        }
        if sign_up.identifiers.is_empty() && !sign_up.secondary_identifiers.is_empty() {
            return Err(ErrorCode::MissingSignUpIdentifiers.into());
        }
        let needs_code = |kind: &IdentifierKind| *kind != IdentifierKind::Username;
        if sign_up.identifiers.iter().any(needs_code) && !sign_up.verify {
            return Err(ErrorCode::PasswordlessRequiresVerify.into());
        }
        if sign_up.identifiers == [IdentifierKind::Username] && !sign_up.password {
            let expected = "must be true when people sign up by username alone";
            return Err(Refusal::invalid_input("signUp.password", expected));
        }
        for name in seen {
            need_connector("signUp.identifiers", name, connectors)?;
        }
        Ok(())
    }

    fn check_sign_in(&self, connectors: &[ConnectorKind]) -> Result<(), Refusal> {
        let mut seen = Vec::new();
        for method in &self.sign_in.methods {
            let name = method.identifier.as_str();
            if seen.contains(&method.identifier) {
                return Err(Refusal::invalid_input("signIn.methods", &format!("holds {name} twice")));
            }
            seen.push(method.identifier);
            if !method.password && !method.verification_code {
                return Err(ErrorCode::AtLeastOneFactor.into());
            }
            if method.verification_code {
                if method.identifier == IdentifierKind::Username {
                    let expected = "verificationCode must be false for username: a code is sent by phone or e-mail";
                    return Err(Refusal::invalid_input("signIn.methods", expected));
                }
                need_connector("signIn.methods", name, connectors)?;
            }
            let code_only = self.sign_up.verify && !self.sign_up.password;
            if code_only && method.identifier != IdentifierKind::Username && !method.verification_code {
                return Err(ErrorCode::CodeSignInRequired.into());
            }
        }
        Ok(())
    }
}

fn need_connector(at: &str, identifier: &str, connectors: &[ConnectorKind]) -> Result<(), Refusal> {
    let reaches = |kind: &ConnectorKind| kind.descriptor().recipient.is_some_and(|to| to.as_str() == identifier);
    let Some(kind) = ConnectorKind::ALL.into_iter().find(reaches).filter(|kind| !connectors.contains(kind)) else {
        return Ok(());
    };
    let word = kind.descriptor().word;
    let message = format!("{at}: {identifier} needs a connector of type {word}. Set one up first.");
    Err(Refusal::with_message(ErrorCode::EnabledConnectorNotFound, message).with_data(json!({ "type": word })))
}

fn field<T: serde::de::DeserializeOwned>(name: &str, value: &Value) -> Result<T, Refusal> {
    serde_json::from_value(value.clone()).map_err(|error| Refusal::invalid_input(name, &error.to_string()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn patch(value: Value, connectors: &[ConnectorKind]) -> Result<SignInExperience, ErrorCode> {
        let Value::Object(map) = value else { panic!("object") };
        SignInExperience::default().patched(&map, connectors).map_err(|refusal| refusal.code)
    }

    pub fn phone_sign_up(password: bool, verify: bool) -> Value {
        json!({ "signUp": { "identifiers": ["phone"], "password": password, "verify": verify } })
    }

    #[test]
    fn phone_sign_up_needs_verification_and_a_connector() {
        let sms = [ConnectorKind::Sms];
        assert_eq!(patch(phone_sign_up(false, false), &sms).unwrap_err(), ErrorCode::PasswordlessRequiresVerify);
        assert_eq!(patch(phone_sign_up(false, true), &[]).unwrap_err(), ErrorCode::EnabledConnectorNotFound);
        assert!(patch(phone_sign_up(false, true), &sms).is_ok());
        let both = json!({ "signUp": { "identifiers": ["email", "phone"], "password": false, "verify": true } });
        assert_eq!(patch(both, &sms).unwrap_err(), ErrorCode::EnabledConnectorNotFound);
    }

    #[test]
    fn sign_in_methods_need_a_factor_that_can_work() {
        let method = |kind: &str, password: bool, code: bool| json!({ "signIn": { "methods": [{ "identifier": kind, "password": password, "verificationCode": code, "isPasswordPrimary": password }] } });
        assert_eq!(patch(method("phone", false, false), &[]).unwrap_err(), ErrorCode::AtLeastOneFactor);
        assert_eq!(patch(method("phone", false, true), &[]).unwrap_err(), ErrorCode::EnabledConnectorNotFound);
        assert_eq!(patch(method("username", true, true), &[]).unwrap_err(), ErrorCode::InvalidInput);
        assert!(patch(method("phone", true, false), &[]).is_ok());
        let mut both = phone_sign_up(false, true);
        both.as_object_mut().unwrap().extend(method("phone", true, false).as_object().unwrap().clone());
        assert_eq!(patch(both, &[ConnectorKind::Sms]).unwrap_err(), ErrorCode::CodeSignInRequired);
    }

    #[test]
    fn stored_xss_in_an_address_of_the_pages() {
        for key in ["termsOfUseUrl", "privacyPolicyUrl", "supportWebsiteUrl", "unknownSessionRedirectUrl"] {
            for good in [json!("https://example.com/terms"), json!(""), Value::Null] {
                assert!(patch(json!({ key: good }), &[]).is_ok(), "{key}: {good}");
            }
            for bad in ["javascript:alert(1)", " https://example.com", "data:text/html,x", "//evil.example"] {
                assert!(patch(json!({ key: bad }), &[]).is_err(), "{key}: {bad}");
                assert!(patch(json!({ "branding": { "logoUrl": bad } }), &[]).is_err(), "{bad}");
            }
        }
        assert!(patch(json!({ "branding": { "logoUrl": "https://example.com/a.png", "favicon": null } }), &[]).is_ok());
    }

    #[test]
    fn unknown_settings_and_wrong_types_are_refused() {
        for bad in [
            json!({ "nonsense": 1 }),
            json!({ "color": "red" }),
            json!({ "signInMode": "Nobody" }),
            json!({ "signUp": { "identifiers": ["telegram"], "password": true, "verify": true } }),
            json!({ "verificationCodePolicy": { "expirationDuration": 1 } }),
            json!({ "verificationCodePolicy": { "maxRetryAttempts": 1000 } }),
            json!({ "signUp": { "identifiers": ["username"], "password": false, "verify": false } }),
            json!({ "forgotPasswordMethods": ["Pigeon"] }),
        ] {
            assert_eq!(patch(bad.clone(), &[]).unwrap_err(), ErrorCode::InvalidInput, "{bad}");
        }
        let twice = json!({ "signUp": { "identifiers": ["username", "username"], "password": true, "verify": false } });
        assert_eq!(patch(twice, &[]).unwrap_err(), ErrorCode::DuplicatedSignUpIdentifiers);
    }

    #[test]
    fn what_was_not_sent_is_not_judged() {
        let sms = [ConnectorKind::Sms];
        let Value::Object(reset) = json!({ "forgotPasswordMethods": ["PhoneVerificationCode"] }) else { panic!() };
        let stored = SignInExperience::default().patched(&reset, &sms).unwrap();
        let Value::Object(other) = json!({ "termsOfUseUrl": "https://a.example" }) else { panic!() };
        assert!(stored.patched(&other, &[]).is_ok(), "after the connector was deleted everything else is saved");
        assert_eq!(stored.patched(&reset, &[]).unwrap_err().code, ErrorCode::ForgotPasswordNeedsConnector);
    }

    #[test]
    fn settings_that_are_not_here_are_taken_empty_and_refused_by_name_otherwise() {
        let empty = json!({
            "customUiAssets": null, "customUiCsp": {}, "trustedDevice": { "enabled": false }, "signUpProfileFields": [],
        });
        assert_eq!(patch(empty, &[]).unwrap(), SignInExperience::default());
        for (key, value) in [
            ("customUiAssets", json!({ "id": "x", "createdAt": 1 })),
            ("customUiCsp", json!({ "scriptSrc": ["https://a"] })),
            ("trustedDevice", json!({ "enabled": true })),
            ("signUpProfileFields", json!([{ "name": "x" }])),
        ] {
            let given = Map::from_iter([(key.to_owned(), value)]);
            let refusal = SignInExperience::default().patched(&given, &[]).unwrap_err();
            assert!(refusal.detail().starts_with(key), "{key}");
        }
    }
}
