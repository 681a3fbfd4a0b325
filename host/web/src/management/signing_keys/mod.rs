//! `/api/configs/oidc`: signing keys. Only private keys exist here; cookies carry no signatures.

mod delete;
mod list;
mod rotate;
mod view;

use keyway_core::CoreError;
use keyway_core::signing_keys::{KeyError, MAX_GRACE};
use keyway_model::resource::ManagementScope::All;
use keyway_model::{ErrorCode, Reason, Refusal};

use crate::declaration::{Operations, delete, get, post};
use crate::error::WebError;

/// The operations on signing keys.
pub fn operations() -> Operations {
    let one = "/api/configs/oidc/{keyType}/{keyId}";
    Operations::of("Configs")
        .add(get("/api/configs/oidc/{keyType}", All, "List signing keys", list::list).refusing(&[422]))
        .add(post("/api/configs/oidc/{keyType}/rotate", All, "Rotate signing keys", rotate::rotate).refusing(&[422]))
        .add(delete(one, All, "Delete a signing key", delete::delete).refusing(&[422]))
}

/// Refuses kinds of keys that there are not.
fn check_kind(key_type: &str) -> Result<(), WebError> {
    match key_type {
        "private-keys" => Ok(()),
        "cookie-keys" => Err(ErrorCode::NoSuchKeys.into()),
        _ => Err(ErrorCode::NotFound.into()),
    }
}

impl From<KeyError> for WebError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NotFound => ErrorCode::EntityNotFound.into(),
            KeyError::Waiting => ErrorCode::KeyWaiting.into(),
            KeyError::TooMany => ErrorCode::TooManyKeys.into(),
            KeyError::Signs => ErrorCode::KeySigns.into(),
            KeyError::Grace => {
                let reason = Reason::SecondsBetween { least: 0, most: MAX_GRACE };
                Refusal::invalid_input("rotationGracePeriod", reason).into()
            }
            KeyError::Generation => CoreError::Internal("key generation").into(),
            KeyError::Store(error) => CoreError::from(error).into(),
        }
    }
}
