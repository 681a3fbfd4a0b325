//! `PUT /api/email-templates`: adds templates, or replaces those of the same language and type; answers all of them.

use axum::Json;
use keyway_core::Cx;
use keyway_core::email_templates::{self, NewEmailTemplate};
use keyway_model::email_template::EmailTemplateDetails;
use serde::Deserialize;
use utoipa::ToSchema;

use super::list::list;
use super::view::EmailTemplateView;
use crate::error::WebError;
use crate::request::Body;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTemplate {
    /// BCP 47 tag.
    language_tag: String,
    /// Usage type, such as `SignIn`.
    template_type: String,
    #[schema(value_type = Object)]
    details: EmailTemplateDetails,
}

#[derive(Deserialize, ToSchema)]
pub struct NewTemplates {
    templates: Vec<NewTemplate>,
}

pub async fn put(cx: Cx, Body(body): Body<NewTemplates>) -> Result<Json<Vec<EmailTemplateView>>, WebError> {
    let new = |NewTemplate { language_tag, template_type, details }| NewEmailTemplate {
        language_tag,
        template_type,
        details,
    };
    email_templates::put(&cx, body.templates.into_iter().map(new).collect()).await?;
    list(cx).await
}
