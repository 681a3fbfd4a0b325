//! `POST /api/sign-in-exp/default/check-password`: says whether a password would be accepted.

use axum::Json;
use keyway_model::password_policy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::request::Body;

#[derive(Deserialize, ToSchema)]
pub struct CheckPassword {
    password: String,
}

/// What the policy says of a password.
#[derive(Serialize, ToSchema)]
pub struct PasswordCheck {
    result: bool,
    /// Why it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    issues: Option<Value>,
}

pub async fn check_password(Body(body): Body<CheckPassword>) -> Json<PasswordCheck> {
    let issues = password_policy::check(&body.password, None).err();
    Json(PasswordCheck { result: issues.is_none(), issues: issues.map(|refusal| refusal.data.unwrap_or_default()) })
}
