//! What the settings mean for somebody who signs in, signs up or has forgotten a password.

use super::{SignInExperience, SignInMethod, SignInMode};
use crate::connector::ConnectorKind;
use crate::identifier::IdentifierKind;
use crate::interaction::InteractionEvent;
use crate::user::User;

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

/// What an account can lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingField {
    /// A username.
    Username,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// One of the two.
    EmailOrPhone,
    /// A password.
    Password,
}

impl MissingField {
    const ALL: [Self; 5] = [Self::Username, Self::Email, Self::Phone, Self::EmailOrPhone, Self::Password];

    fn of(kind: IdentifierKind) -> Self {
        match kind {
            IdentifierKind::Username => Self::Username,
            IdentifierKind::Email => Self::Email,
            IdentifierKind::Phone => Self::Phone,
        }
    }

    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::EmailOrPhone => "emailOrPhone",
            Self::Password => "password",
        }
    }

    /// The identifiers of which one fills it; none for a password.
    pub fn kinds(self) -> &'static [IdentifierKind] {
        match self {
            Self::Username => &[IdentifierKind::Username],
            Self::Email => &[IdentifierKind::Email],
            Self::Phone => &[IdentifierKind::Phone],
            Self::EmailOrPhone => &[IdentifierKind::Email, IdentifierKind::Phone],
            Self::Password => &[],
        }
    }
}

impl SignInExperience {
    /// Gives whoever signs up a way to sign in again, as Logto's console does: each identifier of a registration gets a
    /// method that the registration leaves something for, a password or a code.
    pub fn admit_who_signs_up(&mut self, connectors: &[ConnectorKind]) {
        if !self.allows(InteractionEvent::Register) {
            return;
        }
        for kind in self.sign_up.identifiers.clone() {
            let by_code = !self.sign_up.password;
            let possible =
                !by_code || ConnectorKind::reaching(kind).is_some_and(|connector| connectors.contains(&connector));
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

    /// What comes first where nobody says what they came for.
    pub fn first_event(&self) -> InteractionEvent {
        let signs_in = self.allows(InteractionEvent::SignIn);
        if signs_in { InteractionEvent::SignIn } else { InteractionEvent::Register }
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
        let is_listed =
            |name: &str| self.forgot_password_methods.as_ref().is_none_or(|list| list.iter().any(|item| item == name));
        let able =
            ConnectorKind::ALL.into_iter().filter(|kind| connectors.contains(kind)).map(ConnectorKind::descriptor);
        able.filter(|kind| kind.forgot_password.is_some_and(is_listed)).filter_map(|kind| kind.recipient).collect()
    }

    /// What an account still lacks to be complete. Whoever an outside provider vouches for has no password to set, and other
    /// identifiers only where they are insisted on.
    pub fn missing(&self, user: &User, by_provider: bool) -> Vec<MissingField> {
        if by_provider && self.social_sign_in.skips_identifiers() {
            return Vec::new();
        }
        let sign_up = &self.sign_up;
        let mut missing = Vec::new();
        let has = |kind: IdentifierKind| user.identifier(kind).is_some();
        if !sign_up.identifiers.is_empty() && !sign_up.identifiers.iter().any(|kind| has(*kind)) {
            let both = sign_up.identifiers.contains(&IdentifierKind::Email)
                && sign_up.identifiers.contains(&IdentifierKind::Phone);
            match sign_up.identifiers.first() {
                _ if both => missing.push(MissingField::EmailOrPhone),
                Some(kind) => missing.push(MissingField::of(*kind)),
                None => {}
            }
        }
        for secondary in &sign_up.secondary_identifiers {
            let field = MissingField::ALL.into_iter().find(|field| field.as_str() == secondary.identifier);
            missing.extend(
                field.filter(|field| !field.kinds().is_empty() && !field.kinds().iter().any(|kind| has(*kind))),
            );
        }
        if sign_up.password && user.password.is_none() && !by_provider {
            missing.push(MissingField::Password);
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::update::tests::{patch, phone_sign_up};
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let experience = patch(phone_sign_up(true, true), &[ConnectorKind::Sms]).unwrap();
        let mut user = User::new("u".into(), crate::Timestamp(0));
        assert_eq!(experience.missing(&user, false), [MissingField::Phone, MissingField::Password]);
        assert_eq!(experience.missing(&user, true), [MissingField::Phone], "a provider stands for the password");
        user.primary_phone = Some("8613012345678".into());
        assert_eq!(experience.missing(&user, false), [MissingField::Password]);
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
