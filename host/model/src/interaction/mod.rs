//! A sign-in under way: what was asked, what has been proven, what is still missing.

mod next;
mod proof;
mod stored;

use serde::{Deserialize, Serialize};

use crate::identifier::{Identifier, IdentifierKind};
use crate::oauth::Authorization;
use crate::user::{PasswordHash, User, UserChange};
use crate::{ApplicationId, ErrorCode, InteractionId, Patch, Refusal, Timestamp, UserId, VerificationId};

pub use next::{Account, Next, next};
pub use proof::{
    CodeProof, NewPasswordIdentity, PasswordProof, Proof, SentCode, SocialProof, SocialUserInfo, VerificationRecord,
    judge_code,
};

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

/// A puzzle for the browser, whose answer lets one more message through where a limit was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What the answer is hashed with.
    pub challenge: String,
    /// How many leading bits of the hash must be zero.
    pub bits: u32,
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

    /// Takes an identifier that was proven.
    pub fn set_identifier(&mut self, identifier: &Identifier) {
        let value = Some(identifier.value.clone());
        match identifier.kind {
            IdentifierKind::Username => self.username = value,
            IdentifierKind::Email => self.email = value,
            IdentifierKind::Phone => self.phone = value,
        }
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
#[serde(try_from = "stored::StoredInteraction", into = "stored::StoredInteraction")]
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
    pub verifications: Vec<VerificationRecord>,
    /// The account that was identified.
    pub user_id: Option<UserId>,
    /// The account's [`User::credential_epoch`] when it was identified.
    pub credential_epoch: i64,
    /// Fields to set at submission.
    pub profile: Profile,
    /// A puzzle under way.
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
        self.user_id = None;
        self.credential_epoch = 0;
        self.profile = Profile::default();
    }

    /// Keeps the account that was identified.
    pub fn identify(&mut self, user: &User) {
        self.user_id = Some(user.id.clone());
        self.credential_epoch = user.credential_epoch;
    }

    /// Keeps `record` as the only one of its way.
    pub fn put(&mut self, record: VerificationRecord) {
        self.verifications.retain(|other| !other.proof.is_like(&record.proof));
        self.verifications.push(record);
    }

    /// The code that was asked for last and did not come back.
    pub fn sent_code(&self) -> Option<(&VerificationRecord, &CodeProof)> {
        let mut sent = self.verifications.iter().rev().filter_map(|record| Some((record, record.proof.code()?)));
        sent.find(|(_, code)| !code.is_verified())
    }

    /// The code that was asked for last and can still come back.
    pub fn pending_code(&self, now: Timestamp, max_tries: u32) -> Option<(&VerificationRecord, &CodeProof)> {
        let mut sent = self.verifications.iter().rev().filter_map(|record| Some((record, record.proof.code()?)));
        sent.find(|(_, code)| code.is_open(now, max_tries))
    }

    /// The word of an outside provider, asked for or given.
    pub fn social(&self) -> Option<(&VerificationRecord, &SocialProof)> {
        self.verifications.iter().find_map(|record| Some((record, record.proof.social()?)))
    }

    /// [`Self::social`], to be changed.
    pub fn social_mut(&mut self) -> Option<&mut VerificationRecord> {
        self.verifications.iter_mut().find(|record| record.proof.social().is_some())
    }

    /// Whether an outside provider said who it is.
    pub fn is_vouched_for(&self) -> bool {
        self.social().is_some_and(|(record, _)| record.proof.is_verified())
    }

    /// What a provider said, while its address waits for the proof of the account that has it.
    pub fn waits_for_link(&self) -> Option<&SocialUserInfo> {
        let signs_in = self.event == Some(InteractionEvent::SignIn) && self.user_id.is_none();
        let (_, social) = self.social().filter(|(_, social)| signs_in && social.related)?;
        social.user_info.as_ref()
    }

    /// Whether this interaction holds a proof of the account's own: its password, or a code sent to one of its identifiers.
    pub fn proves(&self, user: &User) -> bool {
        self.verifications.iter().any(|record| record.proves(user))
    }

    /// What an account can be made of, or taken by, where nobody names a proof: a provider's word, or the first that was finished.
    pub fn proof(&self) -> Option<VerificationId> {
        let provider = self.social().map(|(record, _)| record).filter(|record| record.proof.is_verified());
        let first = || self.verifications.iter().find(|record| record.proof.is_verified());
        provider.or_else(first).map(|record| record.id.clone())
    }

    /// The verification with this id, or `session.verification_session_not_found`.
    pub fn verification(&self, id: &VerificationId) -> Result<&VerificationRecord, Refusal> {
        self.verifications.iter().find(|record| record.id == *id).ok_or_else(|| ErrorCode::VerificationNotFound.into())
    }

    /// As [`Self::verification`], and proven; else `session.verification_failed`.
    pub fn verified(&self, id: &VerificationId) -> Result<&VerificationRecord, Refusal> {
        let record = self.verification(id)?;
        if record.proof.is_verified() { Ok(record) } else { Err(ErrorCode::VerificationFailed.into()) }
    }
}
