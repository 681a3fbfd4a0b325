//! `--demo`: an application to sign in to, two users, and an inbox that shows codes. For this machine only.

mod seed;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use axum::{Json, Router};
use keyway_core::Core;
use keyway_model::{Clock as _, TenantId};
use keyway_sandbox::Rewrite;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::system::SystemClock;

/// Messages that the inbox keeps.
const MAX_MESSAGES: usize = 50;
/// Where the dev inbox connector believes that the inbox is.
pub(crate) const INBOX: &str = "https://inbox.keyway.internal";

/// The demo's listener, before the server is up.
pub struct Demo {
    listener: TcpListener,
}

#[derive(Clone)]
struct DemoPages {
    messages: Arc<Mutex<Vec<Value>>>,
    config: Arc<Value>,
}

impl Demo {
    /// Takes the port.
    pub async fn bind(port: u16) -> anyhow::Result<Self> {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = bound.with_context(|| format!("port {port} is needed for the demo"))?;
        Ok(Self { listener })
    }

    /// The rewrite that leads the connector here.
    pub fn rewrite(&self) -> anyhow::Result<Rewrite> {
        let rewrite = format!("{INBOX}=http://{}", self.listener.local_addr()?);
        rewrite.parse().map_err(|error: String| anyhow::anyhow!(error))
    }

    /// Adds the demo's data and says where things are.
    pub async fn start(self, core: &Arc<Core>) -> anyhow::Result<(TcpListener, Router)> {
        let origin = format!("http://localhost:{}", self.listener.local_addr()?.port());
        let client_id = seed::seed(core, &origin).await?;
        let endpoint = core.endpoint(&TenantId::default_tenant());
        println!("\nKeyway is running with demo data.");
        println!("  Application and inbox  {origin}");
        println!("  Sign-in server         {endpoint}");
        println!("  Console                {}/console", core.endpoint(&TenantId::admin()));
        println!("  Sample users           {}", seed::WELCOME);
        println!("  Codes appear on the page and here.\n");
        let config = json!({ "endpoint": endpoint, "clientId": client_id });
        let pages = DemoPages { messages: Arc::default(), config: Arc::new(config) };
        let router = Router::new()
            .route("/", get(async || Html(include_str!("index.html"))))
            .route("/callback", get(async || Html(include_str!("index.html"))))
            .route("/demo.js", get(async || ([(header::CONTENT_TYPE, "text/javascript")], include_str!("demo.js"))))
            .route("/demo.css", get(async || ([(header::CONTENT_TYPE, "text/css")], include_str!("demo.css"))))
            .route("/config.json", get(async |State(pages): State<DemoPages>| Json(Value::clone(&pages.config))))
            .route("/messages", post(receive).get(list))
            .with_state(pages);
        Ok((self.listener, router))
    }
}

async fn receive(State(pages): State<DemoPages>, Json(mut message): Json<Value>) -> StatusCode {
    let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let code = message.pointer("/payload/code").and_then(Value::as_str).unwrap_or_default().to_owned();
    println!("  Code {code} for +{} ({})", text("to"), text("usage"));
    if let Some(fields) = message.as_object_mut() {
        fields.insert("code".into(), code.into());
        fields.insert("at".into(), SystemClock.now().0.into());
    }
    let mut messages = pages.messages.lock().unwrap_or_else(PoisonError::into_inner);
    messages.insert(0, message);
    messages.truncate(MAX_MESSAGES);
    StatusCode::NO_CONTENT
}

async fn list(State(pages): State<DemoPages>) -> impl IntoResponse {
    let messages = pages.messages.lock().unwrap_or_else(PoisonError::into_inner).clone();
    ([(header::CACHE_CONTROL, "no-store")], Json(messages))
}
