//! What is refused about users, as an answer.

use keyway_core::users::UserError;
use keyway_model::{ErrorCode, Reason, Refusal};

use crate::error::WebError;

impl From<UserError> for WebError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => ErrorCode::EntityNotFound.into(),
            UserError::IdTaken => ErrorCode::UniqueViolation.into(),
            UserError::Taken(kind) => kind.in_use().into(),
            UserError::WrongPassword => ErrorCode::InvalidCredentials.into(),
            UserError::Id => Refusal::invalid_input("id", Reason::WordCharacters { least: 1, most: 64 }).into(),
            UserError::IdOfApplication => Refusal::invalid_input("id", Reason::IdOfApplication).into(),
            UserError::HashTooDear => Refusal::invalid_input("passwordDigest", Reason::HashTooDear).into(),
            UserError::Refused(refusal) => refusal.into(),
            UserError::Failed(error) => error.into(),
        }
    }
}
