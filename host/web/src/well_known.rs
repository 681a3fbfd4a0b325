//! What anyone may read of a tenant: its sign-in settings and the descriptions of its APIs.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use keyway_core::Cx;
use keyway_core::signin::{self, SocialOffer};
use keyway_model::TenantId;
use keyway_model::identifier::IdentifierKind;
use serde_json::{Value, json};

use crate::error::WebError;
use crate::{Web, api};

/// Routes below `/api/.well-known`, and the OpenAPI document.
pub fn router() -> Router<Web> {
    Router::new()
        .route("/api/.well-known/sign-in-exp", get(sign_in_experience))
        .route("/api/swagger.json", get(document))
        .route("/api/.well-known/management.openapi.json", get(document))
}

async fn document(State(web): State<Web>) -> impl IntoResponse {
    let document = if web.tenant == TenantId::admin() { api::operators_openapi() } else { api::openapi() };
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(document))
}

async fn sign_in_experience(State(web): State<Web>, cx: Cx) -> Result<Json<Value>, WebError> {
    let public = keyway_core::sign_in_experience::public(&cx).await?;
    let mut body = serde_json::to_value(&public.experience).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.remove("emailBlocklistPolicy");
        body.remove("forgotPasswordMethods");
        body.remove("smsCountries");
        body.insert("id".into(), json!("default"));
        body.insert("tenantId".into(), json!(web.tenant));
        let offers = signin::social_offers(&web.core, &web.tenant).await?;
        let offer = |offer: &SocialOffer| {
            json!({ "id": offer.id, "target": offer.target, "platform": offer.platform, "name": offer.name,
                "logo": offer.logo, "logoDark": null })
        };
        body.insert("socialConnectors".into(), offers.iter().map(offer).collect());
        body.insert("ssoConnectors".into(), json!([]));
        let reset = |kind| public.reset_kinds.contains(&kind);
        let forgot = json!({ "email": reset(IdentifierKind::Email), "phone": reset(IdentifierKind::Phone) });
        body.insert("forgotPassword".into(), forgot);
        body.insert("isDevelopmentTenant".into(), json!(false));
        body.insert("customProfileFields".into(), json!([]));
    }
    Ok(Json(body))
}
