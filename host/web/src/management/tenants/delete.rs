//! `DELETE /api/tenants/{id}`: takes a tenant out of use, with all that it has.

use keyway_core::{Cx, tenants};
use keyway_model::TenantId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path(id): Path<TenantId>) -> Result<NoContent, WebError> {
    tenants::delete(&cx, &id).await?;
    Ok(NoContent)
}
