//! Administrators: users of the operators' tenant, and what each may do.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::resource::{MANAGEMENT_SCOPE, management_api};
use keyway_model::user::User;
use keyway_model::{ApplicationId, ErrorCode, Refusal, TenantId, UserId};
use keyway_store::{Tx, roles, users};

use crate::console::{ADMINISTRATOR, Administrator, duty_role};
use crate::tenants::lock;
use crate::{Core, CoreError};

/// Administrators at a time.
const MAX_ADMINISTRATORS: i64 = 200;

async fn all(tx: &mut Tx) -> Result<Vec<Administrator>, keyway_store::StoreError> {
    let tenant = TenantId::admin();
    let found = users::holders(tx, &tenant, &management_api(&tenant), MAX_ADMINISTRATORS).await?;
    Ok(found.into_iter().map(|(user, scopes)| Administrator { user, scopes }).collect())
}

/// Whether somebody may do everything. Other users of the operators' tenant do not count: they cannot open the console.
pub(crate) async fn any(tx: &mut Tx) -> Result<bool, keyway_store::StoreError> {
    Ok(all(tx).await?.iter().any(Administrator::may_do_everything))
}

impl Administrator {
    /// Whether this one may do everything.
    pub fn may_do_everything(&self) -> bool {
        self.scopes.iter().any(|scope| scope == MANAGEMENT_SCOPE)
    }
}

impl Core {
    /// Whether a program's roles open the whole Management API.
    pub async fn opens_management_api(&self, tenant: &TenantId, id: &ApplicationId) -> Result<bool, CoreError> {
        let access = self.machine_access(tenant, id, &management_api(tenant)).await?;
        Ok(access.is_some_and(|access| access.1.iter().any(|scope| scope == MANAGEMENT_SCOPE)))
    }

    /// Everybody who may use the console, newest first.
    pub async fn administrators(&self) -> Result<Vec<Administrator>, CoreError> {
        self.read(async |tx| all(tx).await).await
    }

    /// Makes an administrator without a password, who may do everything or has the given duties around connectors.
    pub async fn create_administrator(
        &self,
        username: &str,
        everything: bool,
        duties: &[String],
    ) -> Result<User, CoreError> {
        let tenant = TenantId::admin();
        let identifier = Identifier::parse(IdentifierKind::Username, username)?;
        let roles: Vec<_> = if everything {
            vec![ADMINISTRATOR.into()]
        } else {
            duties.iter().filter_map(|duty| duty_role(duty)).collect()
        };
        if roles.is_empty() {
            return Err(Refusal::invalid_input("duties", "choose what the administrator may do").into());
        }
        let mut user = User::new(UserId(self.rng().text(12)), self.now());
        user.set_identifier(&identifier);
        let made = user.clone();
        self.save(ErrorCode::UsernameInUse, async move |tx| {
            lock(tx, &tenant).await?;
            if i64::try_from(all(tx).await?.len()).is_ok_and(|count| count >= MAX_ADMINISTRATORS) {
                return Err(Refusal::invalid_input("username", "there are 200 administrators already").into());
            }
            users::insert(tx, &tenant, &user).await?;
            for role in &roles {
                roles::add_user(tx, &tenant, role, &user.id).await?;
            }
            Ok(())
        })
        .await?;
        Ok(made)
    }

    /// The administrator with this username.
    pub async fn administrator_named(&self, username: &str) -> Result<Administrator, CoreError> {
        let identifier = Identifier::parse(IdentifierKind::Username, username)?;
        let all = self.administrators().await?;
        let is_named = |name: &String| name.eq_ignore_ascii_case(&identifier.value);
        let found = all.into_iter().find(|one| one.user.username.as_ref().is_some_and(is_named));
        found.ok_or_else(|| ErrorCode::UserNotExist.into())
    }

    /// Removes an administrator. The last one who may do everything stays.
    pub async fn delete_administrator(&self, id: &UserId) -> Result<(), CoreError> {
        let tenant = TenantId::admin();
        self.save(ErrorCode::UniqueViolation, async move |tx| {
            lock(tx, &tenant).await?;
            let known = all(tx).await?;
            let mut others = known.iter().filter(|one| one.user.id != *id && !one.user.is_suspended);
            if !others.any(Administrator::may_do_everything) {
                return Err(ErrorCode::LastAdministrator.into());
            }
            if users::delete(tx, &tenant, id).await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
        })
        .await
    }
}
