//! Says whose account it is: finds it, or makes it at registration.

use keyway_model::connector::ConnectorKind;
use keyway_model::identifier::IdentifierKind;
use keyway_model::interaction::{Interaction, InteractionEvent, Profile, Verification, VerificationKind};
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::user::User;
use keyway_model::{ErrorCode, Refusal, TenantId, Timestamp, UserId, VerificationId};
use keyway_store::{Tx, roles, users};
use serde_json::json;

use super::start::offered;
use super::{Caller, social, taken};
use crate::logs::Event;
use crate::{Core, CoreError};

/// What an account is identified by.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// What was proven.
    pub id: Option<VerificationId>,
    /// Whether the provider's answer of this interaction is to be linked to the account, although the tenant does not link by
    /// itself.
    pub links: bool,
}

impl From<Option<VerificationId>> for Proof {
    fn from(id: Option<VerificationId>) -> Self {
        Self { id, links: false }
    }
}

impl Core {
    /// Identifies the account by something that was proven; true when it was made just now. `user.user_not_exist` when there
    /// is none, `user.missing_profile` when a new one still lacks something.
    pub async fn identify(&self, caller: &Caller, proof: Proof) -> Result<bool, CoreError> {
        let (tenant, now) = (caller.tenant.clone(), self.now());
        let new_id = UserId(self.rng().text(12));
        let audit = Event::new(self, "Interaction.Identifier.Submit", &caller.visitor);
        let kinds = self.settings(&caller.tenant).await?.connector_kinds();
        self.step(caller, async move |tx, interaction, experience| {
            let event = interaction.event()?;
            let audit = audit.key(format!("Interaction.{}.Identifier.Submit", event.as_str()));
            tx.begin_part().await?;
            let policy = Policy { experience, connectors: &kinds };
            let result = match (offered(experience, event), event) {
                (Err(refusal), _) => Err(refusal.into()),
                (Ok(()), InteractionEvent::Register) => {
                    register(tx, &tenant, interaction, policy, proof.id, new_id, now).await
                }
                (Ok(()), _) => find(tx, &tenant, interaction, policy, event, proof, now).await,
            };
            // A refused step leaves nothing at any account: no account without its identity, no link that was refused.
            match tx.end_part(result).await.map_err(taken) {
                Ok(user) => {
                    interaction.identify(&user);
                    if event == InteractionEvent::Register {
                        interaction.profile = Profile::default();
                    }
                    audit.interaction(interaction).write(tx, &tenant).await?;
                    Ok(event == InteractionEvent::Register)
                }
                Err(CoreError::Refusal(refusal)) => {
                    audit.interaction(interaction).failed(refusal.code.code()).write(tx, &tenant).await?;
                    Err(refusal.into())
                }
                Err(error) => Err(error),
            }
        })
        .await
    }
}

/// What the tenant lets people prove themselves by.
#[derive(Clone, Copy)]
struct Policy<'p> {
    experience: &'p SignInExperience,
    connectors: &'p [ConnectorKind],
}

async fn find(
    tx: &mut Tx,
    tenant: &TenantId,
    interaction: &mut Interaction,
    policy: Policy<'_>,
    event: InteractionEvent,
    proof: Proof,
    now: Timestamp,
) -> Result<User, CoreError> {
    let id = proof.id.ok_or_else(|| Refusal::invalid_input("verificationId", "is missing"))?;
    let links = proof.links || policy.experience.social_switch("automaticAccountLinking");
    if interaction.social.as_ref().is_some_and(|social| social.id == id) {
        if event != InteractionEvent::SignIn {
            return Err(ErrorCode::NotSupportedForForgotPassword.into());
        }
        return social::find(tx, tenant, interaction, links, now).await;
    }
    let verification = interaction.verification(&id)?;
    check_method(policy, event, verification)?;
    interaction.verified(&id)?;
    let user = match &verification.user_id {
        Some(user) => users::find(tx, tenant, user).await?,
        None => users::find_by_identifier(tx, tenant, &verification.identifier).await?,
    };
    let user = user.ok_or(ErrorCode::UserNotExist)?;
    admitted(&user, interaction)?;
    // The password was changed, or everybody was signed out, since this was proven.
    if verification.credential_epoch != user.credential_epoch {
        return Err(ErrorCode::VerificationFailed.into());
    }
    if links && event == InteractionEvent::SignIn {
        social::link(tx, tenant, interaction, &user.id, proof.links, now).await?;
    }
    Ok(user)
}

/// Whether the account may go on in this interaction.
pub(super) fn admitted(user: &User, interaction: &Interaction) -> Result<(), Refusal> {
    if user.is_suspended {
        return Err(ErrorCode::UserSuspended.into());
    }
    if interaction.user_id.as_ref().is_some_and(|identified| *identified != user.id) {
        return Err(ErrorCode::IdentityConflict.into());
    }
    Ok(())
}

/// Which proofs name an account in which flow. What was proven for a password reset proves nothing else, and nothing else
/// proves a password reset.
fn check_method(policy: Policy<'_>, event: InteractionEvent, verification: &Verification) -> Result<(), Refusal> {
    let kind = verification.identifier.kind;
    let by_code = VerificationKind::code_for(kind) == Some(verification.kind);
    if event == InteractionEvent::ForgotPassword && !by_code {
        return Err(ErrorCode::NotSupportedForForgotPassword.into());
    }
    if !verification.belongs_to(event) {
        return Err(ErrorCode::InvalidInteractionType.into());
    }
    let enabled = match (event, verification.kind) {
        _ if by_code => policy.experience.takes_code(event, kind, policy.connectors),
        (InteractionEvent::SignIn, VerificationKind::Password) => {
            policy.experience.method(kind).is_some_and(|method| method.password)
        }
        (InteractionEvent::Register, VerificationKind::NewPasswordIdentity) => policy.experience.collects(kind),
        _ => return Err(ErrorCode::InvalidInteractionType.into()),
    };
    if enabled { Ok(()) } else { Err(ErrorCode::SignInMethodNotEnabled.into()) }
}

async fn register(
    tx: &mut Tx,
    tenant: &TenantId,
    interaction: &mut Interaction,
    policy: Policy<'_>,
    id: Option<VerificationId>,
    new_id: UserId,
    now: Timestamp,
) -> Result<User, CoreError> {
    let experience = policy.experience;
    if interaction.user_id.is_some() {
        return Err(ErrorCode::IdentityConflict.into());
    }
    let proof = interaction.social.clone().filter(|proof| Some(&proof.id) == id.as_ref());
    if let (Some(id), None) = (id, &proof) {
        check_method(policy, InteractionEvent::Register, interaction.verification(&id)?)?;
        let verification = interaction.verified(&id)?.clone();
        let profile = &mut interaction.profile;
        let value = Some(verification.identifier.value.clone());
        match verification.identifier.kind {
            IdentifierKind::Username => profile.username = value,
            IdentifierKind::Email => profile.email = value,
            IdentifierKind::Phone => profile.phone = value,
        }
        if verification.password.is_some() {
            profile.password = verification.password;
        }
    }
    let mut user = User::new(new_id, now);
    interaction.profile.apply(&mut user);
    check_free(tx, tenant, &user).await?;
    let missing = match &proof {
        Some(proof) => {
            social::adopt(tx, tenant, proof, &mut user).await?;
            experience.missing_with_provider(&user)
        }
        None => experience.missing_profile(&user),
    };
    if !missing.is_empty() {
        return Err(Refusal::from(ErrorCode::MissingProfile).with_data(json!({ "missingProfile": missing })).into());
    }
    user.application_id = Some(interaction.application_id.clone());
    if let Some(proof) = &proof
        && social::owner(tx, tenant, proof).await?.is_some()
    {
        return Err(ErrorCode::IdentityInUse.into());
    }
    users::insert(tx, tenant, &user).await?;
    if let Some(proof) = &proof {
        social::put(tx, tenant, proof, &user.id, now).await?;
    }
    roles::add_defaults(tx, tenant, &user.id).await?;
    Ok(user)
}

/// Refuses identifiers that another account has.
pub(super) async fn check_free(tx: &mut Tx, tenant: &TenantId, user: &User) -> Result<(), CoreError> {
    for (kind, code) in [
        (IdentifierKind::Username, ErrorCode::UsernameInUse),
        (IdentifierKind::Email, ErrorCode::EmailInUse),
        (IdentifierKind::Phone, ErrorCode::PhoneInUse),
    ] {
        let Some(value) = user.identifier(kind) else { continue };
        let identifier = keyway_model::identifier::Identifier { kind, value: value.to_owned() };
        let other = users::find_by_identifier(tx, tenant, &identifier).await?;
        if other.is_some_and(|other| other.id != user.id) {
            return Err(code.into());
        }
    }
    Ok(())
}
