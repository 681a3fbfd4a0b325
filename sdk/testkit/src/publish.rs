//! `keyway connector publish` and `dev`: from the project to a running server.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::build;
use crate::lines::step;
use crate::project::Project;
use crate::sign::signature_path;

/// Which server, and who acts there.
#[derive(Debug, Clone, Args)]
pub struct Server {
    /// The server's address
    #[arg(long = "server", env = "KEYWAY_SERVER", default_value = "http://localhost:3001")]
    address: String,
    /// Id of a machine-to-machine application: `keyway admin create-m2m` makes one
    #[arg(long, env = "KEYWAY_APP_ID")]
    app_id: String,
    /// Its secret
    #[arg(long, env = "KEYWAY_APP_SECRET", hide_env_values = true)]
    app_secret: String,
}

/// How far an upload goes.
#[derive(Debug, Clone, Copy, Args)]
pub struct Reach {
    /// Approve what the component asks for
    #[arg(long)]
    approve: bool,
    /// Approve it and make it serve
    #[arg(long)]
    activate: bool,
}

/// A server with a token.
struct Session {
    client: Client,
    server: String,
    token: String,
}

async fn answer(request: RequestBuilder) -> anyhow::Result<Value> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a tool on the author's own machine, to the server that the author names"
    )]
    let response: Response = request.send().await.context("the server cannot be reached")?;
    let status = response.status();
    let body: Value = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    for problem in body.get("data").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
        step("refused", format!("{}: {}", text("code"), text("message")));
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    bail!("the server answered {status}: {} {}", text("code"), text("message"))
}

impl Session {
    async fn open(server: &Server) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(Duration::from_mins(2)).build()?;
        let address = server.address.trim_end_matches('/').to_owned();
        let form = [
            ("grant_type", "client_credentials"),
            ("resource", "https://default.logto.app/api"),
            ("scope", "all connectors:upload connectors:approve connectors:view"),
        ];
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = client
            .post(format!("{address}/oidc/token"))
            .basic_auth(&server.app_id, Some(&server.app_secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let token = answer(request).await?;
        let token = token.get("access_token").and_then(Value::as_str).context("the server gave no token")?.to_owned();
        Ok(Self { client, server: address, token })
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}/api{path}", self.server)).bearer_auth(&self.token)
    }
}

/// Uploads a component, with the signature that lies beside it.
pub async fn publish(component: &Path, server: &Server, reach: Reach) -> anyhow::Result<()> {
    let wasm = std::fs::read(component)
        .with_context(|| format!("{} is missing: run `keyway connector build` first", component.display()))?;
    let session = Session::open(server).await?;
    let mut upload = session.post("/connector-factories").header("content-type", "application/wasm").body(wasm);
    if let Ok(signature) = std::fs::read_to_string(signature_path(component)) {
        upload = upload.header("keyway-signature", signature.trim_end().replace('\n', "\\n"));
    }
    let version = answer(upload).await?;
    let text = |name: &str| version.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, digest) = (text("id"), text("digest"));
    step("uploaded", format!("{id} {} ({digest})", text("version")));
    let new = version.get("asksNew").cloned().unwrap_or_else(|| json!({}));
    for (name, asked) in new.as_object().into_iter().flatten() {
        let asked: Vec<&str> = asked.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !asked.is_empty() {
            step("asks for", format!("{name}: {}", asked.join(", ")));
        }
    }
    let path = format!("/connector-factories/{id}/versions/{digest}");
    if reach.approve || reach.activate {
        answer(session.post(&format!("{path}/approve"))).await?;
        step("approved", &digest);
    }
    if reach.activate {
        answer(session.post(&format!("{path}/activate"))).await?;
        step("active", format!("{id} serves this version on every node"));
    } else {
        step("next", "an admin approves and activates it");
    }
    Ok(())
}

/// Folders that a build writes; a change there must not start the next one.
const BUILT: [&str; 5] = ["target", "dist", "build", "node_modules", "__pycache__"];

/// When any source of the project last changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let mut latest = None;
    for entry in std::fs::read_dir(folder).ok()?.filter_map(Result::ok) {
        let (name, path) = (entry.file_name(), entry.path());
        let hidden = name.as_encoded_bytes().starts_with(b".");
        if hidden || BUILT.iter().any(|built| name == *built) {
            continue;
        }
        let changed =
            if path.is_dir() { newest(&path) } else { entry.metadata().and_then(|data| data.modified()).ok() };
        latest = latest.max(changed);
    }
    latest
}

/// Builds, uploads and activates at every change of the sources.
pub async fn dev(project: &Project, server: &Server) -> anyhow::Result<()> {
    let mut built = None;
    loop {
        let changed = newest(&project.folder);
        if changed != built {
            built = changed;
            let live = async {
                let path = build::build(project).await?;
                publish(&path, server, Reach { approve: true, activate: true }).await
            };
            if let Err(error) = live.await {
                step("failed", format!("{error:#}"));
            }
            step("watching", project.folder.display());
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
