//! The outside providers that a tenant's pages offer.

use std::sync::Arc;

use keyway_model::connector::{Connector, Platform};
use keyway_model::{ConnectorId, ErrorCode, TenantId};
use serde_json::{Value, json};

use crate::connectors::{Factory, target_of};
use crate::{Core, CoreError};

/// A social connector as a page offers it.
#[derive(Debug, Clone)]
pub struct SocialOffer {
    /// The configured connector.
    pub id: ConnectorId,
    /// The name under which identities are kept.
    pub target: String,
    /// Where it runs.
    pub platform: Option<Platform>,
    /// Names by language.
    pub name: Value,
    /// Logo, an SVG document or an address.
    pub logo: Option<String>,
}

/// The social connectors that a tenant's pages offer, in their order.
pub async fn social_offers(core: &Core, tenant: &TenantId) -> Result<Vec<SocialOffer>, CoreError> {
    let settings = core.settings(tenant).await?;
    let mut offers = Vec::new();
    for wanted in &settings.experience.social_sign_in_connector_targets {
        for connector in settings.connectors.iter().filter(|one| one.kind.signs_in()) {
            let Some(factory) = core.registry.get(tenant, &connector.factory_id) else { continue };
            let target = target_of(&factory, &connector.settings);
            if target != *wanted {
                continue;
            }
            let set = |name: &str| connector.settings.metadata.get(name).cloned();
            offers.push(SocialOffer {
                id: connector.id.clone(),
                target,
                platform: factory.manifest.platform,
                name: set("name").unwrap_or_else(|| json!(factory.manifest.name)),
                logo: set("logo")
                    .and_then(|logo| logo.as_str().map(ToOwned::to_owned))
                    .or_else(|| factory.manifest.logo.clone()),
            });
        }
    }
    Ok(offers)
}

/// A social connector that the tenant's pages offer: what no page offers signs nobody in.
pub(super) async fn offered_connector(
    core: &Core,
    tenant: &TenantId,
    id: &ConnectorId,
) -> Result<(Connector, Arc<Factory>), CoreError> {
    let settings = core.settings(tenant).await?;
    let connector = settings.connectors.iter().find(|connector| connector.id == *id);
    let connector = connector.ok_or(ErrorCode::EntityNotFound)?;
    if !connector.kind.signs_in() {
        return Err(ErrorCode::ConnectorUnexpectedType.into());
    }
    let factory = core.registry.get(tenant, &connector.factory_id).ok_or(ErrorCode::ConnectorFactoryNotFound)?;
    let target = target_of(&factory, &connector.settings);
    if !settings.experience.social_sign_in_connector_targets.contains(&target) {
        return Err(ErrorCode::SignInMethodNotEnabled.into());
    }
    Ok((connector.clone(), factory))
}
