//! A connector for a provider that speaks the authorization code flow as RFC 6749 has it: where the endpoints are, what is asked
//! for, and where in the user information each field of a profile stands.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::oauth::{self, Client, ClientAuth};
use crate::{Callback, Connector, Failure, Profile, Secret, Social, Start, UserInfo, http};

/// The form of a client that has nothing beyond id, secret and scope: a [`Connector::Config`] for most providers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Config", description = "What an admin fills in.")]
pub struct OAuthConfig {
    /// The application's id at the provider.
    #[schemars(title = "Client ID", length(min = 1))]
    pub client_id: String,
    /// The application's secret; it is stored sealed and never shown again.
    #[schemars(title = "Client secret")]
    pub client_secret: Secret,
    /// Scopes to ask for in place of the usual ones, separated by spaces.
    #[schemars(title = "Scope")]
    pub scope: Option<String>,
}

impl OAuthConfig {
    /// The provider as this client speaks to it, which asks for the configured scope or else for `scope`.
    pub fn provider<'c>(&'c self, scope: &'c str) -> StandardOAuth<'c> {
        StandardOAuth::new(&self.client_id, &self.client_secret).scope(self.scope.as_deref().unwrap_or(scope))
    }
}

/// A provider as one client speaks to it.
///
/// The defaults: PKCE with S256 (RFC 7636), id and secret in the token request's form, and an e-mail address that counts as
/// unverified. State is always sent. Token answers may be JSON or a form, user information is JSON, fetched by GET with the
/// access token as bearer (RFC 6750).
///
/// ```
/// use keyway_connector::{OAuthConfig, Profile, StandardOAuth};
///
/// fn provider(config: &OAuthConfig) -> StandardOAuth<'_> {
///     config
///         .provider("identify email")
///         .authorization_endpoint("https://example.com/authorize")
///         .token_endpoint("https://api.example.com/token")
///         .user_info_endpoint("https://api.example.com/me")
///         .profile(Profile::new("/id").email("/email").email_verified("/verified").name("/name"))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct StandardOAuth<'c> {
    client: Client<'c>,
    scope: Cow<'c, str>,
    is_pkce: bool,
    authorization_endpoint: Cow<'c, str>,
    authorization_parameters: Vec<(Cow<'c, str>, Cow<'c, str>)>,
    token_endpoint: Cow<'c, str>,
    token_parameters: Vec<(Cow<'c, str>, Cow<'c, str>)>,
    user_info_endpoint: Cow<'c, str>,
    profile: Profile<'c>,
}

impl<'c> StandardOAuth<'c> {
    /// A provider without addresses.
    pub fn new(client_id: &'c str, client_secret: &'c Secret) -> Self {
        Self {
            client: Client { id: client_id, secret: client_secret.expose(), auth: ClientAuth::Post },
            scope: Cow::Borrowed(""),
            is_pkce: true,
            authorization_endpoint: Cow::Borrowed(""),
            authorization_parameters: Vec::new(),
            token_endpoint: Cow::Borrowed(""),
            token_parameters: Vec::new(),
            user_info_endpoint: Cow::Borrowed(""),
            profile: Profile::new("/id"),
        }
    }

    /// The address that the browser is sent to.
    #[must_use]
    pub fn authorization_endpoint(mut self, address: impl Into<Cow<'c, str>>) -> Self {
        self.authorization_endpoint = address.into();
        self
    }

    /// The address that trades codes for tokens. Its host stands in the manifest.
    #[must_use]
    pub fn token_endpoint(mut self, address: impl Into<Cow<'c, str>>) -> Self {
        self.token_endpoint = address.into();
        self
    }

    /// The address that tells of the user, with what must be in its query. Its host stands in the manifest.
    #[must_use]
    pub fn user_info_endpoint(mut self, address: impl Into<Cow<'c, str>>) -> Self {
        self.user_info_endpoint = address.into();
        self
    }

    /// What is asked for, separated by spaces, unless the application names scopes of its own for a sign-in.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<Cow<'c, str>>) -> Self {
        self.scope = scope.into();
        self
    }

    /// How the client proves itself at the token endpoint.
    #[must_use]
    pub fn client_auth(mut self, auth: ClientAuth) -> Self {
        self.client.auth = auth;
        self
    }

    /// Sends no PKCE challenge, for a provider that refuses one.
    #[must_use]
    pub fn without_pkce(mut self) -> Self {
        self.is_pkce = false;
        self
    }

    /// More parameters of the authorization address, after those of the standard.
    #[must_use]
    pub fn authorization_parameters<N, V>(mut self, pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<Cow<'c, str>>,
        V: Into<Cow<'c, str>>,
    {
        self.authorization_parameters.extend(pairs.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// More parameters of the token request.
    #[must_use]
    pub fn token_parameters<N, V>(mut self, pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<Cow<'c, str>>,
        V: Into<Cow<'c, str>>,
    {
        self.token_parameters.extend(pairs.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Where each field stands in the user information.
    #[must_use]
    pub fn profile(mut self, profile: Profile<'c>) -> Self {
        self.profile = profile;
        self
    }

    /// The address that begins a sign-in; the PKCE verifier is kept in the session.
    pub fn authorization_uri(&self, start: &Start) -> Result<String, Failure> {
        let challenge = if self.is_pkce { Some(oauth::pkce_challenge()?) } else { None };
        let mut more = Vec::new();
        if let Some(challenge) = &challenge {
            more.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
        }
        more.extend(borrowed(&self.authorization_parameters));
        Ok(oauth::authorization_uri(&self.authorization_endpoint, self.client.id, &self.scope, start, &more))
    }

    /// Trades the callback's code for the token answer; see [`oauth::exchange`].
    pub fn exchange(&self, callback: &Callback) -> Result<Map<String, Value>, Failure> {
        let more: Vec<(&str, &str)> = borrowed(&self.token_parameters).collect();
        oauth::exchange(&self.token_endpoint, self.client, callback, &more)
    }

    /// Asks with the access token who the user is, and reads the [`Profile`]; see [`oauth::user_info`].
    pub fn user_info(&self, tokens: &Map<String, Value>) -> Result<UserInfo, Failure> {
        let token = oauth::token(tokens, "access_token")?;
        self.profile.read(oauth::user_info(http::get(self.user_info_endpoint.as_ref()).bearer(token))?)
    }
}

fn borrowed<'p>(pairs: &'p [(Cow<'_, str>, Cow<'_, str>)]) -> impl Iterator<Item = (&'p str, &'p str)> {
    pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
}

/// A connector whose provider is a [`StandardOAuth`]: it is a [`Social`] one by that.
pub trait OAuth: Connector {
    /// The provider as the configured client speaks to it.
    fn provider(config: &Self::Config) -> StandardOAuth<'_>;

    /// Finishes the identity, where the provider's object, which is `user.raw_data`, does not say everything as it is needed:
    /// an address in the ID token, a list of addresses elsewhere. `tokens` is the token answer.
    fn complete(_config: &Self::Config, _tokens: &Map<String, Value>, user: UserInfo) -> Result<UserInfo, Failure> {
        Ok(user)
    }
}

impl<C: OAuth> Social for C {
    fn authorization_uri(config: &Self::Config, start: &Start) -> Result<String, Failure> {
        Self::provider(config).authorization_uri(start)
    }

    fn user_info(config: &Self::Config, callback: &Callback) -> Result<UserInfo, Failure> {
        let provider = Self::provider(config);
        let tokens = provider.exchange(callback)?;
        let user = provider.user_info(&tokens)?;
        Self::complete(config, &tokens, user)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use serde_json::json;

    use super::*;
    use crate::Manifest;
    use crate::native::{self, Error, Host, Request, Response};

    /// Answers in turn, and keeps what it was asked.
    #[derive(Default)]
    struct Provider {
        answers: RefCell<Vec<Value>>,
        requests: RefCell<Vec<Request>>,
        session: RefCell<Map<String, Value>>,
    }

    impl Host for Provider {
        fn fetch(&self, request: &Request) -> Result<Response, Error> {
            self.requests.borrow_mut().push(request.clone());
            let answer = self.answers.borrow_mut().remove(0);
            Ok(Response { status: 200, headers: Vec::new(), body: answer.to_string().into_bytes() })
        }

        fn session_get(&self, key: &str) -> Option<String> {
            self.session.borrow().get(key)?.as_str().map(ToOwned::to_owned)
        }

        fn session_set(&self, key: &str, value: &str) -> Result<(), String> {
            self.session.borrow_mut().insert(key.to_owned(), json!(value));
            Ok(())
        }
    }

    struct Plain;

    impl Connector for Plain {
        type Config = OAuthConfig;

        fn manifest() -> Manifest {
            Manifest::social("plain", "plain", "Universal", "Plain", "1.0.0")
        }
    }

    impl OAuth for Plain {
        fn provider(config: &OAuthConfig) -> StandardOAuth<'_> {
            config
                .provider("usual")
                .authorization_endpoint("https://example.com/authorize?brand=a")
                .authorization_parameters([("prompt", "consent")])
                .token_endpoint("https://api.example.com/token")
                .token_parameters(Some(("resource", "x y".to_owned())))
                .client_auth(ClientAuth::Basic)
                .user_info_endpoint("https://api.example.com/me?fields=id")
        }

        fn complete(_: &OAuthConfig, tokens: &Map<String, Value>, user: UserInfo) -> Result<UserInfo, Failure> {
            Ok(UserInfo { name: oauth::text(&json!(tokens), "/nick"), ..user })
        }
    }

    fn config(scope: Option<&str>) -> OAuthConfig {
        OAuthConfig { client_id: "a:b".into(), client_secret: "s/s".into(), scope: scope.map(ToOwned::to_owned) }
    }

    fn start(scope: Option<&str>) -> Start {
        let (state, redirect_uri) = ("the state".to_owned(), "https://id.example.com/callback/c".to_owned());
        let scope = scope.map(ToOwned::to_owned);
        Start { state, redirect_uri, connector_id: "c".into(), user_agent: None, scope }
    }

    fn began(provider: &StandardOAuth<'_>, scope: Option<&str>) -> (String, Rc<Provider>) {
        let host = Rc::new(Provider::default());
        let uri = native::with_host(host.clone(), || provider.authorization_uri(&start(scope)));
        (uri.unwrap(), host)
    }

    #[test]
    fn the_browser_is_sent_with_state_and_challenge_for_the_narrowest_scope_that_was_named() {
        let address = "https://example.com/authorize?brand=a&response_type=code&client_id=a%3Ab\
                       &redirect_uri=https%3A%2F%2Fid.example.com%2Fcallback%2Fc&state=the%20state&scope=";
        for (configured, asked, scope) in [
            (None, None, "usual"),
            (Some("of admin"), None, "of%20admin"),
            (None, Some("of application"), "of%20application"),
            (Some("of admin"), Some("of application"), "of%20application"),
        ] {
            let config = config(configured);
            let (uri, host) = began(&Plain::provider(&config), asked);
            let challenge = uri.strip_prefix(&format!("{address}{scope}&code_challenge=")).unwrap();
            let challenge = challenge.strip_suffix("&code_challenge_method=S256&prompt=consent").unwrap();
            assert_eq!(challenge.len(), 43);
            assert!(host.session.borrow().contains_key("codeVerifier"));
        }
        let config = config(None);
        let (uri, host) = began(&Plain::provider(&config).without_pkce().scope(""), None);
        assert!(uri.ends_with("&state=the%20state&prompt=consent"), "{uri}");
        assert!(host.session.borrow().is_empty());
    }

    #[test]
    fn a_code_becomes_an_identity_by_two_requests() {
        let host = Rc::new(Provider::default());
        let answers = [json!({ "access_token": "at", "nick": "Ada" }), json!({ "id": 42, "name": "no" })];
        host.answers.borrow_mut().extend(answers);
        host.session.borrow_mut().insert("codeVerifier".into(), json!("verifier"));
        let parameters = json!({ "code": "c 1", "redirectUri": "https://id.example.com/callback/c" });
        let callback = Callback { parameters: parameters.as_object().cloned().unwrap() };
        let user = native::with_host(host.clone(), || Plain::user_info(&config(None), &callback)).unwrap();
        assert_eq!((user.id.as_str(), user.name.as_deref()), ("42", Some("Ada")));
        let requests = host.requests.borrow();
        let [token, info] = requests.as_slice() else { panic!("{requests:?}") };
        let header = |request: &Request, name: &str| {
            request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap()
        };
        assert_eq!(
            String::from_utf8_lossy(token.body.as_deref().unwrap()),
            "grant_type=authorization_code&code=c%201&redirect_uri=https%3A%2F%2Fid.example.com%2Fcallback%2Fc\
             &code_verifier=verifier&resource=x%20y"
        );
        // RFC 6749 section 2.3.1: id and secret are escaped before they are joined.
        assert_eq!(header(token, "authorization"), "Basic YSUzQWI6cyUyRnM=");
        assert_eq!((info.method.as_str(), info.url.as_str()), ("GET", "https://api.example.com/me?fields=id"));
        assert_eq!(header(info, "authorization"), "Bearer at");
    }

    #[test]
    fn secrets_in_errors() {
        let config = config(None);
        let shown = format!("{:?} {config:?}", Plain::provider(&config));
        assert!(!shown.contains("s/s"), "{shown}");
    }
}
