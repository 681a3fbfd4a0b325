//! `DELETE /api/users/{userId}`: with sessions and tokens.

use keyway_core::{Cx, users};
use keyway_model::UserId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path(id): Path<UserId>) -> Result<NoContent, WebError> {
    users::delete(&cx, &id).await?;
    Ok(NoContent)
}
