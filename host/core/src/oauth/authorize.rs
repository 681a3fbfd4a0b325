//! `/oidc/auth`: checks the request, then answers at once from a session or starts an interaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use keyway_model::application::{Application, ApplicationType};
use keyway_model::interaction::{Interaction, InteractionEvent};
use keyway_model::oauth::{Authorization, OAuthError};
use keyway_model::session::Session;
use keyway_model::{ApplicationId, display, redirect};
use keyway_store::{interactions, sessions};

use super::grants::{code_to_be, granted_scope, hold_application};
use crate::configuration::Client;
use crate::{CoreError, Cx, secret};

/// The parameters of a request, as they came.
#[derive(Debug, Default, Clone)]
#[expect(missing_docs, reason = "the names are those of the specifications")]
pub struct AuthorizationParameters {
    pub client_id: String,
    pub redirect_uri: String,
    pub response_type: String,
    pub response_mode: Option<String>,
    pub scope: Option<String>,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub code_challenge: Option<String>,
    pub code_challenge_method: Option<String>,
    pub prompt: Option<String>,
    pub resources: Vec<String>,
    pub first_screen: Option<String>,
    pub login_hint: Option<String>,
    pub ui_locales: Option<String>,
    pub max_age: Option<String>,
    pub has_request_object: bool,
    pub has_request_uri: bool,
}

/// Most bytes of what a request has stored until its user has signed in.
const LENGTHS: [(&str, usize); 9] = [
    ("state", 8192),
    ("nonce", 1024),
    ("scope", 2048),
    ("prompt", 64),
    ("login_hint", 320),
    ("ui_locales", 256),
    ("first_screen", 64),
    ("redirect_uri", 2048),
    ("resource", 2048),
];

/// Most bytes of all of it together, as it is stored: JSON writes a control character in six.
const MAX_STORED: usize = 9216;

/// Most resources of a request.
const MAX_RESOURCES: usize = 8;

impl AuthorizationParameters {
    /// The name of a parameter that is longer than anybody needs.
    fn overlong(&self) -> Option<&'static str> {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let longest_resource = self.resources.iter().map(String::len).max().unwrap_or_default();
        let found = [
            length(&self.state),
            length(&self.nonce),
            length(&self.scope),
            length(&self.prompt),
            length(&self.login_hint),
            length(&self.ui_locales),
            length(&self.first_screen),
            self.redirect_uri.len(),
            longest_resource,
        ];
        LENGTHS.iter().zip(found).find(|((_, most), length)| length > most).map(|((name, _), _)| *name)
    }
}

/// An answer for the application, to be carried by the browser.
#[derive(Debug, Clone)]
pub struct AuthorizationAnswer {
    /// Registered address.
    pub redirect_uri: String,
    /// `query`, `fragment` or `form_post`.
    pub response_mode: String,
    /// Parameters in order.
    pub parameters: Vec<(&'static str, String)>,
}

/// What follows from an authorization request.
#[derive(Debug)]
pub enum Authorized {
    /// The browser goes back to the application.
    Answer(AuthorizationAnswer),
    /// The browser signs in first.
    Interact {
        /// For the interaction cookie.
        secret: String,
        /// What the person is offered first.
        first: InteractionEvent,
    },
}

/// Decides on a request. An error is for the person in front of the browser: the address that it came with is not to be
/// trusted. Every other refusal goes back to the application.
#[tracing::instrument(name = "oauth.authorize", skip_all)]
pub async fn authorize(
    cx: &Cx,
    parameters: AuthorizationParameters,
    session_secret: Option<String>,
) -> Result<Authorized, CoreError> {
    let client = requesting_client(cx, &parameters).await?;
    let application = &client.application;
    match checked(cx, application, &parameters).await {
        Ok(asked) => answer_or_interact(cx, &application.id, asked, session_secret).await,
        Err(CoreError::OAuth(error)) => Ok(Authorized::Answer(refusal(
            cx,
            &parameters.redirect_uri,
            parameters.response_mode.as_deref(),
            parameters.state.as_deref(),
            &error,
        ))),
        Err(error) => Err(error),
    }
}

async fn requesting_client(cx: &Cx, parameters: &AuthorizationParameters) -> Result<Arc<Client>, CoreError> {
    let found = cx.core().client(&cx.tenant, &ApplicationId(parameters.client_id.clone())).await?;
    let client = found.ok_or_else(|| OAuthError::new("invalid_client", "client_id names no application"))?;
    let application = &client.application;
    let native = application.kind == ApplicationType::Native;
    if !redirect::matches(&application.oidc_client_metadata.redirect_uris, &parameters.redirect_uri, native) {
        let sent: String = display::shown(&parameters.redirect_uri).chars().take(300).collect();
        let description = format!(
            "The redirect_uri {sent:?} is not one of those that are registered for {:?} ({}). Register it as it stands there, \
             letter for letter: in the console at Applications, Redirect URIs.",
            display::shown(&application.name),
            application.id,
        );
        return Err(OAuthError::new("invalid_redirect_uri", description).into());
    }
    Ok(client)
}

async fn checked(
    cx: &Cx,
    application: &Application,
    parameters: &AuthorizationParameters,
) -> Result<Authorization, CoreError> {
    let refuse = |error, description: &str| Err(CoreError::OAuth(OAuthError::new(error, description)));
    if let Some(name) = parameters.overlong() {
        return refuse("invalid_request", &format!("{name} is too long"));
    }
    if parameters.has_request_object {
        return refuse("request_not_supported", "request objects are not supported");
    }
    if parameters.has_request_uri {
        return refuse("request_uri_not_supported", "request_uri is not supported");
    }
    if application.kind == ApplicationType::MachineToMachine {
        return refuse("unauthorized_client", "a machine-to-machine application has no users");
    }
    if parameters.response_type != "code" {
        return refuse("unsupported_response_type", "response_type must be code");
    }
    let response_mode = parameters.response_mode.clone().unwrap_or_else(|| "query".into());
    if !["query", "fragment", "form_post"].contains(&response_mode.as_str()) {
        return refuse("unsupported_response_mode", "response_mode must be query, fragment or form_post");
    }
    match (&parameters.code_challenge, parameters.code_challenge_method.as_deref()) {
        (Some(challenge), Some("S256")) if challenge.len() == 43 => {}
        (Some(_), Some("S256")) => return refuse("invalid_request", "code_challenge must have 43 characters"),
        (Some(_), _) => return refuse("invalid_request", "code_challenge_method must be S256"),
        (None, Some(_)) => return refuse("invalid_request", "code_challenge is missing"),
        (None, None) if application.kind.is_public() => {
            return refuse("invalid_request", "a public client must use PKCE: code_challenge is missing");
        }
        (None, None) => {}
    }
    let prompt: Vec<String> =
        parameters.prompt.iter().flat_map(|text| text.split_ascii_whitespace()).map(ToOwned::to_owned).collect();
    if prompt.iter().any(|word| !["none", "login", "consent", "select_account"].contains(&word.as_str())) {
        return refuse("invalid_request", "prompt must hold none, login, consent or select_account");
    }
    if prompt.len() > 1 && prompt.iter().any(|word| word == "none") {
        return refuse("invalid_request", "prompt none stands alone");
    }
    let named: Vec<String> = parameters
        .resources
        .iter()
        .flat_map(|text| text.split(','))
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    if named.len() > MAX_RESOURCES {
        return refuse("invalid_target", "there are too many resources");
    }
    let known = cx.core().resource_indicators(&cx.tenant).await?;
    if !named.iter().all(|indicator| known.all.contains(indicator)) {
        return refuse("invalid_target", "resource names no registered API resource");
    }
    if application.is_third_party {
        return refuse("consent_required", "consent to third-party applications is not offered");
    }
    let max_age = match parameters.max_age.as_deref().map(str::parse::<i64>) {
        Some(Ok(seconds)) if seconds >= 0 => Some(seconds),
        Some(_) => return refuse("invalid_request", "max_age must be a number of seconds"),
        None => None,
    };
    let mut asked = Authorization {
        max_age,
        redirect_uri: parameters.redirect_uri.clone(),
        scope: parameters.scope.clone().unwrap_or_else(|| "openid".into()),
        state: parameters.state.clone(),
        nonce: parameters.nonce.clone(),
        code_challenge: parameters.code_challenge.clone(),
        resources: named,
        prompt,
        response_mode,
        first_screen: parameters.first_screen.clone(),
        login_hint: parameters.login_hint.clone(),
        ui_locales: parameters.ui_locales.clone(),
    };
    asked.scope = granted_scope(application, &asked);
    if serde_json::to_vec(&asked).map_or(true, |stored| stored.len() > MAX_STORED) {
        return refuse("invalid_request", "the parameters are too long together");
    }
    Ok(asked)
}

async fn answer_or_interact(
    cx: &Cx,
    application: &ApplicationId,
    asked: Authorization,
    session_secret: Option<String>,
) -> Result<Authorized, CoreError> {
    let now = cx.now;
    let session = match session_secret {
        Some(secret) => {
            let (owner, hash) = (cx.tenant.clone(), secret::hash(&secret));
            cx.read(async move |tx| Ok::<_, CoreError>(sessions::find(tx, &owner, &hash, now).await?)).await?
        }
        None => None,
    };
    let fresh =
        |session: &Session| asked.max_age.is_none_or(|most| now.seconds_since(session.authenticated_at) <= most);
    let reuse = !asked.prompts("login") && !asked.prompts("select_account");
    if let Some(session) = session.filter(|session| reuse && fresh(session)) {
        return Ok(Authorized::Answer(answer_from_session(cx, application, &asked, &session).await?));
    }
    if asked.prompts("none") {
        let error = OAuthError::new("login_required", "the user is not signed in");
        let mode = Some(asked.response_mode.as_str());
        return Ok(Authorized::Answer(refusal(cx, &asked.redirect_uri, mode, asked.state.as_deref(), &error)));
    }
    start_interaction(cx, application, asked).await
}

async fn answer_from_session(
    cx: &Cx,
    application: &ApplicationId,
    asked: &Authorization,
    session: &Session,
) -> Result<AuthorizationAnswer, CoreError> {
    let code = code_to_be(cx);
    let answer = success(cx, asked, &code.value);
    let (owner, application, asked, session) = (cx.tenant.clone(), application.clone(), asked.clone(), session.clone());
    let written = cx.write(async move |tx| {
        hold_application(tx, &owner, &application, &asked).await?;
        Ok::<_, CoreError>(code.store(tx, &owner, &application, &asked, &session).await?)
    });
    written.await?;
    Ok(answer)
}

async fn start_interaction(
    cx: &Cx,
    application: &ApplicationId,
    asked: Authorization,
) -> Result<Authorized, CoreError> {
    let now = cx.now;
    let secret = secret::generate(cx.core().rng());
    let first_screen = asked.first_screen.clone();
    let csrf = secret::generate(cx.core().rng());
    let interaction = Interaction::new(cx.core().id(), application.clone(), asked, csrf, now);
    let settings = cx.core().settings(&cx.tenant).await?;
    let experience = &settings.experience;
    let (owner, hash) = (cx.tenant.clone(), secret::hash(&secret));
    let written =
        cx.write(async move |tx| Ok::<_, CoreError>(interactions::insert(tx, &owner, &hash, &interaction).await?));
    written.await?;
    let first = match first_screen.as_deref() {
        Some("register" | "signUp" | "identifier:register") if experience.allows(InteractionEvent::Register) => {
            InteractionEvent::Register
        }
        Some("reset_password") => InteractionEvent::ForgotPassword,
        _ => experience.first_event(),
    };
    Ok(Authorized::Interact { secret, first })
}

/// The answer that carries a code; `iss` stops mix-up attacks (RFC 9207).
pub(crate) fn success(cx: &Cx, asked: &Authorization, code: &str) -> AuthorizationAnswer {
    let mut parameters = vec![("code", code.to_owned())];
    parameters.extend(asked.state.clone().map(|state| ("state", state)));
    parameters.push(("iss", cx.core().issuer(&cx.tenant)));
    AuthorizationAnswer {
        redirect_uri: asked.redirect_uri.clone(),
        response_mode: asked.response_mode.clone(),
        parameters,
    }
}

fn refusal(
    cx: &Cx,
    redirect_uri: &str,
    mode: Option<&str>,
    state: Option<&str>,
    error: &OAuthError,
) -> AuthorizationAnswer {
    let mut parameters = vec![("error", error.error.to_owned()), ("error_description", error.description.clone())];
    parameters.extend(state.map(|state| ("state", state.to_owned())));
    parameters.push(("iss", cx.core().issuer(&cx.tenant)));
    let mode = mode.filter(|mode| ["fragment", "form_post"].contains(mode)).unwrap_or("query");
    AuthorizationAnswer { redirect_uri: redirect_uri.to_owned(), response_mode: mode.to_owned(), parameters }
}
