//! What administrators do: one file per kind of thing. Callers describe a change as a function over the stored value;
//! rules are checked on the result, and nothing is saved when one refuses.

pub(crate) mod administrators;
mod applications;
mod branding;
mod email_templates;
mod settings;

use keyway_store::{StoreError, Tx};

use crate::signin::taken;
use crate::{Core, CoreError};

pub(crate) use applications::check as check_application;

pub use applications::{DEFAULT_SECRET, NewApplication, NewSecret};
pub use keyway_store::{Page, Total};
pub use settings::PublicExperience;

impl Core {
    /// A write whose taken names are `code`; an account's are told by their own.
    pub(crate) async fn save<T: Send + 'static>(
        &self,
        code: keyway_model::ErrorCode,
        job: impl AsyncFnOnce(&mut Tx) -> Result<T, CoreError> + Clone,
    ) -> Result<T, CoreError> {
        self.parts.store.write(job).await.map_err(|error| match taken(error) {
            CoreError::Store(StoreError::Unique(_)) => code.into(),
            CoreError::Store(StoreError::Reference) => keyway_model::ErrorCode::RelationNotFound.into(),
            error => error,
        })
    }

    pub(crate) async fn read<T>(
        &self,
        job: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>,
    ) -> Result<T, CoreError> {
        Ok(self.parts.store.read(job).await?)
    }
}
