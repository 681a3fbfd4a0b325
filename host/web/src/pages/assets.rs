//! Style, colours, script and icon of the pages: the only things that the content policy lets them load.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use keyway_core::{Cx, images};
use keyway_model::look::{Look, is_color};
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{ApplicationId, ErrorCode};

use crate::Web;
use crate::error::WebError;
use crate::request::{Parameters, Path};

const CACHED: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=3600");

/// The sheet of the pages.
pub const STYLE: &str = include_str!("../assets/style.css");

/// `/assets/style.css`; with `scheme`, as it looks in those surroundings, whatever the browser's own are.
pub async fn style(parameters: Parameters) -> impl IntoResponse {
    let sheet = match parameters.get("scheme") {
        Some(scheme) => in_scheme(STYLE, Some(&scheme)).into(),
        None => Cow::Borrowed(STYLE),
    };
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), CACHED], sheet)
}

/// A sheet as it looks in chosen surroundings: `dark`, or light.
pub fn in_scheme(sheet: &str, scheme: Option<&str>) -> String {
    let holds = if scheme == Some("dark") { "all" } else { "not all" };
    sheet.replace("(prefers-color-scheme: dark)", holds).replace("(prefers-color-scheme:dark)", holds)
}

/// `/assets/app.js`
pub async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), CACHED], include_str!("../assets/app.js"))
}

/// `/favicon.ico`
pub async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml"), CACHED], include_str!("../assets/icon.svg"))
}

/// The uploaded picture of this file name.
pub async fn picture(cx: &Cx, name: &str) -> Result<Vec<u8>, WebError> {
    let id = name.strip_suffix(".png").ok_or(ErrorCode::NotFound)?;
    Ok(images::get(cx, id).await?)
}

/// `/images/{id}.png`: an uploaded picture, which is named after what is in it.
pub async fn image(cx: Cx, Path(name): Path<String>) -> Result<impl IntoResponse, WebError> {
    let png = picture(&cx, &name).await?;
    let cached = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    let anywhere = (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    Ok(([(header::CONTENT_TYPE, "image/png"), cached, anywhere], png))
}

/// `/assets/theme.css`: the colours and own rules of the tenant, or of one application over them. Only what is a colour gets
/// into the rules made here.
pub async fn theme(State(web): State<Web>, parameters: Parameters) -> impl IntoResponse {
    let settings = web.core.settings(&web.tenant).await.ok();
    let default = SignInExperience::default();
    let tenant = settings.as_ref().map_or(&default, |settings| &settings.experience);
    let own = match parameters.get("application") {
        Some(id) => web.core.application_experience(&web.tenant, &ApplicationId(id)).await.ok().flatten(),
        None => None,
    };
    let look = Look::of(tenant, own.as_ref());
    // An administrator's own rules; the content policy keeps them from loading sheets or scripts of others.
    let body = sheet(look.color, look.dark_color) + &look.css;
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=60")], body)
}

/// The colours as a sheet; what is no colour is left out. Pages without dark colours stay light.
pub fn sheet(light: &str, dark: Option<&str>) -> String {
    let rule = |color: &str| {
        if is_color(color) {
            format!(":root{{--brand:{color};--brand-text:{}}}", readable_on(color))
        } else {
            String::new()
        }
    };
    let dark = dark.map(|dark| format!("@media(prefers-color-scheme:dark){{{}}}", rule(dark)));
    rule(light) + &dark.unwrap_or_default()
}

/// Black or white, whichever has the greater contrast (WCAG 2.2 relative luminance).
fn readable_on(color: &str) -> &'static str {
    let channel = |from: usize| {
        let value = color.get(from..from + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or_default();
        let part = f64::from(value) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    if luminance > 0.179 { "#111" } else { "#fff" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn css_injection_through_a_colour_is_refused() {
        assert!(is_color("#4f46e5"));
        for bad in ["red", "#fff", "#4f46e5}", "#4f46eg", "url(x)"] {
            assert!(!is_color(bad), "{bad}");
            assert_eq!(sheet(bad, Some(bad)), "@media(prefers-color-scheme:dark){}");
            assert_eq!(sheet(bad, None), "");
        }
        assert_eq!(readable_on("#4f46e5"), "#fff");
        assert_eq!(readable_on("#ffe066"), "#111");
    }

    #[test]
    fn a_sheet_can_be_had_for_chosen_surroundings() {
        for text in [STYLE, &sheet("#000000", Some("#ffffff"))] {
            assert!(text.contains("prefers-color-scheme"));
            assert!(!in_scheme(text, Some("dark")).contains("prefers-color-scheme"));
            assert!(in_scheme(text, Some("light")).contains("not all"));
        }
    }
}
