//! `keyway admin`

use serde_json::json;

use crate::settings::Settings;
use crate::wiring;

/// `keyway admin create-m2m`
pub async fn create_m2m(settings: Settings, name: String, as_json: bool) -> anyhow::Result<()> {
    let core = wiring::core(&settings, settings.egress()?, false).await?;
    let (id, secret) = core.create_management_application(name).await?;
    if as_json {
        println!("{}", json!({ "id": id, "secret": secret }));
    } else {
        println!("Application id      {id}\nApplication secret  {secret}");
        println!("The secret can also be read later, with GET /api/applications/{id}/secrets.");
    }
    Ok(())
}
