//! Roles: what they hold and who has them.

use keyway_model::application::ApplicationType;
use keyway_model::resource::{Role, RoleType, Scope, management_api};
use keyway_model::{ApplicationId, ErrorCode, Refusal, RoleId, ScopeId, TenantId, UserId};
use keyway_store::{Tx, applications, resources, roles, users};

use crate::{Core, CoreError};

async fn role(tx: &mut Tx, tenant: &TenantId, id: &RoleId) -> Result<Role, CoreError> {
    roles::find(tx, tenant, id).await?.ok_or_else(|| ErrorCode::EntityNotFound.into())
}

/// Gives scopes to a role. The Management API is for machines alone: a person's token that opened it would be a way up.
async fn add_scopes(tx: &mut Tx, tenant: &TenantId, role: &Role, scopes: &[ScopeId]) -> Result<(), CoreError> {
    let management = resources::find_by_indicator(tx, tenant, &management_api(tenant)).await?;
    for id in scopes {
        let scope = resources::find_scope(tx, tenant, id).await?.ok_or(ErrorCode::RelationNotFound)?;
        let guarded = management.as_ref().is_some_and(|resource| resource.id == scope.resource_id);
        if guarded && role.kind == RoleType::User {
            return Err(ErrorCode::RoleNotForUsers.into());
        }
        roles::add_scope(tx, tenant, &role.id, id).await?;
    }
    Ok(())
}

impl Core {
    /// Every role, by name.
    pub async fn roles(&self, tenant: &TenantId) -> Result<Vec<Role>, CoreError> {
        self.read(async move |tx| roles::list(tx, tenant).await).await
    }

    /// A role.
    pub async fn role(&self, tenant: &TenantId, id: &RoleId) -> Result<Role, CoreError> {
        let found = self.read(async move |tx| roles::find(tx, tenant, id).await).await?;
        found.ok_or_else(|| ErrorCode::EntityNotFound.into())
    }

    /// Makes a role.
    pub async fn create_role(
        &self,
        tenant: &TenantId,
        name: String,
        description: String,
        kind: RoleType,
        is_default: bool,
        scopes: Vec<ScopeId>,
    ) -> Result<Role, CoreError> {
        if !(1..=128).contains(&name.chars().count()) {
            return Err(Refusal::invalid_input("name", "must have 1 to 128 characters").into());
        }
        if is_default && kind != RoleType::User {
            return Err(Refusal::invalid_input("isDefault", "only a role for users is given to new users").into());
        }
        let made = Role { id: self.id(), name, description, kind, is_default };
        self.save(ErrorCode::RoleNameInUse, async move |tx| {
            roles::insert(tx, tenant, &made).await?;
            add_scopes(tx, tenant, &made, &scopes).await?;
            Ok(made)
        })
        .await
    }

    /// Removes a role from everybody.
    pub async fn delete_role(&self, tenant: &TenantId, id: &RoleId) -> Result<(), CoreError> {
        let deleted = self.save(ErrorCode::UniqueViolation, async move |tx| Ok(roles::delete(tx, tenant, id).await?));
        if deleted.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }

    /// The scopes that a role holds.
    pub async fn role_scopes(&self, tenant: &TenantId, id: &RoleId) -> Result<Vec<Scope>, CoreError> {
        self.role(tenant, id).await?;
        self.read(async move |tx| roles::scopes(tx, tenant, id).await).await
    }

    /// Adds scopes to a role.
    pub async fn add_role_scopes(&self, tenant: &TenantId, id: &RoleId, scopes: Vec<ScopeId>) -> Result<(), CoreError> {
        self.save(ErrorCode::UniqueViolation, async move |tx| {
            let role = role(tx, tenant, id).await?;
            add_scopes(tx, tenant, &role, &scopes).await
        })
        .await
    }

    /// Takes a scope from a role.
    pub async fn remove_role_scope(&self, tenant: &TenantId, id: &RoleId, scope: ScopeId) -> Result<(), CoreError> {
        let removed = self
            .save(ErrorCode::UniqueViolation, async move |tx| Ok(roles::remove_scope(tx, tenant, id, &scope).await?));
        if removed.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }

    /// The roles of an application.
    pub async fn application_roles(&self, tenant: &TenantId, id: &ApplicationId) -> Result<Vec<Role>, CoreError> {
        self.application(tenant, id).await?;
        self.read(async move |tx| roles::of_application(tx, tenant, id).await).await
    }

    /// Gives roles to a machine-to-machine application.
    pub async fn add_application_roles(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
        ids: Vec<RoleId>,
    ) -> Result<(), CoreError> {
        self.save(ErrorCode::UniqueViolation, async move |tx| {
            let application = applications::find(tx, tenant, id).await?.ok_or(ErrorCode::EntityNotFound)?;
            if application.kind != ApplicationType::MachineToMachine {
                return Err(ErrorCode::ApplicationType.into());
            }
            for wanted in ids {
                if role(tx, tenant, &wanted).await?.kind != RoleType::MachineToMachine {
                    return Err(ErrorCode::ApplicationRoleType.into());
                }
                roles::add_application(tx, tenant, &wanted, id).await?;
            }
            Ok(())
        })
        .await
    }

    /// Takes a role from an application.
    pub async fn remove_application_role(
        &self,
        tenant: &TenantId,
        id: &ApplicationId,
        role: RoleId,
    ) -> Result<(), CoreError> {
        let removed = self.save(ErrorCode::UniqueViolation, async move |tx| {
            Ok(roles::remove_application(tx, tenant, &role, id).await?)
        });
        if removed.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }

    /// The roles of a user.
    pub async fn user_roles(&self, tenant: &TenantId, id: &UserId) -> Result<Vec<Role>, CoreError> {
        self.user(tenant, id).await?;
        self.read(async move |tx| roles::of_user(tx, tenant, id).await).await
    }

    /// Gives roles to a user.
    pub async fn add_user_roles(&self, tenant: &TenantId, id: &UserId, ids: Vec<RoleId>) -> Result<(), CoreError> {
        self.save(ErrorCode::UniqueViolation, async move |tx| {
            users::hold(tx, tenant, id).await?.ok_or(ErrorCode::EntityNotFound)?;
            for wanted in ids {
                if role(tx, tenant, &wanted).await?.kind != RoleType::User {
                    return Err(ErrorCode::InvalidRoleType.into());
                }
                roles::add_user(tx, tenant, &wanted, id).await?;
            }
            Ok(())
        })
        .await
    }

    /// Takes a role from a user.
    pub async fn remove_user_role(&self, tenant: &TenantId, id: &UserId, role: RoleId) -> Result<(), CoreError> {
        let removed =
            self.save(ErrorCode::UniqueViolation, async move |tx| Ok(roles::remove_user(tx, tenant, &role, id).await?));
        if removed.await? { Ok(()) } else { Err(ErrorCode::EntityNotFound.into()) }
    }
}
