//! `DELETE /api/custom-phrases/{languageTag}`

use keyway_core::{Cx, custom_phrases};

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path(language): Path<String>) -> Result<NoContent, WebError> {
    custom_phrases::delete(&cx, &language).await?;
    Ok(NoContent)
}
