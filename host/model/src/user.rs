//! Users.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::identifier::{Identifier, IdentifierKind};
use crate::user_profile::UserProfile;
use crate::{ApplicationId, ObjectChange, Patch, Refusal, Timestamp, UserId, display};

/// How a stored password hash was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PasswordMethod {
    /// The present method.
    Argon2id,
    /// Logto's method; verifies and is renewed at the next sign-in.
    Argon2i,
    /// Imported; verifies and is renewed at the next sign-in.
    Bcrypt,
}

impl PasswordMethod {
    /// The name used in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argon2id => "Argon2id",
            Self::Argon2i => "Argon2i",
            Self::Bcrypt => "Bcrypt",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Argon2id, Self::Argon2i, Self::Bcrypt].into_iter().find(|method| method.as_str() == name)
    }
}

/// A password hash in PHC or bcrypt text form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// How it was made.
    pub method: PasswordMethod,
    /// `$argon2id$v=19$…` or `$2b$…`.
    pub encoded: String,
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PasswordHash({})", self.method.as_str())
    }
}

/// An identity of an outside provider that signs in to an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider, such as `github`.
    pub target: String,
    /// Who gave that id its meaning; empty where the target says it. The same id of another issuer is another person.
    pub issuer: String,
    /// The provider's id of the user.
    pub id: String,
    /// The provider's other words: `email`, `phone`, `name`, `avatar`, `rawData`.
    pub details: Value,
}

/// A user of a tenant.
#[derive(Debug, Clone)]
pub struct User {
    /// Id; the `sub` of tokens.
    pub id: UserId,
    /// Unique in the tenant.
    pub username: Option<String>,
    /// Verified address, in lower case; unique in the tenant.
    pub primary_email: Option<String>,
    /// Verified number, digits with country code; unique in the tenant.
    pub primary_phone: Option<String>,
    /// Absent for users who only sign in by code.
    pub password: Option<PasswordHash>,
    /// Display name.
    pub name: Option<String>,
    /// Address of a picture.
    pub avatar: Option<String>,
    /// The application's own data.
    pub custom_data: Map<String, Value>,
    /// Standard profile.
    pub profile: UserProfile,
    /// The application through which the user signed up.
    pub application_id: Option<ApplicationId>,
    /// A suspended user gets no session and no token.
    pub is_suspended: bool,
    /// Last completed sign-in.
    pub last_sign_in_at: Option<Timestamp>,
    /// Counts what ended all sign-ins; what was proven under another count is worth nothing.
    pub credential_epoch: i64,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When a field last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// An empty account.
    pub fn new(id: UserId, now: Timestamp) -> Self {
        Self {
            id,
            username: None,
            primary_email: None,
            primary_phone: None,
            password: None,
            name: None,
            avatar: None,
            custom_data: Map::new(),
            profile: UserProfile::default(),
            application_id: None,
            is_suspended: false,
            last_sign_in_at: None,
            credential_epoch: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Refuses what an account must not say of its owner.
    pub fn check(&self) -> Result<(), Refusal> {
        self.name.as_deref().map_or(Ok(()), display::check_name)?;
        self.profile.check()?;
        self.avatar.as_deref().map_or(Ok(()), display::check_avatar)
    }

    /// Sets the field that `identifier` names.
    pub fn set_identifier(&mut self, identifier: &Identifier) {
        let value = Some(identifier.value.clone());
        match identifier.kind {
            IdentifierKind::Username => self.username = value,
            IdentifierKind::Email => self.primary_email = value,
            IdentifierKind::Phone => self.primary_phone = value,
        }
    }

    /// The identifier of this kind, when the user has one.
    pub fn identifier(&self, kind: IdentifierKind) -> Option<&str> {
        match kind {
            IdentifierKind::Username => self.username.as_deref(),
            IdentifierKind::Email => self.primary_email.as_deref(),
            IdentifierKind::Phone => self.primary_phone.as_deref(),
        }
    }

    /// Whether it has a name, an address or a number to sign in with.
    pub fn has_identifier(&self) -> bool {
        [IdentifierKind::Username, IdentifierKind::Email, IdentifierKind::Phone]
            .into_iter()
            .any(|kind| self.identifier(kind).is_some())
    }

    /// Writes a change into the account.
    pub fn apply(&mut self, change: UserChange) {
        let UserChange { username, primary_email, primary_phone, password, name, avatar, .. } = change;
        username.apply(&mut self.username);
        primary_email.apply(&mut self.primary_email);
        primary_phone.apply(&mut self.primary_phone);
        password.apply(&mut self.password);
        name.apply(&mut self.name);
        avatar.apply(&mut self.avatar);
        change.custom_data.apply(&mut self.custom_data);
        change.profile.apply(&mut self.profile);
        self.is_suspended = change.is_suspended.unwrap_or(self.is_suspended);
        self.last_sign_in_at = change.last_sign_in_at.or(self.last_sign_in_at);
        self.updated_at = change.updated_at.unwrap_or(self.updated_at);
        self.credential_epoch += i64::from(change.ends_sign_ins);
    }
}

/// What a write changes of an account. Nothing else of it is written, so that two writers do not undo each other.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// New username.
    pub username: Patch<String>,
    /// New address.
    pub primary_email: Patch<String>,
    /// New number.
    pub primary_phone: Patch<String>,
    /// New password.
    pub password: Patch<PasswordHash>,
    /// New display name.
    pub name: Patch<String>,
    /// New picture.
    pub avatar: Patch<String>,
    /// The application's own data.
    pub custom_data: ObjectChange<Map<String, Value>>,
    /// Standard profile.
    pub profile: ObjectChange<UserProfile>,
    /// Suspends or resumes.
    pub is_suspended: Option<bool>,
    /// A completed sign-in.
    pub last_sign_in_at: Option<Timestamp>,
    /// When a field changed that administrators see.
    pub updated_at: Option<Timestamp>,
    /// Whether interactions, sessions and tokens under way end.
    pub ends_sign_ins: bool,
}

impl UserChange {
    /// Refuses what an account must not say of its owner.
    pub fn check(&self) -> Result<(), Refusal> {
        if let Patch::Set(name) = &self.name {
            display::check_name(name)?;
        }
        match &self.profile {
            ObjectChange::Merge(profile) | ObjectChange::Replace(profile) => profile.check()?,
            ObjectChange::Keep => {}
        }
        match &self.avatar {
            Patch::Set(avatar) => display::check_avatar(avatar),
            Patch::Keep | Patch::Clear => Ok(()),
        }
    }

    /// The field of an identifier.
    pub fn identifier(&mut self, kind: IdentifierKind) -> &mut Patch<String> {
        match kind {
            IdentifierKind::Username => &mut self.username,
            IdentifierKind::Email => &mut self.primary_email,
            IdentifierKind::Phone => &mut self.primary_phone,
        }
    }
}
