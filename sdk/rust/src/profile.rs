//! From a provider's own object of a user to an identity.

use std::borrow::Cow;

use serde_json::Value;

use crate::{Failure, UserInfo, oauth};

/// Where in a provider's user information, or in the claims of an ID token, each field stands, as JSON pointers (RFC 6901).
#[derive(Debug, Clone)]
pub struct Profile<'c> {
    id: Cow<'c, str>,
    email: Option<Cow<'c, str>>,
    email_verified: Option<Cow<'c, str>>,
    phone: Option<Cow<'c, str>>,
    names: Vec<Cow<'c, str>>,
    avatar: Option<Cow<'c, str>>,
}

impl<'c> Profile<'c> {
    /// A profile of the id alone: text, or a whole number of 64 bits.
    pub fn new(id: impl Into<Cow<'c, str>>) -> Self {
        Self { id: id.into(), email: None, email_verified: None, phone: None, names: Vec::new(), avatar: None }
    }

    /// The e-mail address, which counts as unverified.
    #[must_use]
    pub fn email(mut self, pointer: impl Into<Cow<'c, str>>) -> Self {
        self.email = Some(pointer.into());
        self
    }

    /// What says that the address is this user's: `true`, and nothing but `true`. Only for a provider that defines such a flag;
    /// whoever can set an address freely there would take over the account of its owner.
    #[must_use]
    pub fn email_verified(mut self, pointer: impl Into<Cow<'c, str>>) -> Self {
        self.email_verified = Some(pointer.into());
        self
    }

    /// The phone number, which counts as unverified.
    #[must_use]
    pub fn phone(mut self, pointer: impl Into<Cow<'c, str>>) -> Self {
        self.phone = Some(pointer.into());
        self
    }

    /// The display name. Called again, it names what stands in when there is none.
    #[must_use]
    pub fn name(mut self, pointer: impl Into<Cow<'c, str>>) -> Self {
        self.names.push(pointer.into());
        self
    }

    /// The address of a picture.
    #[must_use]
    pub fn avatar(mut self, pointer: impl Into<Cow<'c, str>>) -> Self {
        self.avatar = Some(pointer.into());
        self
    }

    /// The identity that the provider's object states. `invalid-response` without an id; any other field of another type than
    /// expected counts as absent.
    pub fn read(&self, user: Value) -> Result<UserInfo, Failure> {
        let text = |pointer: &Option<Cow<'_, str>>| pointer.as_ref().and_then(|pointer| oauth::text(&user, pointer));
        let email = text(&self.email);
        let flag = self.email_verified.as_ref().and_then(|pointer| user.pointer(pointer));
        Ok(UserInfo {
            id: oauth::id(&user, &self.id)?,
            email_verified: email.is_some() && flag == Some(&Value::Bool(true)),
            email,
            phone: text(&self.phone),
            name: self.names.iter().find_map(|pointer| oauth::text(&user, pointer)),
            avatar: text(&self.avatar),
            raw_data: user,
            ..UserInfo::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::code;

    #[test]
    fn link_by_unverified_email() {
        let profile = Profile::new("/id").email("/email").email_verified("/verified");
        for (user, verified) in [
            (json!({ "id": "1", "email": "a@example.org", "verified": true }), true),
            (json!({ "id": "1", "email": "a@example.org", "verified": "true" }), false),
            (json!({ "id": "1", "email": "a@example.org", "verified": 1 }), false),
            (json!({ "id": "1", "email": "a@example.org", "verified": [true] }), false),
            (json!({ "id": "1", "email": "a@example.org", "email_verified": true }), false),
            (json!({ "id": "1", "email": "", "verified": true }), false),
            (json!({ "id": "1", "email": ["a@example.org"], "verified": true }), false),
            (json!({ "id": "1", "verified": true }), false),
        ] {
            assert_eq!(profile.read(user.clone()).unwrap().email_verified, verified, "{user}");
            let unflagged = Profile::new("/id").email("/email").read(user.clone()).unwrap();
            assert!(!unflagged.email_verified, "{user}");
        }
    }

    #[test]
    fn a_hostile_user_object_is_refused_or_read_in_part() {
        let profile =
            Profile::new("/sub").email("/email").phone("/phone").name("/a/b").name("/login").avatar("/picture");
        for user in [
            json!(null),
            json!([]),
            json!("sub"),
            json!({ "sub": "" }),
            json!({ "sub": 1.5 }),
            json!({ "sub": { "sub": "1" } }),
            json!({ "id": "1" }),
        ] {
            assert_eq!(profile.read(user.clone()).unwrap_err().code, code::INVALID_RESPONSE, "{user}");
        }
        let odd = json!({ "sub": 7, "email": 1, "phone": true, "a": "b", "login": ["x"], "picture": {} });
        let user = profile.read(odd.clone()).unwrap();
        assert_eq!(json!(user), json!({ "id": "7", "emailVerified": false, "phoneVerified": false, "rawData": odd }));
        let user = profile.read(json!({ "sub": "7", "phone": "+1", "a": { "b": "" }, "login": "ada" })).unwrap();
        assert_eq!((user.phone.as_deref(), user.name.as_deref()), (Some("+1"), Some("ada")));
        assert!(!user.phone_verified);
    }
}
