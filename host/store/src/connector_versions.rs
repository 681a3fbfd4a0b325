//! Uploaded components: their bytes by digest, their states, and configurations to roll back to.

use keyway_model::connector::{Manifest, Version, VersionState};
use keyway_model::{ConnectorId, FactoryId, TenantId, Timestamp};
use serde_json::Value;

use crate::statement::{Row, assembled, query};
use crate::{MasterKey, StoreError, Tx, configuration};

const COLUMNS: &str = "factory_id, digest, manifest, state, signer, uploaded_by, approved_by, activated_at, created_at, LENGTH(wasm) AS size";

fn read(row: &Row) -> Result<Version, StoreError> {
    let manifest: Manifest = serde_json::from_str(&row.get::<String>("manifest")?)?;
    let state = row.get::<String>("state")?;
    Ok(Version {
        factory_id: FactoryId(row.get("factory_id")?),
        digest: row.get("digest")?,
        manifest,
        state: VersionState::from_name(&state).ok_or(StoreError::Inconsistent("connector_versions.state"))?,
        signer: row.get("signer")?,
        uploaded_by: row.get("uploaded_by")?,
        approved_by: row.get("approved_by")?,
        activated_at: row.get::<Option<i64>>("activated_at")?.map(Timestamp),
        created_at: Timestamp(row.get("created_at")?),
        size: row.get("size")?,
    })
}

/// Every version of the tenant, newest first.
pub async fn list(tx: &mut Tx, tenant: &TenantId) -> Result<Vec<Version>, StoreError> {
    let statement =
        format!("SELECT {COLUMNS} FROM connector_versions WHERE tenant_id = $1 ORDER BY created_at DESC, digest");
    let rows = tx.all(assembled(statement).bind(tenant.0.clone())).await?;
    rows.iter().map(read).collect()
}

/// The version of this factory and digest.
pub async fn find(
    tx: &mut Tx,
    tenant: &TenantId,
    factory: &FactoryId,
    digest: &str,
) -> Result<Option<Version>, StoreError> {
    let statement =
        format!("SELECT {COLUMNS} FROM connector_versions WHERE tenant_id = $1 AND factory_id = $2 AND digest = $3");
    let statement = assembled(statement).bind(tenant.0.clone()).bind(factory.0.clone());
    tx.one(statement.bind(digest.to_owned())).await?.as_ref().map(read).transpose()
}

/// Factory and digest of every active version.
pub async fn active(tx: &mut Tx, tenant: &TenantId) -> Result<Vec<(FactoryId, String)>, StoreError> {
    let statement = "SELECT factory_id, digest FROM connector_versions WHERE tenant_id = $1 AND state = 'active'";
    let rows = tx.all(query(statement).bind(tenant.0.clone())).await?;
    rows.iter().map(|row| Ok((FactoryId(row.get("factory_id")?), row.get("digest")?))).collect()
}

/// The digest of the factory's active version, none when the binary's serves or nothing does.
pub async fn active_of(tx: &mut Tx, tenant: &TenantId, factory: &FactoryId) -> Result<Option<String>, StoreError> {
    let statement =
        "SELECT digest FROM connector_versions WHERE tenant_id = $1 AND factory_id = $2 AND state = 'active'";
    let row = tx.one(query(statement).bind(tenant.0.clone()).bind(factory.0.clone())).await?;
    row.map(|row| row.get("digest")).transpose()
}

/// How many versions there are of one factory and of all, and the bytes of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoredVersion {
    /// Versions of the factory.
    pub of_factory: i64,
    /// Versions of every factory.
    pub versions: i64,
    /// Bytes of every version.
    pub bytes: i64,
}

/// What the tenant keeps.
pub async fn stored(tx: &mut Tx, tenant: &TenantId, factory: &FactoryId) -> Result<StoredVersion, StoreError> {
    let all = list(tx, tenant).await?;
    Ok(StoredVersion {
        of_factory: all.iter().filter(|version| version.factory_id == *factory).count().try_into().unwrap_or(i64::MAX),
        versions: all.len().try_into().unwrap_or(i64::MAX),
        bytes: all.iter().map(|version| version.size).sum(),
    })
}

/// Digests of every version of every tenant.
pub async fn digests(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let rows = tx.all(query("SELECT DISTINCT digest FROM connector_versions")).await?;
    rows.iter().map(|row| row.get("digest")).collect()
}

/// A component's bytes.
pub async fn wasm(
    tx: &mut Tx,
    tenant: &TenantId,
    factory: &FactoryId,
    digest: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let statement = "SELECT wasm FROM connector_versions WHERE tenant_id = $1 AND factory_id = $2 AND digest = $3";
    let statement = query(statement).bind(tenant.0.clone()).bind(factory.0.clone()).bind(digest.to_owned());
    tx.one(statement).await?.map(|row| row.get("wasm")).transpose()
}

/// Keeps a new version; false when it is there already.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, version: &Version, wasm: Vec<u8>) -> Result<bool, StoreError> {
    let statement = "INSERT INTO connector_versions (tenant_id, factory_id, digest, wasm, manifest, state, signer, uploaded_by, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, factory_id, digest) DO NOTHING";
    let statement = query(statement).bind(tenant.0.clone()).bind(version.factory_id.0.clone());
    let statement = statement.bind(version.digest.clone()).bind(wasm).bind(serde_json::to_string(&version.manifest)?);
    let statement = statement.bind(version.state.as_str().to_owned()).bind(version.signer.clone());
    let statement = statement.bind(version.uploaded_by.clone()).bind(version.created_at.0);
    Ok(tx.execute(statement).await? > 0)
}

/// Notes who approved a version.
pub async fn approve(
    tx: &mut Tx,
    tenant: &TenantId,
    factory: &FactoryId,
    digest: &str,
    by: &str,
) -> Result<bool, StoreError> {
    let statement = "UPDATE connector_versions SET approved_by = $4, state = 'approved' WHERE tenant_id = $1 AND factory_id = \
         $2 AND digest = $3 AND state = 'staged'";
    let statement = query(statement).bind(tenant.0.clone()).bind(factory.0.clone()).bind(digest.to_owned());
    Ok(tx.execute(statement.bind(by.to_owned())).await? > 0)
}

/// Makes a version the active one of its factory, or none, so that the binary's serves.
pub async fn activate(
    tx: &mut Tx,
    tenant: &TenantId,
    factory: &FactoryId,
    digest: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement =
        "UPDATE connector_versions SET state = 'retired' WHERE tenant_id = $1 AND factory_id = $2 AND state = 'active'";
    tx.execute(query(statement).bind(tenant.0.clone()).bind(factory.0.clone())).await?;
    let Some(digest) = digest else { return Ok(()) };
    let statement = "UPDATE connector_versions SET state = 'active', activated_at = $4 WHERE tenant_id = $1 AND factory_id = \
         $2 AND digest = $3 AND approved_by IS NOT NULL";
    let statement = query(statement).bind(tenant.0.clone()).bind(factory.0.clone()).bind(digest.to_owned());
    match tx.execute(statement.bind(now.0)).await? {
        0 => Err(StoreError::Inconsistent("connector_versions.approved_by")),
        _ => Ok(()),
    }
}

/// Removes a version that is not active; false when there is none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, factory: &FactoryId, digest: &str) -> Result<bool, StoreError> {
    let snapshots = "DELETE FROM connector_snapshots WHERE tenant_id = $1 AND factory_id = $2 AND digest = $3";
    let bound = |statement| query(statement).bind(tenant.0.clone()).bind(factory.0.clone()).bind(digest.to_owned());
    let versions = "DELETE FROM connector_versions WHERE tenant_id = $1 AND factory_id = $2 AND digest = $3 AND state <> \
         'active'";
    let deleted = tx.execute(bound(versions)).await? > 0;
    if deleted {
        tx.execute(bound(snapshots)).await?;
    }
    Ok(deleted)
}

fn context(tenant: &TenantId, id: &ConnectorId, digest: &str) -> String {
    format!("connector_snapshots/{tenant}/{id}/{digest}")
}

/// Keeps the configuration that a connector had under a version.
pub async fn keep_config(
    tx: &mut Tx,
    tenant: &TenantId,
    (factory, digest): (&FactoryId, &str),
    connector: &ConnectorId,
    config: &Value,
    key: &MasterKey,
) -> Result<(), StoreError> {
    let statement = "INSERT INTO connector_snapshots (tenant_id, factory_id, digest, connector_id, config_sealed) VALUES ($1, \
         $2, $3, $4, $5) ON CONFLICT (tenant_id, factory_id, digest, connector_id) DO UPDATE SET config_sealed = \
         EXCLUDED.config_sealed";
    let sealed = key.seal(&context(tenant, connector, digest), &config.to_string())?;
    let statement = query(statement).bind(tenant.0.clone()).bind(factory.0.clone()).bind(digest.to_owned());
    tx.execute(statement.bind(connector.0.clone()).bind(sealed)).await.map(|_| ())
}

/// The configuration that a connector had under a version.
pub async fn kept_config(
    tx: &mut Tx,
    tenant: &TenantId,
    (factory, digest): (&FactoryId, &str),
    connector: &ConnectorId,
    key: &MasterKey,
) -> Result<Option<Value>, StoreError> {
    let statement = "SELECT config_sealed FROM connector_snapshots WHERE tenant_id = $1 AND factory_id = $2 AND digest = $3 \
         AND connector_id = $4";
    let statement = query(statement).bind(tenant.0.clone()).bind(factory.0.clone()).bind(digest.to_owned());
    let Some(row) = tx.one(statement.bind(connector.0.clone())).await? else { return Ok(None) };
    let text = key.open(&context(tenant, connector, digest), &row.get::<String>("config_sealed")?)?;
    Ok(Some(serde_json::from_str(&text)?))
}
