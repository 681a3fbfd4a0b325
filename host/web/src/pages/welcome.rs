//! The page that makes the first administrator.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use keyway_core::{Cx, administrators};
use keyway_model::{ErrorCode, TenantId};

use super::render::{self, Frame};
use crate::Web;
use crate::cookies::{self, CookieKind};
use crate::error::WebError;
use crate::locale::negotiate;
use crate::oidc::answer::see_other;
use crate::request::Parameters;

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    frame: Frame,
    secret: String,
    username: String,
}

async fn is_open(cx: &Cx) -> Result<bool, WebError> {
    Ok(cx.tenant == TenantId::admin() && administrators::is_awaited(cx).await?)
}

fn page(headers: &HeaderMap, parameters: &Parameters, status: StatusCode, alert: String) -> Response {
    let get = |name| parameters.get(name).unwrap_or_default();
    let frame = Frame { alert, ..Frame::plain(negotiate(headers, None, None)) };
    render::html(status, &WelcomePage { frame, secret: get("secret"), username: get("username") }, None)
}

/// `GET /welcome`
pub async fn show(cx: Cx, headers: HeaderMap, parameters: Parameters) -> Response {
    match is_open(&cx).await {
        Ok(true) => page(&headers, &parameters, StatusCode::OK, String::new()),
        Ok(false) => render::error(&headers, ErrorCode::NotFound.into()),
        Err(error) => error.into_response(),
    }
}

/// `POST /welcome`
pub async fn submit(State(web): State<Web>, cx: Cx, headers: HeaderMap, parameters: Parameters) -> Response {
    match is_open(&cx).await {
        Ok(true) => {}
        Ok(false) => return render::error(&headers, ErrorCode::NotFound.into()),
        Err(error) => return error.into_response(),
    }
    let locale = negotiate(&headers, None, None);
    let get = |name| parameters.get(name).unwrap_or_default();
    match administrators::create_first(&cx, &get("secret"), &get("username"), get("password")).await {
        Ok(session) => ([cookies::write(&web, CookieKind::Session, &session)], see_other("/console")).into_response(),
        Err(error) => {
            let error = WebError::from(error);
            page(&headers, &parameters, error.status(), super::visit::explain(&error, &super::texts::texts(locale)))
        }
    }
}
