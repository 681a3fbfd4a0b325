//! Says whose account it is: finds it, or makes it at registration.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{Account, InteractionEvent, Next, Profile, Proof, next};
use keyway_model::sign_in_experience::MissingField;
use keyway_model::user::User;
use keyway_model::{ErrorCode, Reason, Refusal, TenantId, UserId, VerificationId};
use keyway_store::users::LockedUser;
use keyway_store::{Constraint, StoreError, Tx, role_assignments, users};
use serde_json::{Map, json};

use super::social_identity::{self, masked};
use super::start::offered;
use super::step::{Step, step};
use super::{Browser, taken};
use crate::CoreError;
use crate::events::{EventKind, Recorded as _};

/// What an account is identified by.
#[derive(Debug, Clone, Default)]
pub struct Identification {
    /// What was proven.
    pub verification: Option<VerificationId>,
    /// Whether the provider's answer of this interaction is to be linked to the account, although the tenant does not link by
    /// itself.
    pub links: bool,
}

impl From<Option<VerificationId>> for Identification {
    fn from(verification: Option<VerificationId>) -> Self {
        Self { verification, links: false }
    }
}

impl From<VerificationId> for Identification {
    fn from(verification: VerificationId) -> Self {
        Some(verification).into()
    }
}

/// What came of an identification.
pub(super) enum Identified {
    /// An account that was there, held until the commit.
    Taken(Box<LockedUser>),
    /// A new account.
    Made(Box<User>),
    /// Something else comes first.
    Stopped {
        /// What.
        next: Next,
        /// How the Experience API says so.
        refusal: Refusal,
    },
}

/// Identifies the account by something that was proven; true when it was made just now. `user.user_not_exist` when there is
/// none, `user.missing_profile` when a new one still lacks something.
#[tracing::instrument(name = "signin.identify", skip_all)]
pub async fn identify(browser: &Browser, by: Identification) -> Result<bool, CoreError> {
    step(browser, async move |step| match identify_by(step, by).await? {
        Identified::Taken(_) => Ok(false),
        Identified::Made(_) => Ok(true),
        Identified::Stopped { refusal, .. } => Err(refusal.into()),
    })
    .await
}

/// [`identify`] within a step.
pub(super) async fn identify_by(step: &mut Step<'_>, by: Identification) -> Result<Identified, CoreError> {
    let event = step.interaction.event()?;
    let outcome = match judged(step, event, &by).await {
        // Another browser linked the same identity at the same moment: it has an account now.
        Err(CoreError::Store(StoreError::Unique(Constraint::Identity))) if event == InteractionEvent::SignIn => {
            judged(step, event, &by).await
        }
        outcome => outcome,
    };
    let outcome = outcome.map_err(taken);
    let kind = EventKind::identified(event);
    let submitted = match &outcome {
        Ok(Identified::Taken(user)) => {
            step.interaction.identify(user);
            step.event(kind)
        }
        Ok(Identified::Made(user)) => {
            step.interaction.identify(user);
            step.interaction.profile = Profile::default();
            step.event(kind).by_user(&user.id).changed(Map::new(), user.fields())
        }
        Ok(Identified::Stopped { refusal, .. }) | Err(CoreError::Refusal(refusal)) => {
            step.event(kind).failed(refusal.code.code())
        }
        Err(_) => return outcome,
    };
    step.record(submitted);
    outcome
}

/// Finds the account, and takes or makes it where that comes next. A refusal leaves nothing at any account: no account without
/// its identity, no link that was refused.
async fn judged(step: &mut Step<'_>, event: InteractionEvent, by: &Identification) -> Result<Identified, CoreError> {
    offered(step.experience(), event)?;
    let writes = event == InteractionEvent::Register || step.interaction.social().is_some();
    if !writes {
        return decided(step, event, by).await;
    }
    step.tx.begin_part()?;
    let outcome = decided(step, event, by).await;
    step.tx.end_part(outcome).await
}

async fn decided(step: &mut Step<'_>, event: InteractionEvent, by: &Identification) -> Result<Identified, CoreError> {
    let found = match event {
        InteractionEvent::Register => found_for_registration(step, by).await?,
        _ => found_for_sign_in(step, event, by).await?,
    };
    let next = next(step.experience(), step.interaction, Some(found.account()));
    let next = next.map_err(|code| found.refusal(code))?;
    match (next, found) {
        (Next::Identify, Found::Named { mut user, by_provider, .. }) => {
            if by_provider {
                social_identity::keep(step, &mut user).await?;
            } else if event == InteractionEvent::SignIn {
                social_identity::link(step, &mut user, by.links).await?;
            }
            Ok(Identified::Taken(user))
        }
        (Next::Register, Found::New { user, by_provider }) if event == InteractionEvent::Register => {
            register(step, *user, by_provider).await
        }
        (next, found) => {
            let refusal = refusal(&next, &found);
            Ok(Identified::Stopped { next, refusal })
        }
    }
}

/// What the store has of the account that a proof names.
pub(super) enum Found {
    /// It is there.
    Named {
        /// The account.
        user: Box<LockedUser>,
        /// Its credential epoch when it was proven.
        credential_epoch: i64,
        /// The identifier that was proven.
        by: Option<Identifier>,
        /// Whether an outside provider's identity names it.
        by_provider: bool,
    },
    /// It is not linked to the provider's identity, but has this address, which the provider verified.
    Related(Identifier),
    /// There is none.
    New {
        /// The account to be.
        user: Box<User>,
        /// Whether an outside provider vouches for it.
        by_provider: bool,
    },
}

impl Found {
    fn account(&self) -> Account<'_> {
        match self {
            Self::Named { user, credential_epoch, by, .. } => {
                Account::Named { user, credential_epoch: *credential_epoch, by: by.as_ref() }
            }
            Self::Related(_) => Account::Related,
            Self::New { user, by_provider } => Account::New { user, by_provider: *by_provider },
        }
    }

    /// The refusal, with the address of the account that could be linked.
    fn refusal(&self, code: ErrorCode) -> Refusal {
        match self {
            Self::Related(identifier) if code == ErrorCode::IdentityNotExist => {
                Refusal::from(code).with_data(json!({ "relatedUser": masked(identifier) }))
            }
            _ => code.into(),
        }
    }
}

/// How the Experience API says that something else comes first.
fn refusal(next: &Next, found: &Found) -> Refusal {
    match (next, found) {
        (Next::Offer(InteractionEvent::SignIn), Found::Named { by: Some(identifier), .. }) => {
            identifier.kind.in_use().into()
        }
        (Next::Offer(_), _) => ErrorCode::UserNotExist.into(),
        (Next::Fulfil(missing), _) => lacks(missing),
        (Next::Link | Next::Register, found) => found.refusal(ErrorCode::IdentityNotExist),
        _ => ErrorCode::IdentifierNotFound.into(),
    }
}

/// The refusal of an account that is not complete.
pub(super) fn lacks(missing: &[MissingField]) -> Refusal {
    let words: Vec<&str> = missing.iter().map(|field| field.as_str()).collect();
    Refusal::from(ErrorCode::MissingProfile).with_data(json!({ "missingProfile": words }))
}

async fn found_for_sign_in(
    step: &mut Step<'_>,
    event: InteractionEvent,
    by: &Identification,
) -> Result<Found, CoreError> {
    let id = by.verification.as_ref().ok_or_else(|| Refusal::invalid_input("verificationId", Reason::Missing))?;
    let record = step.interaction.verification(id)?;
    record.check_method(step.experience(), &step.settings.connector_kinds(), event)?;
    if record.proof.social().is_some() {
        return social_identity::find(step, by.links).await;
    }
    let record = step.interaction.verified(id)?;
    let (by, credential_epoch) = (record.proof.identifier().cloned(), record.credential_epoch);
    let user = match (&record.proof, &by) {
        (Proof::Password(proof), _) => users::lock(step.tx, step.tenant(), &proof.user_id).await?,
        (_, Some(identifier)) => users::lock_by_identifier(step.tx, step.tenant(), identifier).await?,
        (_, None) => None,
    };
    Ok(match user {
        Some(user) => Found::Named { user: Box::new(user), credential_epoch, by, by_provider: false },
        None => Found::New { user: Box::new(new_user(step)), by_provider: false },
    })
}

async fn found_for_registration(step: &mut Step<'_>, by: &Identification) -> Result<Found, CoreError> {
    if step.interaction.user_id.is_some() {
        return Err(ErrorCode::IdentityConflict.into());
    }
    let (mut proven, mut social) = (None, None);
    if let Some(id) = &by.verification {
        let record = step.interaction.verification(id)?;
        record.check_method(step.experience(), &step.settings.connector_kinds(), InteractionEvent::Register)?;
        let proof = step.interaction.verified(id)?.proof.clone();
        proven = proof.identifier().cloned();
        if let Some(identifier) = &proven {
            step.interaction.profile.set_identifier(identifier);
        }
        match proof {
            Proof::NewPasswordIdentity(proof) => step.interaction.profile.password = Some(proof.password),
            Proof::Social(proof) => social = Some(proof),
            Proof::Password(_) | Proof::EmailCode(_) | Proof::PhoneCode(_) => {}
        }
    }
    let mut user = new_user(step);
    step.interaction.profile.apply(&mut user);
    let named = |user, by: Option<Identifier>| Found::Named {
        user: Box::new(user),
        credential_epoch: 0,
        by_provider: by.is_none(),
        by,
    };
    if let Some((identifier, owner)) = occupied(step.tx, step.tenant(), &user).await? {
        let owner = users::lock(step.tx, step.tenant(), &owner).await?;
        return match owner.filter(|_| proven.as_ref() == Some(&identifier)) {
            Some(owner) => Ok(named(owner, proven)),
            None => Err(identifier.kind.in_use().into()),
        };
    }
    if let Some(social) = &social {
        if let Some(owner) = social_identity::owner(step.tx, step.tenant(), social).await?
            && let Some(owner) = users::lock(step.tx, step.tenant(), &owner).await?
        {
            return Ok(named(owner, None));
        }
        social_identity::adopt(step.tx, step.tenant(), social, &mut user).await?;
    }
    Ok(Found::New { user: Box::new(user), by_provider: social.is_some() })
}

fn new_user(step: &Step<'_>) -> User {
    User::new(UserId(step.core().rng().text(12)), step.now())
}

async fn register(step: &mut Step<'_>, mut user: User, by_provider: bool) -> Result<Identified, CoreError> {
    user.application_id = Some(step.interaction.application_id.clone());
    users::insert(step.tx, step.tenant(), &user).await?;
    if by_provider {
        social_identity::put(step, &user.id).await?;
    }
    role_assignments::add_defaults(step.tx, step.tenant(), &user.id).await?;
    Ok(Identified::Made(Box::new(user)))
}

/// The first identifier of this account that another account has, and whose it is.
async fn occupied(tx: &mut Tx, tenant: &TenantId, user: &User) -> Result<Option<(Identifier, UserId)>, CoreError> {
    for kind in [IdentifierKind::Username, IdentifierKind::Email, IdentifierKind::Phone] {
        let Some(value) = user.identifier(kind) else { continue };
        let identifier = Identifier { kind, value: value.to_owned() };
        let other = users::find_by_identifier(tx, tenant, &identifier).await?;
        if let Some(other) = other.filter(|other| other.id != user.id) {
            return Ok(Some((identifier, other.id)));
        }
    }
    Ok(None)
}

/// Refuses identifiers that another account has.
pub(super) async fn check_free(tx: &mut Tx, tenant: &TenantId, user: &User) -> Result<(), CoreError> {
    match occupied(tx, tenant, user).await? {
        Some((identifier, _)) => Err(identifier.kind.in_use().into()),
        None => Ok(()),
    }
}
