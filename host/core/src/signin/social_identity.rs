//! Links an outside provider's identities to accounts.

use keyway_model::identifier::Identifier;
use keyway_model::interaction::{SocialProof, SocialUserInfo};
use keyway_model::user::{Identity, User, UserChange};
use keyway_model::{ConnectorId, ErrorCode, TenantId, UserId};
use keyway_store::users::LockedUser;
use keyway_store::{Tx, identities, users};
use serde_json::json;

use super::identify::Found;
use super::step::Step;
use crate::CoreError;
use crate::events::EventKind;

/// The issuer of identities that nobody but their connector vouches for.
pub(super) fn of_connector(id: &ConnectorId) -> String {
    format!("connector:{id}")
}

/// The identity of a finished verification.
pub(super) fn identity(social: &SocialProof) -> Result<(Identity, &SocialUserInfo), ErrorCode> {
    let info = social.user_info.as_ref().ok_or(ErrorCode::VerificationFailed)?;
    let details = json!({
        "id": info.id, "email": info.email, "phone": info.phone, "name": info.name, "avatar": info.avatar,
        "rawData": info.raw_data,
    });
    let issuer = info.issuer.clone().unwrap_or_default();
    Ok((Identity { target: social.target.clone(), issuer, id: info.id.clone(), details }, info))
}

/// Whose identity it is, if it is linked.
pub(super) async fn owner(tx: &mut Tx, tenant: &TenantId, social: &SocialProof) -> Result<Option<UserId>, CoreError> {
    let (identity, _) = identity(social)?;
    Ok(identities::find_user(tx, tenant, &identity, &of_connector(&social.connector_id)).await?)
}

/// Whose account an identity is: the one that it is linked to, or the one that has its verified address and has been proven in
/// this interaction. Held against an unlinking at the same moment.
pub(super) async fn find(step: &mut Step<'_>, links: bool) -> Result<Found, CoreError> {
    let links = links || step.experience().social_sign_in.links();
    let tenant = step.tenant();
    let Some((record, social)) = step.interaction.social() else {
        return Err(ErrorCode::VerificationNotFound.into());
    };
    let proven_at = record.credential_epoch;
    let linked = owner(step.tx, tenant, social).await?;
    let (id, related) = if let Some(id) = &linked {
        (id.clone(), None)
    } else if let Some((user, identifier)) = related(step.tx, tenant, identity(social)?.1).await? {
        (user.id, Some(identifier))
    } else {
        let user = Box::new(User::new(UserId(String::new()), step.browser.cx.now));
        return Ok(Found::New { user, by_provider: true });
    };
    let user = Box::new(users::lock(step.tx, tenant, &id).await?.ok_or(ErrorCode::IdentityNotExist)?);
    // An unlinking that went before must stay: whose it is is read again now that nobody else writes to the account.
    if owner(step.tx, tenant, social).await? != linked {
        return Err(ErrorCode::IdentityNotExist.into());
    }
    if related.is_some()
        && let Some(social) = step.interaction.social_mut().and_then(|record| record.proof.social_mut())
    {
        social.related = true;
    }
    let credential_epoch = match related {
        None => proven_at,
        Some(_) if links && step.interaction.proves(&user) => user.credential_epoch,
        Some(identifier) => return Ok(Found::Related(identifier)),
    };
    Ok(Found::Named { user, credential_epoch, by: None, by_provider: true })
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
pub(super) fn masked(identifier: &Identifier) -> String {
    let chars: Vec<char> = identifier.value.chars().collect();
    match identifier.value.split_once('@') {
        Some((name, domain)) => {
            let shown = if name.chars().count() > 4 { name.chars().take(4).collect() } else { String::new() };
            format!("{shown}****@{domain}")
        }
        None => format!("****{}", chars.iter().skip(chars.len().saturating_sub(4)).collect::<String>()),
    }
}

/// Links the identity of this interaction to the account that was admitted, or renews what is known of it.
pub(super) async fn keep(step: &mut Step<'_>, user: &mut LockedUser) -> Result<(), CoreError> {
    put(step, &user.id).await?;
    let Some((_, social)) = step.interaction.social() else { return Ok(()) };
    let (_, info) = identity(social)?;
    if social.sync_profile && (user.name != info.name || user.avatar != info.avatar) {
        let change = UserChange {
            name: info.name.clone().into(),
            avatar: info.avatar.clone().into(),
            updated_at: Some(step.browser.cx.now),
            ..UserChange::default()
        };
        users::change(step.tx, &step.browser.cx.tenant, user, change).await?;
    }
    Ok(())
}

/// Links the identity of this interaction to an account that was made just now, or renews it.
pub(super) async fn put(step: &mut Step<'_>, user: &UserId) -> Result<(), CoreError> {
    let Some((_, social)) = step.interaction.social() else { return Ok(()) };
    let (identity, _) = identity(social)?;
    let (cx, issuer) = (&step.browser.cx, of_connector(&social.connector_id));
    let known = identities::list(step.tx, &cx.tenant, user).await?;
    identities::put(step.tx, &cx.tenant, user, &identity, &issuer, cx.now).await?;
    if known.iter().any(|one| one.target == identity.target) {
        return Ok(());
    }
    let event = step.event(EventKind::IdentityLinked).by_user(user).added("target", json!(identity.target));
    Ok(cx.emit(step.tx, event).await?)
}

/// Links a provider's answer that waits in this interaction to the account that its owner has just proven, where the address
/// that the provider verified is the account's, and the tenant links by itself or the link is `asked` for. One that is linked
/// elsewhere, or beside another identity of the same provider, stays as it is: who asked for the link is told.
pub(super) async fn link(step: &mut Step<'_>, user: &mut LockedUser, asked: bool) -> Result<(), CoreError> {
    if !asked && !step.experience().social_sign_in.links() {
        return Ok(());
    }
    let tenant = step.tenant();
    let Some((_, social)) = step.interaction.social().filter(|(_, social)| social.related) else { return Ok(()) };
    let (_, info) = identity(social)?;
    let is_theirs = info.verified().iter().any(|one| user.identifier(one.kind) == Some(one.value.as_str()));
    if !is_theirs || !step.interaction.proves(user) {
        return Ok(());
    }
    let is_taken = match owner(step.tx, tenant, social).await? {
        Some(owner) if owner == user.id => return Ok(()),
        Some(_) => true,
        None => identities::list(step.tx, tenant, &user.id).await?.iter().any(|other| other.target == social.target),
    };
    match (is_taken, asked) {
        (true, true) => Err(ErrorCode::IdentityInUse.into()),
        (true, false) => Ok(()),
        (false, _) => keep(step, user).await,
    }
}

/// What a new account takes from the provider: a name and a picture, and the verified address or number that no account has.
pub(super) async fn adopt(
    tx: &mut Tx,
    tenant: &TenantId,
    social: &SocialProof,
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
