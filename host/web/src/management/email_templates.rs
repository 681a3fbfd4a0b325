//! `/api/email-templates`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use keyway_model::EmailTemplateId;
use keyway_model::email_template::EmailTemplateDetails;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::error::WebError;
use crate::request::Body;

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(list, put)).routes(routes!(delete))
}

/// The tenant's own e-mail templates; they go before those of a connector's configuration.
#[utoipa::path(get, path = "/api/email-templates", tag = "Email templates", summary = "List email templates",
    responses((status = 200)))]
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
#[utoipa::path(put, path = "/api/email-templates", tag = "Email templates", summary = "Replace email templates",
    request_body = NewTemplates, responses((status = 200), (status = 400)))]
async fn put(State(web): State<Web>, Body(body): Body<NewTemplates>) -> Result<Json<Value>, WebError> {
    let new = body.templates.into_iter().map(|one| (one.language_tag, one.template_type, one.details)).collect();
    web.core.put_email_templates(&web.tenant, new).await?;
    list(State(web)).await
}

/// Removes a template.
#[utoipa::path(delete, path = "/api/email-templates/{id}", tag = "Email templates", summary = "Delete an email template",
    params(("id" = String, Path)), responses((status = 204), (status = 404)))]
async fn delete(State(web): State<Web>, Path(id): Path<String>) -> Result<StatusCode, WebError> {
    web.core.delete_email_template(&web.tenant, EmailTemplateId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
