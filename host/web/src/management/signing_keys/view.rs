//! A signing key as the API shows it.

use keyway_core::signing_keys::{KeyInfo, KeyStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// A signing key without its private half.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    id: String,
    /// In seconds.
    created_at: i64,
    /// `EC`.
    signing_key_algorithm: &'static str,
    #[schema(value_type = String, example = "Current")]
    status: KeyStatus,
    /// In seconds.
    signs_from: i64,
}

impl From<KeyInfo> for KeyView {
    fn from(key: KeyInfo) -> Self {
        Self {
            id: key.id.0,
            created_at: key.created_at.seconds(),
            signing_key_algorithm: "EC",
            status: key.status,
            signs_from: key.signs_from.seconds(),
        }
    }
}
