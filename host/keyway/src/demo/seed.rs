//! The demo's data, added where it is missing.

use std::sync::Arc;

use anyhow::Context as _;
use keyway_core::applications::{self, NewApplication};
use keyway_core::connectors::{self, NewConnector, WishedId};
use keyway_core::users::{self, NewPassword, NewUser, UserError};
use keyway_core::{Core, Cx, Page, sign_in_experience};
use keyway_model::application::{ApplicationType, CustomClientMetadata, OidcClientMetadata};
use keyway_model::connector::{ConnectorKind, ConnectorSettingsChange};
use keyway_model::user::User;
use keyway_model::{ApplicationId, TenantId, UserId};
use serde_json::{Map, Value, json};

const NAME: &str = "Demo application";

/// What a newcomer may type.
pub const WELCOME: &str =
    "ada or +86 130 0000 0001, password \"correct horse battery\"; grace likewise, +86 130 0000 0002";

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Adds application, users, connector and settings; returns the application's id.
pub async fn seed(core: &Arc<Core>, origin: &str) -> anyhow::Result<ApplicationId> {
    let tenant = TenantId::default_tenant();
    let cx = Cx::system(core, tenant.clone());
    let (known, _) =
        applications::list(&cx, &applications::ApplicationFilter::default(), Page { offset: 0, limit: 1000 }).await?;
    let found = known.into_iter().find(|application| application.name == NAME);
    let id = match found {
        Some(application) => application.id,
        None => applications::create(&cx, application(origin)).await?.id,
    };
    for (username, name, phone) in
        [("ada", "Ada Lovelace", "8613000000001"), ("grace", "Grace Hopper", "8613000000002")]
    {
        let user = User {
            username: Some(username.into()),
            primary_phone: Some(phone.into()),
            name: Some(name.into()),
            ..User::new(UserId(String::new()), core.now())
        };
        let password = Some(NewPassword::Plain("correct horse battery".into()));
        match users::create(&cx, NewUser { user, password }).await {
            Ok(_) | Err(UserError::Taken(_)) => {}
            Err(error) => return Err(error).context("a sample user could not be made"),
        }
    }
    if !core.settings(&tenant).await?.connector_kinds().contains(&ConnectorKind::Sms) {
        let config = json!({ "endpoint": format!("{}/messages", super::INBOX) });
        let connector = NewConnector {
            factory_id: "keyway-dev-inbox".into(),
            config,
            settings: ConnectorSettingsChange::default(),
            id: WishedId::Any,
            beside: false,
        };
        connectors::create(&cx, connector).await.context("the inbox connector could not be set up")?;
        let patch = json!({
            "signUp": { "identifiers": ["phone"], "password": false, "verify": true },
            "signIn": { "methods": [
                { "identifier": "phone", "password": true, "verificationCode": true, "isPasswordPrimary": false },
                { "identifier": "username", "password": true, "verificationCode": false, "isPasswordPrimary": true },
            ] },
        });
        sign_in_experience::update(&cx, object(patch)).await?;
    }
    Ok(id)
}

fn application(origin: &str) -> NewApplication {
    NewApplication {
        name: NAME.into(),
        description: Some("Runs in the browser; made by --demo".into()),
        kind: ApplicationType::Spa,
        oidc_client_metadata: OidcClientMetadata {
            redirect_uris: vec![format!("{origin}/callback")],
            post_logout_redirect_uris: vec![format!("{origin}/")],
            ..OidcClientMetadata::default()
        },
        custom_client_metadata: CustomClientMetadata::default(),
        custom_data: Map::new(),
        is_third_party: false,
    }
}
