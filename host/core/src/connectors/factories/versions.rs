//! Uploaded versions, as an admin sees them.

use keyway_model::FactoryId;
use keyway_model::connector::{Asks, Connector, Publisher, Version};
use keyway_model::consent::{ServingVersion, asks, asks_new};
use keyway_model::marks::Marks;
use keyway_store::connector_versions;

use super::FactoryError;
use crate::connectors::stored;
use crate::{Core, Cx};

/// A version as an admin sees it.
#[derive(Debug, Clone)]
pub struct UploadedVersion {
    /// The version.
    pub version: Version,
    /// What it asks for.
    pub asks: Asks,
    /// What of that is new beside the version that serves.
    pub asks_new: Asks,
}

/// Every uploaded version, newest first.
#[tracing::instrument(name = "connector_factories.versions.list", skip_all)]
pub async fn versions(cx: &Cx) -> Result<Vec<UploadedVersion>, FactoryError> {
    let found = cx.read(async |tx| connector_versions::list(tx, &cx.tenant).await).await?;
    let connectors = stored(cx.core(), &cx.tenant).await?;
    Ok(found.iter().map(|version| view(cx, version, &found, &connectors)).collect())
}

/// One uploaded version.
#[tracing::instrument(name = "connector_factories.versions.get", skip_all)]
pub async fn version(cx: &Cx, factory: &FactoryId, digest: &str) -> Result<UploadedVersion, FactoryError> {
    let wanted = |view: &UploadedVersion| view.version.factory_id == *factory && view.version.digest == digest;
    versions(cx).await?.into_iter().find(wanted).ok_or(FactoryError::NotFound)
}

fn publisher(core: &Core, version: &Version) -> Publisher {
    match &version.signer {
        _ if core.registry.is_official(&version.digest) => Publisher::Official,
        Some(key) => Publisher::Key(key.clone()),
        None => Publisher::Uploader(version.uploaded_by.clone()),
    }
}

fn view(cx: &Cx, version: &Version, all: &[Version], connectors: &[Connector]) -> UploadedVersion {
    let core = cx.core();
    let own = publisher(core, version);
    let serving = core.registry.get(&cx.tenant, &version.factory_id);
    let theirs = serving.as_ref().map(|serving| {
        let is_it = |one: &&Version| one.factory_id == version.factory_id && one.digest == serving.digest;
        all.iter().find(is_it).map_or(Publisher::Official, |one| publisher(core, one))
    });
    let of_factory = connectors.iter().filter(|connector| connector.factory_id == version.factory_id);
    let marks = of_factory.fold(Marks::default(), |marks, connector| marks.and(&connector.marks));
    let serving = serving.as_ref().zip(theirs.as_ref()).map(|(serving, publisher)| ServingVersion {
        manifest: &serving.manifest,
        publisher,
        marks: &marks,
    });
    UploadedVersion {
        asks: asks(&version.manifest, &own),
        asks_new: asks_new(&version.manifest, &own, serving),
        version: version.clone(),
    }
}
