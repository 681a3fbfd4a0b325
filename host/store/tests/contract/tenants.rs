//! Tenants as rows.

use keyway_model::tenant::{Tenant, TenantAddress};
use keyway_model::{TenantId, Timestamp};
use keyway_store::{Constraint, Page, Store, StoreError, tenants, users};

use super::{find, insert, user};

on_both! {
    a_tenant_comes_and_goes_with_all_that_it_has
    ids_and_hosts_of_tenants_are_unique
}

fn acme(id: &str, host: &str) -> Tenant {
    let address = TenantAddress { endpoint: format!("https://{host}"), host: host.into() };
    Tenant { id: id.into(), name: "Acme".into(), address: Some(address), created_at: Timestamp(9) }
}

async fn made(store: &Store, tenant: Tenant) -> Result<(), StoreError> {
    store.write(async |tx| tenants::insert(tx, &tenant, 0).await).await
}

async fn a_tenant_comes_and_goes_with_all_that_it_has(store: Store) {
    made(&store, acme("acme", "a.example.com")).await.unwrap();
    let id = TenantId::from("acme");
    for number in 0..5 {
        insert(&store, id.clone(), user(&format!("user{number}"), None)).await.unwrap();
    }
    insert(&store, TenantId::default_tenant(), user("ann", None)).await.unwrap();
    let known = store.read::<_, StoreError>(async |tx| tenants::list(tx).await).await.unwrap();
    let (kept, version) = known.iter().find(|(tenant, _)| tenant.id == id).unwrap();
    assert_eq!((kept, *version), (&acme("acme", "a.example.com"), 1));
    let first = Page { offset: 2, limit: 1 };
    let found = store
        .read::<_, StoreError>(async |tx| Ok((tenants::page(tx, None, first).await?, tenants::find(tx, &id).await?)));
    assert_eq!(found.await.unwrap(), ((vec![acme("acme", "a.example.com")], 3), Some(acme("acme", "a.example.com"))));
    let rest = Page { offset: 0, limit: 9 };
    let rest = store.read::<_, StoreError>(async |tx| tenants::page(tx, Some(&id), rest).await).await.unwrap();
    assert!(rest.1 == 2 && rest.0.iter().all(|tenant| tenant.id != id), "{rest:?}");
    store.write::<_, StoreError>(async |tx| tenants::rename(tx, &id, "Acme Inc.").await).await.unwrap();
    let named = store.read::<_, StoreError>(async |tx| tenants::find(tx, &id).await).await.unwrap().unwrap();
    assert_eq!(named, Tenant { name: "Acme Inc.".into(), ..acme("acme", "a.example.com") });
    let gone = store.write::<_, StoreError>(async |tx| {
        tenants::lock(tx, &id).await?;
        assert!(tenants::delete(tx, &id, Timestamp(10)).await?);
        assert!(!tenants::delete(tx, &id, Timestamp(11)).await?);
        assert!(tenants::list(tx).await?.iter().all(|(tenant, _)| tenant.id != id));
        assert_eq!(tenants::find(tx, &id).await?, None);
        Ok(())
    });
    gone.await.unwrap();
    // Two at a time.
    let mut batches = Vec::new();
    loop {
        let batch = store.write::<_, StoreError>(async |tx| tenants::remove_deleted(tx, 2).await).await.unwrap();
        if batch == 0 {
            break;
        }
        batches.push(batch);
    }
    assert_eq!(batches, [2, 2, 1, 1]);
    assert!(find(&store, id.clone(), "user0").await.is_none());
    assert!(find(&store, TenantId::default_tenant(), "ann").await.is_some());
    made(&store, acme("acme", "a.example.com")).await.unwrap();
    let orphan = store.write::<_, StoreError>(async |tx| users::insert(tx, &"nobody".into(), &user("ann", None)).await);
    assert!(matches!(orphan.await, Err(StoreError::Reference)));
}

async fn ids_and_hosts_of_tenants_are_unique(store: Store) {
    made(&store, acme("acme", "a.example.com")).await.unwrap();
    for (tenant, constraint) in [
        (acme("acme", "b.example.com"), Constraint::TenantId),
        (acme("other", "a.example.com"), Constraint::TenantHost),
    ] {
        let taken = made(&store, tenant).await;
        assert!(matches!(&taken, Err(StoreError::Unique(found)) if *found == constraint), "{taken:?}");
    }
}
