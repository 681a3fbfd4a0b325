//! Proof by a code that is sent to a phone or an e-mail address.

use std::sync::Arc;

use keyway_model::connector::{ConnectorKind, route};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{Interaction, InteractionEvent, SentCode, Verification, VerificationKind, judge_code};
use keyway_model::phone::Phone;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, Refusal, TenantId, Timestamp, UserId, VerificationId};
use keyway_store::{Tx, users};
use serde_json::json;

use super::{Caller, refused_for};
use crate::configuration::Settings;
use crate::connectors::{Delivery, kind_for};
use crate::limits::{self, Counted, Guesses, Message, Proof, Refused};
use crate::logs::Event;
use crate::{Core, CoreError};

/// Seconds for which a code that was sent is continued with rather than sent anew.
pub const RESEND_AFTER: i64 = 60;

/// A wish for a code.
#[derive(Debug, Clone)]
pub struct CodeRequest {
    /// Whom it goes to.
    pub identifier: Identifier,
    /// Starts the interaction over with this event, once the message is let through.
    pub starts: Option<InteractionEvent>,
    /// Goes on with a code that is on its way to the same recipient for the same purpose.
    pub continues: bool,
    /// The answer to the puzzle that came with a refusal.
    pub work: Option<String>,
}

impl CodeRequest {
    /// A wish for a new code in the interaction as it is.
    pub fn new(identifier: Identifier) -> Self {
        Self { identifier, starts: None, continues: false, work: None }
    }
}

/// The country of a phone number; refuses numbers that a message is wasted on.
fn country(identifier: &Identifier) -> Result<String, Refusal> {
    if identifier.kind != IdentifierKind::Phone {
        return Ok(String::new());
    }
    let phone = Phone::parse(&identifier.value, None)?;
    if phone.is_costly() { Err(ErrorCode::LineTypeNotAllowed.into()) } else { Ok(phone.country().to_owned()) }
}

/// The country of a recipient whom a connector reaches.
fn reachable(settings: &Settings, identifier: &Identifier) -> Result<String, Refusal> {
    let wanted = kind_for(identifier.kind).ok_or(ErrorCode::ConnectorNotFound)?;
    if route(&settings.connectors, wanted, &identifier.value).is_empty() {
        return Err(ErrorCode::ConnectorNotFound.into());
    }
    country(identifier)
}

/// What becomes of a wish.
enum Step {
    /// A code is on its way already.
    Pending(VerificationId),
    /// A message goes out or seems to, and the answer tells whether it could be delivered or does not.
    Send(bool, bool, InteractionEvent, Counted),
}

impl Core {
    /// Sends a new code; it replaces the one before. Where the answer would tell whether an account exists, nothing is sent
    /// to strangers, and delivery does not delay the answer. The purpose of the code is that of the interaction.
    pub async fn send_code(
        self: &Arc<Self>,
        caller: &Caller,
        request: CodeRequest,
    ) -> Result<VerificationId, CoreError> {
        let identifier = request.identifier.clone();
        let kind = VerificationKind::code_for(identifier.kind).ok_or(ErrorCode::InvalidInteractionType)?;
        let settings = self.settings(&caller.tenant).await?;
        let kinds = settings.connector_kinds();
        let country = reachable(&settings, &identifier)?;
        let (now, code) = (self.now(), self.rng().six_digits());
        let id: VerificationId = self.id();
        let hash = self.code_hash(&id, &code);
        let verification = Verification {
            id: id.clone(),
            kind,
            identifier: identifier.clone(),
            verified: false,
            user_id: None,
            code: None,
            password: None,
            credential_epoch: 0,
            event: None,
        };
        let audit = Event::new(self, "Message.RateLimited", &caller.visitor)
            .with("identifier", identifier.kind.as_str().into());
        let started = Event::new(self, "Interaction.Update", &caller.visitor);
        let (core, asking) = (Arc::clone(self), caller.clone());
        let (tenant, limits) = (caller.tenant.clone(), self.parts.limits);
        let step = self
            .step(caller, async move |tx, interaction, experience| {
                let event = request.starts.map_or_else(|| interaction.event(), Ok)?;
                if request.continues
                    && limits.sends_per_recipient_minute > 0
                    && let Some(pending) = on_its_way(interaction, experience, event, &request, &kinds, now)
                {
                    interaction.event = Some(event);
                    return Ok(Step::Pending(pending));
                }
                let identified = interaction.user_id.as_ref().filter(|_| request.starts.is_none());
                let recipient = (&request.identifier, country.as_str());
                let completes = check_offer(tx, &tenant, experience, &kinds, event, recipient, identified).await?;
                let welcome = completes || experience.welcomes_strangers(event, request.identifier.kind);
                let account = users::find_by_identifier(tx, &tenant, &request.identifier).await?;
                let device = account.as_ref().and_then(|account| core.known_device(&asking, &account.id));
                // One use, right or wrong.
                let puzzle = request.work.as_ref().and_then(|_| interaction.work.take());
                let answer = request.work.as_deref().unwrap_or_default();
                let message = Message {
                    recipient: &request.identifier.value,
                    country: &country,
                    network: asking.network(),
                    device: device.as_deref(),
                    to_stranger: account.is_none() && welcome,
                    worked: puzzle.is_some_and(|puzzle| limits::is_answer(&puzzle, answer)),
                };
                let counted = match limits::count(tx, &tenant, &limits, &message, now).await? {
                    Ok(counted) => counted,
                    Err(refused) => {
                        let audit = audit.with("country", json!(country));
                        return Err(core.hold_back(tx, &tenant, interaction, refused, audit).await?.into());
                    }
                };
                if let Some(event) = request.starts {
                    interaction.reset(event);
                    let started = started.key(format!("Interaction.{}.Update", event.as_str()));
                    started.interaction(interaction).write(tx, &tenant).await?;
                }
                let expires_at = now.plus_seconds(experience.verification_code_policy.expiration_duration);
                let code =
                    SentCode { hash, sent_at: now, expires_at, tries: 0, consumed: false, counters: counted.clone() };
                let credential_epoch = account.as_ref().map_or(0, |account| account.credential_epoch);
                let sent = Verification { code: Some(code), event: Some(event), credential_epoch, ..verification };
                interaction.put(sent);
                let name = event.as_str();
                let audit = audit.key(format!("Interaction.{name}.Verification.VerificationCode.Create"));
                audit.interaction(interaction).write(tx, &tenant).await?;
                Ok(Step::Send(account.is_some() || welcome, welcome, event, counted))
            })
            .await?;
        let (goes_out, tells, event, counted) = match step {
            Step::Pending(id) => return Ok(id),
            Step::Send(goes_out, tells, event, counted) => (goes_out, tells, event, counted),
        };
        let (core, caller) = (Arc::clone(self), caller.clone());
        let delivered = async move {
            let locale = caller.locale.as_deref();
            let message = Delivery { to: &identifier, usage: event.as_str(), code: &code, locale };
            core.deliver_or_refund(&caller.tenant, &settings, message, counted, now).await
        };
        if tells {
            delivered.await?;
        } else if goes_out {
            // The person sees the same page either way; the reason is in the server's log.
            tokio::spawn(delivered);
        }
        Ok(id)
    }

    /// Tells of a message that is held back: the log and the audit log once in a window, the metric each time, and the browser
    /// what it can do.
    async fn hold_back(
        &self,
        tx: &mut Tx,
        tenant: &TenantId,
        interaction: &mut Interaction,
        refused: Refused,
        audit: Event,
    ) -> Result<Refusal, CoreError> {
        let Refused { rule, wait, by_work, is_news } = refused;
        let rule_name = rule.as_str();
        self.held_back.count(rule, !by_work);
        if is_news {
            if by_work {
                tracing::warn!(rule = rule_name, "a limit on messages is reached: browsers have to prove work now");
            } else {
                tracing::warn!(rule = rule_name, wait, "a limit on messages is reached: messages are refused");
            }
            let outcome = if by_work { "proof_of_work" } else { "refused" };
            let audit = audit.with("rule", json!(rule_name)).with("outcome", json!(outcome));
            let audit = audit.interaction(interaction).failed(ErrorCode::MessageRateLimited.code());
            audit.write(tx, tenant).await?;
        }
        let refusal = refused_for(ErrorCode::MessageRateLimited, wait);
        if !by_work {
            return Ok(refusal);
        }
        let puzzle = limits::puzzle(self.rng(), self.parts.limits.proof_of_work_bits);
        let data = json!({
            "retryAfter": wait,
            "proofOfWork": { "algorithm": "SHA-256", "challenge": puzzle.challenge, "bits": puzzle.bits },
        });
        interaction.work = Some(puzzle);
        Ok(refusal.with_data(data))
    }

    /// Delivers; a message that was not sent does not count against its recipient, so that a retry works at once.
    async fn deliver_or_refund(
        &self,
        tenant: &TenantId,
        settings: &Settings,
        message: Delivery<'_>,
        counted: Counted,
        sent_at: Timestamp,
    ) -> Result<(), CoreError> {
        let sent = self.deliver(tenant, settings, message).await;
        if sent.is_err() {
            let (owner, now) = (tenant.clone(), self.now());
            let refunded = self
                .parts
                .store
                .write(async move |tx| Ok::<_, CoreError>(limits::refund(tx, &owner, &counted, sent_at, now).await?));
            refunded.await?;
        }
        sent
    }

    fn code_hash(&self, id: &VerificationId, code: &str) -> String {
        self.parts.master_key.keyed_hash(&format!("code/{id}/{code}"))
    }

    /// Checks a code against the one that was sent to `identifier` in this interaction.
    pub async fn verify_code(
        self: &Arc<Self>,
        caller: &Caller,
        identifier: Identifier,
        id: VerificationId,
        code: &str,
    ) -> Result<VerificationId, CoreError> {
        let now = self.now();
        let guess = self.code_hash(&id, code.trim());
        let audit = Event::new(self, "Interaction.VerificationCode.Submit", &caller.visitor);
        let (tenant, limits) = (caller.tenant.clone(), self.parts.limits);
        let (core, asking) = (Arc::clone(self), caller.clone());
        self.step(caller, async move |tx, interaction, experience| {
            let name = interaction.event()?.as_str();
            let audit = audit.key(format!("Interaction.{name}.Verification.VerificationCode.Submit"));
            let audit = audit.interaction(interaction);
            let policy = experience.verification_code_policy;
            let account = users::find_by_identifier(tx, &tenant, &identifier).await?;
            let device = account.and_then(|account| core.known_device(&asking, &account.id));
            let network = asking.network();
            let guesses = Guesses::new(&limits, Proof::Code, &identifier.value, &network, device.as_deref());
            let guesses = guesses.locked(tx, &tenant, now).await?;
            if guesses.wait > 0 {
                return Err(refused_for(ErrorCode::VerificationBlocked, guesses.wait).into());
            }
            let found = interaction.verifications.iter_mut().find(|verification| verification.id == id);
            match judge(found, &identifier, &guess, now, policy.max_retry_attempts) {
                Ok(used) => {
                    guesses.forget(tx, &tenant, now).await?;
                    let country = country(&identifier).unwrap_or_default();
                    limits::settle(tx, &tenant, &used.counters, &country, used.sent_at, now).await?;
                    audit.write(tx, &tenant).await?;
                    Ok(id)
                }
                Err(code) => {
                    if code == ErrorCode::CodeMismatch {
                        guesses.fail(tx, &tenant, now).await?;
                    }
                    audit.failed(code.code()).write(tx, &tenant).await?;
                    Err(code.into())
                }
            }
        })
        .await
    }
}

/// Judges a guess; the code that it used up.
fn judge(
    verification: Option<&mut Verification>,
    identifier: &Identifier,
    guess: &str,
    now: Timestamp,
    max_tries: u32,
) -> Result<SentCode, ErrorCode> {
    let Some(verification) = verification else { return Err(ErrorCode::VerificationNotFound) };
    let Some(code) = verification.code.as_mut() else { return Err(ErrorCode::CodeNotFound) };
    if verification.identifier != *identifier {
        let phone = verification.identifier.kind == IdentifierKind::Phone;
        return Err(if phone { ErrorCode::CodePhoneMismatch } else { ErrorCode::CodeEmailMismatch });
    }
    let matches = subtle::ConstantTimeEq::ct_eq(code.hash.as_bytes(), guess.as_bytes()).into();
    judge_code(code, matches, now, max_tries)?;
    verification.verified = true;
    Ok(code.clone())
}

/// The code that this wish is already granted by: sent a moment ago to the same recipient, for a purpose that serves this one.
fn on_its_way(
    interaction: &Interaction,
    experience: &SignInExperience,
    event: InteractionEvent,
    request: &CodeRequest,
    connectors: &[ConnectorKind],
    now: Timestamp,
) -> Option<VerificationId> {
    let kind = request.identifier.kind;
    let pending = interaction.pending_code(now, experience.verification_code_policy.max_retry_attempts)?;
    let (made, sent_at) = (pending.event?, pending.code.as_ref()?.sent_at);
    let same = pending.identifier == request.identifier && now.seconds_since(sent_at) < RESEND_AFTER;
    // A code that went to account holders alone may never have been sent.
    let serves = made == event || (pending.belongs_to(event) && experience.welcomes_strangers(made, kind));
    let stays = request.starts.is_none() || interaction.user_id.is_none();
    let takes = request.starts.is_none() || experience.takes_code(event, kind, connectors);
    (same && serves && stays && takes).then(|| pending.id.clone())
}

/// A code is sent only where the interaction has a use for it; true when it completes an account that is identified.
async fn check_offer(
    tx: &mut Tx,
    tenant: &TenantId,
    experience: &SignInExperience,
    connectors: &[ConnectorKind],
    event: InteractionEvent,
    (identifier, country): (&Identifier, &str),
    identified: Option<&UserId>,
) -> Result<bool, CoreError> {
    let closed =
        |open: &Vec<String>| identifier.kind == IdentifierKind::Phone && !open.iter().any(|one| one == country);
    if experience.sms_countries.as_ref().is_some_and(closed) {
        return Err(ErrorCode::CountryNotAllowed.into());
    }
    if !experience.allows(event) {
        let reset = event == InteractionEvent::ForgotPassword;
        return Err(if reset { ErrorCode::SignInMethodNotEnabled } else { ErrorCode::Forbidden }.into());
    }
    let completing = identified.filter(|_| event == InteractionEvent::SignIn && experience.collects(identifier.kind));
    if let Some(id) = completing {
        let account = users::find(tx, tenant, id).await?;
        if account.is_some_and(|account| account.identifier(identifier.kind).is_none()) {
            return Ok(true);
        }
    }
    if experience.takes_code(event, identifier.kind, connectors) {
        Ok(false)
    } else {
        Err(ErrorCode::SignInMethodNotEnabled.into())
    }
}
