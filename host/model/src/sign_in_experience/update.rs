//! Changes of the settings: what may be set, and which settings go together.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::SignInExperience;
use super::settings::{Checked, is_absent};
use crate::connector::ConnectorKind;
use crate::identifier::IdentifierKind;
use crate::look::{check_css, is_web, read_setting};
use crate::reason::AnyOf;
use crate::{ErrorCode, Reason, Refusal};

/// Settings that decide who gets in, and how: one that cannot be read is an error, never the default.
const FLOWS: [&str; 6] =
    ["signInMode", "signUp", "signIn", "forgotPasswordMethods", "verificationCodePolicy", "smsCountries"];

/// What people may be asked for at sign-up.
const IDENTIFIERS: AnyOf = AnyOf(&["username", "email", "phone", "emailOrPhone"]);

/// Most providers on the pages.
const MAX_TARGETS: usize = 100;

/// Longest address of support, in bytes.
const MAX_TEXT: usize = 2048;

/// A text, or none where it is empty.
fn text(name: &str, value: &Value) -> Result<Option<String>, Refusal> {
    let text: Option<String> = read_setting(name, value)?;
    if text.as_ref().is_some_and(|text| text.len() > MAX_TEXT) {
        return Err(Refusal::invalid_input(name, Reason::TooLong));
    }
    Ok(text.filter(|text| !text.is_empty()))
}

/// Pages make links of these: of a scheme such as `javascript:` they would be code.
fn address(name: &str, value: &Value) -> Result<Option<String>, Refusal> {
    let address = text(name, value)?;
    match address {
        Some(address) if !is_web(&address) => Err(Refusal::invalid_input(name, Reason::WebAddress)),
        address => Ok(address),
    }
}

fn css(name: &str, value: &Value) -> Result<Option<String>, Refusal> {
    let css: Option<String> = read_setting(name, value)?;
    check_css(name, css.as_deref())?;
    Ok(css.filter(|css| !css.is_empty()))
}

fn checked<T: DeserializeOwned + Checked>(name: &str, value: &Value) -> Result<T, Refusal> {
    let setting: T = read_setting(name, value)?;
    setting.check(name)?;
    Ok(setting)
}

fn targets(name: &str, value: &Value) -> Result<Vec<String>, Refusal> {
    let targets: Vec<String> = read_setting(name, value)?;
    if targets.len() > MAX_TARGETS || targets.iter().any(|target| target.len() > MAX_TEXT) {
        return Err(Refusal::invalid_input(name, Reason::TooManyTargets { most: MAX_TARGETS }));
    }
    Ok(targets)
}

impl SignInExperience {
    /// Applies a partial update: each given key replaces that whole value. Nothing changes when it is refused.
    /// `connectors` are the kinds that are set up.
    pub fn patched(&self, patch: &Map<String, Value>, connectors: &[ConnectorKind]) -> Result<Self, Refusal> {
        let mut next = self.clone();
        for (name, value) in patch {
            next.set(name, value)?;
        }
        next.check(patch, connectors)?;
        if ["signInMode", "signUp", "signIn"].iter().any(|name| patch.contains_key(*name)) {
            next.admit_who_signs_up(connectors);
        }
        Ok(next)
    }

    /// The settings under a form that is being filled in: what cannot be read yet is as it was, and nothing is judged.
    #[must_use]
    pub fn drafted(&self, patch: &Map<String, Value>, connectors: &[ConnectorKind]) -> Self {
        let mut next = self.clone();
        for (name, value) in patch {
            let _unreadable = next.set(name, value);
        }
        next.admit_who_signs_up(connectors);
        next
    }

    /// Reads what was stored, perhaps by another version, and names what is not acted upon: unknown settings, and those that
    /// are not enforced. What decides who gets in must be readable.
    pub fn from_stored(stored: &Map<String, Value>) -> Result<(Self, Vec<&str>), Refusal> {
        let mut settings = Self::default();
        let mut ignored = Vec::new();
        for (name, value) in stored {
            match settings.set(name, value) {
                Err(refusal) if FLOWS.contains(&name.as_str()) => return Err(refusal),
                Err(_) => ignored.push(name.as_str()),
                Ok(()) => {}
            }
        }
        Ok((settings, ignored))
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), Refusal> {
        match name {
            "signInMode" => self.sign_in_mode = read_setting(name, value)?,
            "signUp" => self.sign_up = read_setting(name, value)?,
            "signIn" => self.sign_in = read_setting(name, value)?,
            "forgotPasswordMethods" => self.forgot_password_methods = read_setting(name, value)?,
            "verificationCodePolicy" => self.verification_code_policy = read_setting(name, value)?,
            "smsCountries" => self.sms_countries = read_setting(name, value)?,
            "color" => self.color = checked(name, value)?,
            "branding" => self.branding = checked(name, value)?,
            "hideLogtoBranding" => self.hide_logto_branding = read_setting(name, value)?,
            "languageInfo" => self.language_info = checked(name, value)?,
            "termsOfUseUrl" => self.terms_of_use_url = address(name, value)?,
            "privacyPolicyUrl" => self.privacy_policy_url = address(name, value)?,
            "agreeToTermsPolicy" => self.agree_to_terms_policy = checked(name, value)?,
            "socialSignIn" => self.social_sign_in = read_setting(name, value)?,
            "socialSignInConnectorTargets" => self.social_sign_in_connector_targets = targets(name, value)?,
            "passwordPolicy" => self.password_policy = checked(name, value)?,
            "mfa" => self.mfa = checked(name, value)?,
            "singleSignOnEnabled" => self.single_sign_on_enabled = checked(name, value)?,
            "supportEmail" => self.support_email = text(name, value)?,
            "supportWebsiteUrl" => self.support_website_url = address(name, value)?,
            "unknownSessionRedirectUrl" => self.unknown_session_redirect_url = address(name, value)?,
            "customCss" => self.custom_css = css(name, value)?,
            "id" | "tenantId" => {}
            other if is_absent(other, value)? => {}
            other => return Err(Refusal::invalid_input(other, Reason::NoSuchSetting)),
        }
        Ok(())
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
            let reason = Reason::Seconds { least: 60, most: 3600 };
            return Err(Refusal::invalid_input("verificationCodePolicy.expirationDuration", reason));
        }
        if !(1..=100).contains(&policy.max_retry_attempts) {
            let reason = Reason::Between { least: 1, most: 100 };
            return Err(Refusal::invalid_input("verificationCodePolicy.maxRetryAttempts", reason));
        }
        Ok(())
    }

    fn check_forgot_password(&self, connectors: &[ConnectorKind]) -> Result<(), Refusal> {
        for method in self.forgot_password_methods.iter().flatten() {
            let is_named = |kind: &ConnectorKind| kind.descriptor().forgot_password == Some(method.as_str());
            let kind = ConnectorKind::ALL.into_iter().find(is_named).ok_or_else(|| {
                let names = AnyOf(&["EmailVerificationCode", "PhoneVerificationCode"]);
                Refusal::invalid_input("forgotPasswordMethods", Reason::Holds { names })
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
            if !IDENTIFIERS.0.contains(&name) {
                let reason = Reason::Identifier { names: IDENTIFIERS };
                return Err(Refusal::invalid_input("signUp.secondaryIdentifiers", reason));
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
            return Err(Refusal::invalid_input("signUp.password", Reason::PasswordWithUsername));
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
                return Err(Refusal::invalid_input("signIn.methods", Reason::Twice { name }));
            }
            seen.push(method.identifier);
            if !method.password && !method.verification_code {
                return Err(ErrorCode::AtLeastOneFactor.into());
            }
            if method.verification_code {
                if method.identifier == IdentifierKind::Username {
                    return Err(Refusal::invalid_input("signIn.methods", Reason::NoCodeForUsername));
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

fn need_connector(at: &str, name: &str, connectors: &[ConnectorKind]) -> Result<(), Refusal> {
    let reached = |kind: ConnectorKind| Some((kind, kind.descriptor().recipient?.as_str()));
    let Some((kind, identifier)) = ConnectorKind::ALL.into_iter().filter_map(reached).find(|(_, to)| *to == name)
    else {
        return Ok(());
    };
    if connectors.contains(&kind) {
        return Ok(());
    }
    let kind = kind.descriptor().word;
    let refusal = Refusal::because(ErrorCode::EnabledConnectorNotFound, Reason::ConnectorNeeded { identifier, kind });
    Err(refusal.of_field(at).with_data(json!({ "type": kind })))
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
            json!({ "languageInfo": [] }),
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
            assert_eq!(refusal.field.as_deref(), Some(key));
        }
    }
}
