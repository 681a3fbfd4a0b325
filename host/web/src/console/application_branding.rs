//! What the sign-in pages look like for one application.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use keyway_model::ApplicationId;
use keyway_model::application::ApplicationExperience;
use serde_json::{Map, Value, json};

use super::applications::again;
use super::managed;
use super::page::{Notice, done};
use super::session::Admin;
use crate::Web;
use crate::error::WebError;
use crate::request::{Parameters, Path};

/// The form's fields.
pub struct Branding {
    /// What the pages call the application.
    pub name: String,
    /// Address of a logo.
    pub logo: String,
    /// The one for dark surroundings.
    pub dark_logo: String,
    /// Address of an icon.
    pub favicon: String,
    /// Whether it has colours of its own.
    pub has_colors: bool,
    /// The brand colour.
    pub color: String,
    /// The one for dark surroundings.
    pub dark_color: String,
    /// Address of the terms of use.
    pub terms: String,
    /// Address of the privacy policy.
    pub privacy: String,
    /// Rules after the tenant's own.
    pub css: String,
}

impl Branding {
    /// What is saved.
    pub fn new(saved: &ApplicationExperience) -> Self {
        let of = |map: &Map<String, Value>, name: &str, default: &str| {
            map.get(name).and_then(Value::as_str).unwrap_or(default).to_owned()
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            name: text(&saved.display_name),
            logo: of(&saved.branding, "logoUrl", ""),
            dark_logo: of(&saved.branding, "darkLogoUrl", ""),
            favicon: of(&saved.branding, "favicon", ""),
            has_colors: !saved.color.is_empty(),
            color: of(&saved.color, "primaryColor", "#4f46e5"),
            dark_color: of(&saved.color, "darkPrimaryColor", "#8b8cf8"),
            terms: text(&saved.terms_of_use_url),
            privacy: text(&saved.privacy_policy_url),
            css: text(&saved.custom_css),
        }
    }
}

fn read(sent: &Parameters) -> ApplicationExperience {
    let named = |names: &[(&str, &str)]| -> Map<String, Value> {
        names.iter().filter_map(|(key, name)| Some(((*key).to_owned(), json!(sent.given(name)?)))).collect()
    };
    let colors = sent.get("has_colors").is_some();
    ApplicationExperience {
        branding: named(&[("logoUrl", "logo"), ("darkLogoUrl", "dark_logo"), ("favicon", "favicon")]),
        color: if colors {
            named(&[("primaryColor", "color"), ("darkPrimaryColor", "dark_color")])
        } else {
            Map::new()
        },
        custom_css: sent.given("css"),
        terms_of_use_url: sent.given("terms"),
        privacy_policy_url: sent.given("privacy"),
        display_name: sent.given("own_name"),
    }
}

/// `POST /console/applications/{id}/branding`
pub async fn save(
    State(web): State<Web>,
    Extension(admin): Extension<Admin>,
    Path(id): Path<String>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let id = ApplicationId(id);
    let typed = read(&sent);
    match web.core.put_application_experience(&managed(), &id, typed.clone()).await {
        Ok(_) => Ok(done(&format!("/console/applications/{id}#branding"), Notice::Saved)),
        Err(error) => again(&web, &admin, &id, &error.into(), &Parameters::default(), Some(&typed)).await,
    }
}
