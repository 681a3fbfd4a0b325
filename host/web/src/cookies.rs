//! The cookies of a browser: its interaction, its session, its language and, for operators, the console's.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite, time::Duration};
use keyway_core::signin::{self, Browser};
use keyway_model::{TenantId, UserId};

use crate::Web;

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieKind {
    /// A sign-in under way.
    Interaction,
    /// A signed-in browser.
    Session,
    /// A browser that signed in before.
    Device,
    /// The language that the reader chose on a page.
    Language,
    /// A sign-in to the console under way.
    ConsoleFlow,
    /// An administrator at the console.
    Console,
    /// What an action at the console did, for the page that comes next.
    Notice,
}

impl CookieKind {
    /// The cookie's name. Ports do not keep cookies apart (RFC 6265 section 8.5), so the tenants of one host differ by name. Over TLS the
    /// `__Host-` prefix keeps neighbouring hosts from planting one.
    pub fn name(self, web: &Web) -> String {
        let base = match self {
            Self::Interaction => "interaction",
            Self::Session => "session",
            Self::Device => "device",
            Self::Language => "language",
            Self::ConsoleFlow => "console_flow",
            Self::Console => "console",
            Self::Notice => "notice",
        };
        let is_default = web.tenant == TenantId::default_tenant();
        let tenant = if is_default { String::new() } else { format!("_{}", web.tenant) };
        let prefix = if web.is_secure() { "__Host-" } else { "" };
        format!("{prefix}{tenant}_{base}")
    }

    fn seconds(self) -> i64 {
        match self {
            Self::Interaction | Self::Language | Self::ConsoleFlow => keyway_model::interaction::INTERACTION_TTL,
            Self::Session => keyway_model::session::SESSION_TTL,
            Self::Device => keyway_core::signin::DEVICE_TTL,
            Self::Console => crate::console::SESSION_TTL,
            Self::Notice => 60,
        }
    }
}

fn all(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(Cookie::split_parse).filter_map(Result::ok)
}

/// The names of the cookies that came, in their order.
pub fn names(headers: &HeaderMap) -> Vec<String> {
    all(headers).map(|cookie| cookie.name().to_owned()).collect()
}

/// The cookie's value.
pub fn read(web: &Web, headers: &HeaderMap, kind: CookieKind) -> Option<String> {
    read_named(headers, &kind.name(web))
}

/// The value of the cookie of this name. A name that comes twice is refused as if it were absent: one of the two was planted.
pub fn read_named(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = all(headers).filter(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned());
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// The header by which a browser that has just signed in is known again.
pub fn device(web: &Web, browser: &Browser, user: &UserId) -> Option<(header::HeaderName, HeaderValue)> {
    let sealed = signin::remember_device(browser, user).ok()?;
    Some(write(web, CookieKind::Device, &sealed))
}

/// A `Set-Cookie` header; an empty value removes the cookie.
pub fn write(web: &Web, kind: CookieKind, value: &str) -> (header::HeaderName, HeaderValue) {
    let life = if value.is_empty() { 0 } else { kind.seconds() };
    write_named(web, &kind.name(web), value, life)
}

/// A `Set-Cookie` header for a cookie that lives `life` seconds; none removes it.
pub fn write_named(web: &Web, name: &str, value: &str, life: i64) -> (header::HeaderName, HeaderValue) {
    let cookie = Cookie::build((name.to_owned(), value.to_owned()))
        .path("/")
        .http_only(true)
        .secure(web.is_secure())
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(life))
        .build();
    // Names and values are our own, in base64url.
    let header = HeaderValue::from_str(&cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""));
    (header::SET_COOKIE, header)
}
