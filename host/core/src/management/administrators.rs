//! Administrators: users of the operators' tenant, and what each may do.

use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::resource::{MANAGEMENT_API, MANAGEMENT_SCOPE};
use keyway_model::user::User;
use keyway_model::{ApplicationId, ErrorCode, Refusal, TenantId, UserId};
use keyway_store::{Page, Tx, resources, roles, user_search, users};

use crate::console::{ADMINISTRATOR, Administrator, duty_role};
use crate::tenants::lock;
use crate::{Core, CoreError};

/// Administrators at a time.
const MOST: i64 = 200;

async fn all(tx: &mut Tx<'_>) -> Result<Vec<Administrator>, keyway_store::StoreError> {
    let tenant = TenantId::admin();
    let mut found = Vec::new();
    for user in user_search::list(tx, &tenant, None, Page { offset: 0, limit: MOST }).await? {
        let scopes = resources::scopes_of_user(tx, &tenant, &user.id, MANAGEMENT_API).await?;
        found.push(Administrator { user, scopes });
    }
    Ok(found)
}

impl Administrator {
    /// Whether this one may do everything.
    pub fn may_do_everything(&self) -> bool {
        self.scopes.iter().any(|scope| scope == MANAGEMENT_SCOPE)
    }
}

impl Core {
    /// Whether a program's roles open the whole Management API.
    pub async fn opens_management_api(&self, id: &ApplicationId) -> Result<bool, CoreError> {
        let access = self.machine_access(&TenantId::default_tenant(), id, MANAGEMENT_API).await?;
        Ok(access.is_some_and(|access| access.1.iter().any(|scope| scope == MANAGEMENT_SCOPE)))
    }

    /// Everybody who may use the console, newest first.
    pub async fn administrators(&self) -> Result<Vec<Administrator>, CoreError> {
        self.look(|tx| Box::pin(all(tx))).await
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
        self.save(ErrorCode::UsernameInUse, move |tx| {
            Box::pin(async move {
                lock(tx, &tenant).await?;
                if user_search::count(tx, &tenant, None, MOST).await?.count >= MOST {
                    return Err(Refusal::invalid_input("username", "there are 200 administrators already").into());
                }
                users::insert(tx, &tenant, &user).await?;
                for role in &roles {
                    roles::add_user(tx, &tenant, role, &user.id).await?;
                }
                Ok(())
            })
        })
        .await?;
        Ok(made)
    }

    /// Removes an administrator. The last one who may do everything stays.
    pub async fn delete_administrator(&self, id: &UserId) -> Result<(), CoreError> {
        let (tenant, id) = (TenantId::admin(), id.clone());
        self.save(ErrorCode::UniqueViolation, move |tx| {
            Box::pin(async move {
                lock(tx, &tenant).await?;
                let known = all(tx).await?;
                let mut others = known.iter().filter(|one| one.user.id != id && !one.user.is_suspended);
                if !others.any(Administrator::may_do_everything) {
                    return Err(ErrorCode::LastAdministrator.into());
                }
                if users::delete(tx, &tenant, &id).await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
            })
        })
        .await
    }
}
