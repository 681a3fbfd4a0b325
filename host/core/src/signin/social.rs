//! Proof by an outside provider, through a social connector.

use keyway_model::connector::{Connector, ConnectorKind, Platform};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::{Interaction, InteractionEvent, SocialUserInfo, SocialVerification};
use keyway_model::user::{Identity, User, UserChange};
use keyway_model::{ConnectorId, ErrorCode, Refusal, TenantId, Timestamp, UserId, VerificationId, display};
use keyway_sandbox::{Context, Start};
use keyway_store::users::LockedUser;
use keyway_store::{Tx, identities, users};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use url::Url;

use super::Caller;
use super::identify::admitted;
use crate::connectors::{Factory, explain, target_of};
use crate::logs::Event;
use crate::{Core, CoreError, secret};

/// A social connector as a page offers it.
#[derive(Debug, Clone)]
pub struct SocialOffer {
    /// The configured connector.
    pub id: ConnectorId,
    /// The name under which identities are kept.
    pub target: String,
    /// Where it runs.
    pub platform: Option<Platform>,
    /// Names by language.
    pub name: Value,
    /// Logo, an SVG document or an address.
    pub logo: Option<String>,
}

/// Longest text that an account takes from a provider.
const MAX_STRING: usize = 512;
/// Longest address that a provider sends a browser back to.
const MAX_ADDRESS: usize = 2048;

impl Core {
    /// The social connectors that a tenant's pages offer, in their order.
    pub async fn social_offers(&self, tenant: &TenantId) -> Result<Vec<SocialOffer>, CoreError> {
        let settings = self.settings(tenant).await?;
        let mut offers = Vec::new();
        for wanted in settings.experience.social_targets() {
            for connector in settings.connectors.iter().filter(|one| one.kind == ConnectorKind::Social) {
                let Some(factory) = self.connector_factory(tenant, &connector.factory_id) else { continue };
                let target = target_of(&factory, &connector.settings);
                if target != wanted {
                    continue;
                }
                let set = |name: &str| connector.settings.metadata.get(name).cloned();
                offers.push(SocialOffer {
                    id: connector.id.clone(),
                    target,
                    platform: factory.manifest.platform,
                    name: set("name").unwrap_or_else(|| json!(factory.manifest.name)),
                    logo: set("logo")
                        .and_then(|logo| logo.as_str().map(ToOwned::to_owned))
                        .or_else(|| factory.manifest.logo.clone()),
                });
            }
        }
        Ok(offers)
    }

    /// A social connector that the tenant's pages offer: what no page offers signs nobody in.
    async fn social(&self, tenant: &TenantId, id: &ConnectorId) -> Result<(Connector, Arc<Factory>), CoreError> {
        let settings = self.settings(tenant).await?;
        let connector = settings.connectors.iter().find(|connector| connector.id == *id);
        let connector = connector.ok_or(ErrorCode::EntityNotFound)?;
        if connector.kind != ConnectorKind::Social {
            return Err(ErrorCode::ConnectorUnexpectedType.into());
        }
        let factory =
            self.connector_factory(tenant, &connector.factory_id).ok_or(ErrorCode::ConnectorFactoryNotFound)?;
        let target = target_of(&factory, &connector.settings);
        if !settings.experience.social_targets().contains(&target.as_str()) {
            return Err(ErrorCode::SignInMethodNotEnabled.into());
        }
        Ok((connector.clone(), factory))
    }

    /// What marks a link to a provider on the pages of an interaction.
    pub fn link_mark(&self, interaction: &Interaction, connector: &ConnectorId) -> String {
        self.parts.master_key.keyed_hash(&format!("link/{}/{connector}/{}", interaction.id, interaction.csrf))
    }

    /// Starts a sign-in with a provider; returns the verification and the address that the browser is sent to.
    pub async fn start_social(
        &self,
        caller: &Caller,
        id: &ConnectorId,
        state: Option<String>,
        redirect_uri: String,
        scope: Option<String>,
    ) -> Result<(VerificationId, String), CoreError> {
        // Before a component runs for it.
        if self.found(caller).await?.event()? == InteractionEvent::ForgotPassword {
            return Err(ErrorCode::NotSupportedForForgotPassword.into());
        }
        let state = state.unwrap_or_else(|| secret::generate(self.rng()));
        if state.is_empty() || state.len() > MAX_STRING {
            return Err(Refusal::invalid_input("state", "1 to 512 characters").into());
        }
        if redirect_uri.len() > MAX_ADDRESS || Url::parse(&redirect_uri).is_err() {
            return Err(Refusal::invalid_input("redirectUri", "an absolute address of 2048 bytes at most").into());
        }
        let (connector, factory) = self.social(&caller.tenant, id).await?;
        let start = Start {
            state: state.clone(),
            redirect_uri: redirect_uri.clone(),
            connector_id: id.0.clone(),
            user_agent: caller.visitor.user_agent.clone(),
            scope,
        };
        let (uri, session) = self.authorization_uri(&caller.tenant, &connector, &factory, start).await?;
        let verification = SocialVerification {
            id: self.id(),
            connector_id: id.clone(),
            target: target_of(&factory, &connector.settings),
            state,
            redirect_uri,
            session: Some(session),
            sync_profile: connector.settings.sync_profile,
            related: false,
            user_info: None,
            credential_epoch: 0,
        };
        let made = verification.id.clone();
        let audit = Event::new(self, "Interaction.SignIn.Verification.Social.Create", &caller.visitor)
            .with("connectorId", json!(id));
        let tenant = caller.tenant.clone();
        self.step(caller, async move |tx, interaction, _| {
            interaction.event()?;
            interaction.social = Some(verification);
            audit.interaction(interaction).write(tx, &tenant).await?;
            Ok(())
        })
        .await?;
        Ok((made, uri))
    }

    /// Takes what the provider sent the browser back with, and asks it who the user is. Each start is good for one answer.
    pub async fn finish_social(
        &self,
        caller: &Caller,
        id: &ConnectorId,
        verification: Option<&VerificationId>,
        data: Map<String, Value>,
        must_have_state: bool,
    ) -> Result<VerificationId, CoreError> {
        let (connector, factory) = self.social(&caller.tenant, id).await?;
        let (wanted, connector_id, given) = (verification.cloned(), id.clone(), data.get("state").cloned());
        // The session is taken out in the same transaction that checks the state: a second answer finds none.
        let mut taken = self
            .step(caller, async move |_, interaction, _| {
                interaction.event()?;
                let pending = interaction.social.as_mut().filter(|pending| {
                    pending.connector_id == connector_id && wanted.as_ref().is_none_or(|wanted| *wanted == pending.id)
                });
                let pending = pending.ok_or(ErrorCode::ConnectorStateMismatch)?;
                let fits = match given.as_ref().and_then(Value::as_str) {
                    Some(given) => secret::equal(given, &pending.state),
                    None => !must_have_state && given.is_none(),
                };
                // A stranger's answer, which does not know the state, does not use up the session.
                let session = if fits { pending.session.take() } else { None };
                if session.is_none() {
                    return Err(ErrorCode::ConnectorStateMismatch.into());
                }
                let mut taken = pending.clone();
                taken.session = session;
                Ok(taken)
            })
            .await?;
        let mut callback = data;
        callback.insert("redirectUri".into(), json!(taken.redirect_uri));
        let context = Context {
            config: connector.config.clone(),
            session: taken.session.take().unwrap_or_default(),
            ..Context::default()
        };
        let found = self.user_info(&caller.tenant, &connector, &factory, context, &Value::Object(callback)).await;
        let audit = Event::new(self, "Interaction.SignIn.Verification.Social.Submit", &caller.visitor)
            .with("connectorId", json!(id));
        let info = match found {
            Ok(info) => info,
            Err(error) => {
                let code = if let CoreError::Refusal(refusal) = &error { refusal.code.code() } else { "internal" };
                self.write_event(caller.tenant.clone(), audit.failed(code)).await?;
                return Err(error);
            }
        };
        let (tenant, proven) = (caller.tenant.clone(), taken.id.clone());
        self.step(caller, async move |tx, interaction, _| {
            let pending = interaction.social.as_mut().filter(|pending| pending.id == taken.id);
            let pending = pending.ok_or(ErrorCode::ConnectorStateMismatch)?;
            pending.user_info = Some(info);
            let owner = match owner(tx, &tenant, pending).await? {
                Some(id) => users::find(tx, &tenant, &id).await?,
                None => None,
            };
            pending.credential_epoch = owner.map_or(0, |owner| owner.credential_epoch);
            audit.interaction(interaction).write(tx, &tenant).await?;
            Ok(())
        })
        .await?;
        Ok(proven)
    }

    async fn user_info(
        &self,
        tenant: &TenantId,
        connector: &Connector,
        factory: &Factory,
        context: Context,
        callback: &Value,
    ) -> Result<SocialUserInfo, CoreError> {
        let text = self.social_call(tenant, connector, factory, context, callback).await.map_err(explain)?;
        let info: SocialUserInfo =
            serde_json::from_str(&text).map_err(|_| CoreError::from(ErrorCode::ConnectorInvalidResponse))?;
        if info.id.trim().is_empty() || info.id.len() > MAX_STRING {
            return Err(ErrorCode::ConnectorInvalidResponse.into());
        }
        let mut info = judged(info);
        info.issuer = Some(self.identity_issuer(connector, factory, info.issuer)?);
        let trusted = factory.trusts_addresses(&connector.settings);
        info.email_verified &= trusted && info.email.is_some();
        info.phone_verified &= trusted && info.phone.is_some();
        Ok(info)
    }

    /// Who gives the ids of this connector's users their meaning. A connector of one provider says so by its target. One that
    /// speaks a standard is any provider's: the issuer that a module of the binary has checked, or the connector itself. A
    /// module that somebody uploaded speaks for no provider of the binary's.
    fn identity_issuer(
        &self,
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
            && self.registry.of_binary(&factory.manifest.id).is_none()
            && self.registry.binary_has_target(target);
        Ok(if is_another { format!("module:{}", factory.manifest.id) } else { String::new() })
    }
}

/// The issuer of identities that nobody but their connector vouches for.
fn of_connector(id: &ConnectorId) -> String {
    format!("connector:{id}")
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

/// The identity of a finished verification.
pub(super) fn identity(social: &SocialVerification) -> Result<(Identity, &SocialUserInfo), ErrorCode> {
    let info = social.user_info.as_ref().ok_or(ErrorCode::VerificationFailed)?;
    let details = json!({
        "id": info.id, "email": info.email, "phone": info.phone, "name": info.name, "avatar": info.avatar,
        "rawData": info.raw_data,
    });
    let issuer = info.issuer.clone().unwrap_or_default();
    Ok((Identity { target: social.target.clone(), issuer, id: info.id.clone(), details }, info))
}

/// Whose identity it is, if it is linked.
pub(super) async fn owner(
    tx: &mut Tx,
    tenant: &TenantId,
    social: &SocialVerification,
) -> Result<Option<UserId>, CoreError> {
    let (identity, _) = identity(social)?;
    Ok(identities::find_user(tx, tenant, &identity, &of_connector(&social.connector_id)).await?)
}

/// The account of an identity: the one that it is linked to, or the one that has its verified address and has been proven in
/// this interaction. Nothing is linked or renewed unless the account may go on.
pub(super) async fn find(
    tx: &mut Tx,
    tenant: &TenantId,
    interaction: &mut Interaction,
    links: bool,
    now: Timestamp,
) -> Result<User, CoreError> {
    let Some(social) = &mut interaction.social else { return Err(ErrorCode::VerificationNotFound.into()) };
    let linked = owner(tx, tenant, social).await?;
    let seen = if let Some(id) = &linked {
        id.clone()
    } else {
        let (_, info) = identity(social)?;
        let Some((user, identifier)) = related(tx, tenant, info).await? else {
            return Err(ErrorCode::IdentityNotExist.into());
        };
        social.related = true;
        if !links || !interaction.proves(&user) {
            let related = json!({ "relatedUser": masked(&identifier) });
            return Err(Refusal::from(ErrorCode::IdentityNotExist).with_data(related).into());
        }
        user.id
    };
    let mut user = users::lock(tx, tenant, &seen).await?.ok_or(ErrorCode::IdentityNotExist)?;
    let Some(social) = &interaction.social else { return Err(ErrorCode::VerificationNotFound.into()) };
    // An unlinking that went before must stay: whose it is is read again now that nobody else writes to the account.
    if owner(tx, tenant, social).await? != linked {
        return Err(ErrorCode::IdentityNotExist.into());
    }
    admitted(&user, interaction)?;
    let fresh =
        if linked.is_some() { social.credential_epoch == user.credential_epoch } else { interaction.proves(&user) };
    if !fresh {
        return Err(ErrorCode::VerificationFailed.into());
    }
    keep(tx, tenant, social, &mut user, now).await?;
    Ok(user.into())
}

/// The account that has an address which the provider verified.
async fn related(
    tx: &mut Tx,
    tenant: &TenantId,
    info: &SocialUserInfo,
) -> Result<Option<(User, Identifier)>, CoreError> {
    for identifier in info.verified() {
        if let Some(user) = users::find_by_identifier(tx, tenant, &identifier).await? {
            return Ok(Some((user, identifier)));
        }
    }
    Ok(None)
}

/// An identifier that its owner recognizes and nobody else learns from.
fn masked(identifier: &Identifier) -> String {
    let chars: Vec<char> = identifier.value.chars().collect();
    match identifier.value.split_once('@') {
        Some((name, domain)) => {
            let shown = if name.chars().count() > 4 { name.chars().take(4).collect() } else { String::new() };
            format!("{shown}****@{domain}")
        }
        None => format!("****{}", chars.iter().skip(chars.len().saturating_sub(4)).collect::<String>()),
    }
}

/// Links the identity to the account that was admitted, or renews what is known of it.
async fn keep(
    tx: &mut Tx,
    tenant: &TenantId,
    social: &SocialVerification,
    user: &mut LockedUser,
    now: Timestamp,
) -> Result<(), CoreError> {
    put(tx, tenant, social, &user.id, now).await?;
    let (_, info) = identity(social)?;
    if social.sync_profile && (user.name != info.name || user.avatar != info.avatar) {
        let change = UserChange {
            name: info.name.clone().into(),
            avatar: info.avatar.clone().into(),
            updated_at: Some(now),
            ..UserChange::default()
        };
        users::change(tx, tenant, user, change).await?;
    }
    Ok(())
}

/// Links the identity to an account that was made just now, or renews it.
pub(super) async fn put(
    tx: &mut Tx,
    tenant: &TenantId,
    social: &SocialVerification,
    user: &UserId,
    now: Timestamp,
) -> Result<(), CoreError> {
    let (identity, _) = identity(social)?;
    Ok(identities::put(tx, tenant, user, &identity, &of_connector(&social.connector_id), now).await?)
}

/// Links a provider's answer that waits in this interaction to the account that its owner has just proven, where the address
/// that the provider verified is the account's. One that is linked elsewhere, or beside another identity of the same provider,
/// stays as it is: who `asked` for the link is told.
pub(super) async fn link(
    tx: &mut Tx,
    tenant: &TenantId,
    interaction: &Interaction,
    user: &UserId,
    asked: bool,
    now: Timestamp,
) -> Result<(), CoreError> {
    let Some(social) = interaction.social.as_ref().filter(|social| social.related) else { return Ok(()) };
    let Some(mut user) = users::lock(tx, tenant, user).await? else { return Ok(()) };
    let (_, info) = identity(social)?;
    let is_theirs = info.verified().iter().any(|one| user.identifier(one.kind) == Some(one.value.as_str()));
    if !is_theirs || !interaction.proves(&user) {
        return Ok(());
    }
    let is_taken = match owner(tx, tenant, social).await? {
        Some(owner) if owner == user.id => return Ok(()),
        Some(_) => true,
        None => identities::list(tx, tenant, &user.id).await?.iter().any(|other| other.target == social.target),
    };
    match (is_taken, asked) {
        (true, true) => Err(ErrorCode::IdentityInUse.into()),
        (true, false) => Ok(()),
        (false, _) => keep(tx, tenant, social, &mut user, now).await,
    }
}

/// What a new account takes from the provider: a name and a picture, and the verified address or number that no account has.
pub(super) async fn adopt(
    tx: &mut Tx,
    tenant: &TenantId,
    social: &SocialVerification,
    user: &mut User,
) -> Result<(), CoreError> {
    let (_, info) = identity(social)?;
    user.name.clone_from(&info.name);
    user.avatar.clone_from(&info.avatar);
    for identifier in info.verified() {
        if user.identifier(identifier.kind).is_none()
            && users::find_by_identifier(tx, tenant, &identifier).await?.is_none()
        {
            user.set_identifier(&identifier);
        }
    }
    Ok(())
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
