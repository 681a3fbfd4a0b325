//! Turns templates into answers, and the pages that belong to no interaction.

use std::sync::Arc;

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use keyway_core::oauth::AuthorizationAnswer;
use keyway_core::signin::InteractionView;
use keyway_core::{Actor, Cx, Visitor, applications};
use keyway_model::display::shown;
use keyway_model::look::{Look, is_web};
use keyway_model::{ApplicationId, TenantId};

use super::texts::{Phrase, Texts, texts};
use super::visit::{Puzzle, Visit};
use crate::Web;
use crate::error::WebError;
use crate::error_texts;
use crate::interactions::Place;
use crate::locale::{Locale, negotiate};
use crate::oidc::answer::see_other;
use crate::request::wants_page;

/// What every page has.
pub struct Frame {
    /// The sentences.
    pub t: Arc<Texts>,
    /// Proves that a form comes from this interaction.
    pub csrf: String,
    /// Name of the application, or empty.
    pub application: String,
    /// Address of a logo, or empty.
    pub logo: String,
    /// The one for dark surroundings, or empty.
    pub dark_logo: String,
    /// What went wrong, for an element with the role `alert`.
    pub alert: String,
    /// Good news, for an element with the role `status`.
    pub notice: String,
    /// Address of the icon of the browser's tab.
    pub favicon: String,
    /// The one for dark surroundings, or empty.
    pub dark_favicon: String,
    /// The surroundings that the page has colours for, as `color-scheme` of CSS names them.
    pub schemes: &'static str,
    /// Address of the sheet.
    pub style: String,
    /// Address of the sheet with the colours.
    pub theme: String,
    /// Address of the terms of use, or empty.
    pub terms: String,
    /// Address of the privacy policy, or empty.
    pub privacy: String,
    /// Path of this page where the reader may change the language; else empty.
    pub switch: String,
    /// What the browser computes before the form goes out again.
    pub work: Option<Puzzle>,
    /// The interaction, for every address on the page.
    pub place: Place,
}

impl Frame {
    /// The address of a page of the same interaction.
    pub fn to(&self, path: &str) -> String {
        self.place.to(path)
    }

    /// The address that changes the language of this page.
    pub fn language(&self, tag: &str) -> String {
        self.to(&format!("/language?to={tag}&back={}", self.switch))
    }

    /// The languages among which the reader may choose.
    #[expect(clippy::unused_self, reason = "templates reach methods alone")]
    pub fn languages(&self) -> &'static [Locale] {
        Locale::ALL
    }

    /// A frame outside any interaction.
    pub fn plain(locale: Locale) -> Self {
        Self {
            t: texts(locale),
            csrf: String::new(),
            application: String::new(),
            logo: String::new(),
            dark_logo: String::new(),
            alert: String::new(),
            notice: String::new(),
            favicon: "/assets/icon.svg".to_owned(),
            dark_favicon: String::new(),
            schemes: "light dark",
            style: "/assets/style.css".to_owned(),
            theme: "/assets/theme.css".to_owned(),
            terms: String::new(),
            privacy: String::new(),
            switch: String::new(),
            work: None,
            place: Place::default(),
        }
    }

    /// The frame of an interaction's pages.
    pub fn of(view: &InteractionView, locale: Locale) -> Self {
        let application = view.application();
        let own = &application.sign_in_experience;
        let look = Look::of(view.experience(), Some(own));
        let name = own.display_name.as_ref().unwrap_or(&application.name);
        let theme = if own.changes_colors() {
            let id = url::form_urlencoded::byte_serialize(application.id.as_str().as_bytes()).collect::<String>();
            format!("/assets/theme.css?application={id}")
        } else {
            "/assets/theme.css".to_owned()
        };
        Self { csrf: view.interaction.csrf.clone(), theme, ..Self::branded(&look, name, locale) }
    }

    /// A frame with this look.
    pub fn branded(look: &Look<'_>, application: &str, locale: Locale) -> Self {
        let address = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let mut frame = Self {
            application: application.to_owned(),
            logo: address(look.logo),
            dark_logo: address(look.dark_logo),
            dark_favicon: address(look.dark_favicon),
            terms: address(look.terms),
            privacy: address(look.privacy),
            ..Self::plain(locale)
        };
        if let Some(favicon) = look.favicon {
            favicon.clone_into(&mut frame.favicon);
        }
        if look.dark_color.is_none() {
            frame.schemes = "light";
            frame.style = format!("{}?scheme=light", frame.style);
        }
        frame
    }
}

/// A page under a strict content policy. `form_target` is the application that forms of the page lead to in the end, if any.
pub fn html(status: StatusCode, page: &impl Template, form_target: Option<&str>) -> Response {
    let body = match page.render() {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            return WebError::from(keyway_model::ErrorCode::Internal).into_response();
        }
    };
    // Browsers hold `form-action` against every redirect that follows a form, and an application's callback may send its user
    // on to any origin or scheme: a page whose form ends at an application cannot name where it leads.
    let form_action = if form_target.is_some() { "" } else { "form-action 'self'; " };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; font-src https: data:; \
         connect-src 'self'; {form_action}base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, Html(body)).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    frame: Frame,
    title: Phrase,
    text: Phrase,
    detail: String,
    /// Address of a form with one button, or empty.
    action: String,
    button: Phrase,
    /// Where to go on, or empty.
    back: &'static str,
    /// Where an application is, and its name; empty when it is not known.
    onward: (String, String),
}

impl MessagePage {
    fn new(locale: Locale, title: &Phrase, text: &Phrase) -> Self {
        Self {
            frame: Frame::plain(locale),
            title: title.clone(),
            text: text.clone(),
            detail: String::new(),
            action: String::new(),
            button: Phrase::default(),
            back: "",
            onward: (String::new(), String::new()),
        }
    }
}

/// An error that ends the visit: a page for people, JSON for programs.
pub fn error(headers: &HeaderMap, error: WebError) -> Response {
    if !wants_page(headers) {
        return error.into_response();
    }
    error_page(headers, &error)
}

/// An error as a page.
pub fn error_page(headers: &HeaderMap, error: &WebError) -> Response {
    let locale = negotiate(headers, None, None);
    let t = texts(locale);
    let status = error.status();
    if let WebError::Refusal(refusal) = error
        && refusal.code == keyway_model::ErrorCode::SessionNotFound
    {
        return html(status, &MessagePage::new(locale, &t.expired_title, &t.expired_text), None);
    }
    if let WebError::Refusal(refusal) = error
        && refusal.code == keyway_model::ErrorCode::NotFound
    {
        return html(status, &MessagePage::new(locale, &t.not_found_title, &t.not_found_text), None);
    }
    let detail = match error {
        WebError::Refusal(refusal) => error_texts::texts(locale).of(refusal.code).to_owned(),
        WebError::OAuth(error) => format!("{}: {}", error.error, error.description),
    };
    html(status, &MessagePage { detail, ..MessagePage::new(locale, &t.error_title, &t.error_text) }, None)
}

/// A step that failed within an interaction, with the way back to its start.
pub fn failed(visit: &Visit, error: &WebError) -> Response {
    let message = MessagePage::new(visit.locale, &visit.t.error_title, &visit.t.try_again_text);
    let page = MessagePage { frame: visit.frame(), detail: visit.explain(error), back: "/sign-in", ..message };
    visit.page(error.status(), &page)
}

/// The operators' sign-in before anybody can sign in there.
pub fn before_set_up(locale: Locale) -> Response {
    let t = texts(locale);
    html(StatusCode::OK, &MessagePage::new(locale, &t.no_admin_title, &t.no_admin_text), None)
}

/// What stands at the root of the users' listener.
pub fn root(headers: &HeaderMap) -> Response {
    let locale = negotiate(headers, None, None);
    let t = texts(locale);
    message(locale, &t.root_title, &t.root_text)
}

/// Where an application is: what it registered to come back to after signing out, or the origin that it signs in from.
async fn home_of(web: &Web, id: &str) -> Option<(String, String)> {
    if web.tenant == TenantId::admin() {
        return Some(("/console".into(), "Keyway".into()));
    }
    let cx = Cx::new(&web.core, web.tenant.clone(), Actor::Nobody, Visitor::default());
    let application = applications::get(&cx, &ApplicationId(id.to_owned())).await.ok()?;
    let metadata = &application.oidc_client_metadata;
    let origin = |address: &String| {
        let origin = url::Url::parse(address).ok()?.origin();
        origin.is_tuple().then(|| origin.ascii_serialization())
    };
    let left = metadata.post_logout_redirect_uris.iter().find(|address| is_web(address)).cloned();
    let home = left.or_else(|| metadata.redirect_uris.iter().filter(|address| is_web(address)).find_map(origin))?;
    Some((home, shown(&application.name)))
}

/// A page of a sign-in that is over or was never begun: back to where the tenant says, or a word on what to do, with the way to
/// the application whose id stood in the address.
pub async fn expired(web: &Web, headers: &HeaderMap, application: &str, error: WebError) -> Response {
    let is_expired =
        matches!(&error, WebError::Refusal(refusal) if refusal.code == keyway_model::ErrorCode::SessionNotFound);
    if !is_expired || !wants_page(headers) {
        return self::error(headers, error);
    }
    let settings = web.core.settings(&web.tenant).await;
    let wanted = settings.ok().and_then(|settings| settings.experience.unknown_session_redirect_url.clone());
    if let Some(address) = wanted {
        return see_other(&address);
    }
    let locale = negotiate(headers, None, None);
    let t = texts(locale);
    let onward = home_of(web, application).await.unwrap_or_default();
    html(error.status(), &MessagePage { onward, ..MessagePage::new(locale, &t.expired_title, &t.expired_text) }, None)
}

/// `/unknown-session`
pub async fn unknown_session(headers: HeaderMap) -> Response {
    let locale = negotiate(&headers, None, None);
    let t = texts(locale);
    html(StatusCode::OK, &MessagePage::new(locale, &t.expired_title, &t.expired_text), None)
}

/// Asks before signing out when nothing proves that the person wants it. `action` is where the answer is posted, `target` where
/// the browser goes then.
pub fn ask_sign_out(locale: Locale, action: String, target: Option<&str>) -> Response {
    let t = texts(locale);
    let page = MessagePage {
        action,
        button: t.sign_out.clone(),
        ..MessagePage::new(locale, &t.sign_out_title, &t.sign_out_text)
    };
    html(StatusCode::OK, &page, target)
}

/// A page that only says something.
pub fn message(locale: Locale, title: &Phrase, text: &Phrase) -> Response {
    html(StatusCode::OK, &MessagePage::new(locale, title, text), None)
}

/// The session is over.
pub fn signed_out(locale: Locale) -> Response {
    let t = texts(locale);
    message(locale, &t.signed_out_title, &t.signed_out_text)
}

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPost<'a> {
    frame: Frame,
    action: &'a str,
    parameters: Vec<(String, String)>,
}

/// Posts on to an address of our own; without JavaScript there is a button.
pub fn post_on(action: &str, parameters: Vec<(String, String)>, locale: Locale) -> Response {
    html(StatusCode::OK, &FormPost { frame: Frame::plain(locale), action, parameters }, None)
}

/// Posts an authorization answer (OAuth 2.0 Form Post Response Mode); without JavaScript there is a button.
pub fn form_post(answer: &AuthorizationAnswer, locale: Locale) -> Response {
    let parameters = answer.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let page = FormPost { frame: Frame::plain(locale), action: &answer.redirect_uri, parameters };
    html(StatusCode::OK, &page, Some(&answer.redirect_uri))
}
