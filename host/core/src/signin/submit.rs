//! Ends an interaction: writes the account, opens the session and answers the application.

use keyway_model::interaction::{Interaction, InteractionEvent, Profile};
use keyway_model::session::{SESSION_TTL, Session};
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::user::User;
use keyway_model::{ErrorCode, Refusal, SessionId, TenantId, Timestamp};
use keyway_store::{StoreError, Tx, interactions, sessions, tokens, users};
use serde_json::json;

use super::identify::check_free;
use super::{Caller, taken};
use crate::logs::Event;
use crate::oauth::AuthorizationAnswer;
use crate::{Core, CoreError, secret};

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
            .write(move |tx| {
                Box::pin(async move {
                    let Some(mut interaction) = interactions::find(tx, &tenant, &hash, now).await? else {
                        return Ok(Err(ErrorCode::SessionNotFound.into()));
                    };
                    let event = interaction.event()?;
                    let audit = audit.key(format!("Interaction.{}.Submit", event.as_str())).interaction(&interaction);
                    if event == InteractionEvent::ForgotPassword {
                        reset_password(tx, &tenant, &interaction, now).await?;
                        audit.write(tx, &tenant).await?;
                        interaction.event = None;
                        interaction.verifications.clear();
                        interaction.social = None;
                        interaction.user_id = None;
                        interaction.profile = Profile::default();
                        interactions::update(tx, &tenant, &hash, &interaction).await?;
                        return Ok(Ok(Outcome::PasswordReset));
                    }
                    let user = complete_account(tx, &tenant, &interaction, &settings.experience, now).await?;
                    let session = Session {
                        id: session_id,
                        user_id: user.id,
                        authenticated_at: now,
                        expires_at: now.plus_seconds(SESSION_TTL),
                        user_agent: visitor.user_agent,
                        ip: Some(visitor.ip),
                    };
                    if let Some(previous) = previous {
                        sessions::delete(tx, &tenant, &previous).await?;
                    }
                    sessions::insert(tx, &tenant, &session_hash, &session).await?;
                    let (application, asked) = (&interaction.application_id, &interaction.authorization);
                    code.store(tx, &tenant, application, asked, &session).await?;
                    interactions::delete(tx, &tenant, &hash).await?;
                    audit.write(tx, &tenant).await?;
                    Ok(Ok(Outcome::SignedIn(Box::new(interaction))))
                })
            })
            .await
            .map_err(|error| match error {
                // The application was removed while its user signed in.
                CoreError::Store(StoreError::Reference) => ErrorCode::SessionNotFound.into(),
                error => taken(error),
            })?;
        match outcome? {
            Outcome::PasswordReset => Ok(Submitted::PasswordReset),
            Outcome::SignedIn(interaction) => {
                let answer = self.success(&caller.tenant, &interaction.authorization, &code_value);
                Ok(Submitted::SignedIn { session: secret, answer, interaction })
            }
        }
    }
}

async fn reset_password(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    interaction: &Interaction,
    now: Timestamp,
) -> Result<(), CoreError> {
    let id = interaction.identified()?;
    let password = interaction.profile.password.clone().ok_or(ErrorCode::NewPasswordRequired)?;
    let mut user = users::find(tx, tenant, id).await?.ok_or(ErrorCode::UserNotExist)?;
    user.password = Some(password);
    user.updated_at = now;
    users::update(tx, tenant, &user).await?;
    // Whoever was signed in with the old password is not any more.
    sessions::delete_of_user(tx, tenant, id).await?;
    tokens::revoke_of_user(tx, tenant, id, now).await?;
    Ok(())
}

async fn complete_account(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    interaction: &Interaction,
    experience: &SignInExperience,
    now: Timestamp,
) -> Result<User, CoreError> {
    let id = interaction.identified()?;
    let mut user = users::find(tx, tenant, id).await?.ok_or(ErrorCode::UserNotExist)?;
    if user.is_suspended {
        return Err(ErrorCode::UserSuspended.into());
    }
    if interaction.profile.names_account() {
        interaction.profile.apply(&mut user);
        check_free(tx, tenant, &user).await?;
    }
    let by_provider = interaction.social.as_ref().is_some_and(|proof| proof.user_info.is_some());
    let missing = if by_provider { experience.missing_with_provider(&user) } else { experience.missing_profile(&user) };
    if !missing.is_empty() {
        return Err(Refusal::from(ErrorCode::MissingProfile).with_data(json!({ "missingProfile": missing })).into());
    }
    user.last_sign_in_at = Some(now);
    users::update(tx, tenant, &user).await?;
    Ok(user)
}
