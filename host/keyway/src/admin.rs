//! `keyway admin`

use std::io::Read as _;
use std::sync::Arc;

use anyhow::Context as _;
use keyway_core::tenants::{self, NewTenant};
use keyway_core::{Core, Cx, administrators, applications, password_link, users};
use keyway_model::resource::management_api;
use keyway_model::tenant::Tenant;
use keyway_model::{TenantId, UserId};
use serde_json::{Value, json};

use crate::settings::ServerSettings;
use crate::wiring;

/// The context of commands about the operators' tenant.
fn operators(core: &Arc<Core>) -> Cx {
    Cx::system(core, TenantId::admin())
}

/// `keyway admin create-m2m`
pub async fn create_m2m(settings: ServerSettings, tenant: TenantId, name: String, as_json: bool) -> anyhow::Result<()> {
    let core = wiring::core(&settings, settings.egress()?, false).await?;
    let (id, secret) = applications::create_management(&Cx::system(&core, tenant.clone()), name).await?;
    if as_json {
        println!("{}", json!({ "id": id, "secret": secret }));
    } else {
        println!("Application id      {id}\nApplication secret  {secret}");
        if tenant == TenantId::admin() {
            println!(
                "Its token is for the resource {}, at {}/api/tenants.",
                management_api(&tenant),
                core.endpoint(&tenant)
            );
        } else {
            println!("The secret can also be read later, with GET /api/applications/{id}/secrets.");
        }
    }
    Ok(())
}

/// `keyway admin tenant create`
pub async fn create_tenant(
    settings: ServerSettings,
    id: TenantId,
    name: String,
    address: String,
) -> anyhow::Result<()> {
    let core = wiring::core(&settings, settings.egress()?, false).await?;
    let made = tenants::create(&operators(&core), NewTenant { id: Some(id), name, address }).await?;
    println!("Tenant      {}\nIssuer      {}", made.id, core.issuer(&made.id));
    println!("It serves within a second. Have requests to its host reach the users' port of every node.");
    println!("For its Management API: keyway admin create-m2m --tenant {}", made.id);
    Ok(())
}

/// `keyway admin tenant list`
pub async fn list_tenants(settings: ServerSettings, as_json: bool) -> anyhow::Result<()> {
    let core = wiring::core(&settings, settings.egress()?, false).await?;
    let known = tenants::list(&operators(&core)).await?;
    if as_json {
        let view =
            |tenant: &Tenant| json!({ "id": tenant.id, "name": tenant.name, "endpoint": core.endpoint(&tenant.id) });
        println!("{}", Value::Array(known.iter().map(view).collect()));
    } else {
        for tenant in &known {
            println!("{:<32}  {}  {}", tenant.id.as_str(), core.endpoint(&tenant.id), tenant.name);
        }
    }
    Ok(())
}

/// `keyway admin tenant delete`
pub async fn delete_tenant(settings: ServerSettings, id: TenantId) -> anyhow::Result<()> {
    let core = wiring::core(&settings, settings.egress()?, false).await?;
    tenants::delete(&operators(&core), &id).await?;
    println!("Tenant {id} is out of use; its rows are removed while the server runs.");
    Ok(())
}

/// `keyway admin create-admin`
pub async fn create_admin(settings: ServerSettings, username: String, from_stdin: bool) -> anyhow::Result<()> {
    let password = if from_stdin { Some(read_password()?) } else { None };
    let core = wiring::core(&settings, settings.egress()?, false).await?;
    let has_password = password.is_some();
    let user = administrators::create(&operators(&core), &username, password, true, &[]).await?;
    println!("{username} may do everything at the console.");
    if has_password { Ok(()) } else { give_password(&core, &user.id, None).await }
}

/// `keyway admin reset-password`
pub async fn reset_password(settings: ServerSettings, username: String, from_stdin: bool) -> anyhow::Result<()> {
    let password = if from_stdin { Some(read_password()?) } else { None };
    let core = wiring::core(&settings, settings.egress()?, false).await?;
    let administrator = administrators::named(&operators(&core), &username)
        .await
        .with_context(|| format!("there is no administrator {username}"))?;
    give_password(&core, &administrator.user.id, password).await
}

/// The first line of standard input: an argument would be seen in the list of processes.
fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().take(4096).read_to_string(&mut text).context("standard input cannot be read")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn give_password(core: &Arc<Core>, id: &UserId, password: Option<String>) -> anyhow::Result<()> {
    let cx = operators(core);
    if let Some(password) = password {
        Box::pin(users::set_password(&cx, id, password)).await?;
        println!("The password is set; whoever was signed in with an older one is not any more.");
    } else {
        let (link, _) = password_link::create(&cx, id).await?;
        println!("Open this link within a day to set the password; it works once:\n  {link}");
    }
    Ok(())
}
