//! Proof by a code that is sent to a phone or an e-mail address.

use keyway_model::connector::{ConnectorKind, route};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{InteractionEvent, SentCode, Verification, VerificationKind, judge_code};
use keyway_model::phone::Phone;
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ErrorCode, Refusal, VerificationId};
use keyway_store::users;

use super::Caller;
use crate::configuration::Settings;
use crate::connectors::{Delivery, kind_for};
use crate::limits::{self, Send};
use crate::logs::Event;
use crate::{Core, CoreError};

/// Who a message goes to and whom it is counted against.
struct Recipient {
    identifier: Identifier,
    country: String,
    ip: String,
}

impl Recipient {
    fn new(caller: &Caller, identifier: Identifier) -> Result<Self, Refusal> {
        let country = match identifier.kind {
            IdentifierKind::Phone => Phone::parse(&identifier.value, None)?.country().to_owned(),
            _ => String::new(),
        };
        Ok(Self { identifier, country, ip: caller.visitor.ip.clone() })
    }

    /// A program on this machine is the operator's own: it has no address and no country to be limited by.
    fn send(&self, local: bool) -> Send<'_> {
        let (country, ip) = if local { ("", "") } else { (self.country.as_str(), self.ip.as_str()) };
        Send { recipient: &self.identifier.value, country, ip }
    }
}

impl Core {
    /// Sends a new code; it replaces the one before. Where the answer would tell whether an account exists, nothing is sent
    /// to strangers, and delivery does not delay the answer.
    pub async fn send_code(
        self: &std::sync::Arc<Self>,
        caller: &Caller,
        identifier: Identifier,
        event: InteractionEvent,
    ) -> Result<VerificationId, CoreError> {
        let kind = VerificationKind::code_for(identifier.kind).ok_or(ErrorCode::InvalidInteractionType)?;
        let settings = self.settings(&caller.tenant).await?;
        let kinds = settings.connector_kinds();
        let wanted = kind_for(identifier.kind).ok_or(ErrorCode::ConnectorNotFound)?;
        if route(&settings.connectors, wanted, &identifier.value).is_empty() {
            return Err(ErrorCode::ConnectorNotFound.into());
        }
        let recipient = Recipient::new(caller, identifier.clone())?;
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
            event: Some(event),
        };
        let key = format!("Interaction.{}.Verification.VerificationCode.Create", event.as_str());
        let audit = Event::new(self, key, &caller.visitor).with("identifier", identifier.kind.as_str().into());
        let (tenant, limits, local) = (caller.tenant.clone(), self.parts.limits, caller.visitor.local);
        let (known, hides) = self
            .step(caller, move |tx, interaction, experience| {
                Box::pin(async move {
                    interaction.event()?;
                    check_offer(experience, &kinds, event, &recipient)?;
                    let audit = audit.interaction(interaction);
                    if let Err(code) = limits::count_send(tx, &tenant, &limits, &recipient.send(local), now).await? {
                        audit.failed(code.code()).write(tx, &tenant).await?;
                        return Err(code.into());
                    }
                    let hides = match event {
                        InteractionEvent::ForgotPassword => true,
                        InteractionEvent::SignIn => !experience.allows(InteractionEvent::Register),
                        InteractionEvent::Register => false,
                    };
                    let account = users::find_by_identifier(tx, &tenant, &recipient.identifier).await?;
                    let credential_epoch = account.as_ref().map_or(0, |account| account.credential_epoch);
                    let expires_at = now.plus_seconds(experience.verification_code_policy.expiration_duration);
                    let code = SentCode { hash, sent_at: now, expires_at, tries: 0, consumed: false };
                    interaction.put(Verification { code: Some(code), credential_epoch, ..verification });
                    audit.write(tx, &tenant).await?;
                    Ok((account.is_some(), hides))
                })
            })
            .await?;
        if !hides {
            return self.deliver_or_refund(caller, &settings, &identifier, event, &code).await.map(|()| id);
        }
        if known {
            let (core, caller) = (std::sync::Arc::clone(self), caller.clone());
            tokio::spawn(async move {
                // The person sees the same page either way; the reason is in the server's log.
                let _ = core.deliver_or_refund(&caller, &settings, &identifier, event, &code).await;
            });
        }
        Ok(id)
    }

    /// Delivers; a message that was not sent does not count against its recipient, so that a retry works at once.
    async fn deliver_or_refund(
        &self,
        caller: &Caller,
        settings: &Settings,
        identifier: &Identifier,
        event: InteractionEvent,
        code: &str,
    ) -> Result<(), CoreError> {
        let tenant = &caller.tenant;
        let message = Delivery { to: identifier, usage: event.as_str(), code, locale: caller.locale.as_deref() };
        let sent = self.deliver(tenant, settings, message).await;
        if sent.is_err() {
            let (owner, recipient, now) = (tenant.clone(), identifier.value.clone(), self.now());
            self.parts
                .store
                .write(move |tx| {
                    Box::pin(async move { Ok::<_, CoreError>(limits::refund_send(tx, &owner, &recipient, now).await?) })
                })
                .await?;
        }
        sent
    }

    fn code_hash(&self, id: &VerificationId, code: &str) -> String {
        self.parts.master_key.keyed_hash(&format!("code/{id}/{code}"))
    }

    /// Checks a code against the one that was sent to `identifier` in this interaction.
    pub async fn verify_code(
        &self,
        caller: &Caller,
        identifier: Identifier,
        id: VerificationId,
        code: &str,
    ) -> Result<VerificationId, CoreError> {
        let now = self.now();
        let guess = self.code_hash(&id, code.trim());
        let recipient = Recipient::new(caller, identifier)?;
        let audit = Event::new(self, "Interaction.VerificationCode.Submit", &caller.visitor);
        let (tenant, limits, local) = (caller.tenant.clone(), self.parts.limits, caller.visitor.local);
        self.step(caller, move |tx, interaction, experience| {
            Box::pin(async move {
                let name = interaction.event()?.as_str();
                let audit = audit.key(format!("Interaction.{name}.Verification.VerificationCode.Submit"));
                let audit = audit.interaction(interaction);
                let policy = experience.verification_code_policy;
                let identifier = &recipient.identifier;
                let failures = limits::check_failures(tx, &tenant, &limits, &identifier.value, now).await?;
                let verdict = failures.and_then(|failures| {
                    let found = interaction.verifications.iter_mut().find(|verification| verification.id == id);
                    judge(found, identifier, &guess, now, policy.max_retry_attempts).map(|()| failures)
                });
                match verdict {
                    Ok(failures) => {
                        limits::forget_failures(tx, &tenant, &identifier.value, failures).await?;
                        limits::count_verified(tx, &tenant, &limits, &recipient.send(local), now).await?;
                        audit.write(tx, &tenant).await?;
                        Ok(id)
                    }
                    Err(code) => {
                        if code == ErrorCode::CodeMismatch {
                            limits::count_failure(tx, &tenant, &identifier.value, now).await?;
                        }
                        audit.failed(code.code()).write(tx, &tenant).await?;
                        Err(code.into())
                    }
                }
            })
        })
        .await
    }
}

fn judge(
    verification: Option<&mut Verification>,
    identifier: &Identifier,
    guess: &str,
    now: keyway_model::Timestamp,
    max_tries: u32,
) -> Result<(), ErrorCode> {
    let Some(verification) = verification else { return Err(ErrorCode::VerificationNotFound) };
    let Some(code) = verification.code.as_mut() else { return Err(ErrorCode::CodeNotFound) };
    if verification.identifier != *identifier {
        let phone = verification.identifier.kind == IdentifierKind::Phone;
        return Err(if phone { ErrorCode::CodePhoneMismatch } else { ErrorCode::CodeEmailMismatch });
    }
    let matches = subtle::ConstantTimeEq::ct_eq(code.hash.as_bytes(), guess.as_bytes()).into();
    judge_code(code, matches, now, max_tries)?;
    verification.verified = true;
    Ok(())
}

/// A code is sent only where the tenant's settings have a use for it.
fn check_offer(
    experience: &SignInExperience,
    connectors: &[ConnectorKind],
    event: InteractionEvent,
    recipient: &Recipient,
) -> Result<(), Refusal> {
    let kind = recipient.identifier.kind;
    let useful = match event {
        InteractionEvent::ForgotPassword => experience.reset_kinds(connectors).contains(&kind),
        InteractionEvent::SignIn | InteractionEvent::Register => {
            experience.method(kind).is_some_and(|method| method.verification_code) || experience.collects(kind)
        }
    };
    if !useful {
        return Err(ErrorCode::SignInMethodNotEnabled.into());
    }
    let country = &recipient.country;
    let closed = experience.sms_countries.as_ref().is_some_and(|open| !open.contains(country));
    if kind == IdentifierKind::Phone && closed {
        return Err(ErrorCode::CountryNotAllowed.into());
    }
    Ok(())
}
