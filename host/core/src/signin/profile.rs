//! Completes an account: what registration asks for beyond the first proof, and the new password of a reset.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{Interaction, InteractionEvent, VerificationKind};
use keyway_model::user::{PasswordHash, User};
use keyway_model::{ErrorCode, TenantId, Timestamp, UserId, VerificationId};
use keyway_store::{Tx, interactions, users};

use super::{Caller, identify::check_free};
use crate::{Core, CoreError, secret};

/// One field of a profile.
#[derive(Debug, Clone)]
pub enum ProfileField {
    /// A new username.
    Username(String),
    /// A new password.
    Password(String),
    /// An e-mail address or phone number that was proven by this verification.
    Verified(IdentifierKind, VerificationId),
}

/// A field that is ready to be kept.
#[derive(Clone)]
enum Ready {
    Username(String),
    Password(PasswordHash),
    Verified(IdentifierKind, VerificationId),
}

impl Core {
    /// Adds a field to the account, to be written at registration or submission.
    pub async fn add_profile(&self, caller: &Caller, field: ProfileField) -> Result<(), CoreError> {
        let ready = match field {
            ProfileField::Username(name) => Ready::Username(Identifier::parse(IdentifierKind::Username, &name)?.value),
            ProfileField::Password(password) => {
                let (user, _) = self.account_in_progress(caller).await?;
                self.check_password(&caller.tenant, &password, &user)?;
                Ready::Password(self.hasher.hash(&caller.visitor.ip, password).await?)
            }
            ProfileField::Verified(kind, id) => Ready::Verified(kind, id),
        };
        let (tenant, now) = (caller.tenant.clone(), self.now());
        self.step(caller, async move |tx, interaction, _| {
            match interaction.event()? {
                InteractionEvent::ForgotPassword => return Err(ErrorCode::NotSupportedForForgotPassword.into()),
                InteractionEvent::SignIn => interaction.identified().map(|_| ())?,
                InteractionEvent::Register => {}
            }
            let user = account(tx, &tenant, interaction, now).await?;
            let mut changed = User::new(user.id.clone(), now);
            match ready {
                Ready::Username(_) if user.username.is_some() => {
                    return Err(ErrorCode::UsernameExistsInProfile.into());
                }
                Ready::Password(_) if user.password.is_some() => {
                    return Err(ErrorCode::PasswordExistsInProfile.into());
                }
                Ready::Username(name) => {
                    changed.username = Some(name.clone());
                    check_free(tx, &tenant, &changed).await?;
                    interaction.profile.username = Some(name);
                }
                Ready::Password(hash) => interaction.profile.password = Some(hash),
                Ready::Verified(kind, id) => {
                    let verification = interaction.verified(&id)?;
                    if VerificationKind::code_for(kind) != Some(verification.kind) {
                        return Err(ErrorCode::VerificationNotFound.into());
                    }
                    let value = verification.identifier.value.clone();
                    changed.set_identifier(&verification.identifier);
                    check_free(tx, &tenant, &changed).await?;
                    match kind {
                        IdentifierKind::Email if user.primary_email.is_some() => {
                            return Err(ErrorCode::EmailExistsInProfile.into());
                        }
                        IdentifierKind::Phone if user.primary_phone.is_some() => {
                            return Err(ErrorCode::PhoneExistsInProfile.into());
                        }
                        IdentifierKind::Email => interaction.profile.email = Some(value),
                        _ => interaction.profile.phone = Some(value),
                    }
                }
            }
            Ok(())
        })
        .await
    }

    /// Takes the new password of a reset; it is written at submission.
    pub async fn set_new_password(&self, caller: &Caller, password: String) -> Result<(), CoreError> {
        let (user, event) = self.account_in_progress(caller).await?;
        if event != InteractionEvent::ForgotPassword {
            return Err(ErrorCode::InvalidInteractionType.into());
        }
        if user.id.as_str().is_empty() {
            return Err(ErrorCode::IdentifierNotFound.into());
        }
        self.check_password(&caller.tenant, &password, &user)?;
        let address = &caller.visitor.ip;
        if self.hasher.verify(address, password.clone(), user.password.clone(), Vec::new()).await? {
            return Err(ErrorCode::SamePassword.into());
        }
        let hash = self.hasher.hash(address, password).await?;
        self.step(caller, async move |_, interaction, _| {
            if interaction.event()? != InteractionEvent::ForgotPassword {
                return Err(ErrorCode::InvalidInteractionType.into());
            }
            interaction.identified()?;
            interaction.profile.password = Some(hash);
            Ok(())
        })
        .await
    }

    /// What the account in progress still lacks, in Logto's words.
    pub async fn missing_profile(&self, caller: &Caller) -> Result<Vec<&'static str>, CoreError> {
        let (mut user, _) = self.account_in_progress(caller).await?;
        let view = self.interaction(caller).await?;
        view.interaction.profile.apply(&mut user);
        if view.interaction.social.as_ref().is_some_and(|proof| proof.user_info.is_some()) {
            return Ok(view.experience().missing_with_provider(&user));
        }
        Ok(view.experience().missing_profile(&user))
    }

    /// The identified account, or, before registration, an empty one under the names that were proven so far.
    async fn account_in_progress(&self, caller: &Caller) -> Result<(User, InteractionEvent), CoreError> {
        let (tenant, hash, now) = (caller.tenant.clone(), secret::hash(&caller.secret), self.now());
        self.parts
            .store
            .read(async move |tx| {
                let found = interactions::read(tx, &tenant, &hash, now).await?;
                let interaction = found.ok_or(ErrorCode::SessionNotFound)?;
                let event = interaction.event()?;
                let mut user = account(tx, &tenant, &interaction, now).await?;
                if user.id.as_str().is_empty() {
                    let proven = interaction.verifications.iter().filter(|verification| verification.verified);
                    proven.for_each(|verification| user.set_identifier(&verification.identifier));
                }
                Ok((user, event))
            })
            .await
    }
}

async fn account(tx: &mut Tx, tenant: &TenantId, interaction: &Interaction, now: Timestamp) -> Result<User, CoreError> {
    match &interaction.user_id {
        Some(id) => users::find(tx, tenant, id).await?.ok_or_else(|| ErrorCode::UserNotExist.into()),
        None => Ok(User::new(UserId(String::new()), now)),
    }
}
