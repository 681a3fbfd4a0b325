//! Users, as administrators see and change them.

mod error;
mod search;
mod sessions;

use std::collections::HashMap;

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::user::{Identity, PasswordHash, PasswordMethod, User, UserChange};
use keyway_model::{ErrorCode, Patch, Refusal, TenantId, Timestamp, UserId};
use keyway_store::users::LockedUser;
use keyway_store::{
    StoreError, Tx, applications, identities, password_costs, role_assignments, sessions as stored_sessions, tokens,
    users,
};
use serde_json::json;

use crate::Cx;
use crate::events::{CHANGED, Event, EventKind};
use crate::password::{Cost, NOBODY, check_variant, imported, may_join};

pub use error::UserError;
pub use keyway_store::user_search::{ListPosition, UserField, UserMatch, UserSearch};
pub use search::{Window, list, search, window};
pub use sessions::{end_session, sessions};

/// The first password of a user.
#[derive(Debug)]
pub enum NewPassword {
    /// To be hashed.
    Plain(String),
    /// Brought from another server; renewed when the user signs in.
    Imported(PasswordHash),
}

impl NewPassword {
    /// Reads the fields `password`, `passwordDigest` and `passwordAlgorithm`.
    pub fn from_fields(
        password: Option<String>,
        digest: Option<String>,
        algorithm: Option<String>,
    ) -> Result<Option<Self>, Refusal> {
        match (password, digest, algorithm) {
            (Some(_), Some(_), _) => Err(ErrorCode::PasswordAndDigest.into()),
            (Some(password), None, _) => Ok(Some(Self::Plain(password))),
            (None, Some(_), None) => Err(ErrorCode::PasswordAlgorithmRequired.into()),
            (None, Some(encoded), Some(algorithm)) => {
                let method = PasswordMethod::from_name(&algorithm).ok_or(ErrorCode::UnsupportedHash)?;
                let hash = PasswordHash { method, encoded };
                Cost::of(&hash)?;
                Ok(Some(Self::Imported(hash)))
            }
            (None, None, _) => Ok(None),
        }
    }
}

/// What an admin gives to make a user.
#[derive(Debug)]
pub struct NewUser {
    /// The fields of the user; the id is filled in when it is empty.
    pub user: User,
    /// The first password.
    pub password: Option<NewPassword>,
}

const KINDS: [(IdentifierKind, &str); 3] = [
    (IdentifierKind::Username, "username"),
    (IdentifierKind::Email, "primaryEmail"),
    (IdentifierKind::Phone, "primaryPhone"),
];

/// One identifier in canonical form, so that one person is one account. A refusal names the field.
fn canonical(kind: IdentifierKind, field: &'static str, text: &str) -> Result<String, Refusal> {
    Ok(Identifier::parse(kind, text).map_err(|refusal| refusal.of_field(field))?.value)
}

/// Writes a change that ends everything that is signed in or about to: interactions and codes by the new epoch, sessions and
/// grants also by their own rows.
pub(crate) async fn end_sign_ins(
    tx: &mut Tx,
    tenant: &TenantId,
    user: &mut LockedUser,
    change: UserChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    users::change(tx, tenant, user, UserChange { ends_sign_ins: true, ..change }).await?;
    stored_sessions::delete_of_user(tx, tenant, &user.id).await?;
    tokens::revoke_of_user(tx, tenant, &user.id, now).await?;
    Ok(())
}

async fn locked(tx: &mut Tx, cx: &Cx, id: &UserId) -> Result<LockedUser, UserError> {
    users::lock(tx, &cx.tenant, id).await?.ok_or(UserError::NotFound)
}

/// A user.
#[tracing::instrument(name = "users.get", skip_all)]
pub async fn get(cx: &Cx, id: &UserId) -> Result<User, UserError> {
    cx.read(async |tx| users::find(tx, &cx.tenant, id).await?.ok_or(UserError::NotFound)).await
}

/// Makes a user.
#[tracing::instrument(name = "users.create", skip_all)]
pub async fn create(cx: &Cx, new: NewUser) -> Result<User, UserError> {
    let core = cx.core();
    let mut user = new.user;
    user.check()?;
    for (kind, field) in KINDS {
        if let Some(text) = user.identifier(kind) {
            let value = canonical(kind, field, text)?;
            user.set_identifier(&Identifier { kind, value });
        }
    }
    let is_chosen = !user.id.as_str().is_empty();
    if user.id.as_str().is_empty() {
        user.id = UserId(core.rng().text(12));
    } else if !user.id.is_well_formed() {
        return Err(UserError::Id);
    }
    let mut cost = None;
    user.password = match new.password {
        Some(NewPassword::Plain(password)) => {
            core.check_password(&cx.tenant, &password, &user)?;
            Some(core.hasher.hash(NOBODY, password).await?)
        }
        Some(NewPassword::Imported(hash)) => {
            check_variant(&hash)?;
            cost = imported(&hash, core.parts.password_cost)?;
            Some(hash)
        }
        None => None,
    };
    cx.write(async move |tx| {
        if is_chosen && applications::find(tx, &cx.tenant, &user.id.as_str().into()).await?.is_some() {
            return Err(UserError::IdOfApplication);
        }
        users::insert(tx, &cx.tenant, &user).await?;
        if let Some(cost) = cost
            && !password_costs::note(tx, &cx.tenant, &user.id, &cost, |others| may_join(&cost, others)).await?
        {
            return Err(UserError::HashTooDear);
        }
        role_assignments::add_defaults(tx, &cx.tenant, &user.id).await?;
        cx.emit(tx, Event::created(EventKind::UserCreated, &user).of_user(&user.id)).await?;
        Ok::<_, UserError>(user)
    })
    .await
}

/// Changes a user. A suspension ends every session and token.
#[tracing::instrument(name = "users.update", skip_all)]
pub async fn update(cx: &Cx, id: &UserId, mut change: UserChange) -> Result<User, UserError> {
    change.check()?;
    for (kind, field) in KINDS {
        let patch = std::mem::take(change.identifier(kind));
        *change.identifier(kind) = patch.try_map(|text| canonical(kind, field, &text))?;
    }
    change.updated_at = Some(cx.now);
    let kind = if change.is_suspended.is_some() { EventKind::UserSuspensionUpdated } else { EventKind::UserUpdated };
    cx.write(async move |tx| {
        let mut user = locked(tx, cx, id).await?;
        let before = User::clone(&user);
        if change.is_suspended == Some(true) && !user.is_suspended {
            end_sign_ins(tx, &cx.tenant, &mut user, change, cx.now).await?;
        } else {
            users::change(tx, &cx.tenant, &mut user, change).await?;
        }
        let after = User::from(user);
        let mut event = Event::updated(kind, &before, &after).of_user(id);
        if before.custom_data != after.custom_data {
            event = event.added("customData", json!(CHANGED));
        }
        cx.emit(tx, event).await?;
        Ok::<_, UserError>(after)
    })
    .await
}

/// Sets a user's password and signs the user out everywhere.
#[tracing::instrument(name = "users.password.set", skip_all)]
pub async fn set_password(cx: &Cx, id: &UserId, password: String) -> Result<User, UserError> {
    let user = get(cx, id).await?;
    cx.core().check_password(&cx.tenant, &password, &user)?;
    let hash = cx.core().hasher.hash(NOBODY, password).await?;
    let change = UserChange { password: Patch::Set(hash), updated_at: Some(cx.now), ..UserChange::default() };
    let event = Event::new(EventKind::UserPasswordUpdated).added("password", json!(CHANGED));
    change_and_sign_out(cx, id, change, event).await
}

/// Ends every session and token of a user.
#[tracing::instrument(name = "users.sign_out", skip_all)]
pub async fn sign_out(cx: &Cx, id: &UserId) -> Result<(), UserError> {
    change_and_sign_out(cx, id, UserChange::default(), Event::new(EventKind::UserSignedOut)).await.map(|_| ())
}

async fn change_and_sign_out(cx: &Cx, id: &UserId, change: UserChange, event: Event) -> Result<User, UserError> {
    let event = event.of_user(id);
    cx.write(async move |tx| {
        let mut user = locked(tx, cx, id).await?;
        end_sign_ins(tx, &cx.tenant, &mut user, change, cx.now).await?;
        cx.emit(tx, event).await?;
        Ok::<_, UserError>(user.into())
    })
    .await
}

/// Users' identities of outside providers.
#[tracing::instrument(name = "users.identities.list", skip_all)]
pub async fn identities(cx: &Cx, ids: &[UserId]) -> Result<HashMap<UserId, Vec<Identity>>, UserError> {
    cx.read(async |tx| Ok(identities::of_users(tx, &cx.tenant, ids).await?)).await
}

/// Unlinks an identity.
#[tracing::instrument(name = "users.identities.delete", skip_all)]
pub async fn delete_identity(cx: &Cx, id: &UserId, target: &str) -> Result<(), UserError> {
    cx.write(async move |tx| {
        locked(tx, cx, id).await?;
        if !identities::delete(tx, &cx.tenant, id, target).await? {
            return Err(UserError::NotFound);
        }
        let event = Event::new(EventKind::UserIdentityDeleted).of_user(id);
        Ok(cx.emit(tx, event.removed("target", json!(target))).await?)
    })
    .await
}

/// Whether `password` is the user's.
#[tracing::instrument(name = "users.password.check", skip_all)]
pub async fn check_password(cx: &Cx, id: &UserId, password: String) -> Result<(), UserError> {
    let user = get(cx, id).await?;
    if cx.core().hasher.verify(NOBODY, password, user.password, Vec::new()).await? {
        Ok(())
    } else {
        Err(UserError::WrongPassword)
    }
}

/// Removes a user with sessions, grants and tokens.
#[tracing::instrument(name = "users.delete", skip_all)]
pub async fn delete(cx: &Cx, id: &UserId) -> Result<(), UserError> {
    cx.write(async move |tx| {
        let user = User::from(locked(tx, cx, id).await?);
        if !users::delete(tx, &cx.tenant, id).await? {
            return Err(UserError::NotFound);
        }
        Ok(cx.emit(tx, Event::deleted(EventKind::UserDeleted, &user).of_user(id)).await?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imported_passwords_need_a_method_and_a_readable_hash() {
        let read = |digest: Option<&str>, algorithm: Option<&str>| {
            NewPassword::from_fields(None, digest.map(Into::into), algorithm.map(Into::into))
                .map_err(|refusal| refusal.code)
        };
        assert_eq!(read(Some("x"), None).unwrap_err(), ErrorCode::PasswordAlgorithmRequired);
        assert_eq!(read(Some("x"), Some("MD5")).unwrap_err(), ErrorCode::UnsupportedHash);
        assert_eq!(read(Some("x"), Some("Argon2i")).unwrap_err(), ErrorCode::InvalidInput);
        assert!(read(None, None).unwrap().is_none());
    }
}
