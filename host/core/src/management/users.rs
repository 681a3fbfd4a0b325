//! Users, as administrators see and change them.

use std::collections::HashMap;

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::user::{Identity, PasswordHash, PasswordMethod, User, UserChange};
use keyway_model::{ErrorCode, Patch, Refusal, TenantId, Timestamp, UserId};
use keyway_store::users::LockedUser;
use keyway_store::{Tx, applications, identities, password_costs, roles, sessions, tokens, users};

use crate::password::{Cost, NOBODY, check_variant, imported, may_join};
use crate::signin::taken;
use crate::{Core, CoreError};

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
fn canonical(kind: IdentifierKind, field: &str, text: &str) -> Result<String, Refusal> {
    let parsed = Identifier::parse(kind, text);
    Ok(parsed.map_err(|refusal| Refusal { message: format!("{field}: {}", refusal.message), ..refusal })?.value)
}

/// Writes a change that ends everything that is signed in or about to: interactions and codes by the new epoch, sessions and
/// grants also by their own rows.
pub(crate) async fn end_sign_ins(
    tx: &mut Tx,
    tenant: &TenantId,
    user: &mut LockedUser,
    change: UserChange,
    now: Timestamp,
) -> Result<(), CoreError> {
    users::change(tx, tenant, user, UserChange { ends_sign_ins: true, ..change }).await?;
    sessions::delete_of_user(tx, tenant, &user.id).await?;
    tokens::revoke_of_user(tx, tenant, &user.id, now).await?;
    Ok(())
}

async fn locked(tx: &mut Tx, tenant: &TenantId, id: &UserId) -> Result<LockedUser, CoreError> {
    users::lock(tx, tenant, id).await?.ok_or_else(|| ErrorCode::EntityNotFound.into())
}

impl Core {
    /// A user.
    pub async fn user(&self, tenant: &TenantId, id: &UserId) -> Result<User, CoreError> {
        let found = self.read(async move |tx| users::find(tx, tenant, id).await).await?;
        found.ok_or_else(|| ErrorCode::EntityNotFound.into())
    }

    /// Makes a user.
    pub async fn create_user(&self, tenant: &TenantId, new: NewUser) -> Result<User, CoreError> {
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
            user.id = UserId(self.rng().text(12));
        } else if !user.id.is_well_formed() {
            return Err(Refusal::invalid_input("id", "1 to 64 letters, digits, hyphens and underscores").into());
        }
        let mut cost = None;
        user.password = match new.password {
            Some(NewPassword::Plain(password)) => {
                self.check_password(tenant, &password, &user)?;
                Some(self.hasher.hash(NOBODY, password).await?)
            }
            Some(NewPassword::Imported(hash)) => {
                check_variant(&hash)?;
                cost = imported(&hash, self.parts.password_cost)?;
                Some(hash)
            }
            None => None,
        };
        let made = user.clone();
        self.parts
            .store
            .write(async move |tx| {
                // A token whose subject is its own client is a program's: a user of that name would have its access.
                if is_chosen && applications::find(tx, tenant, &user.id.as_str().into()).await?.is_some() {
                    return Err(Refusal::invalid_input("id", "is the id of an application").into());
                }
                users::insert(tx, tenant, &user).await?;
                if let Some(cost) = cost
                    && !password_costs::note(tx, tenant, &user.id, &cost, |others| may_join(&cost, others)).await?
                {
                    let expected = "asks for too much work beside the other kinds of hashes that wait for their \
                            users to sign in";
                    return Err(Refusal::invalid_input("passwordDigest", expected).into());
                }
                Ok::<_, CoreError>(roles::add_defaults(tx, tenant, &user.id).await?)
            })
            .await
            .map_err(taken)?;
        Ok(made)
    }

    /// Changes a user. A suspension ends every session and token.
    pub async fn update_user(&self, tenant: &TenantId, id: &UserId, mut change: UserChange) -> Result<User, CoreError> {
        change.check()?;
        for (kind, field) in KINDS {
            let patch = std::mem::take(change.identifier(kind));
            *change.identifier(kind) = patch.try_map(|text| canonical(kind, field, &text))?;
        }
        let now = self.now();
        change.updated_at = Some(now);
        self.parts
            .store
            .write(async move |tx| {
                let mut user = locked(tx, tenant, id).await?;
                if change.is_suspended == Some(true) && !user.is_suspended {
                    end_sign_ins(tx, tenant, &mut user, change, now).await?;
                } else {
                    users::change(tx, tenant, &mut user, change).await?;
                }
                Ok(user.into())
            })
            .await
            .map_err(taken)
    }

    /// Sets a user's password and signs the user out everywhere.
    pub async fn set_user_password(&self, tenant: &TenantId, id: &UserId, password: String) -> Result<User, CoreError> {
        let user = self.user(tenant, id).await?;
        self.check_password(tenant, &password, &user)?;
        let hash = self.hasher.hash(NOBODY, password).await?;
        let change = UserChange { password: Patch::Set(hash), updated_at: Some(self.now()), ..UserChange::default() };
        self.change_and_sign_out(tenant, id, change).await
    }

    /// Ends every session and token of a user.
    pub async fn sign_user_out(&self, tenant: &TenantId, id: &UserId) -> Result<(), CoreError> {
        self.change_and_sign_out(tenant, id, UserChange::default()).await.map(|_| ())
    }

    async fn change_and_sign_out(&self, tenant: &TenantId, id: &UserId, change: UserChange) -> Result<User, CoreError> {
        let now = self.now();
        let write = self.parts.store.write(async move |tx| {
            let mut user = locked(tx, tenant, id).await?;
            end_sign_ins(tx, tenant, &mut user, change, now).await?;
            Ok::<_, CoreError>(user.into())
        });
        write.await
    }

    /// Users' identities of outside providers.
    pub async fn identities(
        &self,
        tenant: &TenantId,
        users: Vec<UserId>,
    ) -> Result<HashMap<UserId, Vec<Identity>>, CoreError> {
        self.read(async move |tx| identities::of_users(tx, tenant, &users).await).await
    }

    /// Unlinks an identity.
    pub async fn delete_identity(&self, tenant: &TenantId, user: &UserId, target: String) -> Result<(), CoreError> {
        let id = user.clone();
        let deleted = self.parts.store.write(async move |tx| {
            locked(tx, tenant, &id).await?;
            Ok::<_, CoreError>(identities::delete(tx, tenant, &id, &target).await?)
        });
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }

    /// Whether `password` is the user's.
    pub async fn check_user_password(&self, tenant: &TenantId, id: &UserId, password: String) -> Result<(), CoreError> {
        let user = self.user(tenant, id).await?;
        if self.hasher.verify(NOBODY, password, user.password, Vec::new()).await? {
            Ok(())
        } else {
            Err(ErrorCode::InvalidCredentials.into())
        }
    }

    /// Removes a user with sessions, grants and tokens.
    pub async fn delete_user(&self, tenant: &TenantId, id: &UserId) -> Result<(), CoreError> {
        let deleted = self.save(ErrorCode::UniqueViolation, async move |tx| Ok(users::delete(tx, tenant, id).await?));
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }
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
