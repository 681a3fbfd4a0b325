//! Connectors, their components' versions and their caches as rows.

use keyway_model::connector::{Connector, ConnectorKind, ConnectorSettings, Manifest, Version, VersionState};
use keyway_model::{TenantId, Timestamp};
use keyway_store::{Constraint, MasterKey, Store, StoreError, connector_cache, connector_versions, connectors};
use serde_json::json;

use super::tenant;

on_both! {
    a_connector_is_sealed_for_its_tenant
    a_version_is_staged_approved_active_and_retired
    a_cache_forgets_in_time_and_is_one_connector_s
}

fn connector(id: &str, kind: ConnectorKind) -> Connector {
    Connector {
        id: id.into(),
        factory_id: "factory".into(),
        kind,
        config: json!({ "secret": "open sesame" }),
        marks: serde_json::from_value(json!([])).unwrap_or_default(),
        settings: ConnectorSettings { sync_profile: true, ..ConnectorSettings::default() },
        created_at: Timestamp(1),
    }
}

async fn a_connector_is_sealed_for_its_tenant(store: Store) {
    let (key, other) = (MasterKey::new([7; 32]), MasterKey::new([8; 32]));
    let done = store.write::<_, StoreError>(async |tx| {
        let admin = TenantId::admin();
        connectors::insert(tx, &tenant(), &connector("one", ConnectorKind::Sms), &key).await?;
        connectors::insert(tx, &tenant(), &connector("two", ConnectorKind::Email), &key).await?;
        let kept = connectors::list(tx, &tenant(), &key).await?;
        assert_eq!(kept.len(), 2);
        assert!(
            kept.iter().all(|one| one.config == connector("", ConnectorKind::Sms).config && one.settings.sync_profile)
        );
        assert!(matches!(connectors::list(tx, &tenant(), &other).await, Err(StoreError::Unseal)));
        assert!(connectors::list(tx, &admin, &key).await?.is_empty());
        let changed = Connector { config: json!({ "secret": "another" }), ..connector("one", ConnectorKind::Sms) };
        assert!(!connectors::update(tx, &admin, &changed, &key).await?);
        assert!(connectors::update(tx, &tenant(), &changed, &key).await?);
        assert!(!connectors::delete(tx, &admin, &"one".into()).await?);
        connectors::delete_kind(tx, &tenant(), ConnectorKind::Email).await?;
        let kept = connectors::list(tx, &tenant(), &key).await?;
        assert_eq!((kept.len(), &kept[0].config), (1, &changed.config));
        Ok(())
    });
    done.await.unwrap();
    let taken = store.write::<_, StoreError>(async |tx| {
        connectors::insert(tx, &tenant(), &connector("one", ConnectorKind::Sms), &key).await
    });
    let taken = taken.await;
    assert!(matches!(&taken, Err(StoreError::Unique(Constraint::ConnectorId))), "{taken:?}");
    let gone = store.write::<_, StoreError>(async |tx| connectors::delete(tx, &tenant(), &"one".into()).await);
    assert!(gone.await.unwrap());
}

fn version(digest: &str) -> Version {
    let manifest: Manifest = serde_json::from_value(json!({
        "manifest": 1, "id": "factory", "target": "target", "kind": "sms", "version": "1.0.0", "contract": "1.0.0",
        "name": { "en": "A connector" }, "description": { "en": "For tests" }, "config": {},
    }))
    .unwrap();
    Version {
        factory_id: "factory".into(),
        digest: digest.into(),
        manifest,
        state: VersionState::Staged,
        signer: None,
        uploaded_by: "ann".into(),
        approved_by: None,
        activated_at: None,
        created_at: Timestamp(1),
        size: 0,
    }
}

async fn a_version_is_staged_approved_active_and_retired(store: Store) {
    let key = MasterKey::new([7; 32]);
    let done = store.write::<_, StoreError>(async |tx| {
        let (admin, factory, id) = (TenantId::admin(), "factory".into(), "connector".into());
        connectors::insert(tx, &tenant(), &connector("connector", ConnectorKind::Sms), &key).await?;
        for digest in ["aa", "bb"] {
            assert!(connector_versions::insert(tx, &tenant(), &version(digest), vec![0, 255]).await?);
            assert!(!connector_versions::insert(tx, &tenant(), &version(digest), vec![1]).await?);
            assert!(connector_versions::approve(tx, &tenant(), &factory, digest, "bob").await?);
        }
        assert_eq!(connector_versions::wasm(tx, &tenant(), &factory, "aa").await?, Some(vec![0, 255]));
        assert_eq!(connector_versions::wasm(tx, &admin, &factory, "aa").await?, None);
        let stored = connector_versions::stored(tx, &tenant(), &factory).await?;
        assert_eq!((stored.of_factory, stored.versions, stored.bytes), (2, 2, 4));
        for digest in ["aa", "bb"] {
            connector_versions::activate(tx, &tenant(), &factory, Some(digest), Timestamp(5)).await?;
            assert_eq!(connector_versions::active_of(tx, &tenant(), &factory).await?.as_deref(), Some(digest));
        }
        assert_eq!(connector_versions::active(tx, &tenant()).await?, [("factory".into(), "bb".to_owned())]);
        let states = async |tx: &mut keyway_store::Tx, digest: &str| {
            let found = connector_versions::find(tx, &tenant(), &"factory".into(), digest).await?.unwrap();
            Ok::<_, StoreError>((found.state, found.approved_by, found.activated_at))
        };
        let bob = Some("bob".to_owned());
        assert_eq!(states(tx, "aa").await?, (VersionState::Retired, bob.clone(), Some(Timestamp(5))));
        assert_eq!(states(tx, "bb").await?, (VersionState::Active, bob, Some(Timestamp(5))));
        let config = json!({ "secret": "of then" });
        connector_versions::keep_config(tx, &tenant(), (&factory, "aa"), &id, &config, &key).await?;
        let kept = connector_versions::kept_config(tx, &tenant(), (&factory, "aa"), &id, &key).await?;
        assert_eq!(kept, Some(config));
        assert_eq!(connector_versions::kept_config(tx, &admin, (&factory, "aa"), &id, &key).await?, None);
        connector_versions::activate(tx, &tenant(), &factory, None, Timestamp(6)).await?;
        assert_eq!(connector_versions::active_of(tx, &tenant(), &factory).await?, None);
        assert!(connector_versions::list(tx, &admin).await?.is_empty());
        assert!(!connector_versions::delete(tx, &admin, &factory, "aa").await?);
        assert!(connector_versions::delete(tx, &tenant(), &factory, "aa").await?);
        assert_eq!(connector_versions::digests(tx).await?, ["bb"]);
        Ok(())
    });
    done.await.unwrap();
}

async fn a_cache_forgets_in_time_and_is_one_connector_s(store: Store) {
    let key = MasterKey::new([7; 32]);
    let done = store.write::<_, StoreError>(async |tx| {
        let (one, two, admin) = ("one".into(), "two".into(), TenantId::admin());
        connectors::insert(tx, &tenant(), &connector("one", ConnectorKind::Sms), &key).await?;
        connectors::insert(tx, &tenant(), &connector("two", ConnectorKind::Sms), &key).await?;
        for name in ["token", "other"] {
            let entry = (name.to_owned(), b"value".to_vec(), Timestamp(100));
            connector_cache::put(tx, &tenant(), &one, entry, &key).await?;
        }
        let entry = ("token".to_owned(), b"newer".to_vec(), Timestamp(200));
        connector_cache::put(tx, &tenant(), &one, entry.clone(), &key).await?;
        assert_eq!(connector_cache::list(tx, &tenant(), &one, &key, Timestamp(10)).await?.len(), 2);
        assert_eq!(connector_cache::list(tx, &tenant(), &one, &key, Timestamp(150)).await?, [entry]);
        assert!(connector_cache::list(tx, &tenant(), &two, &key, Timestamp(10)).await?.is_empty());
        assert!(connector_cache::list(tx, &admin, &one, &key, Timestamp(10)).await?.is_empty());
        connector_cache::delete(tx, &tenant(), &one, Some("token")).await?;
        assert_eq!(connector_cache::list(tx, &tenant(), &one, &key, Timestamp(10)).await?.len(), 1);
        connector_cache::delete(tx, &tenant(), &one, None).await?;
        assert!(connector_cache::list(tx, &tenant(), &one, &key, Timestamp(10)).await?.is_empty());
        Ok(())
    });
    done.await.unwrap();
}
