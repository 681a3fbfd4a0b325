//! What is measured, each as a client does it.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::aliyun::Aliyun;
use crate::client::{Answer, Client};
use crate::server::Server;

const REDIRECT: &str = "https://app.example.com/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const PASSWORD: &str = "correct horse battery";
/// Users with a password, taken in turn.
const USERS: u64 = 64;

/// One thing to do again and again.
#[derive(Clone, Copy)]
pub enum Flow {
    Discovery,
    UserInfo,
    Refresh,
    ClientCredentials,
    Code,
    Password,
}

/// What the flows need: an application, a machine, users and tokens.
pub struct Setup {
    /// The server's port.
    pub port: u16,
    aliyun: Aliyun,
    machine: String,
    application: (String, String),
    access: String,
    refresh: Vec<Mutex<String>>,
    next: AtomicU64,
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn text(value: &Value, name: &str) -> anyhow::Result<String> {
    Ok(value.get(name).and_then(Value::as_str).with_context(|| format!("{name} in {value}"))?.to_owned())
}

impl Setup {
    /// Configures the server through its own API.
    pub async fn new(server: &Server, aliyun: &Aliyun) -> anyhow::Result<Self> {
        let mut client = Client::connect(server.port).await?;
        let machine = basic(&server.machine.0, &server.machine.1);
        let token = client.form("/oidc/token", MACHINE_FORM, Some(&machine)).await?;
        let bearer = format!("Bearer {}", text(&token, "access_token")?);
        let templates: Vec<Value> = ["SignIn", "Register", "ForgotPassword", "Generic"]
            .iter()
            .map(|usage| json!({ "usageType": usage, "templateCode": "SMS_1" }))
            .collect();
        let config =
            json!({ "accessKeyId": "id", "accessKeySecret": "secret", "signName": "sign", "templates": templates });
        let method = |kind: &str, code: bool| json!({ "identifier": kind, "password": true, "verificationCode": code, "isPasswordPrimary": !code });
        let settings = json!({
            "signUp": { "identifiers": ["phone"], "password": false, "verify": true },
            "signIn": { "methods": [method("phone", true), method("username", false)] },
        });
        let connector = json!({ "connectorId": "aliyun-short-message-service", "config": config });
        let metadata = json!({ "redirectUris": [REDIRECT], "postLogoutRedirectUris": [] });
        let application = json!({ "name": "Load", "type": "Traditional", "oidcClientMetadata": metadata });
        let mut call = async |method: &str, path: &str, body: Value| {
            let body = Some(("application/json", body.to_string()));
            client.request(method, path, body, Some(&bearer)).await?.json().context(path.to_owned())
        };
        call("POST", "/api/connectors", connector).await?;
        call("PATCH", "/api/sign-in-exp", settings).await?;
        let made = call("POST", "/api/applications", application).await?;
        for index in 0..USERS {
            let phone = format!("86137{index:08}");
            call(
                "POST",
                "/api/users",
                json!({ "username": format!("user{index}"), "primaryPhone": phone, "password": PASSWORD }),
            )
            .await?;
        }
        let application = (text(&made, "id")?, basic(&text(&made, "id")?, &text(&made, "secret")?));
        let mut setup = Self {
            port: server.port,
            aliyun: aliyun.share(),
            machine,
            application,
            access: String::new(),
            refresh: Vec::new(),
            next: AtomicU64::new(0),
        };
        let mut refresh = Vec::new();
        for _ in 0..USERS {
            let tokens = setup.sign_in_by_password(&mut client).await?;
            setup.access = format!("Bearer {}", text(&tokens, "access_token")?);
            refresh.push(Mutex::new(text(&tokens, "refresh_token")?));
        }
        setup.refresh = refresh;
        Ok(setup)
    }

    /// As an application sends somebody to sign in.
    async fn authorize(&self, client: &mut Client) -> anyhow::Result<Answer> {
        client.forget();
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.application.0)
            .append_pair("redirect_uri", REDIRECT)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid offline_access profile phone")
            .append_pair("prompt", "consent")
            .append_pair("state", "state")
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let answer = client.request("GET", &format!("/oidc/auth?{query}"), None, None).await?;
        anyhow::ensure!(answer.location.starts_with("/sign-in?"), "{} {}", answer.status, answer.location);
        Ok(answer)
    }

    /// Opens the sign-in page, as a browser that an application sent.
    pub async fn open_sign_in(&self, client: &mut Client) -> anyhow::Result<()> {
        let page = self.authorize(client).await?.location;
        let answer = client.request("GET", &page, None, None).await?;
        anyhow::ensure!(answer.status.is_success(), "{} {page}", answer.status);
        Ok(())
    }

    async fn begin(&self, client: &mut Client) -> anyhow::Result<()> {
        self.authorize(client).await?;
        client.json("PUT", "/api/experience", json!({ "interactionEvent": "SignIn" })).await.map(|_| ())
    }

    async fn finish(&self, client: &mut Client, verification: &str) -> anyhow::Result<Value> {
        let proof = json!({ "verificationId": verification });
        client.json("POST", "/api/experience/identification", proof).await?;
        let submitted = client.json("POST", "/api/experience/submit", Value::Null).await?;
        let url: url::Url = text(&submitted, "redirectTo")?.parse()?;
        let code = url.query_pairs().find(|(name, _)| name == "code").context("code")?.1.into_owned();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", &self.application.0)
            .append_pair("redirect_uri", REDIRECT)
            .append_pair("code", &code)
            .append_pair("code_verifier", VERIFIER)
            .finish();
        client.form("/oidc/token", &form, Some(&self.application.1)).await
    }

    async fn sign_in_by_code(&self, client: &mut Client) -> anyhow::Result<Value> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % USERS;
        let phone = format!("86137{index:08}");
        let identifier = json!({ "type": "phone", "value": phone });
        self.begin(client).await?;
        let asked = json!({ "identifier": identifier, "interactionEvent": "SignIn" });
        let sent = client.json("POST", "/api/experience/verification/verification-code", asked).await?;
        let id = text(&sent, "verificationId")?;
        let code = self.aliyun.take(&phone).context("no code was sent")?;
        let guess = json!({ "identifier": identifier, "verificationId": id, "code": code });
        client.json("POST", "/api/experience/verification/verification-code/verify", guess).await?;
        self.finish(client, &id).await
    }

    async fn sign_in_by_password(&self, client: &mut Client) -> anyhow::Result<Value> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % USERS;
        self.begin(client).await?;
        let identifier = json!({ "type": "username", "value": format!("user{index}") });
        let proof = json!({ "identifier": identifier, "password": PASSWORD });
        let verified = client.json("POST", "/api/experience/verification/password", proof).await?;
        let id = text(&verified, "verificationId")?;
        self.finish(client, &id).await
    }
}

const MACHINE_FORM: &str = "grant_type=client_credentials&resource=https%3A%2F%2Fdefault.logto.app%2Fapi&scope=all";

impl Flow {
    /// Does it once.
    pub async fn run(self, setup: &Setup, client: &mut Client, worker: usize) -> anyhow::Result<()> {
        match self {
            Self::Discovery => {
                client.request("GET", "/oidc/.well-known/openid-configuration", None, None).await?.json()?;
            }
            Self::UserInfo => {
                client.request("GET", "/oidc/me", None, Some(&setup.access)).await?.json()?;
            }
            Self::Refresh => {
                let slot = setup.refresh.get(worker % setup.refresh.len().max(1)).context("refresh token")?;
                let token = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let form = format!("grant_type=refresh_token&client_id={}&refresh_token={token}", setup.application.0);
                let tokens = client.form("/oidc/token", &form, Some(&setup.application.1)).await?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = text(&tokens, "refresh_token")?;
            }
            Self::ClientCredentials => {
                client.form("/oidc/token", MACHINE_FORM, Some(&setup.machine)).await?;
            }
            Self::Code => {
                setup.sign_in_by_code(client).await?;
            }
            Self::Password => {
                setup.sign_in_by_password(client).await?;
            }
        }
        Ok(())
    }
}
