//! What the sign-in pages look like for one application.

use axum::Extension;
use axum::response::Response;
use keyway_core::{Cx, applications};
use keyway_model::look::{ApplicationExperience, Color};
use keyway_model::{ApplicationId, Refusal};
use serde_json::json;

use super::applications::again;
use super::page::{Notice, done};
use super::session::Admin;
use crate::error::WebError;
use crate::request::{Parameters, Path};

/// The form's fields.
pub struct BrandingForm {
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

impl BrandingForm {
    /// What is saved.
    pub fn new(saved: &ApplicationExperience) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let color = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
        Self {
            name: text(&saved.display_name),
            logo: text(&saved.branding.logo_url),
            dark_logo: text(&saved.branding.dark_logo_url),
            favicon: text(&saved.branding.favicon),
            has_colors: saved.color != Color::default(),
            color: color(&saved.color.primary_color, Color::BRAND),
            dark_color: color(&saved.color.dark_primary_color, Color::DARK_BRAND),
            terms: text(&saved.terms_of_use_url),
            privacy: text(&saved.privacy_policy_url),
            css: text(&saved.custom_css),
        }
    }

    /// What was typed.
    pub fn typed(sent: &Parameters) -> Self {
        let text = |name: &str| sent.given(name).unwrap_or_default();
        Self {
            name: text("own_name"),
            logo: text("logo"),
            dark_logo: text("dark_logo"),
            favicon: text("favicon"),
            has_colors: sent.get("has_colors").is_some(),
            color: text("color"),
            dark_color: text("dark_color"),
            terms: text("terms"),
            privacy: text("privacy"),
            css: text("css"),
        }
    }

    /// What is to be saved; what the form does not show stays.
    fn read(&self, saved: &ApplicationExperience) -> Result<ApplicationExperience, Refusal> {
        let colors = json!({
            "primaryColor": self.color,
            "darkPrimaryColor": self.dark_color,
            "isDarkModeEnabled": saved.color.is_dark_mode_enabled,
        });
        ApplicationExperience::read(&json!({
            "branding": {
                "logoUrl": self.logo,
                "darkLogoUrl": self.dark_logo,
                "favicon": self.favicon,
                "darkFavicon": saved.branding.dark_favicon,
            },
            "color": if self.has_colors { colors } else { json!({}) },
            "customCss": self.css,
            "termsOfUseUrl": self.terms,
            "privacyPolicyUrl": self.privacy,
            "displayName": Some(&self.name).filter(|name| !name.is_empty()),
        }))
    }
}

/// `POST /console/applications/{id}/branding`
pub async fn save(
    cx: Cx,
    Extension(admin): Extension<Admin>,
    Path(id): Path<ApplicationId>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let typed = BrandingForm::typed(&sent);
    let saved = async {
        let known = applications::get(&cx, &id).await?;
        let experience = typed.read(&known.sign_in_experience)?;
        Ok::<_, WebError>(applications::put_experience(&cx, &id, experience).await?)
    };
    match saved.await {
        Ok(_) => Ok(done(&admin, &format!("/applications/{id}#branding"), Notice::Saved)),
        Err(error) => again(&cx, &admin, &id, &error, &Parameters::default(), Some(typed)).await,
    }
}
