//! A sign-in under way: what was asked, what has been proven, what is still missing.

mod next;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identifier::{Identifier, IdentifierKind};
use crate::oauth::Authorization;
use crate::user::{PasswordHash, User, UserChange};
use crate::{ApplicationId, ConnectorId, ErrorCode, InteractionId, Patch, Refusal, Timestamp, UserId, VerificationId};

pub use next::{Account, Next, next};

/// An interaction lives this many seconds.
pub const INTERACTION_TTL: i64 = 3600;
/// Wrong guesses that one code survives.
pub const CODE_TRIES: u32 = 5;
/// Seconds that a code lives.
pub const CODE_TTL: i64 = 600;

/// What the user came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InteractionEvent {
    /// Sign in to an account that exists.
    SignIn,
    /// Make an account.
    Register,
    /// Set a new password.
    ForgotPassword,
}

impl InteractionEvent {
    /// The name used in the API, in templates and in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "SignIn",
            Self::Register => "Register",
            Self::ForgotPassword => "ForgotPassword",
        }
    }
}

/// How something was, or is to be, proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerificationKind {
    /// The account's password.
    Password,
    /// A code sent by e-mail.
    EmailVerificationCode,
    /// A code sent by text message.
    PhoneVerificationCode,
    /// A new username with a new password.
    NewPasswordIdentity,
}

impl VerificationKind {
    /// The name used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "Password",
            Self::EmailVerificationCode => "EmailVerificationCode",
            Self::PhoneVerificationCode => "PhoneVerificationCode",
            Self::NewPasswordIdentity => "NewPasswordIdentity",
        }
    }

    /// The code kind for an identifier kind; usernames receive no codes.
    pub fn code_for(kind: IdentifierKind) -> Option<Self> {
        match kind {
            IdentifierKind::Email => Some(Self::EmailVerificationCode),
            IdentifierKind::Phone => Some(Self::PhoneVerificationCode),
            IdentifierKind::Username => None,
        }
    }
}

/// A sent code; known by keyed hash only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SentCode {
    /// Keyed hash of code and verification id.
    pub hash: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// After this moment it is refused.
    pub expires_at: Timestamp,
    /// Wrong guesses so far.
    pub tries: u32,
    /// A code that was used once is gone.
    pub consumed: bool,
    /// The counters that its message is open in, until it is used.
    #[serde(default)]
    pub counters: Vec<String>,
}

/// A puzzle for the browser, whose answer lets one more message through where a limit was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What the answer is hashed with.
    pub challenge: String,
    /// How many leading bits of the hash must be zero.
    pub bits: u32,
}

/// A proof, finished or not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verification {
    /// Id.
    pub id: VerificationId,
    /// How.
    pub kind: VerificationKind,
    /// Of what.
    pub identifier: Identifier,
    /// Whether it is proven.
    pub verified: bool,
    /// The account whose password was right.
    pub user_id: Option<UserId>,
    /// The code under way.
    pub code: Option<SentCode>,
    /// The new password of a new username.
    pub password: Option<PasswordHash>,
    /// The account's [`User::credential_epoch`] when this was proven; 0 where there was no account.
    #[serde(default)]
    pub credential_epoch: i64,
    /// The event in which it was made.
    pub event: Option<InteractionEvent>,
}

impl Verification {
    /// Whether it counts in `event`: what was proven to sign in counts to sign up and the other way round; a password reset
    /// stands alone.
    pub fn belongs_to(&self, event: InteractionEvent) -> bool {
        let resets = |event| event == InteractionEvent::ForgotPassword;
        self.event.is_some_and(|made| resets(made) == resets(event))
    }
}

/// A sign-in with an outside provider, under way or done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SocialVerification {
    /// Id.
    pub id: VerificationId,
    /// Through which connector.
    pub connector_id: ConnectorId,
    /// The name under which the provider's identities are kept.
    pub target: String,
    /// What the provider must send back.
    pub state: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// What the connector kept; gone at its first use.
    pub session: Option<BTreeMap<String, String>>,
    /// Whether name and picture follow the provider.
    pub sync_profile: bool,
    /// Whether its address belongs to an account that is not linked to it: the account's own proof links them.
    #[serde(default)]
    pub related: bool,
    /// Whom the provider vouches for, once it does.
    pub user_info: Option<SocialUserInfo>,
    /// The account's [`User::credential_epoch`] at that moment; 0 where there was no account.
    #[serde(default)]
    pub credential_epoch: i64,
}

/// Whom a provider vouches for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SocialUserInfo {
    /// The provider's stable id of the user.
    pub id: String,
    /// Who gave that id its meaning; empty where the target says it. The same id of another issuer is another person.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The address as the provider has it.
    pub email: Option<String>,
    /// Whether a provider that is trusted for it says that the address is this user's. Nothing counts without it.
    #[serde(default)]
    pub email_verified: bool,
    /// The number as the provider has it.
    pub phone: Option<String>,
    /// Whether a provider that is trusted for it says that the number is this user's.
    #[serde(default)]
    pub phone_verified: bool,
    /// Display name.
    pub name: Option<String>,
    /// Address of a picture.
    pub avatar: Option<String>,
    /// The provider's own words.
    #[serde(default)]
    pub raw_data: serde_json::Value,
}

impl SocialUserInfo {
    /// The addresses that count.
    pub fn verified(&self) -> Vec<Identifier> {
        [
            (IdentifierKind::Email, &self.email, self.email_verified),
            (IdentifierKind::Phone, &self.phone, self.phone_verified),
        ]
        .into_iter()
        .filter_map(|(kind, value, verified)| Some(Identifier { kind, value: value.clone().filter(|_| verified)? }))
        .collect()
    }
}

/// What the account will get at submission, or already got at registration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Profile {
    /// New username.
    pub username: Option<String>,
    /// New verified e-mail address.
    pub email: Option<String>,
    /// New verified phone number.
    pub phone: Option<String>,
    /// New password.
    pub password: Option<PasswordHash>,
}

impl Profile {
    /// Whether it holds an identifier or a password.
    pub fn names_account(&self) -> bool {
        self.username.is_some() || self.email.is_some() || self.phone.is_some() || self.password.is_some()
    }

    /// The fields as a change of an account.
    pub fn change(&self) -> UserChange {
        fn given<T: Clone>(value: Option<&T>) -> Patch<T> {
            value.cloned().map_or(Patch::Keep, Patch::Set)
        }
        UserChange {
            username: given(self.username.as_ref()),
            primary_email: given(self.email.as_ref()),
            primary_phone: given(self.phone.as_ref()),
            password: given(self.password.as_ref()),
            ..UserChange::default()
        }
    }

    /// Writes the fields into an account.
    pub fn apply(&self, user: &mut User) {
        user.apply(self.change());
    }
}

/// A sign-in under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Interaction {
    /// Id. The browser's cookie holds a secret, of which the store keeps the hash.
    pub id: InteractionId,
    /// Which application asked.
    pub application_id: ApplicationId,
    /// What it asked for.
    pub authorization: Authorization,
    /// Secret of the forms of this interaction.
    pub csrf: String,
    /// What the user came for.
    pub event: Option<InteractionEvent>,
    /// Proofs; one of each kind.
    pub verifications: Vec<Verification>,
    /// A sign-in with an outside provider.
    #[serde(default)]
    pub social: Option<SocialVerification>,
    /// The account that was identified.
    pub user_id: Option<UserId>,
    /// The account's [`User::credential_epoch`] when it was identified.
    #[serde(default)]
    pub credential_epoch: i64,
    /// Fields to set at submission.
    pub profile: Profile,
    /// A puzzle under way.
    #[serde(default)]
    pub work: Option<Work>,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this moment it is gone.
    pub expires_at: Timestamp,
}

impl Interaction {
    /// An interaction in which nothing has been done yet; `csrf` is a new secret.
    pub fn new(
        id: InteractionId,
        application_id: ApplicationId,
        authorization: Authorization,
        csrf: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            application_id,
            authorization,
            csrf,
            event: None,
            verifications: Vec::new(),
            social: None,
            user_id: None,
            credential_epoch: 0,
            profile: Profile::default(),
            work: None,
            created_at: now,
            expires_at: now.plus_seconds(INTERACTION_TTL),
        }
    }

    /// The event, or `session.interaction_not_found` before it was chosen.
    pub fn event(&self) -> Result<InteractionEvent, Refusal> {
        self.event.ok_or_else(|| ErrorCode::InteractionNotFound.into())
    }

    /// The identified account, or `session.identifier_not_found`.
    pub fn identified(&self) -> Result<&UserId, Refusal> {
        self.user_id.as_ref().ok_or_else(|| ErrorCode::IdentifierNotFound.into())
    }

    /// Starts over with another event.
    pub fn reset(&mut self, event: InteractionEvent) {
        self.event = Some(event);
        self.forget();
    }

    /// Forgets what was proven, so that the person begins anew.
    pub fn forget(&mut self) {
        self.verifications.clear();
        self.social = None;
        self.user_id = None;
        self.credential_epoch = 0;
        self.profile = Profile::default();
    }

    /// Keeps the account that was identified.
    pub fn identify(&mut self, user: &User) {
        self.user_id = Some(user.id.clone());
        self.credential_epoch = user.credential_epoch;
    }

    /// The code that was sent and can still be used.
    pub fn pending_code(&self, now: Timestamp, max_tries: u32) -> Option<&Verification> {
        let usable = |code: &SentCode| !code.consumed && now <= code.expires_at && code.tries < max_tries;
        let mut sent = self.verifications.iter().rev();
        sent.find(|verification| !verification.verified && verification.code.as_ref().is_some_and(usable))
    }

    /// Keeps `verification` as the only one of its kind.
    pub fn put(&mut self, verification: Verification) {
        self.verifications.retain(|other| other.kind != verification.kind);
        self.verifications.push(verification);
    }

    /// Whether this interaction holds a proof of the account's own: its password, or a code sent to one of its identifiers.
    pub fn proves(&self, user: &User) -> bool {
        let live = |proof: &&Verification| proof.verified && proof.credential_epoch == user.credential_epoch;
        self.verifications.iter().filter(live).any(|proof| match proof.kind {
            VerificationKind::Password => proof.user_id.as_ref() == Some(&user.id),
            VerificationKind::EmailVerificationCode | VerificationKind::PhoneVerificationCode => {
                user.identifier(proof.identifier.kind) == Some(proof.identifier.value.as_str())
            }
            VerificationKind::NewPasswordIdentity => false,
        })
    }

    /// What an account can be made of, or taken by, where nobody names a proof: a provider's answer, or the first that was
    /// finished.
    pub fn proof(&self) -> Option<VerificationId> {
        if let Some(social) = self.social.as_ref().filter(|social| social.user_info.is_some()) {
            return Some(social.id.clone());
        }
        let mut proofs = self.verifications.iter();
        proofs.find(|verification| verification.verified).map(|verification| verification.id.clone())
    }

    /// Whether an outside provider said who it is.
    pub fn is_vouched_for(&self) -> bool {
        self.social.as_ref().is_some_and(|social| social.user_info.is_some())
    }

    /// What a provider said, while its address waits for the proof of the account that has it.
    pub fn waits_for_link(&self) -> Option<&SocialUserInfo> {
        let signs_in = self.event == Some(InteractionEvent::SignIn) && self.user_id.is_none();
        self.social.as_ref().filter(|social| signs_in && social.related)?.user_info.as_ref()
    }

    /// The code that was asked for last and not used.
    pub fn sent_code(&self) -> Option<&Verification> {
        let mut sent = self.verifications.iter().rev();
        sent.find(|verification| verification.code.is_some() && !verification.verified)
    }

    /// The verification with this id, or `session.verification_session_not_found`.
    pub fn verification(&self, id: &VerificationId) -> Result<&Verification, Refusal> {
        self.verifications
            .iter()
            .find(|verification| verification.id == *id)
            .ok_or_else(|| ErrorCode::VerificationNotFound.into())
    }

    /// As [`Self::verification`], and proven; else `session.verification_failed`.
    pub fn verified(&self, id: &VerificationId) -> Result<&Verification, Refusal> {
        let verification = self.verification(id)?;
        if verification.verified { Ok(verification) } else { Err(ErrorCode::VerificationFailed.into()) }
    }
}

/// Judges a guess against the sent code. Does not compare the code itself: `matches` says whether it was right.
/// Counts the try; a right guess uses the code up.
pub fn judge_code(code: &mut SentCode, matches: bool, now: Timestamp, max_tries: u32) -> Result<(), ErrorCode> {
    if code.consumed {
        return Err(ErrorCode::CodeNotFound);
    }
    if now > code.expires_at {
        return Err(ErrorCode::CodeExpired);
    }
    if code.tries >= max_tries {
        return Err(ErrorCode::CodeTooManyTries);
    }
    if !matches {
        code.tries += 1;
        return Err(ErrorCode::CodeMismatch);
    }
    code.consumed = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> SentCode {
        SentCode {
            hash: String::new(),
            sent_at: Timestamp(0),
            expires_at: Timestamp(600_000),
            tries: 0,
            consumed: false,
            counters: Vec::new(),
        }
    }

    #[test]
    fn otp_brute_force_ends_after_five_guesses() {
        let mut code = code();
        for _ in 0..CODE_TRIES {
            assert_eq!(judge_code(&mut code, false, Timestamp(1), CODE_TRIES), Err(ErrorCode::CodeMismatch));
        }
        assert_eq!(judge_code(&mut code, true, Timestamp(1), CODE_TRIES), Err(ErrorCode::CodeTooManyTries));
    }

    #[test]
    fn a_code_works_once_and_in_time() {
        let mut late = code();
        assert_eq!(judge_code(&mut late, true, Timestamp(600_001), CODE_TRIES), Err(ErrorCode::CodeExpired));
        let mut code = code();
        assert_eq!(judge_code(&mut code, true, Timestamp(600_000), CODE_TRIES), Ok(()));
        assert_eq!(judge_code(&mut code, true, Timestamp(2), CODE_TRIES), Err(ErrorCode::CodeNotFound));
    }
}
