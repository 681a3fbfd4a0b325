//! What a person proves in an interaction, one file per way.

mod code;
mod new_password_identity;
mod password;
mod social;

use std::mem::discriminant;

use super::InteractionEvent;
use crate::connector::ConnectorKind;
use crate::identifier::{Identifier, IdentifierKind};
use crate::sign_in_experience::SignInExperience;
use crate::user::User;
use crate::{ErrorCode, VerificationId};

pub use code::{CodeProof, SentCode, judge_code};
pub use new_password_identity::NewPasswordIdentity;
pub use password::PasswordProof;
pub use social::{SocialProof, SocialUserInfo};

/// A proof, finished or not.
#[derive(Debug, Clone)]
pub struct VerificationRecord {
    /// Id.
    pub id: VerificationId,
    /// The event in which it was made.
    pub event: InteractionEvent,
    /// The account's [`User::credential_epoch`] when this was proven; 0 where there was no account.
    pub credential_epoch: i64,
    /// What is proven, and how.
    pub proof: Proof,
}

/// What is proven, and how.
#[derive(Debug, Clone)]
pub enum Proof {
    /// The account's password.
    Password(PasswordProof),
    /// A code sent by e-mail.
    EmailCode(CodeProof),
    /// A code sent by text message.
    PhoneCode(CodeProof),
    /// A new username with a new password.
    NewPasswordIdentity(NewPasswordIdentity),
    /// An outside provider's word.
    Social(Box<SocialProof>),
}

impl Proof {
    /// The proof by a code that is sent to `proof.identifier`; usernames receive none.
    pub fn by_code(proof: CodeProof) -> Option<Self> {
        match proof.identifier.kind {
            IdentifierKind::Email => Some(Self::EmailCode(proof)),
            IdentifierKind::Phone => Some(Self::PhoneCode(proof)),
            IdentifierKind::Username => None,
        }
    }

    /// The name used in the API.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Password(_) => "Password",
            Self::EmailCode(_) => "EmailVerificationCode",
            Self::PhoneCode(_) => "PhoneVerificationCode",
            Self::NewPasswordIdentity(_) => "NewPasswordIdentity",
            Self::Social(_) => "Social",
        }
    }

    /// Whether both are proofs of the same way.
    pub fn is_like(&self, other: &Self) -> bool {
        discriminant(self) == discriminant(other)
    }

    /// Whether it is finished.
    pub fn is_verified(&self) -> bool {
        match self {
            Self::Password(_) | Self::NewPasswordIdentity(_) => true,
            Self::EmailCode(proof) | Self::PhoneCode(proof) => proof.is_verified(),
            Self::Social(proof) => proof.user_info.is_some(),
        }
    }

    /// The identifier that it is about; none for a provider's word, which is about an identity.
    pub fn identifier(&self) -> Option<&Identifier> {
        match self {
            Self::Password(proof) => Some(&proof.identifier),
            Self::EmailCode(proof) | Self::PhoneCode(proof) => Some(&proof.identifier),
            Self::NewPasswordIdentity(proof) => Some(&proof.identifier),
            Self::Social(_) => None,
        }
    }

    /// The code that was sent.
    pub fn code(&self) -> Option<&CodeProof> {
        match self {
            Self::EmailCode(proof) | Self::PhoneCode(proof) => Some(proof),
            _ => None,
        }
    }

    /// [`Self::code`], to judge a guess.
    pub fn code_mut(&mut self) -> Option<&mut CodeProof> {
        match self {
            Self::EmailCode(proof) | Self::PhoneCode(proof) => Some(proof),
            _ => None,
        }
    }

    /// The provider's word.
    pub fn social(&self) -> Option<&SocialProof> {
        if let Self::Social(proof) = self { Some(proof) } else { None }
    }

    /// [`Self::social`], to take the provider's answer.
    pub fn social_mut(&mut self) -> Option<&mut SocialProof> {
        if let Self::Social(proof) = self { Some(proof) } else { None }
    }

    /// Whether it is a proof of the account's own: its password, or a code sent to one of its identifiers.
    fn is_of(&self, user: &User) -> bool {
        match self {
            Self::Password(proof) => proof.user_id == user.id,
            Self::EmailCode(proof) | Self::PhoneCode(proof) => {
                user.identifier(proof.identifier.kind) == Some(proof.identifier.value.as_str())
            }
            Self::NewPasswordIdentity(_) | Self::Social(_) => false,
        }
    }
}

impl VerificationRecord {
    /// Whether it counts in `event`: what was proven to sign in counts to sign up and the other way round; a password reset
    /// stands alone.
    pub fn belongs_to(&self, event: InteractionEvent) -> bool {
        let resets = |event| event == InteractionEvent::ForgotPassword;
        resets(self.event) == resets(event)
    }

    /// Whether it proves an account of which it was made a moment ago: the credentials are the same.
    pub fn proves(&self, user: &User) -> bool {
        self.proof.is_verified() && self.credential_epoch == user.credential_epoch && self.proof.is_of(user)
    }

    /// Refuses a proof that names no account in this event: another way, or one that the tenant does not offer. What was proven
    /// for a password reset proves nothing else, and nothing but a code proves a password reset.
    pub fn check_method(
        &self,
        policy: &SignInExperience,
        connectors: &[ConnectorKind],
        event: InteractionEvent,
    ) -> Result<(), ErrorCode> {
        if event == InteractionEvent::ForgotPassword && self.proof.code().is_none() {
            return Err(ErrorCode::NotSupportedForForgotPassword);
        }
        if !self.belongs_to(event) {
            return Err(ErrorCode::InvalidInteractionType);
        }
        let enabled = match (&self.proof, event) {
            (Proof::EmailCode(proof) | Proof::PhoneCode(proof), _) => {
                policy.takes_code(event, proof.identifier.kind, connectors)
            }
            (Proof::Password(proof), InteractionEvent::SignIn) => {
                policy.method(proof.identifier.kind).is_some_and(|method| method.password)
            }
            (Proof::NewPasswordIdentity(proof), InteractionEvent::Register) => policy.collects(proof.identifier.kind),
            (Proof::Social(_), InteractionEvent::SignIn | InteractionEvent::Register) => true,
            _ => return Err(ErrorCode::InvalidInteractionType),
        };
        if enabled { Ok(()) } else { Err(ErrorCode::SignInMethodNotEnabled) }
    }
}
