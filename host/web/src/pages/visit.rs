//! One request of a page: its interaction, its form, and the way on from a proof.

use std::sync::{Arc, LazyLock};

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use keyway_core::secret;
use keyway_core::signin::{self, Browser, CodeRequest, InteractionView};
use keyway_model::identifier::{Identifier, IdentifierKind};
use keyway_model::interaction::InteractionEvent;
use keyway_model::phone::{self, Region};
use keyway_model::{ErrorCode, Refusal};
use serde_json::Value;

use super::render::{self, Frame};
use super::texts::{Phrase, Texts, reworded};
use crate::Web;
use crate::cookies::{self, CookieKind};
use crate::error::{WebError, retry_after, sentence};
use crate::error_texts;
use crate::interactions::{self, Place};
use crate::locale::{Locale, negotiate};
use crate::oidc::answer::see_other;
use crate::request::Parameters;

/// A page's request. A form is read only when it holds the interaction's own secret.
pub struct Visit {
    /// The listener.
    pub web: Web,
    /// The browser.
    pub browser: Browser,
    /// The request's headers.
    pub headers: HeaderMap,
    /// Query or form.
    pub form: Parameters,
    /// The interaction.
    pub view: InteractionView,
    /// The reader's language.
    pub locale: Locale,
    /// The sentences, in the tenant's own words where it has any.
    pub t: Arc<Texts>,
    /// Where this page is.
    path: String,
    /// The interaction's name, for every address on this page.
    place: Place,
}

/// A page's request that something else than the form's secret binds to the interaction.
pub struct Posted(pub Visit);

impl FromRequest<Web> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        Visit::read(request, web, false).await.map(Self)
    }
}

impl FromRequest<Web> for Visit {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Response> {
        Self::read(request, web, true).await
    }
}

impl Visit {
    async fn read(request: Request, web: &Web, by_secret: bool) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let headers = parts.headers.clone();
        let refuse = |error: WebError| render::error(&headers, error);
        let mut browser = Browser::from_request_parts(&mut parts, web).await.map_err(refuse)?;
        let reads = parts.method.is_safe();
        let path = parts.uri.path().to_owned();
        let query = Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = query.map_err(|error| refuse(error.into()))?;
        let form = Parameters::from_request(Request::from_parts(parts, body), web).await.map_err(refuse)?;
        // The query of a provider's answer is the provider's.
        let place = if path.starts_with("/callback/") {
            Place::of_state(form.get("state").as_deref())
        } else {
            Place::read(&query)
        };
        browser.interaction = interactions::secret_of(web, &headers, &place).unwrap_or_default();
        let view = match signin::interaction(&browser).await {
            Ok(view) => view,
            Err(error) => return Err(render::expired(web, &headers, &place.application, error.into()).await),
        };
        if by_secret && !reads && !secret::equal(&form.get("csrf").unwrap_or_default(), &view.interaction.csrf) {
            return Err(refuse(ErrorCode::CsrfTokenMismatch.into()));
        }
        let place = Place::new(&browser.interaction, view.interaction.application_id.as_str());
        let wish = view.interaction.authorization.ui_locales.as_deref();
        let chosen =
            cookies::read(web, &headers, CookieKind::Language).filter(|_| view.experience().language_info.auto_detect);
        let locale = negotiate(&headers, chosen.as_deref().or(wish), Some(view.experience()));
        browser.locale = Some(locale.to_string());
        let t = reworded(locale, view.phrases(locale.tag()));
        Ok(Self { web: web.clone(), browser, headers, form, view, locale, t, path, place })
    }
}

impl Visit {
    /// The frame of this page.
    pub fn frame(&self) -> Frame {
        let switch = if self.view.experience().language_info.auto_detect { self.path.clone() } else { String::new() };
        Frame { t: Arc::clone(&self.t), switch, place: self.place.clone(), ..Frame::of(&self.view, self.locale) }
    }

    /// The address of a page of this interaction.
    pub fn to(&self, path: &str) -> String {
        self.place.to(path)
    }

    /// On to a page of this interaction.
    pub fn go(&self, path: &str) -> Response {
        see_other(&self.to(path))
    }

    /// A new state for a provider, by which its answer finds this interaction.
    pub fn provider_state(&self) -> String {
        format!("{}{}", self.place.interaction, self.web.core.new_verifier().0)
    }

    /// A page of the interaction.
    pub fn page(&self, status: StatusCode, page: &impl Template) -> Response {
        render::html(status, page, Some(&self.view.interaction.authorization.redirect_uri))
    }

    /// A form field without surrounding space.
    pub fn field(&self, name: &str) -> String {
        self.form.get(name).unwrap_or_default().trim().to_owned()
    }

    /// The password field, as typed.
    pub fn password(&self) -> String {
        self.form.get("password").unwrap_or_default()
    }

    /// Country whose national phone numbers the reader may type.
    fn region(&self) -> Option<String> {
        let chosen = self.field("region");
        if chosen.len() == 2 && chosen.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Some(chosen);
        }
        let accepted = crate::request::text(&self.headers, axum::http::header::ACCEPT_LANGUAGE).unwrap_or_default();
        let first = accepted.split([',', ';']).next().unwrap_or_default();
        match first.split_once('-') {
            Some((_, region)) if region.len() == 2 => Some(region.to_ascii_uppercase()),
            _ => self.locale.region().map(ToOwned::to_owned),
        }
    }

    /// A wish for a code that starts the interaction over with this event; one that is on its way is continued with.
    pub fn code_request(&self, identifier: Identifier, starts: Option<InteractionEvent>) -> CodeRequest {
        CodeRequest { starts, continues: true, work: self.form.get("work"), ..CodeRequest::new(identifier) }
    }

    /// The frame of this page with what went wrong, and with the puzzle by which the browser gets on.
    pub fn refused(&self, error: &WebError) -> Frame {
        Frame { alert: self.explain(error), work: Puzzle::of(error), ..self.frame() }
    }

    /// Reads what was typed into the identifier field.
    pub fn identifier(&self, kinds: &[IdentifierKind]) -> Result<Identifier, Refusal> {
        Identifier::guess(&self.field("identifier"), kinds, self.region().as_deref())
    }

    /// What to type into the identifier field: what was typed, what a code was sent to, or what the application hints.
    pub fn known_identifier(&self) -> String {
        let typed = self.field("identifier");
        if !typed.is_empty() {
            return typed;
        }
        let interaction = &self.view.interaction;
        let mut proofs = interaction.verifications.iter().rev();
        let sent = proofs.find_map(|record| record.proof.identifier()).map(Identifier::display);
        let sent = sent.or_else(|| Some(interaction.waits_for_link()?.verified().first()?.display()));
        sent.or_else(|| interaction.authorization.login_hint.clone()).unwrap_or_default()
    }

    /// What to tell the reader about an error.
    pub fn explain(&self, error: &WebError) -> String {
        explain(error, &self.t)
    }
}

/// The label of a field into which any of `kinds` may be typed.
fn label(t: &Texts, kinds: &[IdentifierKind]) -> String {
    let name = |kind: &IdentifierKind| match kind {
        IdentifierKind::Username => &*t.username,
        IdentifierKind::Email => &*t.email,
        IdentifierKind::Phone => &*t.phone,
    };
    kinds.iter().map(name).collect::<Vec<_>>().join(&t.or)
}

/// What to tell a reader about an error: never a provider's raw answer.
pub fn explain(error: &WebError, t: &Texts) -> String {
    let WebError::Refusal(refusal) = error else { return t.error_text.clone().into_owned() };
    if refusal.code == ErrorCode::PasswordRejected {
        let issues = refusal.data.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let sentences: Vec<&str> = issues.iter().filter_map(|issue| password_issue(issue, t)).collect();
        return sentences.join(" ");
    }
    if let Some(seconds) = retry_after(refusal) {
        match refusal.code {
            ErrorCode::MessageRateLimited => return t.wait_for_message(&t.span(seconds)),
            ErrorCode::VerificationBlocked => return t.wait_for_guess(&t.span(seconds)),
            _ => {}
        }
    }
    // A provider's words are for the admin.
    if refusal.detail.is_none() || refusal.code.code().starts_with("connector.") {
        return error_texts::texts(t.locale).of(refusal.code).to_owned();
    }
    sentence(refusal, t.locale)
}

/// What a browser computes to get one more message.
#[derive(Clone)]
pub struct Puzzle {
    /// What the answer is hashed with.
    pub challenge: String,
    /// Leading zero bits.
    pub bits: u64,
}

impl Puzzle {
    /// The puzzle that came with a refusal.
    fn of(error: &WebError) -> Option<Self> {
        let WebError::Refusal(refusal) = error else { return None };
        let work = refusal.data.as_ref()?.get("proofOfWork")?;
        Some(Self { challenge: work.get("challenge")?.as_str()?.to_owned(), bits: work.get("bits")?.as_u64()? })
    }
}

fn password_issue<'t>(issue: &Value, t: &'t Texts) -> Option<&'t str> {
    Some(match issue.get("code")?.as_str()? {
        "password_rejected.too_short" => &t.password_too_short,
        "password_rejected.too_long" => &t.password_too_long,
        "password_rejected.pwned" => &t.password_common,
        "password_rejected.restricted.sequence" => &t.password_sequence,
        "password_rejected.restricted.user_info" => &t.password_user_info,
        _ => return None,
    })
}

/// How a field for these identifier kinds behaves: type, help and completion.
pub struct IdentifierField {
    /// Label.
    pub label: String,
    /// `type` of the input.
    pub kind: &'static str,
    /// `autocomplete` of the input.
    pub autocomplete: &'static str,
    /// Help below the field.
    pub hint: Phrase,
    /// What is in it.
    pub value: String,
    /// Whether a number may be typed: never, alone, or among other things.
    pub numbers: Numbers,
    /// The region that is chosen, or empty.
    pub region: String,
}

/// Whether a phone number may be typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// No.
    Never,
    /// Nothing else.
    Only,
    /// A number or something else.
    Also,
}

impl IdentifierField {
    /// Whether a number may be typed.
    pub fn takes_numbers(&self) -> bool {
        self.numbers != Numbers::Never
    }

    /// What the script is told of that.
    pub fn mode(&self) -> &'static str {
        if self.numbers == Numbers::Only { "only" } else { "also" }
    }

    /// The regions as options of a list, each with its flag and calling code; the script puts names to them.
    #[expect(clippy::unused_self, reason = "templates reach methods alone")]
    pub fn regions(&self) -> &'static str {
        static OPTIONS: LazyLock<String> = LazyLock::new(|| {
            let option = |region: &Region| {
                let Region { id, code } = region;
                format!("<option value=\"{id}\" data-code=\"{code}\">{} {id} +{code}</option>", region.flag())
            };
            phone::regions().iter().map(option).collect()
        });
        &OPTIONS
    }

    /// The field for `kinds`, filled with what is known.
    pub fn new(visit: &Visit, kinds: &[IdentifierKind], autocomplete: &'static str) -> Self {
        let region = visit.region().unwrap_or_default();
        Self { value: visit.known_identifier(), region, ..Self::empty(&visit.t, kinds, autocomplete) }
    }

    /// The field with nothing in it.
    pub fn empty(t: &Texts, kinds: &[IdentifierKind], autocomplete: &'static str) -> Self {
        let (kind, numbers) = match kinds {
            [IdentifierKind::Phone] => ("tel", Numbers::Only),
            [IdentifierKind::Email] => ("email", Numbers::Never),
            _ if kinds.contains(&IdentifierKind::Phone) => ("text", Numbers::Also),
            _ => ("text", Numbers::Never),
        };
        let hint = if numbers == Numbers::Never { Phrase::default() } else { t.phone_hint.clone() };
        let region = t.locale.region().unwrap_or_default().to_owned();
        // HTML allows `username` beside text and addresses, not beside numbers.
        let autocomplete = if numbers == Numbers::Only && autocomplete == "username" { "tel" } else { autocomplete };
        Self { label: label(t, kinds), kind, autocomplete, hint, value: String::new(), numbers, region }
    }
}

#[cfg(test)]
mod tests {
    use keyway_model::Reason;
    use keyway_model::reason::AnyOf;

    use super::super::texts::texts;
    use super::*;

    #[test]
    fn a_rule_is_said_in_the_readers_language_and_a_providers_words_to_nobody() {
        let names = AnyOf(&["email", "phone"]);
        let rule = Refusal::invalid_input("identifier.type", Reason::OneOf { names }).into();
        let provider = Refusal::quoting(ErrorCode::ConnectorGeneral, "quota of account 4711").into();
        for (locale, said) in [
            (Locale::En, "identifier.type: must be email or phone"),
            (Locale::ZhCn, "identifier.type：须为 email 或 phone"),
        ] {
            let t = texts(locale);
            assert_eq!(explain(&rule, &t), said);
            assert_eq!(explain(&provider, &t), error_texts::texts(locale).of(ErrorCode::ConnectorGeneral));
        }
    }
}
