//! `/api/email-templates`

use axum::Json;
use axum::extract::State;
use keyway_model::EmailTemplateId;
use keyway_model::email_template::EmailTemplateDetails;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::{Body, Path};
use crate::response::NoContent;
use keyway_model::resource::ManagementScope::All;

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Email templates")
        .add(declaration::get("/api/email-templates", All, "List email templates", list))
        .add(declaration::put("/api/email-templates", All, "Replace email templates", put))
        .add(declaration::delete("/api/email-templates/{id}", All, "Delete an email template", delete))
}

/// The tenant's own e-mail templates; they go before those of a connector's configuration.
async fn list(State(web): State<Web>) -> Result<Json<Value>, WebError> {
    let mut shown = json!(web.core.email_templates(&web.tenant).await?);
    for template in shown.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        template.insert("tenantId".into(), json!(web.tenant));
    }
    Ok(Json(shown))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewTemplate {
    /// BCP 47 tag.
    language_tag: String,
    /// Usage type, such as `SignIn`.
    template_type: String,
    #[schema(value_type = Object)]
    details: EmailTemplateDetails,
}

#[derive(Deserialize, ToSchema)]
struct NewTemplates {
    templates: Vec<NewTemplate>,
}

/// Adds templates, or replaces those of the same language and type.
async fn put(State(web): State<Web>, Body(body): Body<NewTemplates>) -> Result<Json<Value>, WebError> {
    let new = body.templates.into_iter().map(|one| (one.language_tag, one.template_type, one.details)).collect();
    web.core.put_email_templates(&web.tenant, new).await?;
    list(State(web)).await
}

/// Removes a template.
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<NoContent, WebError> {
    web.core.delete_email_template(&web.tenant, EmailTemplateId(id)).await?;
    Ok(NoContent)
}
