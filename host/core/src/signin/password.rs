//! Proof by password, and the new password of a new username.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{InteractionEvent, Verification, VerificationKind};
use keyway_model::user::{PasswordMethod, User, UserChange};
use keyway_model::{ErrorCode, Patch, Timestamp, UserId, VerificationId, password_policy};
use keyway_store::{interactions, users};

use super::Caller;
use crate::logs::Event;
use crate::{Core, CoreError, limits, secret};

impl Core {
    /// Checks an account's password. A wrong one and an unknown account answer alike and take the same time.
    pub async fn verify_password(
        &self,
        caller: &Caller,
        identifier: Identifier,
        password: String,
    ) -> Result<VerificationId, CoreError> {
        let now = self.now();
        let user = self.account_for_password(caller, &identifier, now).await?;
        let stored = user.as_ref().and_then(|user| user.password.clone());
        let right = self.hasher.verify(password.clone(), stored.clone()).await?;
        let renewed = match &stored {
            Some(hash) if right && hash.method != PasswordMethod::Argon2id => Some(self.hasher.hash(password).await?),
            _ => None,
        };
        let key = "Interaction.SignIn.Verification.Password.Submit";
        let audit = Event::new(self, key, &caller.visitor).with("identifier", identifier.kind.as_str().into());
        let verification = Verification {
            id: self.id(),
            kind: VerificationKind::Password,
            identifier,
            verified: true,
            user_id: user.as_ref().map(|user| user.id.clone()),
            code: None,
            password: None,
            credential_epoch: user.as_ref().map_or(0, |user| user.credential_epoch),
            event: None,
        };
        let (tenant, limits) = (caller.tenant.clone(), self.parts.limits);
        self.step(caller, move |tx, interaction, _| {
            Box::pin(async move {
                let name = &verification.identifier.value;
                let audit = audit.interaction(interaction);
                let failures = match limits::check_failures(tx, &tenant, &limits, name, now).await? {
                    Ok(failures) => failures,
                    Err(code) => {
                        audit.failed(code.code()).write(tx, &tenant).await?;
                        return Err(code.into());
                    }
                };
                if !right {
                    limits::count_failure(tx, &tenant, name, now).await?;
                    audit.failed(ErrorCode::InvalidCredentials.code()).write(tx, &tenant).await?;
                    return Err(ErrorCode::InvalidCredentials.into());
                }
                limits::forget_failures(tx, &tenant, name, failures).await?;
                if let (Some(hash), Some(id)) = (renewed, &verification.user_id)
                    && let Some(mut user) = users::lock(tx, &tenant, id).await?
                    && user.password == stored
                {
                    let change = UserChange { password: Patch::Set(hash), ..UserChange::default() };
                    users::change(tx, &tenant, &mut user, change).await?;
                }
                audit.write(tx, &tenant).await?;
                let id = verification.id.clone();
                interaction.put(verification);
                Ok(id)
            })
        })
        .await
    }

    async fn account_for_password(
        &self,
        caller: &Caller,
        identifier: &Identifier,
        now: Timestamp,
    ) -> Result<Option<User>, CoreError> {
        let settings = self.settings(&caller.tenant).await?;
        let (tenant, hash, identifier) = (caller.tenant.clone(), secret::hash(&caller.secret), identifier.clone());
        let limits = self.parts.limits;
        self.parts
            .store
            .read(|tx| {
                Box::pin(async move {
                    let found = interactions::find(tx, &tenant, &hash, now).await?;
                    let interaction = found.ok_or(ErrorCode::SessionNotFound)?;
                    if interaction.event()? != InteractionEvent::SignIn {
                        return Err(ErrorCode::InvalidInteractionType.into());
                    }
                    if !settings.experience.method(identifier.kind).is_some_and(|method| method.password) {
                        return Err(ErrorCode::SignInMethodNotEnabled.into());
                    }
                    limits::check_failures(tx, &tenant, &limits, &identifier.value, now).await??;
                    Ok(users::find_by_identifier(tx, &tenant, &identifier).await?)
                })
            })
            .await
    }

    /// Takes a new username with its password, for registration.
    pub async fn new_password_identity(
        &self,
        caller: &Caller,
        identifier: Identifier,
        password: String,
    ) -> Result<VerificationId, CoreError> {
        if identifier.kind != IdentifierKind::Username {
            return Err(ErrorCode::InvalidInteractionType.into());
        }
        let mut named = User::new(UserId(String::new()), self.now());
        named.set_identifier(&identifier);
        password_policy::check(&password, Some(&named))?;
        let hash = self.hasher.hash(password).await?;
        let verification = Verification {
            id: self.id(),
            kind: VerificationKind::NewPasswordIdentity,
            identifier,
            verified: true,
            user_id: None,
            code: None,
            password: Some(hash),
            credential_epoch: 0,
            event: None,
        };
        let tenant = caller.tenant.clone();
        self.step(caller, move |tx, interaction, _| {
            Box::pin(async move {
                if interaction.event()? != InteractionEvent::Register {
                    return Err(ErrorCode::InvalidInteractionType.into());
                }
                if users::find_by_identifier(tx, &tenant, &verification.identifier).await?.is_some() {
                    return Err(ErrorCode::UsernameInUse.into());
                }
                let id = verification.id.clone();
                interaction.put(verification);
                Ok(id)
            })
        })
        .await
    }
}
