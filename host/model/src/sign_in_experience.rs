//! How people sign up and in: the settings of a tenant and the rules between them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::connector::ConnectorKind;
use crate::identifier::IdentifierKind;
use crate::interaction::{CODE_TRIES, CODE_TTL, InteractionEvent};
use crate::user::User;
use crate::{ErrorCode, Refusal};

/// Which of signing in and signing up is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInMode {
    /// Only existing accounts.
    SignIn,
    /// Only new accounts.
    Register,
    /// Both.
    SignInAndRegister,
}

/// An identifier that is asked for after the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecondaryIdentifier {
    /// `username`, `email`, `phone` or `emailOrPhone`.
    pub identifier: String,
    /// Whether it must be proven by a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<bool>,
}

/// What a new account must bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignUp {
    /// Any one of these.
    pub identifiers: Vec<IdentifierKind>,
    /// Whether a password is set.
    pub password: bool,
    /// Whether e-mail and phone are proven by a code.
    pub verify: bool,
    /// Asked for as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secondary_identifiers: Vec<SecondaryIdentifier>,
}

/// One way to sign in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInMethod {
    /// What names the account.
    pub identifier: IdentifierKind,
    /// By password.
    pub password: bool,
    /// By code.
    pub verification_code: bool,
    /// Which of the two is offered first.
    pub is_password_primary: bool,
}

/// The ways to sign in, in the order of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignIn {
    /// Ways to sign in.
    pub methods: Vec<SignInMethod>,
}

/// Codes: seconds that they live and wrong guesses that they survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VerificationCodePolicy {
    /// 60 to 3600.
    pub expiration_duration: i64,
    /// 1 to 100.
    pub max_retry_attempts: u32,
}

impl Default for VerificationCodePolicy {
    fn default() -> Self {
        Self { expiration_duration: CODE_TTL, max_retry_attempts: CODE_TRIES }
    }
}

/// The settings of a tenant. Fields that the server only stores are kept in `rest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignInExperience {
    /// Which flows are open.
    pub sign_in_mode: SignInMode,
    /// New accounts.
    pub sign_up: SignUp,
    /// Existing accounts.
    pub sign_in: SignIn,
    /// Channels of a password reset; null means every channel that has a connector.
    pub forgot_password_methods: Option<Vec<String>>,
    /// Codes.
    pub verification_code_policy: VerificationCodePolicy,
    /// Countries (ISO 3166 alpha-2) that receive text messages; null means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_countries: Option<Vec<String>>,
    /// Colours, branding, languages, terms and the other settings of Logto.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Whether a value has the type of its setting.
type Fits = fn(&Value) -> bool;

/// Keys of a tenant's settings that may be set and how each must look.
const REST: [(&str, Fits); 24] = [
    ("color", Value::is_object),
    ("branding", Value::is_object),
    ("hideLogtoBranding", Value::is_boolean),
    ("languageInfo", Value::is_object),
    ("termsOfUseUrl", is_optional_text),
    ("privacyPolicyUrl", is_optional_text),
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
    ("supportWebsiteUrl", is_optional_text),
    ("unknownSessionRedirectUrl", is_optional_text),
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

impl Default for SignInExperience {
    fn default() -> Self {
        let rest = json!({
            "color": { "primaryColor": "#4f46e5", "isDarkModeEnabled": true, "darkPrimaryColor": "#8b8cf8" },
            "branding": {},
            "hideLogtoBranding": false,
            "languageInfo": { "autoDetect": true, "fallbackLanguage": "en" },
            "termsOfUseUrl": null,
            "privacyPolicyUrl": null,
            "agreeToTermsPolicy": "Automatic",
            "socialSignIn": {},
            "socialSignInConnectorTargets": [],
            "passwordPolicy": {},
            "mfa": { "factors": [], "policy": "UserControlled" },
            "singleSignOnEnabled": false,
            "supportEmail": null,
            "supportWebsiteUrl": null,
            "unknownSessionRedirectUrl": null,
            "customCss": null,
            "customContent": {},
        });
        Self {
            sign_in_mode: SignInMode::SignInAndRegister,
            sign_up: SignUp {
                identifiers: vec![IdentifierKind::Username],
                password: true,
                verify: false,
                secondary_identifiers: Vec::new(),
            },
            sign_in: SignIn {
                methods: vec![SignInMethod {
                    identifier: IdentifierKind::Username,
                    password: true,
                    verification_code: false,
                    is_password_primary: true,
                }],
            },
            forgot_password_methods: None,
            verification_code_policy: VerificationCodePolicy::default(),
            sms_countries: None,
            rest: match rest {
                Value::Object(map) => map,
                _ => Map::new(),
            },
        }
    }
}

/// What of a sign-in method those who signed up depend on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Indispensable {
    /// The method as a whole.
    pub method: bool,
    /// Its password.
    pub password: bool,
    /// Its code.
    pub code: bool,
}

impl SignInExperience {
    /// What the operators' tenant allows, always: administrators are made by administrators, sign in by username and password
    /// and get a new password by a link.
    pub fn for_operators() -> Self {
        Self { sign_in_mode: SignInMode::SignIn, forgot_password_methods: Some(Vec::new()), ..Self::default() }
    }

    /// Targets of the social connectors that the pages offer, in their order.
    pub fn social_targets(&self) -> Vec<&str> {
        let targets = self.rest.get("socialSignInConnectorTargets").and_then(Value::as_array);
        targets.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A switch of `socialSignIn`; off when absent.
    pub fn social_switch(&self, name: &str) -> bool {
        self.rest.get("socialSignIn").and_then(|settings| settings.get(name)).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The language for readers whose own is unknown.
    pub fn fallback_language(&self) -> &str {
        let info = self.rest.get("languageInfo");
        info.and_then(|info| info.get("fallbackLanguage")).and_then(Value::as_str).unwrap_or("en")
    }

    /// Whether the browser's language decides.
    pub fn detects_language(&self) -> bool {
        self.rest.get("languageInfo").and_then(|info| info.get("autoDetect")) != Some(&Value::Bool(false))
    }

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
                        return Err(Refusal::invalid_input(other, "has the wrong type"));
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

    /// Gives whoever signs up a way to sign in again, as Logto's console does: each identifier of a registration gets a
    /// method that the registration leaves something for, a password or a code.
    pub fn admit_who_signs_up(&mut self, connectors: &[ConnectorKind]) {
        if !self.allows(InteractionEvent::Register) {
            return;
        }
        for kind in self.sign_up.identifiers.clone() {
            let by_code = !self.sign_up.password;
            let possible = !by_code || connector_of(kind).is_some_and(|connector| connectors.contains(&connector));
            if self.admits(kind) || !possible {
                continue;
            }
            match self.sign_in.methods.iter_mut().find(|method| method.identifier == kind) {
                Some(method) => {
                    method.password |= !by_code;
                    method.verification_code |= by_code;
                }
                None => self.sign_in.methods.push(SignInMethod {
                    identifier: kind,
                    password: !by_code,
                    verification_code: by_code,
                    is_password_primary: !by_code,
                }),
            }
        }
    }

    /// Whether an account that was made by this kind of identifier can sign in: by it, or by another identifier that every
    /// such account has.
    pub fn admits(&self, kind: IdentifierKind) -> bool {
        let sign_up = &self.sign_up;
        let has = |other: IdentifierKind| {
            other == kind || sign_up.secondary_identifiers.iter().any(|second| second.identifier == other.as_str())
        };
        let usable = |method: &SignInMethod| method.verification_code || (method.password && sign_up.password);
        self.sign_in.methods.iter().any(|method| has(method.identifier) && usable(method))
    }

    /// What cannot be taken from a kind of identifier without shutting out those who signed up by it.
    pub fn indispensable(&self, kind: IdentifierKind) -> Indispensable {
        if !self.allows(InteractionEvent::Register) || !self.sign_up.identifiers.contains(&kind) || !self.admits(kind) {
            return Indispensable::default();
        }
        let shuts_out = |change: fn(&mut SignInMethod)| {
            let mut without = self.clone();
            without.sign_in.methods.iter_mut().filter(|method| method.identifier == kind).for_each(change);
            !without.admits(kind)
        };
        Indispensable {
            method: shuts_out(|method| (method.password, method.verification_code) = (false, false)),
            password: shuts_out(|method| method.password = false),
            code: shuts_out(|method| method.verification_code = false),
        }
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
            let kind = match method.as_str() {
                "EmailVerificationCode" => ConnectorKind::Email,
                "PhoneVerificationCode" => ConnectorKind::Sms,
                _ => {
                    let expected = "must hold EmailVerificationCode or PhoneVerificationCode";
                    return Err(Refusal::invalid_input("forgotPasswordMethods", expected));
                }
            };
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

    /// Whether this event is open.
    pub fn allows(&self, event: InteractionEvent) -> bool {
        match event {
            InteractionEvent::SignIn => self.sign_in_mode != SignInMode::Register,
            InteractionEvent::Register => self.sign_in_mode != SignInMode::SignIn,
            // Channels that have no connector are refused when a code is asked for.
            InteractionEvent::ForgotPassword => {
                self.forgot_password_methods.as_ref().is_none_or(|list| !list.is_empty())
            }
        }
    }

    /// Whether a code for this kind of identifier proves something in this event.
    pub fn takes_code(&self, event: InteractionEvent, kind: IdentifierKind, connectors: &[ConnectorKind]) -> bool {
        self.allows(event)
            && match event {
                InteractionEvent::ForgotPassword => self.reset_kinds(connectors).contains(&kind),
                InteractionEvent::SignIn => self.method(kind).is_some_and(|method| method.verification_code),
                InteractionEvent::Register => self.collects(kind),
            }
    }

    /// Whether a code in this event is also for somebody without an account. Where it is not, nothing is sent to strangers,
    /// and nothing tells whether there is an account.
    pub fn welcomes_strangers(&self, event: InteractionEvent, kind: IdentifierKind) -> bool {
        match event {
            InteractionEvent::ForgotPassword => false,
            InteractionEvent::SignIn => self.allows(InteractionEvent::Register) && self.collects(kind),
            InteractionEvent::Register => true,
        }
    }

    /// The sign-in method for an identifier kind.
    pub fn method(&self, kind: IdentifierKind) -> Option<&SignInMethod> {
        self.sign_in.methods.iter().find(|method| method.identifier == kind)
    }

    /// Whether registration asks for this kind of identifier.
    pub fn collects(&self, kind: IdentifierKind) -> bool {
        let either = kind != IdentifierKind::Username;
        let mut secondary = self.sign_up.secondary_identifiers.iter().map(|secondary| secondary.identifier.as_str());
        self.sign_up.identifiers.contains(&kind)
            || secondary.any(|name| name == kind.as_str() || (either && name == "emailOrPhone"))
    }

    /// Identifier kinds that may name a password reset, given which connectors are set up.
    pub fn reset_kinds(&self, connectors: &[ConnectorKind]) -> Vec<IdentifierKind> {
        [
            (IdentifierKind::Phone, ConnectorKind::Sms, "PhoneVerificationCode"),
            (IdentifierKind::Email, ConnectorKind::Email, "EmailVerificationCode"),
        ]
        .into_iter()
        .filter(|(_, connector, name)| {
            let listed = self.forgot_password_methods.as_ref().is_none_or(|list| list.iter().any(|item| item == name));
            connectors.contains(connector) && listed
        })
        .map(|(kind, _, _)| kind)
        .collect()
    }

    /// As [`Self::missing_profile`] for someone whom an outside provider vouches for: there is no password to set, and other
    /// identifiers only where they are insisted on.
    pub fn missing_with_provider(&self, user: &User) -> Vec<&'static str> {
        if self.social_switch("skipRequiredIdentifiers") {
            return Vec::new();
        }
        self.missing_profile(user).into_iter().filter(|field| *field != "password").collect()
    }

    /// What a new account still lacks, in Logto's words; empty when it is complete.
    pub fn missing_profile(&self, user: &User) -> Vec<&'static str> {
        let sign_up = &self.sign_up;
        let mut missing = Vec::new();
        let has = |kind: IdentifierKind| user.identifier(kind).is_some();
        if !sign_up.identifiers.is_empty() && !sign_up.identifiers.iter().any(|kind| has(*kind)) {
            let both = sign_up.identifiers.contains(&IdentifierKind::Email)
                && sign_up.identifiers.contains(&IdentifierKind::Phone);
            match sign_up.identifiers.first() {
                _ if both => missing.push("emailOrPhone"),
                Some(kind) => missing.push(kind.as_str()),
                None => {}
            }
        }
        for secondary in &sign_up.secondary_identifiers {
            match secondary.identifier.as_str() {
                "username" if !has(IdentifierKind::Username) => missing.push("username"),
                "email" if !has(IdentifierKind::Email) => missing.push("email"),
                "phone" if !has(IdentifierKind::Phone) => missing.push("phone"),
                "emailOrPhone" if !has(IdentifierKind::Email) && !has(IdentifierKind::Phone) => {
                    missing.push("emailOrPhone");
                }
                _ => {}
            }
        }
        if sign_up.password && user.password.is_none() {
            missing.push("password");
        }
        missing
    }
}

/// The kind of connector that carries codes to this kind of identifier.
fn connector_of(kind: IdentifierKind) -> Option<ConnectorKind> {
    match kind {
        IdentifierKind::Username => None,
        IdentifierKind::Email => Some(ConnectorKind::Email),
        IdentifierKind::Phone => Some(ConnectorKind::Sms),
    }
}

fn need_connector(at: &str, identifier: &str, connectors: &[ConnectorKind]) -> Result<(), Refusal> {
    let (kind, word) = match identifier {
        "email" => (ConnectorKind::Email, "Email"),
        "phone" => (ConnectorKind::Sms, "Sms"),
        _ => return Ok(()),
    };
    if connectors.contains(&kind) {
        return Ok(());
    }
    let message = format!("{at}: {identifier} needs a connector of type {word}. Set one up first.");
    Err(Refusal::with_message(ErrorCode::EnabledConnectorNotFound, message).with_data(json!({ "type": word })))
}

fn field<T: serde::de::DeserializeOwned>(name: &str, value: &Value) -> Result<T, Refusal> {
    serde_json::from_value(value.clone()).map_err(|error| Refusal::invalid_input(name, &error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(value: Value, connectors: &[ConnectorKind]) -> Result<SignInExperience, ErrorCode> {
        let Value::Object(map) = value else { panic!("object") };
        SignInExperience::default().patched(&map, connectors).map_err(|refusal| refusal.code)
    }

    fn phone_sign_up(password: bool, verify: bool) -> Value {
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
    fn missing_profile_names_what_is_missing() {
        let experience = patch(phone_sign_up(true, true), &[ConnectorKind::Sms]).unwrap();
        let mut user = User::new("u".into(), crate::Timestamp(0));
        assert_eq!(experience.missing_profile(&user), ["phone", "password"]);
        user.primary_phone = Some("8613012345678".into());
        assert_eq!(experience.missing_profile(&user), ["password"]);
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
            assert!(refusal.message.starts_with(key), "{key}");
        }
    }

    #[test]
    fn whoever_signs_up_can_sign_in() {
        let all = [ConnectorKind::Sms, ConnectorKind::Email];
        for identifiers in
            [json!(["username"]), json!(["phone"]), json!(["email"]), json!(["email", "phone"]), json!([])]
        {
            for password in [true, false] {
                let username = identifiers == json!(["username"]);
                if username && !password {
                    continue;
                }
                let sign_up = json!({ "identifiers": identifiers, "password": password, "verify": !username });
                let saved = patch(json!({ "signUp": sign_up }), &all).unwrap();
                for kind in &saved.sign_up.identifiers {
                    assert!(saved.admits(*kind), "{sign_up} leaves no way for {kind:?}");
                }
            }
        }
        let phone = patch(phone_sign_up(false, true), &all).unwrap();
        let added = phone.method(IdentifierKind::Phone).unwrap();
        assert!(added.verification_code && !added.password, "the way that the registration leaves something for");
        let (method, password, code) = (true, false, true);
        assert_eq!(phone.indispensable(IdentifierKind::Phone), Indispensable { method, password, code });
        assert_eq!(phone.indispensable(IdentifierKind::Username), Indispensable::default(), "nobody signs up by it");
        let mut closed = phone_sign_up(false, true);
        closed.as_object_mut().unwrap().insert("signInMode".into(), json!("SignIn"));
        assert!(patch(closed, &all).unwrap().method(IdentifierKind::Phone).is_none(), "nobody signs up");
    }
}
