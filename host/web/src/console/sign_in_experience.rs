//! How people sign up and in, and what the pages look like.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyway_core::connectors::{self, target_of};
use keyway_core::{Cx, TenantSettings, sign_in_experience};
use keyway_model::connector::ConnectorKind;
use keyway_model::identifier::IdentifierKind;
use keyway_model::look::{Color, Look};
use keyway_model::sign_in_experience::{Indispensable, SignInExperience};
use serde_json::{Map, Value, json};

use super::images;
use super::page::{Notice, Shell, done, page, redrawn, refused_page, saves, unnamed};
use super::session::Admin;
use super::texts::texts;
use crate::error::WebError;
use crate::locale::Locale;
use crate::pages::render::Frame;
use crate::pages::social::Button;
use crate::pages::texts::reworded;
use crate::pages::{assets, sign_in};
use crate::request::Parameters;

const KINDS: [IdentifierKind; 3] = [IdentifierKind::Username, IdentifierKind::Email, IdentifierKind::Phone];

/// One identifier's row of switches.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the page")]
struct SettingRow {
    kind: &'static str,
    label: &'static str,
    /// Whether people sign up with it.
    sign_up: bool,
    /// Whether people sign in with it.
    sign_in: bool,
    password: bool,
    code: bool,
    password_first: bool,
    /// What of it those who signed up depend on.
    fixed: Indispensable,
    order: usize,
    /// Whether a code can be sent to it at all.
    can_receive: bool,
    /// Whether a connector carries its codes.
    has_connector: bool,
}

#[derive(Template)]
#[template(path = "console/sign_in_experience.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the page")]
struct ExperiencePage {
    shell: Shell,
    mode: String,
    rows: Vec<SettingRow>,
    sign_up_password: bool,
    /// Why it cannot be switched off, or empty.
    password_forced: &'static str,
    verify_forced: &'static str,
    reset_email: bool,
    reset_phone: bool,
    has_email: bool,
    has_sms: bool,
    social: Vec<(String, bool)>,
    color: String,
    dark_logo: String,
    dark_color: String,
    dark_mode: bool,
    logo: String,
    favicon: String,
    terms: String,
    privacy: String,
    language: String,
    auto_language: bool,
    css: String,
}

/// What the form says, over what it does not show: the same keys that the Management API takes, each replaced whole.
fn patch(sent: &Parameters, Saved { settings, kinds, targets }: &Saved) -> Map<String, Value> {
    let saved = &settings.experience;
    let on = |name: &str| sent.get(name).is_some();
    let text = |name: &str| sent.get(name).unwrap_or_default().trim().to_owned();
    let optional = |name: &str| sent.given(name);
    let named = |prefix: &str| -> Vec<IdentifierKind> {
        KINDS.into_iter().filter(|kind| on(&format!("{prefix}.{}", kind.as_str()))).collect()
    };
    let identifiers = named("sign_up");
    let verify = identifiers.iter().any(|kind| *kind != IdentifierKind::Username);
    let password = on("sign_up_password") || identifiers == [IdentifierKind::Username];
    let mut methods: Vec<(usize, Value)> = named("sign_in")
        .into_iter()
        .map(|kind| {
            let name = kind.as_str();
            let order = text(&format!("order.{name}")).parse().unwrap_or(usize::MAX);
            let method = json!({
                "identifier": name,
                "password": on(&format!("password.{name}")),
                "verificationCode": on(&format!("code.{name}")),
                "isPasswordPrimary": text(&format!("first.{name}")) == "password",
            });
            (order, method)
        })
        .collect();
    methods.sort_by_key(|(order, _)| *order);
    let methods: Vec<Value> = methods.into_iter().map(|(_, method)| method).collect();
    let resets = [("reset.email", "EmailVerificationCode"), ("reset.phone", "PhoneVerificationCode")];
    let shown = saved.reset_kinds(kinds);
    let is_shown = |name: &str| shown.iter().any(|kind| name == format!("reset.{}", kind.as_str()));
    let changed = resets.iter().any(|(name, _)| on(name) != is_shown(name));
    let resets: Vec<&str> = resets.iter().filter(|(name, _)| on(name)).map(|(_, method)| *method).collect();
    let resets = if changed { json!(resets) } else { json!(saved.forgot_password_methods) };
    let mut chosen: Vec<&String> = targets.iter().filter(|target| on(&format!("social.{target}"))).collect();
    chosen.sort_by_key(|target| text(&format!("order.social.{target}")).parse().unwrap_or(usize::MAX));
    let mut sign_up = json!(saved.sign_up).as_object().cloned().unwrap_or_default();
    sign_up.insert("identifiers".into(), json!(identifiers));
    sign_up.insert("password".into(), json!(password));
    sign_up.insert("verify".into(), json!(verify));
    let patch = json!({
        "signInMode": text("mode"),
        "signUp": sign_up,
        "signIn": { "methods": methods },
        "forgotPasswordMethods": resets,
        "socialSignInConnectorTargets": chosen,
        "color": {
            "primaryColor": optional("color"),
            "darkPrimaryColor": optional("dark_color"),
            "isDarkModeEnabled": on("dark_mode"),
        },
        "branding": {
            "logoUrl": optional("logo"),
            "darkLogoUrl": optional("dark_logo"),
            "favicon": optional("favicon"),
            "darkFavicon": saved.branding.dark_favicon,
        },
        "termsOfUseUrl": optional("terms"),
        "privacyPolicyUrl": optional("privacy"),
        "languageInfo": { "autoDetect": on("auto_language"), "fallbackLanguage": text("language") },
        "customCss": optional("css"),
    });
    match patch {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// What is saved, read once for a request.
struct Saved {
    settings: Arc<TenantSettings>,
    /// The kinds of connectors that are set up and not switched off.
    kinds: Vec<ConnectorKind>,
    /// The targets of the social connectors that are set up.
    targets: Vec<String>,
}

impl Saved {
    async fn read(cx: &Cx) -> Result<Self, WebError> {
        let settings = cx.core().settings(&cx.tenant).await?;
        let mut targets = Vec::new();
        for (connector, factory) in connectors::list(cx).await? {
            if connector.kind.signs_in() {
                targets.push(target_of(&factory, &connector.settings));
            }
        }
        targets.sort();
        targets.dedup();
        Ok(Self { kinds: settings.connector_kinds(), settings, targets })
    }

    /// The page with settings as they were typed, over the saved ones.
    fn drafted(&self, shell: Shell, patch: &Map<String, Value>) -> ExperiencePage {
        shown(shell, &self.settings.experience.drafted(patch, &self.kinds), self)
    }
}

fn shown(shell: Shell, experience: &SignInExperience, Saved { kinds, targets, .. }: &Saved) -> ExperiencePage {
    let t = shell.t;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let Color { primary_color, dark_primary_color, is_dark_mode_enabled } = &experience.color;
    let (has_email, has_sms) = (kinds.contains(&ConnectorKind::Email), kinds.contains(&ConnectorKind::Sms));
    let row = |kind: IdentifierKind| {
        let at = experience.sign_in.methods.iter().position(|method| method.identifier == kind);
        let method = experience.method(kind);
        SettingRow {
            kind: kind.as_str(),
            label: match kind {
                IdentifierKind::Username => t.username,
                IdentifierKind::Email => t.email,
                IdentifierKind::Phone => t.phone,
            },
            sign_up: experience.sign_up.identifiers.contains(&kind),
            sign_in: method.is_some(),
            password: method.is_none_or(|method| method.password),
            code: method.is_some_and(|method| method.verification_code),
            password_first: method.is_none_or(|method| method.is_password_primary),
            fixed: experience.indispensable(kind),
            order: at.map_or(KINDS.len(), |at| at + 1),
            can_receive: kind != IdentifierKind::Username,
            has_connector: match kind {
                IdentifierKind::Username => false,
                IdentifierKind::Email => has_email,
                IdentifierKind::Phone => has_sms,
            },
        }
    };
    let mut rows: Vec<SettingRow> = KINDS.iter().map(|kind| row(*kind)).collect();
    rows.sort_by_key(|row| row.order);
    let identifiers = &experience.sign_up.identifiers;
    let by_username_alone = identifiers.as_slice() == [IdentifierKind::Username];
    let resets = experience.reset_kinds(kinds);
    let chosen = &experience.social_sign_in_connector_targets;
    let place = |target: &String| chosen.iter().position(|one| one == target);
    let mut social: Vec<(String, bool)> =
        targets.iter().map(|target| (target.clone(), place(target).is_some())).collect();
    social.sort_by_key(|(target, _)| place(target).unwrap_or(usize::MAX));
    ExperiencePage {
        mode: json!(experience.sign_in_mode).as_str().unwrap_or_default().to_owned(),
        rows,
        sign_up_password: experience.sign_up.password || by_username_alone,
        password_forced: if by_username_alone { t.password_forced } else { "" },
        verify_forced: if identifiers.iter().any(|kind| *kind != IdentifierKind::Username) {
            t.verify_forced
        } else {
            ""
        },
        reset_email: resets.contains(&IdentifierKind::Email),
        reset_phone: resets.contains(&IdentifierKind::Phone),
        has_email,
        has_sms,
        social,
        color: primary_color.clone().unwrap_or_else(|| Color::BRAND.to_owned()),
        dark_color: dark_primary_color.clone().unwrap_or_else(|| Color::DARK_BRAND.to_owned()),
        dark_mode: is_dark_mode_enabled.unwrap_or(true),
        logo: text(&experience.branding.logo_url),
        dark_logo: text(&experience.branding.dark_logo_url),
        favicon: text(&experience.branding.favicon),
        terms: text(&experience.terms_of_use_url),
        privacy: text(&experience.privacy_policy_url),
        language: experience.language_info.fallback_language.clone(),
        auto_language: experience.language_info.auto_detect,
        css: text(&experience.custom_css),
        shell,
    }
}

/// `GET /console/sign-in-experience`
pub async fn show(cx: Cx, Extension(admin): Extension<Admin>) -> Result<Response, WebError> {
    let saved = Saved::read(&cx).await?;
    Ok(page(StatusCode::OK, &shown(Shell::new(&admin, "experience"), &saved.settings.experience, &saved)))
}

/// `POST /console/sign-in-experience`: saves; what a rule refuses is shown as it was typed.
pub async fn save(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Result<Response, WebError> {
    let saved = Saved::read(&cx).await?;
    let patch = patch(&sent, &saved);
    if saves(&sent) {
        match sign_in_experience::update(&cx, patch.clone()).await {
            Ok(_) => return Ok(done(&admin, "/sign-in-experience", Notice::Saved)),
            Err(error) => {
                let error = WebError::from(error);
                let shell = Shell::refused(&admin, "experience", &error);
                return Ok(refused_page(&error, &saved.drafted(shell, &patch)));
            }
        }
    }
    let problem = unnamed(&sent, admin.locale);
    let shell = Shell::new(&admin, "experience").failing(problem.to_owned()).drafted();
    Ok(redrawn(&saved.drafted(shell, &patch), problem))
}

/// `POST /console/preview`: the sign-in page as the form's settings make it.
pub async fn preview(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Result<Response, WebError> {
    let saved = Saved::read(&cx).await?;
    let experience = saved.settings.experience.drafted(&patch(&sent, &saved), &saved.kinds);
    let locale = sent.get("preview_language").and_then(|tag| Locale::with_tag(&tag)).unwrap_or(admin.locale);
    let t = reworded(locale, saved.settings.phrases(locale.tag()));
    let look = Look::of(&experience, None);
    let is_dark = look.dark_color.is_some() && sent.get("preview_scheme").as_deref() == Some("dark");
    let scheme = if is_dark { "dark" } else { "light" };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("color", look.color).append_pair("dark_color", look.dark_color.unwrap_or_default());
    let query = query.append_pair("preview_scheme", scheme).finish();
    let frame = Frame::branded(&look, texts(admin.locale).your_application, locale);
    let logo = if is_dark && !frame.dark_logo.is_empty() { &frame.dark_logo } else { &frame.logo };
    let frame = Frame {
        style: admin.to(&format!("/preview/style.css?preview_scheme={scheme}")),
        theme: admin.to(&format!("/preview/theme.css?{query}")),
        logo: images::on_this_listener(&admin, logo),
        dark_logo: String::new(),
        favicon: String::new(),
        t: Arc::clone(&t),
        ..frame
    };
    let button =
        |target: &str| Button { href: "#".into(), label: format!("{} {target}", t.continue_with), logo: String::new() };
    let social = experience.social_sign_in_connector_targets.iter().map(|target| button(target)).collect();
    Ok(sign_in::preview(&experience, &saved.kinds, frame, social))
}

/// `GET /console/preview/style.css`: the sheet of the sign-in pages.
pub async fn preview_style(sent: Parameters) -> impl IntoResponse {
    let sheet = assets::in_scheme(assets::STYLE, sent.get("preview_scheme").as_deref());
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], sheet)
}

/// `GET /console/preview/theme.css`: the colours of the form.
pub async fn preview_theme(sent: Parameters) -> impl IntoResponse {
    let color = |name: &str| sent.get(name).unwrap_or_default();
    let sheet = assets::sheet(&color("color"), Some(&color("dark_color")));
    let sheet = assets::in_scheme(&sheet, sent.get("preview_scheme").as_deref());
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], sheet)
}
