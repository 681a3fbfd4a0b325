//! `/api/sign-in-exp`

use axum::Json;
use axum::extract::State;
use keyway_model::password_policy;
use keyway_model::sign_in_experience::SignInExperience;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Web;
use crate::error::WebError;
use crate::request::Body;

pub fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(get, update)).routes(routes!(check_password))
}

fn view(web: &Web, experience: &SignInExperience) -> Json<Value> {
    let mut body = serde_json::to_value(experience).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.insert("id".into(), json!("default"));
        body.insert("tenantId".into(), json!(web.tenant));
    }
    Json(body)
}

/// The sign-in settings.
#[utoipa::path(get, path = "/api/sign-in-exp", tag = "Sign-in experience", summary = "Get the sign-in settings",
    responses((status = 200)))]
async fn get(State(web): State<Web>) -> Result<Json<Value>, WebError> {
    Ok(view(&web, &web.core.sign_in_experience(&web.tenant).await?))
}

/// Replaces each given setting whole; nothing is saved when one is refused.
#[utoipa::path(patch, path = "/api/sign-in-exp", tag = "Sign-in experience", summary = "Update the sign-in settings",
    request_body = Object, responses((status = 200), (status = 400)))]
async fn update(State(web): State<Web>, Body(patch): Body<Map<String, Value>>) -> Result<Json<Value>, WebError> {
    Ok(view(&web, &web.core.update_sign_in_experience(&web.tenant, patch).await?))
}

#[derive(Deserialize, ToSchema)]
struct CheckPassword {
    password: String,
}

/// Says whether a password would be accepted.
#[utoipa::path(post, path = "/api/sign-in-exp/default/check-password", tag = "Sign-in experience",
    summary = "Check a password", request_body = CheckPassword, responses((status = 200), (status = 400)))]
async fn check_password(Body(body): Body<CheckPassword>) -> Json<Value> {
    match password_policy::check(&body.password, None) {
        Ok(()) => Json(json!({ "result": true })),
        Err(refusal) => Json(json!({ "result": false, "issues": refusal.data })),
    }
}
