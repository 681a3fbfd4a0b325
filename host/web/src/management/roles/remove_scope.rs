//! `DELETE /api/roles/{id}/scopes/{scopeId}`

use keyway_core::Cx;
use keyway_core::roles;
use keyway_model::{RoleId, ScopeId};

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn remove_scope(cx: Cx, Path((id, scope)): Path<(RoleId, ScopeId)>) -> Result<NoContent, WebError> {
    roles::remove_scope(&cx, &id, &scope).await?;
    Ok(NoContent)
}
