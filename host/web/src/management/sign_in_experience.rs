//! `/api/sign-in-exp`

use axum::Json;
use axum::extract::State;
use keyway_model::password_policy;
use keyway_model::sign_in_experience::SignInExperience;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::Web;
use crate::declaration::{self, Operations};
use crate::error::WebError;
use crate::request::{Body, Object};
use keyway_model::resource::ManagementScope::All;

/// The operations of this file.
pub fn operations() -> Operations {
    Operations::of("Sign-in experience")
        .add(declaration::get("/api/sign-in-exp", All, "Get the sign-in settings", get))
        .add(declaration::patch("/api/sign-in-exp", All, "Update the sign-in settings", update))
        .add(declaration::post("/api/sign-in-exp/default/check-password", All, "Check a password", check_password))
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
async fn get(State(web): State<Web>) -> Result<Json<Value>, WebError> {
    Ok(view(&web, &web.core.sign_in_experience(&web.tenant).await?))
}

/// Replaces each given setting whole; nothing is saved when one is refused.
async fn update(State(web): State<Web>, Object(patch): Object<Map<String, Value>>) -> Result<Json<Value>, WebError> {
    Ok(view(&web, &web.core.update_sign_in_experience(&web.tenant, patch).await?))
}

#[derive(Deserialize, ToSchema)]
struct CheckPassword {
    password: String,
}

/// Says whether a password would be accepted.
async fn check_password(Body(body): Body<CheckPassword>) -> Json<Value> {
    match password_policy::check(&body.password, None) {
        Ok(()) => Json(json!({ "result": true })),
        Err(refusal) => Json(json!({ "result": false, "issues": refusal.data })),
    }
}
