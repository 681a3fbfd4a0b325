//! `DELETE /api/email-templates/{id}`

use keyway_core::{Cx, email_templates};
use keyway_model::EmailTemplateId;

use crate::error::WebError;
use crate::request::Path;
use crate::response::NoContent;

pub async fn delete(cx: Cx, Path(id): Path<EmailTemplateId>) -> Result<NoContent, WebError> {
    email_templates::delete(&cx, &id).await?;
    Ok(NoContent)
}
