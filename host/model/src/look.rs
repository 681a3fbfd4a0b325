//! What the sign-in pages look like: the settings of a tenant, with those of an application over them.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::sign_in_experience::{Checked, SignInExperience};
use crate::{Reason, Refusal, strict_json};

/// Longest style sheet of an administrator, in bytes.
const MAX_CSS: usize = 65_536;

/// Pictures: web addresses, each of which may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Branding {
    /// The logo.
    #[serde(deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    /// The logo for dark surroundings.
    #[serde(deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub dark_logo_url: Option<String>,
    /// The icon of the browser's tab.
    #[serde(deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub favicon: Option<String>,
    /// The icon for dark surroundings.
    #[serde(deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub dark_favicon: Option<String>,
}

impl Checked for Branding {
    fn unusable(&self) -> Option<(&'static str, Reason)> {
        let addresses = [
            ("logoUrl", &self.logo_url),
            ("darkLogoUrl", &self.dark_logo_url),
            ("favicon", &self.favicon),
            ("darkFavicon", &self.dark_favicon),
        ];
        unfit(addresses, is_web).map(|place| (place, Reason::WebAddress))
    }
}

/// The place of the first text that does not fit.
fn unfit<const N: usize>(texts: [(&'static str, &Option<String>); N], fits: fn(&str) -> bool) -> Option<&'static str> {
    texts.into_iter().find(|(_, text)| text.as_deref().is_some_and(|text| !fits(text))).map(|(place, _)| place)
}

/// Colours, such as `#4f46e5`. What is absent is as in the settings below, and in the end [`Color::BRAND`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Color {
    /// The brand colour.
    #[serde(deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub primary_color: Option<String>,
    /// Whether the pages turn dark where the reader's device is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_dark_mode_enabled: Option<bool>,
    /// The brand colour in dark surroundings.
    #[serde(deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    pub dark_primary_color: Option<String>,
}

impl Color {
    /// The brand colour where nobody chose one.
    pub const BRAND: &'static str = "#4f46e5";

    /// The brand colour in dark surroundings where nobody chose one.
    pub const DARK_BRAND: &'static str = "#8b8cf8";

    /// The colours that a tenant begins with.
    pub fn of_new_tenant() -> Self {
        Self {
            primary_color: Some(Self::BRAND.to_owned()),
            is_dark_mode_enabled: Some(true),
            dark_primary_color: Some(Self::DARK_BRAND.to_owned()),
        }
    }
}

impl Checked for Color {
    fn unusable(&self) -> Option<(&'static str, Reason)> {
        let colors = [("primaryColor", &self.primary_color), ("darkPrimaryColor", &self.dark_primary_color)];
        unfit(colors, is_color).map(|place| (place, Reason::Color))
    }
}

/// What the sign-in pages look like for one application, where it differs from the tenant's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ApplicationExperience {
    /// Pictures.
    pub branding: Branding,
    /// Colours.
    pub color: Color,
    /// Rules after the tenant's own.
    #[serde(deserialize_with = "optional")]
    pub custom_css: Option<String>,
    /// Address of the terms of use.
    #[serde(deserialize_with = "optional")]
    pub terms_of_use_url: Option<String>,
    /// Address of the privacy policy.
    #[serde(deserialize_with = "optional")]
    pub privacy_policy_url: Option<String>,
    /// What the pages call the application, in place of its name.
    pub display_name: Option<String>,
}

impl ApplicationExperience {
    /// Reads what was stored, perhaps by another version: what cannot be read is as in the tenant's settings.
    pub fn from_stored(stored: &Value) -> Self {
        fn field<T: DeserializeOwned>(stored: &Value, name: &str) -> Option<T> {
            stored.get(name).and_then(|value| T::deserialize(value).ok())
        }
        fn usable<T: DeserializeOwned + Checked + Default>(stored: &Value, name: &str) -> T {
            field(stored, name).filter(|value: &T| value.unusable().is_none()).unwrap_or_default()
        }
        Self {
            branding: usable(stored, "branding"),
            color: usable(stored, "color"),
            custom_css: field(stored, "customCss"),
            terms_of_use_url: field(stored, "termsOfUseUrl").filter(|text: &String| is_web(text)),
            privacy_policy_url: field(stored, "privacyPolicyUrl").filter(|text: &String| is_web(text)),
            display_name: field(stored, "displayName"),
        }
    }

    /// Reads it, and refuses what the pages could not show by its place.
    pub fn read(value: &Value) -> Result<Self, Refusal> {
        let experience: Self = read_setting("", value)?;
        experience.check()?;
        Ok(experience)
    }

    /// Refuses what the pages could not show.
    pub fn check(&self) -> Result<(), Refusal> {
        self.branding.check("branding")?;
        self.color.check("color")?;
        check_css("customCss", self.custom_css.as_deref())?;
        let addresses = [("termsOfUseUrl", &self.terms_of_use_url), ("privacyPolicyUrl", &self.privacy_policy_url)];
        if let Some(place) = unfit(addresses, is_web) {
            return Err(Refusal::invalid_input(place, Reason::WebAddress));
        }
        if self.display_name.as_deref().is_some_and(|name| !(1..=128).contains(&name.chars().count())) {
            return Err(Refusal::invalid_input("displayName", Reason::Characters { least: 1, most: 128 }));
        }
        Ok(())
    }

    /// Whether the pages' colours or rules differ from the tenant's.
    pub fn changes_colors(&self) -> bool {
        self.color != Color::default() || self.custom_css.is_some()
    }
}

/// What the pages look like in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look<'s> {
    /// Address of the logo.
    pub logo: Option<&'s str>,
    /// Address of the logo for dark surroundings.
    pub dark_logo: Option<&'s str>,
    /// Address of the icon.
    pub favicon: Option<&'s str>,
    /// Address of the icon for dark surroundings.
    pub dark_favicon: Option<&'s str>,
    /// The brand colour.
    pub color: &'s str,
    /// The brand colour in dark surroundings; none where the pages stay light.
    pub dark_color: Option<&'s str>,
    /// An administrator's own style rules.
    pub css: Cow<'s, str>,
    /// Address of the terms of use.
    pub terms: Option<&'s str>,
    /// Address of the privacy policy.
    pub privacy: Option<&'s str>,
}

impl<'s> Look<'s> {
    /// The tenant's settings with those of an application over them.
    pub fn of(tenant: &'s SignInExperience, application: Option<&'s ApplicationExperience>) -> Self {
        macro_rules! over {
            ($($field:ident).+) => {
                application.and_then(|own| own.$($field).+.as_deref()).or(tenant.$($field).+.as_deref())
            };
        }
        let is_dark = application.and_then(|own| own.color.is_dark_mode_enabled);
        let has_dark_mode = is_dark.or(tenant.color.is_dark_mode_enabled).unwrap_or(true);
        let css = match (tenant.custom_css.as_deref(), application.and_then(|own| own.custom_css.as_deref())) {
            (Some(tenant), Some(own)) => Cow::Owned(format!("{tenant}\n{own}")),
            (tenant, own) => Cow::Borrowed(own.or(tenant).unwrap_or_default()),
        };
        Self {
            logo: over!(branding.logo_url),
            dark_logo: over!(branding.dark_logo_url).filter(|_| has_dark_mode),
            favicon: over!(branding.favicon),
            dark_favicon: over!(branding.dark_favicon).filter(|_| has_dark_mode),
            color: over!(color.primary_color).unwrap_or(Color::BRAND),
            dark_color: has_dark_mode.then_some(over!(color.dark_primary_color).unwrap_or(Color::DARK_BRAND)),
            css,
            terms: over!(terms_of_use_url),
            privacy: over!(privacy_policy_url),
        }
    }
}

/// Whether a text is a web address: anything else, such as `javascript:`, must not become a link or a picture.
pub fn is_web(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// Whether a text is a colour as a style sheet takes it, such as `#4f46e5`, and nothing more.
pub fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Reads a text, or none where it is empty.
fn optional<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = Deserialize::deserialize(reader)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Refuses a style sheet that is too long for the pages.
pub(crate) fn check_css(name: &str, css: Option<&str>) -> Result<(), Refusal> {
    match css {
        Some(css) if css.len() > MAX_CSS => Err(Refusal::invalid_input(name, Reason::BytesAtMost { most: MAX_CSS })),
        _ => Ok(()),
    }
}

/// Reads a setting; the refusal names the place in it.
pub(crate) fn read_setting<T: DeserializeOwned>(name: &str, value: &Value) -> Result<T, Refusal> {
    strict_json::read(value).map_err(|error| {
        let path = error.path().to_string();
        let place = match (name, path.as_str()) {
            (name, ".") => name.to_owned(),
            ("", path) => path.to_owned(),
            (name, path) => format!("{name}.{path}"),
        };
        Refusal::unreadable(&place, &error.into_inner().to_string())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tenant(value: Value) -> SignInExperience {
        SignInExperience::default().patched(value.as_object().unwrap(), &[]).unwrap()
    }

    #[test]
    fn an_application_s_look_goes_over_the_tenant_s() {
        let tenant = tenant(json!({
            "branding": { "logoUrl": "https://a/l.png", "favicon": "https://a/f.png" }, "customCss": "a{}",
            "color": { "primaryColor": "#111111" },
        }));
        let value = json!({ "branding": { "logoUrl": "https://b/l.png" }, "customCss": "b{}", "displayName": "Shop" });
        let own = ApplicationExperience::read(&value).unwrap();
        let look = Look::of(&tenant, Some(&own));
        assert_eq!((look.logo, look.favicon), (Some("https://b/l.png"), Some("https://a/f.png")));
        assert_eq!((look.color, look.dark_color), ("#111111", Some(Color::DARK_BRAND)));
        assert_eq!(look.css, "a{}\nb{}");
        assert_eq!(Look::of(&tenant, Some(&ApplicationExperience::default())), Look::of(&tenant, None));
    }

    #[test]
    fn pages_stay_light_where_dark_mode_is_off() {
        let tenant = tenant(json!({
            "branding": { "logoUrl": "https://a/l.png", "darkLogoUrl": "https://a/d.png" },
            "color": { "isDarkModeEnabled": false, "darkPrimaryColor": "#222222" },
        }));
        let look = Look::of(&tenant, None);
        assert_eq!((look.dark_color, look.dark_logo), (None, None));
        let on = ApplicationExperience::read(&json!({ "color": { "isDarkModeEnabled": true } })).unwrap();
        let look = Look::of(&tenant, Some(&on));
        assert_eq!((look.dark_color, look.dark_logo), (Some("#222222"), Some("https://a/d.png")));
    }

    #[test]
    fn what_the_pages_cannot_show_is_refused_by_name() {
        for (value, place) in [
            (json!({ "branding": { "logoUrl": "javascript:alert(1)" } }), "branding.logoUrl"),
            (json!({ "branding": { "logo": "https://a" } }), "branding.logo"),
            (json!({ "color": { "primaryColor": "red" } }), "color.primaryColor"),
            (json!({ "color": [] }), "color"),
            (json!({ "termsOfUseUrl": "ftp://a" }), "termsOfUseUrl"),
            (json!({ "customCss": "a".repeat(MAX_CSS + 1) }), "customCss"),
        ] {
            let refusal = ApplicationExperience::read(&value).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(place), "{refusal}");
        }
        let stored = json!({ "color": { "primaryColor": "red" }, "displayName": "Shop", "later": 1 });
        assert_eq!(
            ApplicationExperience::from_stored(&stored),
            ApplicationExperience { display_name: Some("Shop".into()), ..ApplicationExperience::default() }
        );
        assert!(ApplicationExperience::read(&json!({ "displayName": "" })).is_err());
        assert!(
            ApplicationExperience::read(&json!({ "color": { "primaryColor": "#123456", "isDarkModeEnabled": true } }))
                .is_ok()
        );
    }
}
