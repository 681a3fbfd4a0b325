//! Ends an interaction: writes the account, opens the session and answers the application.

use keyway_model::interaction::{Interaction, InteractionEvent};
use keyway_model::session::{SESSION_TTL, Session};
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::user::{User, UserChange};
use keyway_model::{ErrorCode, Patch, Refusal, SessionId, TenantId, Timestamp};
use keyway_store::users::LockedUser;
use keyway_store::{StoreError, Tx, interactions, sessions, users};
use serde_json::json;

use super::identify::check_free;
use super::{Caller, taken};
use crate::logs::Event;
use crate::management::end_sign_ins;
use crate::oauth::{AuthorizationAnswer, CodeToBe};
use crate::{Core, CoreError, Visitor, secret};

/// What follows from a submission.
#[derive(Debug)]
pub enum Submitted {
    /// Signed in: the session cookie's secret and the answer for the application.
    SignedIn {
        /// For the session cookie; new at every sign-in, so that no cookie planted before is worth anything.
        session: String,
        /// To be carried by the browser.
        answer: AuthorizationAnswer,
        /// What was asked, for a browser that must ask again.
        interaction: Box<Interaction>,
    },
    /// The new password is set; the user signs in with it.
    PasswordReset,
}

enum Outcome {
    SignedIn(Box<Interaction>),
    PasswordReset,
}

impl Core {
    /// Finishes the interaction. `previous_session` is the browser's session cookie, which ends.
    pub async fn submit(&self, caller: &Caller, previous_session: Option<String>) -> Result<Submitted, CoreError> {
        let settings = self.settings(&caller.tenant).await?;
        let now = self.now();
        let secret = secret::generate(self.rng());
        let code = self.code_to_be(now);
        let session_id: SessionId = self.id();
        let audit = Event::new(self, "Interaction.Submit", &caller.visitor);
        let (tenant, visitor) = (caller.tenant.clone(), caller.visitor.clone());
        let (hash, session_hash) = (secret::hash(&caller.secret), secret::hash(&secret));
        let previous = previous_session.map(|secret| secret::hash(&secret));
        let code_value = code.value.clone();
        let outcome: Result<Outcome, Refusal> = self
            .parts
            .store
            .write(async move |tx| {
                let Some(mut interaction) = interactions::find(tx, &tenant, &hash, now).await? else {
                    return Ok(Err(ErrorCode::SessionNotFound.into()));
                };
                let event = interaction.event()?;
                let audit = audit.key(format!("Interaction.{}.Submit", event.as_str())).interaction(&interaction);
                let ending = Ending { hash: &hash, session_hash: &session_hash, session_id, previous, visitor, now };
                tx.begin_part().await?;
                let result = ending.run(tx, &tenant, &mut interaction, event, &settings.experience, &code).await;
                match tx.end_part(result).await.map_err(refusal) {
                    Ok(()) => {
                        audit.write(tx, &tenant).await?;
                        Ok(Ok(match event {
                            InteractionEvent::ForgotPassword => Outcome::PasswordReset,
                            _ => Outcome::SignedIn(Box::new(interaction)),
                        }))
                    }
                    // What was refused is in the audit log and nowhere else.
                    Err(CoreError::Refusal(refusal)) => {
                        if refusal.code == ErrorCode::VerificationFailed {
                            interaction.forget();
                            interactions::update(tx, &tenant, &hash, &interaction).await?;
                        }
                        audit.failed(refusal.code.code()).write(tx, &tenant).await?;
                        Ok(Err(refusal))
                    }
                    Err(error) => Err(error),
                }
            })
            .await?;
        match outcome? {
            Outcome::PasswordReset => Ok(Submitted::PasswordReset),
            Outcome::SignedIn(interaction) => {
                let answer = self.success(&caller.tenant, &interaction.authorization, &code_value);
                Ok(Submitted::SignedIn { session: secret, answer, interaction })
            }
        }
    }
}

fn refusal(error: CoreError) -> CoreError {
    match error {
        // The application was removed while its user signed in.
        CoreError::Store(StoreError::Reference) => ErrorCode::SessionNotFound.into(),
        error => taken(error),
    }
}

/// What a submission ends with.
struct Ending<'a> {
    hash: &'a str,
    session_hash: &'a str,
    session_id: SessionId,
    previous: Option<String>,
    visitor: Visitor,
    now: Timestamp,
}

impl Ending<'_> {
    async fn run(
        self,
        tx: &mut Tx,
        tenant: &TenantId,
        interaction: &mut Interaction,
        event: InteractionEvent,
        experience: &SignInExperience,
        code: &CodeToBe,
    ) -> Result<(), CoreError> {
        let now = self.now;
        let mut user = identified(tx, tenant, interaction).await?;
        if event == InteractionEvent::ForgotPassword {
            reset_password(tx, tenant, interaction, &mut user, now).await?;
            interaction.event = None;
            interaction.forget();
            return Ok(interactions::update(tx, tenant, self.hash, interaction).await?);
        }
        complete_account(tx, tenant, interaction, experience, &mut user, now).await?;
        let session = Session {
            id: self.session_id,
            user_id: user.id.clone(),
            authenticated_at: now,
            expires_at: now.plus_seconds(SESSION_TTL),
            credential_epoch: user.credential_epoch,
            user_agent: self.visitor.user_agent,
            ip: Some(self.visitor.ip),
        };
        if let Some(previous) = self.previous {
            sessions::delete(tx, tenant, &previous).await?;
        }
        sessions::insert(tx, tenant, self.session_hash, &session).await?;
        code.store(tx, tenant, &interaction.application_id, &interaction.authorization, &session).await?;
        Ok(interactions::delete(tx, tenant, self.hash).await?)
    }
}

/// The account that was identified, held until the commit. Refused when everybody was signed out of it since, by a new
/// password or an administrator: whoever waits with what was proven before proves it again.
async fn identified(tx: &mut Tx, tenant: &TenantId, interaction: &Interaction) -> Result<LockedUser, CoreError> {
    let id = interaction.identified()?;
    let user = users::lock(tx, tenant, id).await?.ok_or(ErrorCode::UserNotExist)?;
    if user.is_suspended {
        return Err(ErrorCode::UserSuspended.into());
    }
    if user.credential_epoch != interaction.credential_epoch {
        return Err(ErrorCode::VerificationFailed.into());
    }
    Ok(user)
}

async fn reset_password(
    tx: &mut Tx,
    tenant: &TenantId,
    interaction: &Interaction,
    user: &mut LockedUser,
    now: Timestamp,
) -> Result<(), CoreError> {
    let password = interaction.profile.password.clone().ok_or(ErrorCode::NewPasswordRequired)?;
    let change = UserChange { password: Patch::Set(password), updated_at: Some(now), ..UserChange::default() };
    end_sign_ins(tx, tenant, user, change, now).await
}

async fn complete_account(
    tx: &mut Tx,
    tenant: &TenantId,
    interaction: &Interaction,
    experience: &SignInExperience,
    user: &mut LockedUser,
    now: Timestamp,
) -> Result<(), CoreError> {
    let change = UserChange { last_sign_in_at: Some(now), ..interaction.profile.change() };
    let mut completed = User::clone(user);
    completed.apply(change.clone());
    if interaction.profile.names_account() {
        check_free(tx, tenant, &completed).await?;
    }
    let by_provider = interaction.social.as_ref().is_some_and(|proof| proof.user_info.is_some());
    let missing =
        if by_provider { experience.missing_with_provider(&completed) } else { experience.missing_profile(&completed) };
    if !missing.is_empty() {
        return Err(Refusal::from(ErrorCode::MissingProfile).with_data(json!({ "missingProfile": missing })).into());
    }
    Ok(users::change(tx, tenant, user, change).await?)
}
