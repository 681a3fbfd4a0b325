//! Signing in with an outside provider: the way there and the way back.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use keyway_core::secret;
use keyway_core::signin::{self, SocialAnswer, SocialOffer, SocialStart};
use keyway_model::connector::Platform;
use keyway_model::{ConnectorId, ErrorCode};
use serde_json::{Map, Value};

use super::render;
use super::visit::{Posted, Visit};
use crate::error::WebError;
use crate::locale::negotiate;
use crate::oidc::answer::see_other;
use crate::request::{Parameters, Path, own_picture};

/// A provider's button.
pub struct Button {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: String,
    /// The provider's picture, or empty.
    pub logo: String,
}

/// The buttons of the pages, in the tenant's order; those of applications for phones are left out.
pub async fn buttons(visit: &Visit) -> Vec<Button> {
    let offers = signin::social_offers(&visit.web.core, &visit.web.tenant).await.unwrap_or_default();
    let button = |offer: SocialOffer| {
        let name = |language: &str| offer.name.get(language).and_then(Value::as_str);
        let name = name(visit.t.locale.tag()).or_else(|| name("en")).unwrap_or(&offer.target);
        let label = format!("{} {name}", visit.t.continue_with);
        let mark = signin::link_mark(&visit.web.core, &visit.view.interaction, &offer.id);
        Button {
            href: visit.to(&format!("/social/{}?mark={mark}", offer.id)),
            label,
            logo: own_picture(offer.logo.as_deref()),
        }
    };
    offers.into_iter().filter(|offer| offer.platform != Some(Platform::Native)).map(button).collect()
}

/// `GET /social/{connector}`: to the provider.
pub async fn start(Path(id): Path<ConnectorId>, visit: Visit) -> Response {
    // Another site can make a browser follow a link, but does not know the mark that it has on this interaction's pages: it cannot
    // throw away what was typed and proven so far.
    let mark = signin::link_mark(&visit.web.core, &visit.view.interaction, &id);
    if !secret::equal(&visit.field("mark"), &mark) {
        return visit.go("/sign-in");
    }
    let redirect_uri = format!("{}/callback/{id}", visit.web.core.endpoint(&visit.web.tenant));
    let wish = SocialStart { state: visit.provider_state(), redirect_uri, scope: None, starts: true };
    match signin::start_social(&visit.browser, &id, wish).await {
        Ok((_, uri)) => see_other(&uri),
        Err(error) => render::failed(&visit, &error.into()),
    }
}

/// `POST /callback/{connector}/posted`: what a provider posted, sent on by a page of ours. It is bound to the interaction by the
/// state that it must hold, as the address of a redirect is.
pub async fn posted(Path(id): Path<ConnectorId>, Posted(visit): Posted) -> Response {
    answered(id, &visit).await
}

/// `GET /callback/{connector}`: back from the provider.
pub async fn callback(Path(id): Path<ConnectorId>, visit: Visit) -> Response {
    answered(id, &visit).await
}

async fn answered(id: ConnectorId, visit: &Visit) -> Response {
    let data: Map<String, Value> =
        visit.form.pairs().map(|(name, value)| (name.to_owned(), Value::String(value.to_owned()))).collect();
    let answer = SocialAnswer { verification: None, data, must_have_state: true };
    let finished = visit.follow(signin::sign_in_with_provider(&visit.browser, &id, answer).await);
    finished.unwrap_or_else(|error| render::failed(visit, &error))
}

/// Longest form that a provider posts back.
const MAX_BODY: usize = 64 * 1024;

/// `POST /callback/{connector}`: a provider that answers by a form of its own page. The browser sends no cookie along with it, so
/// it is asked to send the same form from a page of ours, so that codes and tokens stay out of addresses; the state is checked then.
pub async fn form_post(Path(id): Path<ConnectorId>, headers: HeaderMap, request: Request) -> Response {
    let Ok(body) = axum::body::to_bytes(request.into_body(), MAX_BODY).await else {
        return WebError::from(ErrorCode::TooLarge).into_response();
    };
    let Ok(parameters) = Parameters::parse(&body) else {
        return WebError::from(ErrorCode::InvalidInput).into_response();
    };
    let id: String = url::form_urlencoded::byte_serialize(id.as_str().as_bytes()).collect();
    let parameters = parameters.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    render::post_on(&format!("/callback/{id}/posted"), parameters, negotiate(&headers, None, None))
}
