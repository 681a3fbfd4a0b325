//! The server itself, without a socket. Its password hashes are cheap, so that tests wait for nothing but the server.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use ipnet::IpNet;
use keyway_core::connectors::TrustPolicy;
use keyway_core::limits::Limits;
use keyway_core::password::Cost;
use keyway_core::{Core, Parts};
use keyway_core::{Cx, administrators, applications};
use keyway_model::resource::management_api;
use keyway_model::{Clock, Rng, TenantId};
use keyway_sandbox::{Budgets, EgressPolicy, Sandbox};
use keyway_store::{MasterKey, Store};
use keyway_web::{Metrics, Web};
use serde_json::{Value, json};

use crate::browser::{Answer, Application, Browser};
use crate::clock::{Dice, TestClock};
use crate::compiled;
use crate::database::Database;
use crate::inbox::Inbox;
use crate::module::module;

const MASTER_KEY: [u8; 32] = [7; 32];

/// What may differ between servers.
#[derive(Default)]
pub struct Options {
    /// Limits on messages and guesses; the defaults of the product when absent.
    pub limits: Option<Limits>,
    /// Writes a minute from one address; none when zero.
    pub writes_per_minute: u32,
    /// Seed of the random source.
    pub seed: u64,
    /// What may be uploaded, and who approves; the defaults of the product when absent.
    pub trust: Option<TrustPolicy>,
    /// Whether the addresses are of https, as behind a proxy that ends TLS.
    pub https: bool,
    /// Networks of the proxies that may say for whom they speak.
    pub trusted_proxies: Vec<IpNet>,
}

impl Options {
    fn endpoint(&self) -> &'static str {
        if self.https { HTTPS_ENDPOINT } else { ENDPOINT }
    }

    fn admin_endpoint(&self) -> &'static str {
        if self.https { HTTPS_ADMIN_ENDPOINT } else { ADMIN_ENDPOINT }
    }
}

/// A running server. Dropped, it is gone with its database.
pub struct TestServer {
    /// The use cases, for what has no address.
    pub core: Arc<Core>,
    /// The clock.
    pub clock: Arc<TestClock>,
    /// The messages that went out.
    pub inbox: Arc<Inbox>,
    /// The database.
    pub database: Database,
    users: Router,
    operators: Router,
    origins: (&'static str, &'static str),
    token: String,
    cache: tempfile::TempDir,
}

/// The address of the users' tenant.
pub const ENDPOINT: &str = "http://localhost:3001";
/// The address of the operators' tenant.
pub const ADMIN_ENDPOINT: &str = "http://localhost:3002";
const HTTPS_ENDPOINT: &str = "https://localhost:3001";
const HTTPS_ADMIN_ENDPOINT: &str = "https://localhost:3002";

impl TestServer {
    /// The server's own context in the operators' tenant, now.
    pub fn operators(&self) -> Cx {
        Cx::system(&self.core, TenantId::admin())
    }

    /// A server with default settings and sign-up by phone, code and username.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, Options::default()).await
    }

    /// A server with settings of the test's own.
    pub async fn start_with(database: Database, options: Options) -> Self {
        let clock = Arc::new(TestClock::default());
        let inbox = Arc::new(Inbox::default());
        let cache = tempfile::tempdir().unwrap();
        compiled::restore(cache.path());
        let parts = parts(&database, &options, &clock, &inbox, cache.path()).await;
        let core = Core::open(parts, &[inbox_connector()]).await.unwrap();
        let web = |tenant| {
            let web = Web::new(Arc::clone(&core), tenant, options.trusted_proxies.clone(), Metrics::default());
            web.limiting_writes(options.writes_per_minute).router()
        };
        let (users, operators) = (web(TenantId::default_tenant()), web(TenantId::admin()));
        let origins = (options.endpoint(), options.admin_endpoint());
        let mut server = Self { core, clock, inbox, database, users, operators, origins, token: String::new(), cache };
        server.renew_token().await;
        let inbox = json!({
            "connectorId": "keyway-dev-inbox",
            "config": { "endpoint": "https://inbox.keyway.internal/messages" },
        });
        server.api(Method::POST, "/connectors", Some(inbox)).await.expect(200);
        let settings = json!({
            "signUp": { "identifiers": ["phone"], "password": false, "verify": true },
            "signIn": { "methods": [
                { "identifier": "phone", "password": true, "verificationCode": true, "isPasswordPrimary": false },
                { "identifier": "username", "password": true, "verificationCode": false, "isPasswordPrimary": true },
            ] },
        });
        server.api(Method::PATCH, "/sign-in-exp", Some(settings)).await.expect(200);
        server
    }

    /// A command's core on the same database, with another address of the operators' tenant.
    pub async fn beside(&self, admin_endpoint: &str) -> Arc<Core> {
        let options = Options { seed: u64::MAX, ..Options::default() };
        let parts = parts(&self.database, &options, &self.clock, &self.inbox, self.cache.path()).await;
        Core::open_beside(Parts { admin_endpoint: admin_endpoint.parse().unwrap(), ..parts }).await.unwrap()
    }

    /// Gets a new token for [`Self::api`]: after an hour of the test's clock the old one has ended.
    pub async fn renew_token(&mut self) {
        self.token = self.token_of(TenantId::default_tenant(), self.browser("203.0.113.250")).await;
    }

    /// A token for everything in a tenant's Management API; the browser is one at its address.
    pub async fn token_of(&self, tenant: TenantId, browser: Browser) -> String {
        let resource = management_api(&tenant);
        let cx = Cx::system(&self.core, tenant);
        let (id, secret) = applications::create_management(&cx, "test".into()).await.unwrap();
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let form = [("grant_type", "client_credentials"), ("resource", resource.as_str()), ("scope", "all")];
        let mut machine = browser.with_header("authorization", &basic);
        let answer = machine.post_form("/oidc/token", &form).await.expect(200);
        answer.json().get("access_token").and_then(Value::as_str).unwrap().to_owned()
    }

    /// A program that may do everything in the operators' API.
    pub async fn operators_machine(&self) -> Browser {
        let browser = self.operators_browser("203.0.113.250");
        let token = self.token_of(TenantId::admin(), browser.clone()).await;
        browser.with_header("authorization", &format!("Bearer {token}"))
    }

    /// A program that may do everything in the Management API.
    pub fn machine(&self) -> Browser {
        self.browser("203.0.113.250").with_header("authorization", &format!("Bearer {}", self.token))
    }

    /// A call of the Management API by [`Self::machine`]; `path` is below `/api`.
    pub async fn api(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.machine().json(method, &format!("/api{path}"), body).await
    }

    /// Uploads a component, as [`Self::api`] calls.
    pub async fn upload(&self, wasm: Vec<u8>) -> Answer {
        self.machine().post_bytes("/api/connector-factories", "application/wasm", wasm).await
    }

    /// Does every job now.
    pub async fn run_jobs(&self) {
        sqlx::query("UPDATE jobs SET due_at = 0").execute(&self.database.connect().await).await.unwrap();
        assert_eq!(self.core.run_due_jobs().await.unwrap(), Vec::<&str>::new(), "jobs that failed");
    }

    /// The folder of compiled components.
    pub fn cache(&self) -> &Path {
        self.cache.path()
    }

    /// A browser of the users' tenant at an address, without cookies.
    pub fn browser(&self, address: &str) -> Browser {
        Browser::new(self.users.clone(), self.origins.0, address)
    }

    /// A browser of the operators' tenant at an address, without cookies.
    pub fn operators_browser(&self, address: &str) -> Browser {
        Browser::new(self.operators.clone(), self.origins.1, address)
    }

    /// The console of the first administrator, who is signed in.
    pub async fn administrator(&self) -> Browser {
        let link = administrators::first_link(&self.operators()).await.unwrap().unwrap();
        let secret = link.split_once("secret=").unwrap().1.to_owned();
        let mut browser = self.operators_browser("203.0.113.9");
        let form = [("secret", secret.as_str()), ("username", "admin"), ("password", "correct horse battery")];
        browser.post_form("/welcome", &form).await.expect(303);
        let callback = browser.begin_console_sign_in().await;
        browser.get(&callback).await.expect(303);
        browser.get("/console").await.expect(200);
        browser
    }

    /// A confidential web application that is registered.
    pub async fn application(&self) -> Application {
        let redirect_uri = "https://app.example.com/callback";
        let body = json!({
            "name": "Test", "type": "Traditional",
            "oidcClientMetadata": {
                "redirectUris": [redirect_uri], "postLogoutRedirectUris": ["https://app.example.com/"],
            },
        });
        let made = self.api(Method::POST, "/applications", Some(body)).await.expect(200).json();
        let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Application { id: text("id"), secret: text("secret"), redirect_uri: redirect_uri.into() }
    }

    /// A user with all that sign-up asks for; the answer of the Management API.
    pub async fn user(&self, username: &str, phone: &str, password: &str) -> Value {
        let body = json!({ "username": username, "primaryPhone": phone, "password": password });
        self.api(Method::POST, "/users", Some(body)).await.expect(200).json()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        compiled::keep(self.cache.path(), &Sandbox::digest(inbox_connector()));
    }
}

async fn parts(
    database: &Database,
    options: &Options,
    clock: &Arc<TestClock>,
    inbox: &Arc<Inbox>,
    cache: &Path,
) -> Parts {
    let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(clock);
    let rng: Arc<dyn Rng> = Arc::new(Dice::new(options.seed));
    let master_key = MasterKey::new(MASTER_KEY);
    let sandbox = Sandbox::new(keyway_sandbox::EngineSettings {
        cache: cache.to_owned(),
        cache_key: master_key.derive("compiled-components"),
        pooling: false,
        compiler: None,
        budgets: Budgets::default(),
        egress: EgressPolicy::parse("", "").unwrap(),
        transport: Some(Arc::<Inbox>::clone(inbox)),
        clock: Arc::clone(&clock),
        rng: Arc::clone(&rng),
    })
    .unwrap();
    Parts {
        store: Store::open(database.url(), Arc::clone(&rng)).await.unwrap(),
        sandbox,
        clock,
        rng,
        master_key,
        endpoint: options.endpoint().parse().unwrap(),
        admin_endpoint: options.admin_endpoint().parse().unwrap(),
        password_cost: Cost::read("argon2id 64 1 1").unwrap(),
        limits: options.limits.unwrap_or_default(),
        retention: keyway_store::retention::Retention::default(),
        trust: options.trust.clone().unwrap_or_default(),
    }
}

/// The inbox connector's component, read once.
fn inbox_connector() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| module("dev-inbox", &[]))
}
