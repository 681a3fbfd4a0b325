//! The page behind a link by which a person sets their password.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use keyway_core::Cx;
use keyway_core::password_link::{self, PasswordLinkError};
use keyway_model::look::Look;
use keyway_model::{ErrorCode, TenantId};

use super::render::{self, Frame};
use super::{texts, visit};
use crate::Web;
use crate::error::WebError;
use crate::locale::negotiate;
use crate::oidc::answer::see_other;
use crate::request::Parameters;

impl From<PasswordLinkError> for WebError {
    fn from(error: PasswordLinkError) -> Self {
        match error {
            PasswordLinkError::Over => ErrorCode::LinkExpired.into(),
            PasswordLinkError::User(error) => error.into(),
        }
    }
}

#[derive(Template)]
#[template(path = "set_password.html")]
struct SetPasswordPage {
    frame: Frame,
    token: String,
    /// What a password manager keeps the password under.
    username: String,
}

async fn page(
    web: &Web,
    cx: &Cx,
    headers: &HeaderMap,
    form: &Parameters,
    status: StatusCode,
    alert: String,
) -> Response {
    let token = form.get("token").unwrap_or_default();
    let shown = async {
        let owner = password_link::owner(cx, &token).await?;
        let settings = web.core.settings(&web.tenant).await?;
        let locale = negotiate(headers, None, Some(&settings.experience));
        let frame = Frame { alert, ..Frame::branded(&Look::of(&settings.experience, None), "", locale) };
        let username = owner.username.or(owner.primary_email).unwrap_or_default();
        Ok::<_, WebError>(render::html(status, &SetPasswordPage { frame, token: token.clone(), username }, None))
    };
    shown.await.unwrap_or_else(|error| render::error_page(headers, &error))
}

/// `GET /set-password`
pub async fn show(State(web): State<Web>, cx: Cx, headers: HeaderMap, form: Parameters) -> Response {
    page(&web, &cx, &headers, &form, StatusCode::OK, String::new()).await
}

/// `POST /set-password`
pub async fn submit(State(web): State<Web>, cx: Cx, headers: HeaderMap, form: Parameters) -> Response {
    let get = |name: &str| form.get(name).unwrap_or_default();
    let set = password_link::set_password(&cx, &get("token"), get("password")).await;
    let settings = web.core.settings(&web.tenant).await;
    let locale = negotiate(&headers, None, settings.as_ref().ok().map(|settings| &settings.experience));
    let t = texts::texts(locale);
    match set.map_err(WebError::from) {
        Ok(()) if web.tenant == TenantId::admin() => see_other("/console"),
        Ok(()) => render::message(locale, &t.password_set_title, &t.password_set_text),
        Err(error) => page(&web, &cx, &headers, &form, error.status(), visit::explain(&error, &t)).await,
    }
}
