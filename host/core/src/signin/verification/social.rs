//! Proof by an outside provider, through a social connector.

use std::collections::BTreeMap;

use keyway_model::connector::Connector;
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{
    Interaction, InteractionEvent, Proof, SocialProof, SocialUserInfo, VerificationRecord,
};
use keyway_model::{ConnectorId, ErrorCode, Reason, Refusal, VerificationId, display};
use keyway_sandbox::{Context, Start};
use keyway_store::users;
use serde_json::{Map, Value, json};
use url::Url;

use super::social_offers::offered_connector;
use crate::connectors::{self, Factory, explain, target_of};
use crate::events::{Event, EventKind};
use crate::signin::proceed::{Progress, advance};
use crate::signin::social_identity::{of_connector, owner};
use crate::signin::start::begin;
use crate::signin::step::{Step, step};
use crate::signin::{Browser, found};
use crate::{Core, CoreError, Cx, secret};

/// Longest text that an account takes from a provider.
const MAX_STRING: usize = 512;
/// Longest address that a provider sends a browser back to.
const MAX_ADDRESS: usize = 2048;

/// A wish to sign in with a provider.
#[derive(Debug, Clone)]
pub struct SocialStart {
    /// What the provider must send back.
    pub state: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// What is asked of the provider, where it is not what the connector asks anyway.
    pub scope: Option<String>,
    /// Starts the interaction over.
    pub starts: bool,
}

/// What marks a link to a provider on the pages of an interaction.
pub fn link_mark(core: &Core, interaction: &Interaction, connector: &ConnectorId) -> String {
    core.parts.master_key.keyed_hash(&format!("link/{}/{connector}/{}", interaction.id, interaction.csrf))
}

/// Starts a sign-in with a provider; returns the verification and the address that the browser is sent to.
#[tracing::instrument(name = "signin.social.start", skip_all)]
pub async fn start_social(
    browser: &Browser,
    id: &ConnectorId,
    wish: SocialStart,
) -> Result<(VerificationId, String), CoreError> {
    let (core, tenant) = (browser.core(), &browser.cx.tenant);
    // Before a component runs for it.
    let present = found(browser).await?;
    if !wish.starts && present.event()? == InteractionEvent::ForgotPassword {
        return Err(ErrorCode::NotSupportedForForgotPassword.into());
    }
    let SocialStart { state, redirect_uri, scope, starts } = wish;
    if state.is_empty() || state.len() > MAX_STRING {
        return Err(Refusal::invalid_input("state", Reason::LengthInCharacters { least: 1, most: MAX_STRING }).into());
    }
    if redirect_uri.len() > MAX_ADDRESS || Url::parse(&redirect_uri).is_err() {
        return Err(Refusal::invalid_input("redirectUri", Reason::AddressInBytes { most: MAX_ADDRESS }).into());
    }
    let (connector, factory) = offered_connector(core, tenant, id).await?;
    let start = Start {
        state: state.clone(),
        redirect_uri: redirect_uri.clone(),
        connector_id: id.0.clone(),
        user_agent: browser.cx.visitor.user_agent.clone(),
        scope,
    };
    let (uri, session) = connectors::authorization_uri(&browser.cx, &connector, &factory, start).await?;
    let proof = Box::new(SocialProof {
        connector_id: id.clone(),
        target: target_of(&factory, &connector.settings),
        state,
        redirect_uri,
        session: Some(session),
        sync_profile: connector.settings.sync_profile,
        related: false,
        user_info: None,
    });
    let id: VerificationId = core.id();
    let made = id.clone();
    step(browser, async move |step| {
        if starts {
            begin(step, step.experience().first_event())?;
        }
        step.interaction.event()?;
        let started = step.event(EventKind::SocialStarted);
        step.record(started.detail("connectorId", json!(proof.connector_id)));
        let (event, proof) = (InteractionEvent::SignIn, Proof::Social(proof));
        step.interaction.put(VerificationRecord { id, event, credential_epoch: 0, proof });
        Ok(())
    })
    .await?;
    Ok((made, uri))
}

/// What the provider sent the browser back with.
#[derive(Debug, Clone)]
pub struct SocialAnswer {
    /// Of which verification; the one under way where it is not said.
    pub verification: Option<VerificationId>,
    /// The parameters.
    pub data: Map<String, Value>,
    /// Whether the state must be among them.
    pub must_have_state: bool,
}

/// Takes what the provider sent the browser back with, and asks it who the user is. Each start is good for one answer.
#[tracing::instrument(name = "signin.social.verify", skip_all)]
pub async fn finish_social(
    browser: &Browser,
    id: &ConnectorId,
    answer: SocialAnswer,
) -> Result<VerificationId, CoreError> {
    let vouched = &ask(browser, id, answer).await?;
    step(browser, async move |step| keep_answer(step, id, vouched).await).await
}

/// Takes the answer as [`finish_social`], and goes on from there.
#[tracing::instrument(name = "signin.social.sign_in", skip_all)]
pub async fn sign_in_with_provider(
    browser: &Browser,
    id: &ConnectorId,
    answer: SocialAnswer,
) -> Result<Progress, CoreError> {
    let vouched = &ask(browser, id, answer).await?;
    step(browser, async move |step| {
        let proof = keep_answer(step, id, vouched).await?;
        advance(step, Some(proof.into())).await
    })
    .await
}

/// Whom a provider vouches for, in which verification.
struct Vouched {
    verification: VerificationId,
    info: SocialUserInfo,
}

async fn ask(browser: &Browser, id: &ConnectorId, answer: SocialAnswer) -> Result<Vouched, CoreError> {
    let (core, tenant) = (browser.core(), &browser.cx.tenant);
    let (connector, factory) = offered_connector(core, tenant, id).await?;
    let SocialAnswer { verification: wanted, data: mut callback, must_have_state } = answer;
    let given = callback.get("state").cloned();
    // The session is taken out in the same transaction that checks the state: a second answer finds none.
    let taken = step(browser, async move |step| {
        take_session(step.interaction, id, wanted.as_ref(), given.as_ref(), must_have_state)
    });
    let Taken { verification, redirect_uri, session } = taken.await?;
    callback.insert("redirectUri".into(), json!(redirect_uri));
    let context = Context { config: connector.config.clone(), session, ..Context::default() };
    match user_info(&browser.cx, &connector, &factory, context, &Value::Object(callback)).await {
        Ok(info) => Ok(Vouched { verification, info }),
        Err(error) => {
            let code = if let CoreError::Refusal(refusal) = &error { refusal.code.code() } else { "internal" };
            let failed = Event::new(EventKind::SocialSubmitted).detail("connectorId", json!(id)).failed(code);
            let cx = &browser.cx;
            cx.write(async move |tx| Ok::<_, CoreError>(cx.emit(tx, failed).await?)).await?;
            Err(error)
        }
    }
}

/// What was taken out of a verification under way, which it holds no longer.
struct Taken {
    verification: VerificationId,
    redirect_uri: String,
    session: BTreeMap<String, String>,
}

fn take_session(
    interaction: &mut Interaction,
    connector: &ConnectorId,
    wanted: Option<&VerificationId>,
    given: Option<&Value>,
    must_have_state: bool,
) -> Result<Taken, CoreError> {
    interaction.event()?;
    let record = interaction.social_mut().filter(|record| wanted.is_none_or(|wanted| *wanted == record.id));
    let record = record.ok_or(ErrorCode::ConnectorStateMismatch)?;
    let verification = record.id.clone();
    let pending = record.proof.social_mut().filter(|pending| pending.connector_id == *connector);
    let pending = pending.ok_or(ErrorCode::ConnectorStateMismatch)?;
    let fits = match given.and_then(Value::as_str) {
        Some(given) => secret::equal(given, &pending.state),
        None => !must_have_state && given.is_none(),
    };
    // A stranger's answer, which does not know the state, does not use up the session.
    let session = if fits { pending.session.take() } else { None };
    let session = session.ok_or(ErrorCode::ConnectorStateMismatch)?;
    Ok(Taken { verification, redirect_uri: pending.redirect_uri.clone(), session })
}

async fn keep_answer(step: &mut Step<'_>, id: &ConnectorId, vouched: &Vouched) -> Result<VerificationId, CoreError> {
    let Vouched { verification, info } = vouched;
    let record = step.interaction.social_mut().filter(|record| record.id == *verification);
    let record = record.ok_or(ErrorCode::ConnectorStateMismatch)?;
    if let Some(pending) = record.proof.social_mut() {
        pending.user_info = Some(info.clone());
        let (tx, tenant) = (&mut *step.tx, &step.browser.cx.tenant);
        let owner = match owner(tx, tenant, pending).await? {
            Some(id) => users::find(tx, tenant, &id).await?,
            None => None,
        };
        record.credential_epoch = owner.map_or(0, |owner| owner.credential_epoch);
    }
    let submitted = step.event(EventKind::SocialSubmitted).detail("connectorId", json!(id));
    step.record(submitted);
    Ok(verification.clone())
}

async fn user_info(
    cx: &Cx,
    connector: &Connector,
    factory: &Factory,
    context: Context,
    callback: &Value,
) -> Result<SocialUserInfo, CoreError> {
    let text = connectors::user_info(cx, connector, factory, context, callback).await.map_err(explain)?;
    let info: SocialUserInfo =
        serde_json::from_str(&text).map_err(|_| CoreError::from(ErrorCode::ConnectorInvalidResponse))?;
    if info.id.trim().is_empty() || info.id.len() > MAX_STRING {
        return Err(ErrorCode::ConnectorInvalidResponse.into());
    }
    let mut info = judged(info);
    info.issuer = Some(identity_issuer(cx.core(), connector, factory, info.issuer)?);
    let trusted = factory.trusts_addresses(&connector.settings);
    info.email_verified &= trusted && info.email.is_some();
    info.phone_verified &= trusted && info.phone.is_some();
    Ok(info)
}

/// Who gives the ids of this connector's users their meaning. A connector of one provider says so by its target. One that
/// speaks a standard is any provider's: the issuer that a module of the binary has checked, or the connector itcore. A
/// module that somebody uploaded speaks for no provider of the binary's.
fn identity_issuer(
    core: &Core,
    connector: &Connector,
    factory: &Factory,
    said: Option<String>,
) -> Result<String, CoreError> {
    if factory.manifest.is_standard {
        let said = said.filter(|said| !factory.uploaded && !said.trim().is_empty());
        if said.as_ref().is_some_and(|said| said.len() > MAX_STRING) {
            return Err(ErrorCode::ConnectorInvalidResponse.into());
        }
        return Ok(said.unwrap_or_else(|| of_connector(&connector.id)));
    }
    let target = &factory.manifest.target;
    let is_another = factory.uploaded
        && core.registry.of_binary(&factory.manifest.id).is_none()
        && core.registry.binary_has_target(target);
    Ok(if is_another { format!("module:{}", factory.manifest.id) } else { String::new() })
}

/// What of a provider's answer an account may take: identifiers in their own form, a picture by https, texts of bounded size.
fn judged(mut info: SocialUserInfo) -> SocialUserInfo {
    let parsed =
        |kind, value: Option<String>| value.and_then(|value| Identifier::parse(kind, &value).ok()).map(|one| one.value);
    let phone = info.phone.map(|phone| if phone.starts_with('+') { phone } else { format!("+{phone}") });
    info.phone = parsed(IdentifierKind::Phone, phone);
    info.email = parsed(IdentifierKind::Email, info.email);
    info.name = info.name.map(|name| display::shown(&name).chars().take(128).collect());
    info.avatar = info
        .avatar
        .filter(|avatar| avatar.len() <= 2048 && avatar.starts_with("https://") && Url::parse(avatar).is_ok());
    if info.raw_data.to_string().len() > 64 * 1024 {
        info.raw_data = Value::Null;
    }
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_answer_is_not_taken_on_trust() {
        let info = |email: &str, phone: &str, avatar: &str| {
            judged(SocialUserInfo {
                id: "1".into(),
                issuer: None,
                email: Some(email.into()),
                email_verified: true,
                phone: Some(phone.into()),
                phone_verified: true,
                name: Some("A\u{0}da".into()),
                avatar: Some(avatar.into()),
                raw_data: Value::Null,
            })
        };
        let good = info("Ada@Example.org", "8613012345678", "https://a.example/a.png");
        assert_eq!((good.email.unwrap().as_str(), good.phone.unwrap().as_str()), ("ada@example.org", "8613012345678"));
        assert_eq!(good.name.unwrap(), "Ada");
        let bad = info("not an address", "123", "javascript:alert(1)");
        assert_eq!((bad.email, bad.phone, bad.avatar), (None, None, None));
    }

    proptest::proptest! {
        #[test]
        fn parser_exhaustion_of_identities_of_providers(
            member in "(id|issuer|email|emailVerified|phone|phoneVerified|name|avatar|rawData|other)",
            text in "(ada|@|example\\.org|\\+|86|13012345678|https://|javascript:|data:|/|\u{202e}|\u{0}|\\PC){0,12}",
            shape in 0_usize..5,
        ) {
            let value = match shape {
                0 => json!(null),
                1 => json!([text]),
                2 => json!(true),
                _ => json!(text),
            };
            let mut sent = json!({ "id": "1", "email": "ada@example.org", "phone": "8613012345678", "name": "Ada" });
            sent[member] = value;
            if let Ok(info) = serde_json::from_str::<SocialUserInfo>(&sent.to_string()) {
                let info = judged(info);
                for (kind, value) in [(IdentifierKind::Email, &info.email), (IdentifierKind::Phone, &info.phone)] {
                    let again = value.as_ref().map(|value| Identifier::parse(kind, value).map(|one| one.value));
                    proptest::prop_assert_eq!(again, value.clone().map(Ok));
                }
                let name = info.name.unwrap_or_default();
                proptest::prop_assert!(name.chars().count() <= 128 && !name.contains(['\u{0}', '\u{202e}']), "{:?}", name);
                proptest::prop_assert!(info.avatar.is_none_or(|avatar| avatar.starts_with("https://")));
            }
        }
    }
}
