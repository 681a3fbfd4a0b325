//! The sign-in pages in the tenant's own words, by language.

use keyway_model::Refusal;
use keyway_model::custom_phrases::{Catalogue, Phrases, check};
use keyway_store::{StoreError, custom_phrases};
use serde_json::json;

use crate::Cx;
use crate::events::{Event, EventKind};

/// Why nothing was done about the tenant's own words.
#[derive(Debug, thiserror::Error)]
pub enum PhrasesError {
    /// The tenant has none in this language.
    #[error("not found")]
    NotFound,
    /// A language or a sentence that there is not; says which.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The tenant's own words, by language.
#[tracing::instrument(name = "custom_phrases.list", skip_all)]
pub async fn list(cx: &Cx) -> Result<Vec<(String, Phrases)>, PhrasesError> {
    cx.read(async |tx| Ok(custom_phrases::list(tx, &cx.tenant).await?)).await
}

/// The tenant's own words in a language.
#[tracing::instrument(name = "custom_phrases.get", skip_all)]
pub async fn get(cx: &Cx, language: &str) -> Result<Phrases, PhrasesError> {
    let found = list(cx).await?.into_iter().find(|(tag, _)| tag == language);
    found.map(|(_, own)| own).ok_or(PhrasesError::NotFound)
}

/// Replaces the tenant's own words in a language. `catalogue` has those that there are.
#[tracing::instrument(name = "custom_phrases.put", skip_all)]
pub async fn put(cx: &Cx, language: &str, own: &Phrases, catalogue: &Catalogue) -> Result<(), PhrasesError> {
    check(language, own, catalogue)?;
    cx.write(async move |tx| {
        crate::tenants::lock(tx, &cx.tenant).await?;
        let known = custom_phrases::list(tx, &cx.tenant).await?.into_iter().find(|(tag, _)| tag == language);
        custom_phrases::put(tx, &cx.tenant, language, own).await?;
        let fields = |own: &Phrases| own.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        let before = known.map(|(_, own)| fields(&own)).unwrap_or_default();
        let event = Event::new(EventKind::PhrasesReplaced).target("languageTag", language);
        Ok(cx.emit(tx, event.changed(before, fields(own))).await?)
    })
    .await
}

/// Takes the tenant's own words in a language back.
#[tracing::instrument(name = "custom_phrases.delete", skip_all)]
pub async fn delete(cx: &Cx, language: &str) -> Result<(), PhrasesError> {
    cx.write(async move |tx| {
        if !custom_phrases::delete(tx, &cx.tenant, language).await? {
            return Err(PhrasesError::NotFound);
        }
        Ok(cx.emit(tx, Event::new(EventKind::PhrasesDeleted).target("languageTag", language)).await?)
    })
    .await
}
