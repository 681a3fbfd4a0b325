//! What administrators set, as rows: sign-in settings, phrases, pictures, e-mail templates, signing keys.

use keyway_model::custom_phrases::Phrases;
use keyway_model::email_template::{EmailTemplate, EmailTemplateDetails};
use keyway_model::sign_in_experience::SignInExperience;
use keyway_model::{TenantId, Timestamp};
use keyway_store::signing_keys::SigningKey;
use keyway_store::{
    MasterKey, Store, StoreError, custom_phrases, email_templates, images, sign_in_experiences, signing_keys,
};

use super::tenant;

on_both! {
    sign_in_settings_are_the_tenant_s_own
    phrases_are_the_tenant_s_own
    pictures_are_the_tenant_s_own
    email_templates_are_the_tenant_s_own
    signing_keys_are_sealed_for_their_tenant
}

async fn sign_in_settings_are_the_tenant_s_own(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let before = sign_in_experiences::get(tx, &tenant()).await?;
        let mut settings = SignInExperience::default();
        settings.sign_up.password = !before.sign_up.password;
        sign_in_experiences::put(tx, &tenant(), &settings).await?;
        sign_in_experiences::put(tx, &tenant(), &settings).await?;
        assert_eq!(sign_in_experiences::get(tx, &tenant()).await?.sign_up.password, settings.sign_up.password);
        assert_eq!(sign_in_experiences::get(tx, &TenantId::admin()).await?.sign_up.password, before.sign_up.password);
        Ok(())
    });
    done.await.unwrap();
}

async fn phrases_are_the_tenant_s_own(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let words = |text: &str| Phrases::from([("sign_in".to_owned(), text.to_owned())]);
        custom_phrases::put(tx, &tenant(), "en", &words("Come in")).await?;
        custom_phrases::put(tx, &tenant(), "en", &words("Enter")).await?;
        custom_phrases::put(tx, &tenant(), "zh-CN", &words("进入")).await?;
        let kept = custom_phrases::list(tx, &tenant()).await?;
        assert_eq!(kept, [("en".to_owned(), words("Enter")), ("zh-CN".to_owned(), words("进入"))]);
        assert!(custom_phrases::list(tx, &TenantId::admin()).await?.is_empty());
        assert!(!custom_phrases::delete(tx, &TenantId::admin(), "en").await?);
        assert!(custom_phrases::delete(tx, &tenant(), "en").await?);
        assert!(!custom_phrases::delete(tx, &tenant(), "en").await?);
        Ok(())
    });
    done.await.unwrap();
}

async fn pictures_are_the_tenant_s_own(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        images::insert(tx, &tenant(), "a", vec![0, 255, 7], Timestamp(1)).await?;
        images::insert(tx, &tenant(), "a", vec![1], Timestamp(2)).await?;
        assert_eq!(images::find(tx, &tenant(), "a").await?, Some(vec![0, 255, 7]), "a name stands for its content");
        assert_eq!(images::find(tx, &TenantId::admin(), "a").await?, None);
        Ok(())
    });
    done.await.unwrap();
}

async fn email_templates_are_the_tenant_s_own(store: Store) {
    let template = |id: &str, subject: &str| EmailTemplate {
        id: id.into(),
        language_tag: "en".into(),
        template_type: "SignIn".into(),
        details: EmailTemplateDetails {
            subject: subject.into(),
            content: "{{code}}".into(),
            content_type: None,
            reply_to: Some("a@example.com".into()),
            send_from: None,
        },
        created_at: Timestamp(1),
    };
    let done = store.write::<_, StoreError>(async |tx| {
        email_templates::put(tx, &tenant(), &template("one", "First")).await?;
        email_templates::put(tx, &tenant(), &template("two", "Second")).await?;
        let kept = email_templates::list(tx, &tenant()).await?;
        assert_eq!(kept.len(), 1, "one for each language and use");
        assert_eq!(
            (kept[0].details.subject.as_str(), kept[0].details.reply_to.as_deref()),
            ("Second", Some("a@example.com"))
        );
        let id = kept[0].id.clone();
        assert!(email_templates::list(tx, &TenantId::admin()).await?.is_empty());
        assert!(!email_templates::delete(tx, &TenantId::admin(), &id).await?);
        assert!(email_templates::delete(tx, &tenant(), &id).await?);
        assert!(!email_templates::delete(tx, &tenant(), &id).await?);
        Ok(())
    });
    done.await.unwrap();
}

async fn signing_keys_are_sealed_for_their_tenant(store: Store) {
    let (key, other) = (MasterKey::new([7; 32]), MasterKey::new([8; 32]));
    let signing =
        SigningKey { id: "k".into(), private_key: "0a".into(), created_at: Timestamp(1), signs_from: Timestamp(5) };
    let done = store.write::<_, StoreError>(async |tx| {
        signing_keys::insert(tx, &tenant(), &signing, &key).await?;
        let kept = signing_keys::list(tx, &tenant(), &key).await?;
        assert_eq!((kept.len(), kept[0].private_key.as_str(), kept[0].signs_from), (1, "0a", Timestamp(5)));
        assert!(matches!(signing_keys::list(tx, &tenant(), &other).await, Err(StoreError::Unseal)));
        assert!(signing_keys::list(tx, &TenantId::admin(), &key).await?.is_empty());
        signing_keys::delete(tx, &TenantId::admin(), &"k".into()).await?;
        assert_eq!(signing_keys::list(tx, &tenant(), &key).await?.len(), 1);
        signing_keys::delete(tx, &tenant(), &"k".into()).await?;
        assert!(signing_keys::list(tx, &tenant(), &key).await?.is_empty());
        Ok(())
    });
    done.await.unwrap();
}
