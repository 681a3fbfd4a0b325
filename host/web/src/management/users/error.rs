//! What is refused about users, as an answer.

use keyway_core::users::UserError;
use keyway_model::{ErrorCode, Refusal};

use crate::error::WebError;

impl From<UserError> for WebError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NotFound => ErrorCode::EntityNotFound.into(),
            UserError::IdTaken => ErrorCode::UniqueViolation.into(),
            UserError::Taken(kind) => kind.in_use().into(),
            UserError::WrongPassword => ErrorCode::InvalidCredentials.into(),
            UserError::Id => Refusal::invalid_input("id", &error.to_string()).into(),
            UserError::IdOfApplication => Refusal::invalid_input("id", "is the id of an application").into(),
            UserError::HashTooDear => {
                let expected =
                    "asks for too much work beside the other kinds of hashes that wait for their users to sign in";
                Refusal::invalid_input("passwordDigest", expected).into()
            }
            UserError::Refused(refusal) => refusal.into(),
            UserError::Failed(error) => error.into(),
        }
    }
}
