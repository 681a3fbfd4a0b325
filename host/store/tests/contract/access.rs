//! Resources, scopes and roles as rows: who holds what.

use keyway_model::application::{Application, ApplicationType};
use keyway_model::resource::{Resource, Role, RoleType, Scope};
use keyway_model::{ApplicationId, ResourceId, RoleId, ScopeId, TenantId, Timestamp, UserId};
use keyway_store::applications::ApplicationFilter;
use keyway_store::resources::ScopeFilter;
use keyway_store::roles::RoleFilter;
use keyway_store::user_search::UserSearch;
use keyway_store::{
    Constraint, Page, Store, StoreError, applications, resources, role_assignments, roles, user_search, users,
};

use super::applications::application;
use super::{tenant, user};

on_both! {
    what_users_and_programs_hold_follows_their_roles
    programs_are_found_by_what_they_hold
    lists_are_narrowed_by_what_is_given
    what_is_changed_of_roles_resources_and_scopes
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
        let (api, ann, program) = (ResourceId::from("api"), UserId::from("ann"), ApplicationId::from("program"));
        let (reader, robot) = (RoleId::from("reader"), RoleId::from("robot"));
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
        role_assignments::add_defaults(tx, tenant, &ann).await?;
        role_assignments::add_application(tx, tenant, &robot, &program).await?;
        assert_eq!(resources::scopes_of_user(tx, tenant, &ann, indicator).await?, ["read"]);
        assert_eq!(role_assignments::names_of_user(tx, tenant, &ann).await?, ["reader"]);
        let of_ann = RoleFilter { of_user: Some(ann.clone()), ..RoleFilter::default() };
        assert_eq!(roles::list(tx, tenant, &of_ann, Page::ALL).await?.1, 1);
        let (found, held) = resources::for_application(tx, tenant, &program, indicator).await?.unwrap();
        assert_eq!((found.access_token_ttl, held), (600, vec!["write".to_owned()]));
        let its = RoleFilter { of_application: Some(program.clone()), ..RoleFilter::default() };
        assert_eq!(roles::list(tx, tenant, &its, Page::ALL).await?.0[0].id, robot);
        let holders = users::holders(tx, tenant, indicator, 10).await?;
        assert_eq!(
            holders.iter().map(|(user, scopes)| (user.id.as_str(), scopes.len())).collect::<Vec<_>>(),
            [("ann", 1)]
        );
        let held = ScopeFilter { of_role: Some(reader.clone()), ..ScopeFilter::default() };
        assert_eq!(resources::scopes(tx, tenant, &held, Page::ALL).await?.0[0].name, "read");
        // Each end of what was given can be taken.
        role_assignments::add_user(tx, tenant, &reader, &ann).await?;
        assert!(role_assignments::remove_user(tx, tenant, &reader, &ann).await?);
        assert!(!role_assignments::remove_user(tx, tenant, &reader, &ann).await?);
        assert!(role_assignments::remove_application(tx, tenant, &robot, &program).await?);
        assert!(!role_assignments::remove_application(tx, tenant, &robot, &program).await?);
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
                role_assignments::add_application(tx, tenant, &robot, &id.into()).await?;
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

/// The ids of what a list holds.
fn ids<'a, T: 'a>(list: &'a [T], id: impl Fn(&'a T) -> &'a str) -> Vec<&'a str> {
    list.iter().map(id).collect()
}

async fn lists_are_narrowed_by_what_is_given(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let (tenant, other) = (&tenant(), &TenantId::admin());
        let (reader, writer, robot) = (RoleId::from("reader"), RoleId::from("writer_1"), RoleId::from("robot"));
        let (ann, program) = (UserId::from("ann"), ApplicationId::from("program"));
        for id in [&reader, &writer] {
            roles::insert(tx, tenant, &role(id.as_str(), RoleType::User, false)).await?;
        }
        roles::insert(tx, tenant, &role("robot", RoleType::MachineToMachine, false)).await?;
        for name in ["ann", "bob", "cid", "dan"] {
            users::insert(tx, tenant, &user(name, None)).await?;
            assert!(role_assignments::add_user(tx, tenant, &reader, &name.into()).await?);
        }
        assert!(!role_assignments::add_user(tx, tenant, &reader, &ann).await?, "once");
        for id in ["program", "shop"] {
            applications::insert(tx, tenant, &application(id)).await?;
        }
        assert!(role_assignments::add_application(tx, tenant, &robot, &program).await?);

        let any = RoleFilter::default;
        for (filter, expected) in [
            (any(), &["reader", "robot", "writer_1"][..]),
            (RoleFilter { kind: Some(RoleType::MachineToMachine), ..any() }, &["robot"]),
            (RoleFilter { search: Some("%R_1".into()), ..any() }, &["writer_1"]),
            (RoleFilter { search: Some(r"%r\_1".into()), ..any() }, &["writer_1"]),
            (RoleFilter { search: Some(r"%e\_%".into()), ..any() }, &[]),
            (RoleFilter { of_user: Some(ann.clone()), ..any() }, &["reader"]),
            (RoleFilter { without_user: Some(ann.clone()), kind: Some(RoleType::User), ..any() }, &["writer_1"]),
            (RoleFilter { of_application: Some(program.clone()), ..any() }, &["robot"]),
            (RoleFilter { without_application: Some(program.clone()), ..any() }, &["reader", "writer_1"]),
        ] {
            let (found, total) = roles::list(tx, tenant, &filter, Page::ALL).await?;
            assert_eq!(ids(&found, |role| role.id.as_str()), expected, "{filter:?}");
            assert_eq!(usize::try_from(total).unwrap(), expected.len());
        }
        let (page, total) = roles::list(tx, tenant, &any(), Page { offset: 1, limit: 1 }).await?;
        assert_eq!((ids(&page, |role| role.id.as_str()), total), (vec!["robot"], 3));

        let all = roles::list(tx, tenant, &any(), Page::ALL).await?.0;
        let holders = role_assignments::holders(tx, tenant, &all).await?;
        let of_reader = &holders[&reader];
        assert_eq!((of_reader.users, of_reader.applications), (4, 0));
        assert_eq!(ids(&of_reader.featured_users, |user| user.id.as_str()), ["ann", "bob", "cid"]);
        assert_eq!(ids(&holders[&robot].featured_applications, |one| one.id.as_str()), ["program"]);
        assert!(!holders.contains_key(&writer), "nobody has it");
        assert!(role_assignments::holders(tx, tenant, &[]).await?.is_empty());
        assert!(role_assignments::holders(tx, other, &all).await?.is_empty());

        let page = Page { offset: 0, limit: 2 };
        let having = UserSearch { of_role: Some(reader.clone()), ..UserSearch::default() };
        let (found, total) = user_search::matching(tx, tenant, &having, page, 100).await?;
        assert_eq!((found.len(), total.count), (2, 4));
        let having_not = UserSearch { without_role: Some(reader.clone()), ..UserSearch::default() };
        assert_eq!(user_search::matching(tx, tenant, &having_not, page, 100).await?.1.count, 0);

        let any = ApplicationFilter::default;
        for (filter, expected) in [
            (ApplicationFilter { of_role: Some(robot.clone()), ..any() }, &["program"][..]),
            (ApplicationFilter { without_role: Some(robot.clone()), ..any() }, &["shop"]),
            (ApplicationFilter { search: Some("SH%".into()), ..any() }, &["shop"]),
            (ApplicationFilter { is_third_party: Some(false), ..any() }, &[]),
            (ApplicationFilter { kinds: vec![ApplicationType::Spa, ApplicationType::Native], ..any() }, &[]),
        ] {
            let (found, total) = applications::list(tx, tenant, &filter, Page::ALL).await?;
            assert_eq!(ids(&found, |one| one.id.as_str()), expected, "{filter:?}");
            assert_eq!(usize::try_from(total).unwrap(), expected.len());
        }
        Ok(())
    });
    done.await.unwrap();
}

async fn what_is_changed_of_roles_resources_and_scopes(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let (tenant, other) = (&tenant(), &TenantId::admin());
        let (reader, api, shop) = (RoleId::from("reader"), ResourceId::from("api"), ResourceId::from("shop"));
        roles::insert(tx, tenant, &role("reader", RoleType::User, false)).await?;
        assert!(roles::lock(tx, other, &reader).await?.is_none());
        let locked = roles::lock(tx, tenant, &reader).await?.unwrap();
        let changed = Role { name: "Reads".into(), description: String::new(), is_default: true, ..locked };
        assert!(!roles::update(tx, other, &changed).await?);
        assert!(roles::update(tx, tenant, &changed).await?);
        let found = roles::find(tx, tenant, &reader).await?.unwrap();
        assert_eq!((found.name.as_str(), found.description.as_str(), found.is_default), ("Reads", "", true));

        for id in ["api", "shop"] {
            resources::insert(tx, tenant, &resource(id), Timestamp(1)).await?;
        }
        for (id, is_default, expected) in
            [(&api, true, &["api"][..]), (&shop, true, &["shop"]), (&api, false, &["shop"]), (&shop, false, &[])]
        {
            resources::set_default(tx, tenant, id, is_default).await?;
            let all = resources::list(tx, tenant, Page::ALL).await?.0;
            let defaults: Vec<_> = all.into_iter().filter(|one| one.is_default).collect();
            assert_eq!(ids(&defaults, |one| one.id.as_str()), expected, "{id} {is_default}");
        }
        assert_eq!(resources::list(tx, tenant, Page { offset: 1, limit: 1 }).await?.0[0].id, shop);

        let read = ScopeId::from("read");
        resources::insert_scope(tx, tenant, &scope("read", "api")).await?;
        assert!(resources::lock_scope(tx, tenant, &shop, &read).await?.is_none(), "of another resource");
        let locked = resources::lock_scope(tx, tenant, &api, &read).await?.unwrap();
        let changed = Scope { name: "see".into(), description: Some("See all".into()), ..locked };
        resources::update_scope(tx, tenant, &changed).await?;
        let search = ScopeFilter { search: Some("%SEE A%".into()), ..ScopeFilter::default() };
        let (found, total) = resources::scopes(tx, tenant, &search, Page { offset: 0, limit: 1 }).await?;
        assert_eq!((found[0].name.as_str(), total), ("see", 1));
        Ok(())
    });
    done.await.unwrap();
}

async fn resources_and_roles_of_one_tenant_are_none_of_another(store: Store) {
    let done = store.write::<_, StoreError>(async |tx| {
        let (tenant, other) = (&tenant(), &TenantId::admin());
        let (api, reader) = (ResourceId::from("api"), RoleId::from("reader"));
        let of_api = ScopeFilter { of_resource: Some(api.clone()), ..ScopeFilter::default() };
        let held = ScopeFilter { of_role: Some(reader.clone()), ..ScopeFilter::default() };
        resources::insert(tx, tenant, &resource("api"), Timestamp(1)).await?;
        resources::insert_scope(tx, tenant, &scope("read", "api")).await?;
        roles::insert(tx, tenant, &role("reader", RoleType::User, true)).await?;
        roles::add_scope(tx, tenant, &reader, &"read".into()).await?;
        assert!(resources::find(tx, other, &api).await?.is_none());
        assert!(resources::find_by_indicator(tx, other, "https://api.example.com").await?.is_none());
        assert!(resources::find_by_indicator(tx, tenant, "https://api.example.com").await?.is_some());
        assert!(resources::find_scope(tx, other, &"read".into()).await?.is_none());
        assert!(resources::scopes(tx, other, &of_api, Page::ALL).await?.0.is_empty());
        assert!(resources::list(tx, other, Page::ALL).await?.0.iter().all(|found| found.id != api));
        assert!(!resources::update(tx, other, &resource("api")).await?);
        assert!(!resources::delete_scope(tx, other, &api, &"read".into()).await?);
        assert!(!resources::delete(tx, other, &api).await?);
        assert!(roles::find(tx, other, &reader).await?.is_none());
        assert!(resources::scopes(tx, other, &held, Page::ALL).await?.0.is_empty());
        assert!(
            roles::list(tx, other, &RoleFilter::default(), Page::ALL).await?.0.iter().all(|found| found.id != reader)
        );
        assert!(!roles::remove_scope(tx, other, &reader, &"read".into()).await?);
        assert!(!roles::delete(tx, other, &reader).await?);
        assert_eq!(resources::scopes(tx, tenant, &of_api, Page::ALL).await?.1, 1);
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
