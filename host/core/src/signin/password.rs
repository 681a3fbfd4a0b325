//! Proof by password, and the new password of a new username.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{InteractionEvent, Verification, VerificationKind};
use keyway_model::user::{User, UserChange};
use keyway_model::{ErrorCode, Patch, Timestamp, UserId, VerificationId};
use keyway_store::{interactions, users};

use super::start::offered;
use super::{Caller, refused_for};
use crate::limits::{Guesses, Network, Proof};
use crate::logs::Event;
use crate::password::is_present;
use crate::{Core, CoreError, secret};

impl Core {
    /// Checks an account's password. A wrong one and an unknown account answer alike and take the same time. While guesses have
    /// to wait, a right one is not told from a wrong one.
    pub async fn verify_password(
        &self,
        caller: &Caller,
        identifier: Identifier,
        password: String,
    ) -> Result<VerificationId, CoreError> {
        let now = self.now();
        let network = caller.network();
        let user = self.account_for_password(caller, &identifier, &network, now).await?;
        let stored = user.as_ref().and_then(|user| user.password.clone());
        let address = &caller.visitor.ip;
        let imported = self.settings(&caller.tenant).await?.password_costs.clone();
        let right = self.hasher.verify(address, password.clone(), stored.clone(), imported).await?;
        let renewed = match &stored {
            Some(hash) if right && !is_present(hash, self.parts.password_cost) => {
                Some(self.hasher.hash(address, password).await?)
            }
            _ => None,
        };
        let key = "Interaction.SignIn.Verification.Password.Submit";
        let audit = Event::new(self, key, &caller.visitor).with("identifier", identifier.kind.as_str().into());
        let audit = user.iter().fold(audit, |audit, user| audit.user(&user.id));
        let verification = Verification {
            id: self.id(),
            kind: VerificationKind::Password,
            identifier,
            verified: true,
            user_id: user.as_ref().map(|user| user.id.clone()),
            code: None,
            password: None,
            credential_epoch: user.as_ref().map_or(0, |user| user.credential_epoch),
            event: Some(InteractionEvent::SignIn),
        };
        let (tenant, limits) = (caller.tenant.clone(), self.parts.limits);
        let device = user.as_ref().and_then(|user| self.known_device(caller, &user.id));
        self.step(caller, async move |tx, interaction, _| {
            let name = &verification.identifier.key();
            let audit = audit.interaction(interaction);
            let guesses = Guesses::new(&limits, Proof::Password, name, &network, device.as_deref());
            let guesses = guesses.locked(tx, &tenant, now).await?;
            if guesses.wait > 0 {
                return Err(refused_for(ErrorCode::VerificationBlocked, guesses.wait).into());
            }
            if !right {
                guesses.fail(tx, &tenant, now).await?;
                audit.failed(ErrorCode::InvalidCredentials.code()).write(tx, &tenant).await?;
                return Err(ErrorCode::InvalidCredentials.into());
            }
            guesses.forget(tx, &tenant, now).await?;
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
        .await
    }

    async fn account_for_password(
        &self,
        caller: &Caller,
        identifier: &Identifier,
        network: &Network,
        now: Timestamp,
    ) -> Result<Option<User>, CoreError> {
        let settings = self.settings(&caller.tenant).await?;
        let (tenant, hash) = (caller.tenant.clone(), secret::hash(&caller.secret));
        let (limits, device) = (self.parts.limits, self.device(caller));
        self.parts
            .store
            .read(async move |tx| {
                let found = interactions::read(tx, &tenant, &hash, now).await?;
                let interaction = found.ok_or(ErrorCode::SessionNotFound)?;
                if interaction.event()? != InteractionEvent::SignIn {
                    return Err(ErrorCode::InvalidInteractionType.into());
                }
                if !settings.experience.method(identifier.kind).is_some_and(|method| method.password) {
                    return Err(ErrorCode::SignInMethodNotEnabled.into());
                }
                offered(&settings.experience, InteractionEvent::SignIn)?;
                let user = users::find_by_identifier(tx, &tenant, identifier).await?;
                let device = device.zip(user.as_ref()).and_then(|(device, user)| device.known_to(&user.id, now));
                let name = &identifier.key();
                let guesses = Guesses::new(&limits, Proof::Password, name, network, device.as_deref());
                match guesses.wait(tx, &tenant, now).await? {
                    0 => Ok(user),
                    wait => Err(refused_for(ErrorCode::VerificationBlocked, wait).into()),
                }
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
        if self.found(caller).await?.event()? != InteractionEvent::Register {
            return Err(ErrorCode::InvalidInteractionType.into());
        }
        self.check_password(&caller.tenant, &password, &named)?;
        let hash = self.hasher.hash(&caller.visitor.ip, password).await?;
        let verification = Verification {
            id: self.id(),
            kind: VerificationKind::NewPasswordIdentity,
            identifier,
            verified: true,
            user_id: None,
            code: None,
            password: Some(hash),
            credential_epoch: 0,
            event: Some(InteractionEvent::Register),
        };
        let tenant = caller.tenant.clone();
        self.step(caller, async move |tx, interaction, experience| {
            if interaction.event()? != InteractionEvent::Register {
                return Err(ErrorCode::InvalidInteractionType.into());
            }
            offered(experience, InteractionEvent::Register)?;
            if users::find_by_identifier(tx, &tenant, &verification.identifier).await?.is_some() {
                return Err(ErrorCode::UsernameInUse.into());
            }
            let id = verification.id.clone();
            interaction.put(verification);
            Ok(id)
        })
        .await
    }
}
