//! Applications and their secrets as rows.

use keyway_model::application::{
    Application, ApplicationSecret, ApplicationType, CustomClientMetadata, OidcClientMetadata,
};
use keyway_model::look::ApplicationExperience;
use keyway_model::{TenantId, Timestamp};
use keyway_store::applications::ApplicationFilter;
use keyway_store::{Constraint, MasterKey, Page, Store, StoreError, applications};

use super::tenant;

on_both! {
    an_application_is_kept_changed_and_removed_with_its_secrets
    applications_of_one_tenant_are_none_of_another
}

pub fn application(id: &str) -> Application {
    Application {
        id: id.into(),
        name: "A name".into(),
        description: Some("For tests".into()),
        kind: ApplicationType::MachineToMachine,
        oidc_client_metadata: OidcClientMetadata {
            redirect_uris: vec!["https://app.example.com/callback".into()],
            ..OidcClientMetadata::default()
        },
        custom_client_metadata: CustomClientMetadata::default(),
        sign_in_experience: ApplicationExperience::default(),
        custom_data: [("a".to_owned(), 1.into())].into_iter().collect(),
        is_third_party: true,
        created_at: Timestamp(7),
    }
}

fn secret(name: &str) -> ApplicationSecret {
    ApplicationSecret {
        name: name.into(),
        value: format!("value of {name}"),
        created_at: Timestamp(1),
        expires_at: Some(Timestamp(9)),
    }
}

const ALL: Page = Page { offset: 0, limit: 10 };

async fn an_application_is_kept_changed_and_removed_with_its_secrets(store: Store) {
    let (key, other) = (MasterKey::new([7; 32]), MasterKey::new([8; 32]));
    let done = store.write::<_, StoreError>(async |tx| {
        let (tenant, id) = (tenant(), "a".into());
        applications::insert(tx, &tenant, &application("a")).await?;
        for name in ["one", "two"] {
            applications::insert_secret(tx, &tenant, &id, &secret(name), &format!("hash of {name}"), &key).await?;
        }
        let kept = applications::find(tx, &tenant, &id).await?.unwrap();
        assert_eq!((kept.kind, kept.is_third_party), (ApplicationType::MachineToMachine, true));
        assert_eq!(kept.oidc_client_metadata, application("a").oidc_client_metadata);
        assert_eq!(kept.custom_data, application("a").custom_data);
        assert!(applications::hold(tx, &tenant, &id).await?.is_some());
        let mut locked = applications::lock(tx, &tenant, &id).await?.unwrap();
        locked.description = None;
        assert!(applications::update(tx, &tenant, &locked).await?);
        assert_eq!(applications::list(tx, &tenant, &ApplicationFilter::default(), ALL).await?.0[0].description, None);
        let hashes = applications::secret_hashes(tx, &tenant, &id).await?;
        assert_eq!(hashes.len(), 2);
        assert!(hashes.contains(&("hash of one".into(), Some(Timestamp(9)))), "{hashes:?}");
        let secrets = applications::secrets(tx, &tenant, &id, &key).await?;
        assert_eq!(
            secrets.iter().map(|secret| secret.value.as_str()).collect::<Vec<_>>(),
            ["value of one", "value of two"]
        );
        let sealed = applications::secrets(tx, &tenant, &id, &other).await;
        assert!(matches!(sealed, Err(StoreError::Unseal)), "another master key opens nothing");
        assert!(applications::delete_secret(tx, &tenant, &id, "one").await?);
        assert!(!applications::delete_secret(tx, &tenant, &id, "one").await?);
        assert!(applications::delete(tx, &tenant, &id).await?);
        assert!(!applications::delete(tx, &tenant, &id).await?);
        assert!(!applications::update(tx, &tenant, &locked).await?);
        assert!(applications::secret_hashes(tx, &tenant, &id).await?.is_empty());
        Ok(())
    });
    done.await.unwrap();
    for (second, constraint) in [("a", Constraint::ApplicationId), ("b", Constraint::ApplicationSecret)] {
        let taken = store.write::<_, StoreError>(async |tx| {
            applications::insert(tx, &tenant(), &application("a")).await?;
            applications::insert_secret(tx, &tenant(), &"a".into(), &secret("one"), "h", &key).await?;
            if second == "a" {
                return applications::insert(tx, &tenant(), &application("a")).await;
            }
            applications::insert_secret(tx, &tenant(), &"a".into(), &secret("one"), "h", &key).await
        });
        let taken = taken.await;
        assert!(matches!(&taken, Err(StoreError::Unique(found)) if *found == constraint), "{taken:?}");
    }
    let orphan = store.write::<_, StoreError>(async |tx| {
        applications::insert_secret(tx, &tenant(), &"nobody".into(), &secret("one"), "h", &key).await
    });
    assert!(matches!(orphan.await, Err(StoreError::Reference)));
}

async fn applications_of_one_tenant_are_none_of_another(store: Store) {
    let key = MasterKey::new([7; 32]);
    let done = store.write::<_, StoreError>(async |tx| {
        let (other, id) = (TenantId::admin(), "a".into());
        applications::insert(tx, &tenant(), &application("a")).await?;
        applications::insert_secret(tx, &tenant(), &id, &secret("one"), "h", &key).await?;
        assert!(applications::find(tx, &other, &id).await?.is_none());
        assert!(applications::secret_hashes(tx, &other, &id).await?.is_empty());
        assert!(applications::secrets(tx, &other, &id, &key).await?.is_empty());
        assert!(!applications::update(tx, &other, &application("a")).await?);
        assert!(!applications::delete_secret(tx, &other, &id, "one").await?);
        assert!(!applications::delete(tx, &other, &id).await?);
        assert_eq!(applications::list(tx, &other, &ApplicationFilter::default(), ALL).await?.1, 0);
        assert_eq!(applications::list(tx, &tenant(), &ApplicationFilter::default(), ALL).await?.1, 1);
        applications::insert(tx, &other, &application("a")).await
    });
    done.await.unwrap();
}
