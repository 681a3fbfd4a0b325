//! `DELETE /api/resources/{id}/scopes/{scopeId}`: also from every role.

use keyway_core::Cx;
use keyway_core::resources;
use keyway_model::{ResourceId, ScopeId};

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete_scope(cx: Cx, Path((id, scope)): Path<(ResourceId, ScopeId)>) -> Result<NoContent, WebError> {
    resources::delete_scope(&cx, &id, &scope).await?;
    Ok(NoContent)
}
