//! `/oidc/auth`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use keyway_core::Cx;
use keyway_core::oauth::{self, AuthorizationParameters, Authorized};

use super::answer::{respond, see_other};
use crate::cookies::{self, CookieKind};
use crate::error::WebError;
use crate::interactions::{self, Place};
use crate::locale::negotiate;
use crate::request::Parameters;
use crate::{Web, pages};

/// Answers from the session, or opens the sign-in pages.
pub async fn authorize(
    State(web): State<Web>,
    cx: Cx,
    headers: HeaderMap,
    parameters: Result<Parameters, WebError>,
) -> Response {
    match parameters {
        Ok(parameters) => decide(&web, &cx, &headers, &parameters).await,
        Err(error) => Err(error),
    }
    .unwrap_or_else(|error| pages::error(&headers, error))
}

async fn decide(web: &Web, cx: &Cx, headers: &HeaderMap, parameters: &Parameters) -> Result<Response, WebError> {
    let get = |name| parameters.get(name);
    let asked = AuthorizationParameters {
        client_id: get("client_id").unwrap_or_default(),
        redirect_uri: get("redirect_uri").unwrap_or_default(),
        response_type: get("response_type").unwrap_or_default(),
        response_mode: get("response_mode"),
        scope: get("scope"),
        state: get("state"),
        nonce: get("nonce"),
        code_challenge: get("code_challenge"),
        code_challenge_method: get("code_challenge_method"),
        prompt: get("prompt"),
        resources: parameters.all("resource"),
        first_screen: get("first_screen").or_else(|| get("interaction_mode")),
        login_hint: get("login_hint"),
        ui_locales: get("ui_locales"),
        max_age: get("max_age"),
        has_request_object: get("request").is_some(),
        has_request_uri: get("request_uri").is_some(),
    };
    let locale = negotiate(headers, asked.ui_locales.as_deref(), None);
    let session = cookies::read(web, headers, CookieKind::Session);
    let application = asked.client_id.clone();
    match oauth::authorize(cx, asked, session).await? {
        Authorized::Answer(answer) => Ok(respond(&answer, locale)),
        Authorized::Interact { secret, first } => {
            let mut response = see_other(&Place::new(&secret, &application).to(pages::first_page(first)));
            response.headers_mut().extend(interactions::begin(web, headers, &secret));
            Ok(response)
        }
    }
}
