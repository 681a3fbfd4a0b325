//! `/api/custom-phrases`: the sign-in pages in the tenant's own words. The names of the sentences are Keyway's own.

mod delete;
mod get;
mod list;
mod put;
mod view;

use keyway_core::CoreError;
use keyway_core::custom_phrases::PhrasesError;
use keyway_model::ErrorCode;
use keyway_model::resource::ManagementScope::All;

use crate::declaration::{Operations, delete, get, put};
use crate::error::WebError;

/// The operations on custom phrases.
pub fn operations() -> Operations {
    let one = "/api/custom-phrases/{languageTag}";
    Operations::of("Custom phrases")
        .add(get("/api/custom-phrases", All, "List custom phrases", list::list))
        .add(get(one, All, "Get custom phrases", get::get))
        .add(put(one, All, "Replace custom phrases", put::put))
        .add(delete(one, All, "Delete custom phrases", delete::delete))
}

impl From<PhrasesError> for WebError {
    fn from(error: PhrasesError) -> Self {
        match error {
            PhrasesError::NotFound => ErrorCode::EntityNotFound.into(),
            PhrasesError::Refused(refusal) => refusal.into(),
            PhrasesError::Store(error) => CoreError::from(error).into(),
        }
    }
}
