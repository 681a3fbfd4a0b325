//! A user as the API shows one: without the hash of the password.

use std::collections::BTreeMap;

use keyway_core::Cx;
use keyway_core::users::{self, UserError};
use keyway_model::user::{Identity, User};
use keyway_model::user_profile::UserProfile;
use keyway_model::{Timestamp, UserId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    id: String,
    username: Option<String>,
    primary_email: Option<String>,
    primary_phone: Option<String>,
    name: Option<String>,
    avatar: Option<String>,
    #[schema(value_type = Object)]
    custom_data: Map<String, Value>,
    /// By target of the provider.
    identities: BTreeMap<String, IdentityView>,
    #[schema(value_type = Vec<Object>)]
    sso_identities: [Value; 0],
    #[schema(value_type = Vec<Object>)]
    mfa_verification_factors: [Value; 0],
    #[schema(value_type = Object)]
    profile: UserProfile,
    application_id: Option<String>,
    is_suspended: bool,
    has_password: bool,
    /// In milliseconds.
    #[schema(value_type = Option<i64>)]
    last_sign_in_at: Option<Timestamp>,
    /// In milliseconds.
    #[schema(value_type = i64)]
    created_at: Timestamp,
    /// In milliseconds.
    #[schema(value_type = i64)]
    updated_at: Timestamp,
}

/// An identity of an outside provider.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct IdentityView {
    user_id: String,
    details: Value,
}

impl UserView {
    /// A user with identities.
    pub fn new(user: User, identities: Vec<Identity>) -> Self {
        let identity = |one: Identity| (one.target, IdentityView { user_id: one.id, details: one.details });
        Self {
            id: user.id.0,
            username: user.username,
            primary_email: user.primary_email,
            primary_phone: user.primary_phone,
            name: user.name,
            avatar: user.avatar,
            custom_data: user.custom_data,
            identities: identities.into_iter().map(identity).collect(),
            sso_identities: [],
            mfa_verification_factors: [],
            profile: user.profile,
            application_id: user.application_id.map(|id| id.0),
            is_suspended: user.is_suspended,
            has_password: user.password.is_some(),
            last_sign_in_at: user.last_sign_in_at,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }

    /// A user with the identities that are linked.
    pub async fn load(cx: &Cx, user: User) -> Result<Self, UserError> {
        let mut found = users::identities(cx, std::slice::from_ref(&user.id)).await?;
        let identities = found.remove(&user.id).unwrap_or_default();
        Ok(Self::new(user, identities))
    }

    /// Users with the identities that are linked to each.
    pub async fn load_all(cx: &Cx, found: Vec<User>) -> Result<Vec<Self>, UserError> {
        let ids: Vec<UserId> = found.iter().map(|user| user.id.clone()).collect();
        let mut identities = users::identities(cx, &ids).await?;
        let view = |user: User| {
            let linked = identities.remove(&user.id).unwrap_or_default();
            Self::new(user, linked)
        };
        Ok(found.into_iter().map(view).collect())
    }
}
