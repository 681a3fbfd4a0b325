//! Tenants.

use keyway_model::tenant::{Tenant, TenantAddress};
use keyway_model::{TenantId, Timestamp};

use crate::retention::TABLES;
use crate::statement::{Row, assembled, query};
use crate::{Page, StoreError, Tx, configuration};

/// Holds the tenant's row until the transaction ends.
pub async fn lock(tx: &mut Tx, tenant: &TenantId) -> Result<(), StoreError> {
    let statement =
        tx.statement("SELECT id FROM tenants WHERE id = $1", "SELECT id FROM tenants WHERE id = $1 FOR UPDATE");
    tx.one(query(statement).bind(tenant.0.clone())).await.map(|_| ())
}

fn read(row: &Row) -> Result<Tenant, StoreError> {
    let (endpoint, host): (Option<String>, Option<String>) = (row.get("endpoint")?, row.get("host")?);
    Ok(Tenant {
        id: TenantId(row.get("id")?),
        name: row.get("name")?,
        address: endpoint.zip(host).map(|(endpoint, host)| TenantAddress { endpoint, host }),
        created_at: Timestamp(row.get("created_at")?),
    })
}

/// Every tenant with the version of its configuration, oldest first; deleted ones are not among them.
pub async fn list(tx: &mut Tx) -> Result<Vec<(Tenant, i64)>, StoreError> {
    let statement = "SELECT id, name, endpoint, host, created_at, configuration_version FROM tenants WHERE deleted_at IS NULL \
         ORDER BY created_at, id";
    let rows = tx.all(query(statement)).await?;
    rows.iter().map(|row| Ok((read(row)?, row.get("configuration_version")?))).collect()
}

/// A page of tenants, oldest first, and how many there are; deleted ones are not among them, nor is the one that is left out.
pub async fn page(tx: &mut Tx, left_out: Option<&TenantId>, page: Page) -> Result<(Vec<Tenant>, i64), StoreError> {
    let left_out = left_out.map(|tenant| tenant.0.clone()).unwrap_or_default();
    let statement = "SELECT id, name, endpoint, host, created_at FROM tenants WHERE deleted_at IS NULL AND id <> $1 \
         ORDER BY created_at, id LIMIT $2 OFFSET $3";
    let rows = tx.all(query(statement).bind(left_out.clone()).bind(page.limit).bind(page.offset)).await?;
    let count = query("SELECT COUNT(*) AS total FROM tenants WHERE deleted_at IS NULL AND id <> $1").bind(left_out);
    let total = tx.one(count).await?.map_or(Ok(0), |row| row.get("total"))?;
    Ok((rows.iter().map(read).collect::<Result<_, _>>()?, total))
}

/// A tenant that is not deleted.
pub async fn find(tx: &mut Tx, tenant: &TenantId) -> Result<Option<Tenant>, StoreError> {
    let statement = "SELECT id, name, endpoint, host, created_at FROM tenants WHERE id = $1 AND deleted_at IS NULL";
    tx.one(query(statement).bind(tenant.0.clone())).await?.as_ref().map(read).transpose()
}

/// Gives a tenant another name.
pub async fn rename(tx: &mut Tx, tenant: &TenantId, name: &str) -> Result<(), StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = query("UPDATE tenants SET name = $2 WHERE id = $1 AND deleted_at IS NULL");
    tx.execute(statement.bind(tenant.0.clone()).bind(name.to_owned())).await.map(|_| ())
}

/// Adds a tenant; [`crate::Constraint::TenantId`] or [`crate::Constraint::TenantHost`] where its id or host is taken. Copies of its
/// configuration are kept by id and version, so that its first version is one that no earlier tenant of the same id can have had.
pub async fn insert(tx: &mut Tx, tenant: &Tenant, first_version: i64) -> Result<(), StoreError> {
    let address = tenant.address.clone();
    let (endpoint, host) = address.map(|address| (address.endpoint, address.host)).unzip();
    let statement = "INSERT INTO tenants (id, name, endpoint, host, created_at, configuration_version) VALUES ($1, $2, $3, $4, \
         $5, $6)";
    let statement = query(statement).bind(tenant.id.0.clone()).bind(tenant.name.clone());
    tx.execute(statement.bind(endpoint).bind(host).bind(tenant.created_at.0).bind(first_version)).await?;
    configuration::changed(tx, &tenant.id).await
}

/// Takes a tenant out of use, and its host free; false when there is none. [`remove_deleted`] removes its rows. Its id stays taken
/// until then.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, now: Timestamp) -> Result<bool, StoreError> {
    configuration::changed(tx, tenant).await?;
    let statement = "UPDATE tenants SET deleted_at = $2, host = NULL WHERE id = $1 AND deleted_at IS NULL";
    Ok(tx.execute(query(statement).bind(tenant.0.clone()).bind(now.0)).await? > 0)
}

/// Removes some rows of deleted tenants, `limit` of a table at most; the number. A tenant whose last rows are gone goes with them.
pub async fn remove_deleted(tx: &mut Tx, limit: i64) -> Result<u64, StoreError> {
    let rows = tx.all(query("SELECT id FROM tenants WHERE deleted_at IS NOT NULL")).await?;
    let mut removed = 0;
    for row in rows {
        let tenant: String = row.get("id")?;
        let mut rest = 0;
        // Those that others refer to come first in the list.
        for (table, _) in TABLES.iter().rev().filter(|(table, _)| !["tenants", "jobs"].contains(table)) {
            let place = if tx.is_sqlite() { "rowid" } else { "ctid" };
            let text = format!(
                "DELETE FROM {table} WHERE {place} IN (SELECT {place} FROM {table} WHERE tenant_id = $1 LIMIT $2)"
            );
            rest += tx.execute_on_many(assembled(text).bind(tenant.clone()).bind(limit)).await?;
        }
        if rest == 0 {
            rest = tx.execute(query("DELETE FROM tenants WHERE id = $1").bind(tenant)).await?;
        }
        removed += rest;
    }
    Ok(removed)
}
