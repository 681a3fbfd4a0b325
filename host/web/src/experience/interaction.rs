//! Starts, shows and ends an interaction.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use keyway_core::signin::{self, Browser, Identification, Submitted};
use keyway_model::interaction::{Interaction, InteractionEvent};
use keyway_model::oauth::Authorization;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Web;
use crate::cookies::{self, CookieKind};
use crate::error::WebError;
use crate::interactions;
use crate::oidc::answer;
use crate::request::Body;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventBody {
    interaction_event: InteractionEvent,
}

/// `PUT /api/experience`
pub async fn start(browser: Browser, Body(body): Body<EventBody>) -> Result<StatusCode, WebError> {
    signin::start(&browser, body.interaction_event).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/experience/interaction-event`
pub async fn change_event(browser: Browser, Body(body): Body<EventBody>) -> Result<StatusCode, WebError> {
    signin::change_event(&browser, body.interaction_event).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentificationBody {
    verification_id: Option<String>,
    /// Links the provider's answer of this interaction to the account that has its address and was proven here.
    #[serde(default)]
    link_social_identity: bool,
}

/// `POST /api/experience/identification`: 201 when an account was made.
pub async fn identify(browser: Browser, Body(body): Body<IdentificationBody>) -> Result<StatusCode, WebError> {
    let verification = body.verification_id.map(Into::into);
    let made = signin::identify(&browser, Identification { verification, links: body.link_social_identity }).await?;
    Ok(if made { StatusCode::CREATED } else { StatusCode::NO_CONTENT })
}

/// `POST /api/experience/submit`
pub async fn submit(State(web): State<Web>, browser: Browser, headers: HeaderMap) -> Result<Response, WebError> {
    match signin::submit(&browser).await? {
        Submitted::PasswordReset(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        Submitted::SignedIn { session, answer: carried, interaction: asked } => {
            // A form cannot be posted by an address: the browser asks again, and is answered from its new session.
            let redirect_to = answer::location(&carried).unwrap_or_else(|| resume(&web, &asked));
            let session = cookies::write(&web, CookieKind::Session, &session);
            let mut response = Json(json!({ "redirectTo": redirect_to })).into_response();
            let device = asked.user_id.as_ref().and_then(|user| cookies::device(&web, &browser, user));
            let set = response.headers_mut();
            set.extend(interactions::end(&web, &headers, &browser.interaction));
            set.extend([session].into_iter().chain(device));
            Ok(response)
        }
    }
}

fn resume(web: &Web, interaction: &Interaction) -> String {
    let Authorization { redirect_uri, scope, state, nonce, code_challenge, resources, response_mode, .. } =
        &interaction.authorization;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", interaction.application_id.as_str());
    query.append_pair("response_type", "code");
    for (name, value) in [
        ("redirect_uri", Some(redirect_uri)),
        ("scope", Some(scope)),
        ("response_mode", Some(response_mode)),
        ("state", state.as_ref()),
        ("nonce", nonce.as_ref()),
        ("code_challenge", code_challenge.as_ref()),
    ] {
        value.map(|value| query.append_pair(name, value));
    }
    if code_challenge.is_some() {
        query.append_pair("code_challenge_method", "S256");
    }
    for resource in resources {
        query.append_pair("resource", resource);
    }
    if interaction.authorization.prompts("consent") {
        query.append_pair("prompt", "consent");
    }
    format!("{}/auth?{}", web.core.issuer(&web.tenant), query.finish())
}

/// `GET /api/experience/interaction`: what is known so far, without hashes.
pub async fn show(browser: Browser) -> Result<Json<Value>, WebError> {
    let interaction = signin::interaction(&browser).await?.interaction;
    let records: Vec<Value> = interaction
        .verifications
        .iter()
        .filter_map(|record| {
            Some(json!({
                "id": record.id,
                "type": record.proof.as_str(),
                "identifier": record.proof.identifier()?,
                "verified": record.proof.is_verified(),
                "templateType": record.event,
            }))
        })
        .collect();
    let profile = &interaction.profile;
    Ok(Json(json!({
        "interactionEvent": interaction.event()?,
        "userId": interaction.user_id,
        "profile": {
            "username": profile.username,
            "primaryEmail": profile.email,
            "primaryPhone": profile.phone,
            "hasPassword": profile.password.is_some(),
        },
        "verificationRecords": records,
        "captcha": { "verified": false, "skipped": true },
    })))
}

/// `GET /api/experience/sso-connectors`: there is no enterprise sign-in.
pub async fn sso_connectors() -> Json<Value> {
    Json(json!({ "connectorIds": [] }))
}
