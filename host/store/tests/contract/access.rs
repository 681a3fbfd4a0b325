//! Resources, scopes and roles as rows: who holds what.

use keyway_model::application::{Application, ApplicationType};
use keyway_model::resource::{Resource, Role, RoleType, Scope};
use keyway_model::{TenantId, Timestamp};
use keyway_store::{Constraint, Store, StoreError, applications, resources, roles, users};

use super::applications::application;
use super::{tenant, user};

on_both! {
    what_users_and_programs_hold_follows_their_roles
    programs_are_found_by_what_they_hold
    resources_and_roles_of_one_tenant_are_none_of_another
    names_of_resources_scopes_and_roles_are_unique
}

fn resource(id: &str) -> Resource {
    Resource {
        id: id.into(),
        name: id.into(),
        indicator: format!("https://{id}.example.com"),
        is_default: false,
        access_token_ttl: 600,
    }
}

fn scope(id: &str, resource: &str) -> Scope {
    Scope { id: id.into(), resource_id: resource.into(), name: id.into(), description: None, created_at: 1 }
}

fn role(id: &str, kind: RoleType, is_default: bool) -> Role {
    Role { id: id.into(), name: id.into(), description: "A role".into(), kind, is_default }
}

async fn what_users_and_programs_hold_follows_their_roles(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let tenant = &tenant();
        let (api, ann, program) = ("api".into(), "ann".into(), "program".into());
        let (reader, robot) = ("reader".into(), "robot".into());
        let indicator = "https://api.example.com";
        resources::insert(tx, tenant, &resource("api"), Timestamp(1)).await?;
        for name in ["read", "write"] {
            resources::insert_scope(tx, tenant, &scope(name, "api")).await?;
        }
        roles::insert(tx, tenant, &role("reader", RoleType::User, true)).await?;
        roles::insert(tx, tenant, &role("robot", RoleType::MachineToMachine, false)).await?;
        roles::add_scope(tx, tenant, &reader, &"read".into()).await?;
        roles::add_scope(tx, tenant, &robot, &"write".into()).await?;
        users::insert(tx, tenant, &user("ann", None)).await?;
        applications::insert(tx, tenant, &application("program")).await?;
        assert!(resources::scopes_of_user(tx, tenant, &ann, indicator).await?.is_empty());
        roles::add_defaults(tx, tenant, &ann).await?;
        roles::add_application(tx, tenant, &robot, &program).await?;
        assert_eq!(resources::scopes_of_user(tx, tenant, &ann, indicator).await?, ["read"]);
        assert_eq!(roles::names_of_user(tx, tenant, &ann).await?, ["reader"]);
        assert_eq!(roles::of_user(tx, tenant, &ann).await?.len(), 1);
        let (found, held) = resources::for_application(tx, tenant, &program, indicator).await?.unwrap();
        assert_eq!((found.access_token_ttl, held), (600, vec!["write".to_owned()]));
        assert_eq!(roles::of_application(tx, tenant, &program).await?[0].id, robot);
        let holders = users::holders(tx, tenant, indicator, 10).await?;
        assert_eq!(
            holders.iter().map(|(user, scopes)| (user.id.as_str(), scopes.len())).collect::<Vec<_>>(),
            [("ann", 1)]
        );
        assert_eq!(roles::scopes(tx, tenant, &reader).await?[0].name, "read");
        // Each end of what was given can be taken.
        roles::add_user(tx, tenant, &reader, &ann).await?;
        assert!(roles::remove_user(tx, tenant, &reader, &ann).await?);
        assert!(!roles::remove_user(tx, tenant, &reader, &ann).await?);
        assert!(roles::remove_application(tx, tenant, &robot, &program).await?);
        assert!(!roles::remove_application(tx, tenant, &robot, &program).await?);
        assert!(roles::remove_scope(tx, tenant, &reader, &"read".into()).await?);
        assert!(!roles::remove_scope(tx, tenant, &reader, &"read".into()).await?);
        assert!(resources::delete_scope(tx, tenant, &api, &"read".into()).await?);
        assert!(!resources::delete_scope(tx, tenant, &api, &"read".into()).await?);
        assert!(roles::delete(tx, tenant, &robot).await?);
        assert!(!roles::delete(tx, tenant, &robot).await?);
        let mut kept = resources::lock(tx, tenant, &api).await?.unwrap();
        kept.access_token_ttl = 900;
        assert!(resources::update(tx, tenant, &kept).await?);
        assert_eq!(resources::find(tx, tenant, &api).await?.unwrap().access_token_ttl, 900);
        assert!(resources::delete(tx, tenant, &api).await?);
        assert!(!resources::delete(tx, tenant, &api).await?);
        assert!(resources::find_scope(tx, tenant, &"write".into()).await?.is_none(), "scopes go with their resource");
        Ok(())
    });
    done.await.unwrap();
}

async fn programs_are_found_by_what_they_hold(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let (tenant, other, robot) = (&tenant(), &TenantId::admin(), "robot".into());
        let indicator = "https://api.example.com";
        resources::insert(tx, tenant, &resource("api"), Timestamp(1)).await?;
        resources::insert_scope(tx, tenant, &scope("write", "api")).await?;
        roles::insert(tx, tenant, &role("robot", RoleType::MachineToMachine, false)).await?;
        roles::add_scope(tx, tenant, &robot, &"write".into()).await?;
        for (id, at) in [("older", 1), ("newer", 2), ("without", 3)] {
            let program = Application { created_at: Timestamp(at), ..application(id) };
            applications::insert(tx, tenant, &program).await?;
            if id != "without" {
                roles::add_application(tx, tenant, &robot, &id.into()).await?;
            }
        }
        let found = applications::holders(tx, tenant, indicator, "write", 10).await?;
        assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["newer", "older"]);
        assert_eq!(applications::holders(tx, tenant, indicator, "write", 1).await?.len(), 1);
        assert!(applications::holders(tx, tenant, indicator, "read", 10).await?.is_empty());
        assert!(applications::holders(tx, other, indicator, "write", 10).await?.is_empty());
        assert!(applications::newest_for_people(tx, tenant).await?.is_none(), "programs alone");
        for (id, at) in [("shop", 4), ("till", 5)] {
            let kind = ApplicationType::Traditional;
            let shop = Application { kind, created_at: Timestamp(at), ..application(id) };
            applications::insert(tx, tenant, &shop).await?;
        }
        let newest = applications::newest_for_people(tx, tenant).await?;
        assert_eq!(newest.map(|one| one.id), Some("till".into()));
        assert!(applications::newest_for_people(tx, other).await?.is_none());
        Ok(())
    });
    done.await.unwrap();
}

async fn resources_and_roles_of_one_tenant_are_none_of_another(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let (tenant, other) = (&tenant(), &TenantId::admin());
        let (api, reader) = ("api".into(), "reader".into());
        resources::insert(tx, tenant, &resource("api"), Timestamp(1)).await?;
        resources::insert_scope(tx, tenant, &scope("read", "api")).await?;
        roles::insert(tx, tenant, &role("reader", RoleType::User, true)).await?;
        roles::add_scope(tx, tenant, &reader, &"read".into()).await?;
        assert!(resources::find(tx, other, &api).await?.is_none());
        assert!(resources::find_by_indicator(tx, other, "https://api.example.com").await?.is_none());
        assert!(resources::find_by_indicator(tx, tenant, "https://api.example.com").await?.is_some());
        assert!(resources::find_scope(tx, other, &"read".into()).await?.is_none());
        assert!(resources::scopes(tx, other, &api).await?.is_empty());
        assert!(resources::list(tx, other).await?.iter().all(|found| found.id != api));
        assert!(!resources::update(tx, other, &resource("api")).await?);
        assert!(!resources::delete_scope(tx, other, &api, &"read".into()).await?);
        assert!(!resources::delete(tx, other, &api).await?);
        assert!(roles::find(tx, other, &reader).await?.is_none());
        assert!(roles::scopes(tx, other, &reader).await?.is_empty());
        assert!(roles::list(tx, other).await?.iter().all(|found| found.id != reader));
        assert!(!roles::remove_scope(tx, other, &reader, &"read".into()).await?);
        assert!(!roles::delete(tx, other, &reader).await?);
        assert_eq!(resources::scopes(tx, tenant, &api).await?.len(), 1);
        assert!(roles::find(tx, tenant, &reader).await?.unwrap().is_default);
        Ok(())
    });
    done.await.unwrap();
    let across = store.write::<_, StoreError>(async |tx| {
        roles::add_scope(tx, &TenantId::admin(), &"reader".into(), &"read".into()).await
    });
    assert!(matches!(across.await, Err(StoreError::Reference)), "a role of another tenant is none");
}

async fn names_of_resources_scopes_and_roles_are_unique(store: Store) {
    let first = store.write::<_, StoreError>(async |tx| {
        resources::insert(tx, &tenant(), &resource("api"), Timestamp(1)).await?;
        resources::insert_scope(tx, &tenant(), &scope("read", "api")).await?;
        roles::insert(tx, &tenant(), &role("reader", RoleType::User, false)).await
    });
    first.await.unwrap();
    for constraint in [Constraint::ResourceIndicator, Constraint::ScopeName, Constraint::RoleName] {
        let taken = store.write::<_, StoreError>(async |tx| match constraint {
            Constraint::ResourceIndicator => {
                let second = Resource { id: "second".into(), ..resource("api") };
                resources::insert(tx, &tenant(), &second, Timestamp(1)).await
            }
            Constraint::ScopeName => {
                let second = Scope { id: "second".into(), ..scope("read", "api") };
                resources::insert_scope(tx, &tenant(), &second).await
            }
            _ => {
                let second = Role { id: "second".into(), ..role("reader", RoleType::User, false) };
                roles::insert(tx, &tenant(), &second).await
            }
        });
        let taken = taken.await;
        assert!(matches!(&taken, Err(StoreError::Unique(found)) if *found == constraint), "{constraint:?}: {taken:?}");
    }
}
