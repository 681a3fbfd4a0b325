//! The tenant's own words in a language as the API shows them.

use keyway_core::Cx;
use keyway_model::custom_phrases::Phrases;
use serde::Serialize;
use utoipa::ToSchema;

/// The tenant's own words in a language.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhrasesView {
    tenant_id: String,
    id: String,
    language_tag: String,
    /// Sentences by name.
    #[schema(value_type = Object)]
    translation: Phrases,
}

impl PhrasesView {
    /// The words in a language.
    pub fn new(cx: &Cx, language: String, translation: Phrases) -> Self {
        Self { tenant_id: cx.tenant.0.clone(), id: language.clone(), language_tag: language, translation }
    }
}
