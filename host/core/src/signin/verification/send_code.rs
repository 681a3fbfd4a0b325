//! Sends a code to a phone or an e-mail address.

use keyway_model::connector::{ConnectorKind, route};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{CodeProof, Interaction, InteractionEvent, Proof, SentCode, VerificationRecord};
use keyway_model::phone::Phone;
use keyway_model::reason::AnyOf;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, Reason, Refusal, TenantId, Timestamp, UserId, VerificationId};
use keyway_store::{Tx, users};
use serde_json::json;

use super::code::code_hash;
use crate::CoreError;
use crate::configuration::TenantSettings;
use crate::connectors::{self, Delivery};
use crate::events::EventKind;
use crate::limits::{self, Counted, OutgoingMessage, Refused};
use crate::signin::device::known_device;
use crate::signin::start::begin;
use crate::signin::step::{Step, step};
use crate::signin::{Browser, refused_for};

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
pub(super) fn country(identifier: &Identifier) -> Result<String, Refusal> {
    if identifier.kind != IdentifierKind::Phone {
        return Ok(String::new());
    }
    let phone = Phone::parse(&identifier.value, None)?;
    if phone.is_costly() { Err(ErrorCode::LineTypeNotAllowed.into()) } else { Ok(phone.country().to_owned()) }
}

/// The country of a recipient whom a connector reaches.
fn reachable(settings: &TenantSettings, identifier: &Identifier) -> Result<String, Refusal> {
    let no_recipient =
        || Refusal::invalid_input("identifier.type", Reason::OneOf { names: AnyOf(&["email", "phone"]) });
    let wanted = ConnectorKind::reaching(identifier.kind).ok_or_else(no_recipient)?;
    if route(&settings.connectors, wanted, &identifier.value).is_empty() {
        return Err(ErrorCode::ConnectorNotFound.into());
    }
    country(identifier)
}

/// What becomes of a wish.
enum Granted {
    /// A code is on its way already.
    Before(VerificationId),
    /// A code is kept, and its message to be sent.
    Now(Sending),
}

/// A message that limits let through.
struct Sending {
    /// Whether it goes out, or only seems to.
    goes_out: bool,
    /// Whether the answer tells that it could not be delivered.
    tells: bool,
    event: InteractionEvent,
    counted: Counted,
}

/// A code, and where it would go.
#[derive(Clone)]
struct Drawn {
    id: VerificationId,
    /// Keyed hash of the code.
    hash: String,
    country: String,
}

/// Sends a new code; it replaces the one before. Where the answer would tell whether an account exists, nothing is sent to
/// strangers, and delivery does not delay the answer. The purpose of the code is that of the interaction.
#[tracing::instrument(name = "signin.code.send", skip_all)]
pub async fn send_code(browser: &Browser, request: CodeRequest) -> Result<VerificationId, CoreError> {
    let (core, settings, identifier) = (browser.core(), browser.settings().await?, request.identifier.clone());
    let country = reachable(&settings, &identifier)?;
    let (id, code): (VerificationId, _) = (core.id(), core.rng().six_digits());
    let drawn = Drawn { id: id.clone(), hash: code_hash(core, &id, &code), country };
    let Sending { goes_out, tells, event, counted } =
        match step(browser, async move |step| grant(step, request, drawn).await).await? {
            Granted::Before(id) => return Ok(id),
            Granted::Now(sending) => sending,
        };
    let browser = browser.clone();
    let delivered = async move {
        let locale = browser.locale.as_deref();
        let message = Delivery { to: &identifier, usage: event.as_str(), code: &code, locale };
        deliver_or_refund(&browser, &settings, message, counted).await
    };
    if tells {
        delivered.await?;
    } else if goes_out {
        // The person sees the same page either way; the reason is in the server's log.
        tokio::spawn(delivered);
    }
    Ok(id)
}

async fn grant(step: &mut Step<'_>, request: CodeRequest, drawn: Drawn) -> Result<Granted, CoreError> {
    let (tenant, now, experience, limits) = (step.tenant(), step.now(), step.experience(), &step.core().parts.limits);
    let Drawn { id, hash, country } = drawn;
    let kinds = step.settings.connector_kinds();
    let event = request.starts.map_or_else(|| step.interaction.event(), Ok)?;
    if request.continues
        && limits.sends_per_recipient_minute > 0
        && let Some(pending) = on_its_way(step.interaction, experience, event, &request, &kinds, now)
    {
        step.interaction.event = Some(event);
        return Ok(Granted::Before(pending));
    }
    let identified = step.interaction.user_id.as_ref().filter(|_| request.starts.is_none());
    let recipient = (&request.identifier, country.as_str());
    let completes = check_offer(step.tx, tenant, experience, &kinds, event, recipient, identified).await?;
    let welcome = completes || experience.welcomes_strangers(event, request.identifier.kind);
    let account = users::find_by_identifier(step.tx, tenant, &request.identifier).await?;
    let device = account.as_ref().and_then(|account| known_device(step.browser, &account.id));
    // One use, right or wrong.
    let puzzle = request.work.as_ref().and_then(|_| step.interaction.work.take());
    let answer = request.work.as_deref().unwrap_or_default();
    let message = OutgoingMessage {
        recipient: &request.identifier.value,
        country: &country,
        network: step.browser.network(),
        device: device.as_deref(),
        to_stranger: account.is_none() && welcome,
        worked: puzzle.is_some_and(|puzzle| limits::is_answer(&puzzle, answer)),
    };
    let counted = match limits::count(step.tx, tenant, limits, &message, now).await? {
        Ok(counted) => counted,
        Err(refused) => return Err(hold_back(step, refused, &request.identifier, &country).into()),
    };
    if let Some(event) = request.starts {
        begin(step, event)?;
    }
    let expires_at = now.plus_seconds(experience.verification_code_policy.expiration_duration);
    let code = SentCode { hash, sent_at: now, expires_at, tries: 0, consumed: false, counters: counted.clone() };
    let credential_epoch = account.as_ref().map_or(0, |account| account.credential_epoch);
    let proof = CodeProof { identifier: request.identifier.clone(), code };
    let proof = Proof::by_code(proof).ok_or(ErrorCode::InvalidInteractionType)?;
    step.interaction.put(VerificationRecord { id, event, credential_epoch, proof });
    let sent = step.event(EventKind::code_sent(event));
    step.record(sent.detail("identifier", request.identifier.kind.as_str().into()));
    Ok(Granted::Now(Sending { goes_out: account.is_some() || welcome, tells: welcome, event, counted }))
}

/// Tells of a message that is held back: the log and the audit log once in a window, the metric each time, and the browser what it
/// can do.
fn hold_back(step: &mut Step<'_>, refused: Refused, identifier: &Identifier, country: &str) -> Refusal {
    let Refused { rule, wait, by_work, is_news } = refused;
    let (core, rule_name) = (step.core(), rule.as_str());
    core.held_back.count(rule, !by_work);
    if is_news {
        if by_work {
            tracing::warn!(rule = rule_name, "a limit on messages is reached: browsers have to prove work now");
        } else {
            tracing::warn!(rule = rule_name, wait, "a limit on messages is reached: messages are refused");
        }
        let outcome = if by_work { "proof_of_work" } else { "refused" };
        let held_back = step.event(EventKind::MessageHeldBack).detail("identifier", identifier.kind.as_str().into());
        let held_back = held_back.detail("country", json!(country)).detail("rule", json!(rule_name));
        step.record(held_back.detail("outcome", json!(outcome)).failed(ErrorCode::MessageRateLimited.code()));
    }
    let refusal = refused_for(ErrorCode::MessageRateLimited, wait);
    if !by_work {
        return refusal;
    }
    let puzzle = limits::puzzle(core.rng(), core.parts.limits.proof_of_work_bits);
    let data = json!({
        "retryAfter": wait,
        "proofOfWork": { "algorithm": "SHA-256", "challenge": puzzle.challenge, "bits": puzzle.bits },
    });
    step.interaction.work = Some(puzzle);
    refusal.with_data(data)
}

/// Delivers; a message that was not sent does not count against its recipient, so that a retry works at once.
async fn deliver_or_refund(
    browser: &Browser,
    settings: &TenantSettings,
    message: Delivery<'_>,
    counted: Counted,
) -> Result<(), CoreError> {
    let (core, cx) = (browser.core(), &browser.cx);
    let sent = connectors::deliver(cx, settings, message).await;
    if sent.is_err() {
        let (counted, now) = (&counted, core.now());
        let refunded = core
            .store()
            .write(async move |tx| Ok::<_, CoreError>(limits::refund(tx, &cx.tenant, counted, cx.now, now).await?));
        refunded.await?;
    }
    sent
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
    let (pending, sent) = interaction.pending_code(now, experience.verification_code_policy.max_retry_attempts)?;
    let (made, sent_at) = (pending.event, sent.code.sent_at);
    let same = sent.identifier == request.identifier && now.seconds_since(sent_at) < RESEND_AFTER;
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
