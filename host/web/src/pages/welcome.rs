//! The page that makes the first administrator.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use keyway_model::{ErrorCode, TenantId};

use super::render::{self, Frame};
use crate::Web;
use crate::cookies::{self, Kind};
use crate::error::WebError;
use crate::locale::negotiate;
use crate::oidc::answer::see_other;
use crate::request::{Parameters, Peer};

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    frame: Frame,
    secret: String,
    username: String,
}

async fn is_open(web: &Web) -> Result<bool, WebError> {
    Ok(web.tenant == TenantId::admin() && web.core.awaits_first_administrator().await?)
}

fn page(headers: &HeaderMap, parameters: &Parameters, status: StatusCode, alert: String) -> Response {
    let get = |name| parameters.get(name).unwrap_or_default();
    let frame = Frame { alert, ..Frame::plain(negotiate(headers, None, None)) };
    render::html(status, &WelcomePage { frame, secret: get("secret"), username: get("username") }, None)
}

/// `GET /welcome`
pub async fn show(State(web): State<Web>, headers: HeaderMap, parameters: Parameters) -> Response {
    match is_open(&web).await {
        Ok(true) => page(&headers, &parameters, StatusCode::OK, String::new()),
        Ok(false) => render::error(&headers, ErrorCode::NotFound.into()),
        Err(error) => error.into_response(),
    }
}

/// `POST /welcome`
pub async fn submit(
    State(web): State<Web>,
    Peer(visitor): Peer,
    headers: HeaderMap,
    parameters: Parameters,
) -> Response {
    match is_open(&web).await {
        Ok(true) => {}
        Ok(false) => return render::error(&headers, ErrorCode::NotFound.into()),
        Err(error) => return error.into_response(),
    }
    let locale = negotiate(&headers, None, None);
    let get = |name| parameters.get(name).unwrap_or_default();
    match web.core.create_first_admin(&get("secret"), get("username"), get("password"), &visitor).await {
        Ok(session) => ([cookies::write(&web, Kind::Session, &session)], see_other("/console")).into_response(),
        Err(error) => {
            let error = WebError::from(error);
            page(&headers, &parameters, error.status(), super::visit::explain(&error, &super::texts::texts(locale)))
        }
    }
}
