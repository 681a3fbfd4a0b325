//! Configured connectors. The whole configuration is sealed: which fields are secret is the component's own word.

use keyway_model::connector::{Connector, ConnectorKind};
use keyway_model::{ConnectorId, FactoryId, TenantId, Timestamp};

use crate::statement::{Row, query};
use crate::{MasterKey, StoreError, Tx, configuration};

fn context(tenant: &TenantId, id: &ConnectorId) -> String {
    format!("connectors/{tenant}/{id}")
}

fn read(tenant: &TenantId, key: &MasterKey, row: &Row) -> Result<Connector, StoreError> {
    let id = ConnectorId(row.get("id")?);
    let config = key.open(&context(tenant, &id), &row.get::<String>("config_sealed")?)?;
    Ok(Connector {
        factory_id: FactoryId(row.get("factory_id")?),
        kind: ConnectorKind::from_word(&row.get::<String>("kind")?)
            .ok_or(StoreError::Inconsistent("connectors.kind"))?,
        config: serde_json::from_str(&config)?,
        marks: serde_json::from_str(&row.get::<String>("marks")?)?,
        settings: serde_json::from_str(&row.get::<String>("settings")?)?,
        created_at: Timestamp(row.get("created_at")?),
        id,
    })
}

/// All connectors of the tenant, oldest first.
pub async fn list(tx: &mut Tx, tenant: &TenantId, key: &MasterKey) -> Result<Vec<Connector>, StoreError> {
    let statement = "SELECT id, factory_id, kind, config_sealed, marks, settings, created_at FROM connectors WHERE tenant_id = $1 ORDER \
         BY created_at, id";
    let rows = tx.all(query(statement).bind(tenant.0.clone())).await?;
    rows.iter().map(|row| read(tenant, key, row)).collect()
}

/// Adds a connector; [`StoreError::Unique`] when its id is taken.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, connector: &Connector, key: &MasterKey) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "INSERT INTO connectors (tenant_id, id, factory_id, kind, config_sealed, marks, settings, created_at) VALUES \
         ($1, $2, $3, $4, $5, $6, $7, $8)";
    let sealed = key.seal(&context(tenant, &connector.id), &connector.config.to_string())?;
    let statement = query(statement).bind(tenant.0.clone()).bind(connector.id.0.clone());
    let statement = statement.bind(connector.factory_id.0.clone()).bind(connector.kind.descriptor().word.to_owned());
    let statement = statement.bind(sealed).bind(serde_json::to_string(&connector.marks)?);
    let statement = statement.bind(serde_json::to_string(&connector.settings)?);
    tx.execute(statement.bind(connector.created_at.0)).await.map(|_| ())
}

/// Changes configuration, marks and settings of a connector; false when there is none.
pub async fn update(
    tx: &mut Tx,
    tenant: &TenantId,
    connector: &Connector,
    key: &MasterKey,
) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement =
        "UPDATE connectors SET config_sealed = $3, marks = $4, settings = $5 WHERE tenant_id = $1 AND id = $2";
    let sealed = key.seal(&context(tenant, &connector.id), &connector.config.to_string())?;
    let statement = query(statement).bind(tenant.0.clone()).bind(connector.id.0.clone()).bind(sealed);
    let statement = statement.bind(serde_json::to_string(&connector.marks)?);
    Ok(tx.execute(statement.bind(serde_json::to_string(&connector.settings)?)).await? > 0)
}

/// Removes every connector of this kind.
pub async fn delete_kind(tx: &mut Tx, tenant: &TenantId, kind: ConnectorKind) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("DELETE FROM connectors WHERE tenant_id = $1 AND kind = $2");
    tx.execute(statement.bind(tenant.0.clone()).bind(kind.descriptor().word.to_owned())).await.map(|_| ())
}

/// Removes a connector; false when there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &ConnectorId) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("DELETE FROM connectors WHERE tenant_id = $1 AND id = $2");
    Ok(tx.execute(statement.bind(tenant.0.clone()).bind(id.0.clone())).await? > 0)
}
