//! Completes an account.

use axum::http::StatusCode;
use keyway_core::signin::{self, Browser, ProfileField};
use keyway_model::identifier::IdentifierKind;
use keyway_model::reason::AnyOf;
use keyway_model::{Reason, Refusal};
use serde::Deserialize;

use crate::error::WebError;
use crate::request::Body;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileBody {
    #[serde(rename = "type")]
    kind: String,
    value: Option<String>,
    verification_id: Option<String>,
}

impl ProfileBody {
    fn field(self) -> Result<ProfileField, Refusal> {
        let value = self.value.ok_or_else(|| Refusal::invalid_input("value", Reason::Missing));
        let proof = self.verification_id.ok_or_else(|| Refusal::invalid_input("verificationId", Reason::Missing));
        match self.kind.as_str() {
            "username" => Ok(ProfileField::Username(value?)),
            "password" => Ok(ProfileField::Password(value?)),
            "email" => Ok(ProfileField::Verified(IdentifierKind::Email, proof?.into())),
            "phone" => Ok(ProfileField::Verified(IdentifierKind::Phone, proof?.into())),
            _ => {
                let names = AnyOf(&["username", "password", "email", "phone"]);
                Err(Refusal::invalid_input("type", Reason::OneOf { names }))
            }
        }
    }
}

/// `POST /api/experience/profile`
pub async fn add(browser: Browser, Body(body): Body<ProfileBody>) -> Result<StatusCode, WebError> {
    signin::add_profile(&browser, body.field()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub struct NewPasswordBody {
    password: String,
}

/// `PUT /api/experience/profile/password`
pub async fn set_password(browser: Browser, Body(body): Body<NewPasswordBody>) -> Result<StatusCode, WebError> {
    signin::set_new_password(&browser, body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
