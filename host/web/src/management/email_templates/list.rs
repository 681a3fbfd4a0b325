//! `GET /api/email-templates`

use axum::Json;
use keyway_core::{Cx, email_templates};

use super::view::EmailTemplateView;
use crate::error::WebError;

pub async fn list(cx: Cx) -> Result<Json<Vec<EmailTemplateView>>, WebError> {
    let templates = email_templates::list(&cx).await?;
    Ok(Json(templates.into_iter().map(|template| EmailTemplateView::new(&cx, template)).collect()))
}
