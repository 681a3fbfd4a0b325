//! Users, as administrators see and change them.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::user::{PasswordHash, PasswordMethod, User};
use keyway_model::{ErrorCode, Refusal, TenantId, UserId, password_policy};
use keyway_store::{Tx, sessions, tokens, users};

use crate::signin::taken;
use crate::{Core, CoreError, password};

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
                if password::is_readable(&hash) {
                    Ok(Some(Self::Imported(hash)))
                } else {
                    Err(Refusal::invalid_input("passwordDigest", "is not a hash of passwordAlgorithm"))
                }
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

/// Brings the identifiers into canonical form, so that one person is one account.
fn canonical(user: &mut User) -> Result<(), Refusal> {
    for (kind, field, name) in [
        (IdentifierKind::Username, &mut user.username, "username"),
        (IdentifierKind::Email, &mut user.primary_email, "primaryEmail"),
        (IdentifierKind::Phone, &mut user.primary_phone, "primaryPhone"),
    ] {
        if let Some(text) = field {
            let parsed = Identifier::parse(kind, text);
            *text =
                parsed.map_err(|refusal| Refusal { message: format!("{name}: {}", refusal.message), ..refusal })?.value;
        }
    }
    Ok(())
}

/// Ends every session of a user and revokes every grant.
pub(crate) async fn end_everything(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    id: &UserId,
    now: keyway_model::Timestamp,
) -> Result<(), CoreError> {
    sessions::delete_of_user(tx, tenant, id).await?;
    tokens::revoke_of_user(tx, tenant, id, now).await?;
    Ok(())
}

impl Core {
    /// A user.
    pub async fn user(&self, tenant: &TenantId, id: &UserId) -> Result<User, CoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        let found = self.look(|tx| Box::pin(async move { users::find(tx, &tenant, &id).await })).await?;
        found.ok_or_else(|| ErrorCode::EntityNotFound.into())
    }

    /// Makes a user.
    pub async fn create_user(&self, tenant: &TenantId, new: NewUser) -> Result<User, CoreError> {
        let mut user = new.user;
        canonical(&mut user)?;
        if user.id.as_str().is_empty() {
            user.id = UserId(self.rng().text(12));
        }
        user.password = match new.password {
            Some(NewPassword::Plain(password)) => {
                password_policy::check(&password, Some(&user))?;
                Some(self.hasher.hash(password).await?)
            }
            Some(NewPassword::Imported(hash)) => Some(hash),
            None => None,
        };
        let (tenant, made) = (tenant.clone(), user.clone());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    users::insert(tx, &tenant, &user).await?;
                    let roles = keyway_store::roles::list(tx, &tenant).await?;
                    for role in roles.into_iter().filter(|role| role.is_default) {
                        keyway_store::roles::add_user(tx, &tenant, &role.id, &user.id).await?;
                    }
                    Ok::<_, CoreError>(())
                })
            })
            .await
            .map_err(taken)?;
        Ok(made)
    }

    /// Changes a user.
    pub async fn update_user(
        &self,
        tenant: &TenantId,
        id: &UserId,
        change: impl FnOnce(&mut User) + Send + 'static,
    ) -> Result<User, CoreError> {
        let (tenant, id, now) = (tenant.clone(), id.clone(), self.now());
        self.parts
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let mut user = users::find(tx, &tenant, &id).await?.ok_or(ErrorCode::EntityNotFound)?;
                    let was_suspended = user.is_suspended;
                    change(&mut user);
                    canonical(&mut user)?;
                    user.updated_at = now;
                    users::update(tx, &tenant, &user).await?;
                    if user.is_suspended && !was_suspended {
                        end_everything(tx, &tenant, &id, now).await?;
                    }
                    Ok(user)
                })
            })
            .await
            .map_err(taken)
    }

    /// Sets a user's password and signs the user out everywhere.
    pub async fn set_user_password(&self, tenant: &TenantId, id: &UserId, password: String) -> Result<User, CoreError> {
        let user = self.user(tenant, id).await?;
        password_policy::check(&password, Some(&user))?;
        let hash = self.hasher.hash(password).await?;
        let (owner, user_id, now) = (tenant.clone(), id.clone(), self.now());
        let user = self.update_user(tenant, id, move |user| user.password = Some(hash)).await?;
        self.parts
            .store
            .write(move |tx| Box::pin(async move { end_everything(tx, &owner, &user_id, now).await }))
            .await?;
        Ok(user)
    }

    /// Ends every session and token of a user.
    pub async fn sign_user_out(&self, tenant: &TenantId, id: &UserId) -> Result<(), CoreError> {
        self.user(tenant, id).await?;
        let (owner, id, now) = (tenant.clone(), id.clone(), self.now());
        self.parts.store.write(move |tx| Box::pin(async move { end_everything(tx, &owner, &id, now).await })).await
    }

    /// Whether `password` is the user's.
    pub async fn check_user_password(&self, tenant: &TenantId, id: &UserId, password: String) -> Result<(), CoreError> {
        let user = self.user(tenant, id).await?;
        if self.hasher.verify(password, user.password).await? {
            Ok(())
        } else {
            Err(ErrorCode::InvalidCredentials.into())
        }
    }

    /// Removes a user with sessions, grants and tokens.
    pub async fn delete_user(&self, tenant: &TenantId, id: &UserId) -> Result<(), CoreError> {
        let (tenant, id) = (tenant.clone(), id.clone());
        let deleted = self.save(ErrorCode::UniqueViolation, move |tx| {
            Box::pin(async move { Ok(users::delete(tx, &tenant, &id).await?) })
        });
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
