//! Everything that administrators can change leaves an event behind.

use std::collections::BTreeSet;

use http::Method;
use keyway_core::events::EventKind;
use keyway_core::{Cx, Page, audit_logs};
use keyway_testing::{TestServer, on_both};
use serde_json::{Value, json};

/// A path with something that is not there in place of each `{name}`.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "nobody" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The operations that the logs of the users' and of the operators' tenant hold.
async fn audited(server: &TestServer) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for tenant in ["default", "admin"] {
        let cx = Cx::system(&server.core, tenant.into());
        let filter =
            audit_logs::AuditLogFilter { key: Some("Management.".into()), ..audit_logs::AuditLogFilter::default() };
        let (entries, _) = audit_logs::list(&cx, &filter, Page { offset: 0, limit: 1000 }).await.unwrap();
        found.extend(entries.iter().filter_map(|entry| Some(entry.payload.get("operation")?.as_str()?.to_owned())));
    }
    found
}

/// The console's forms.
fn forms() -> Vec<&'static str> {
    let pages = keyway_web::authorization().into_iter();
    pages
        .filter(|(method, path, _)| method == "POST" && path.starts_with("/console"))
        .map(|(_, path, _)| path)
        .collect()
}

/// Which operation writes which event in the transaction of its change.
const EVENTS: [(&str, &str, EventKind); 98] = [
    ("POST", "/console/tenants", EventKind::TenantCreated),
    ("POST", "/console/tenants/{id}", EventKind::TenantUpdated),
    ("POST", "/console/tenants/{id}/delete", EventKind::TenantDeleted),
    ("POST", "/api/tenants", EventKind::TenantCreated),
    ("PATCH", "/api/tenants/{id}", EventKind::TenantUpdated),
    ("DELETE", "/api/tenants/{id}", EventKind::TenantDeleted),
    ("POST", "/api/applications", EventKind::ApplicationCreated),
    ("PATCH", "/api/applications/{id}", EventKind::ApplicationUpdated),
    ("PATCH", "/api/applications/{id}/custom-data", EventKind::ApplicationUpdated),
    ("PUT", "/api/applications/{id}/sign-in-experience", EventKind::ApplicationExperienceReplaced),
    ("DELETE", "/api/applications/{id}", EventKind::ApplicationDeleted),
    ("POST", "/api/applications/{id}/secrets", EventKind::ApplicationSecretCreated),
    ("DELETE", "/api/applications/{id}/secrets/{name}", EventKind::ApplicationSecretDeleted),
    ("POST", "/console/applications", EventKind::ApplicationCreated),
    ("POST", "/console/applications/{id}", EventKind::ApplicationUpdated),
    ("POST", "/console/applications/{id}/branding", EventKind::ApplicationExperienceReplaced),
    ("POST", "/console/applications/{id}/delete", EventKind::ApplicationDeleted),
    ("POST", "/console/applications/{id}/secrets", EventKind::ApplicationSecretCreated),
    ("POST", "/console/applications/{id}/secrets/delete", EventKind::ApplicationSecretDeleted),
    ("PATCH", "/api/roles/{id}", EventKind::RoleUpdated),
    ("POST", "/api/roles/{id}/users", EventKind::RoleUsersAdded),
    ("DELETE", "/api/roles/{id}/users/{userId}", EventKind::UserRoleRemoved),
    ("POST", "/api/roles/{id}/applications", EventKind::RoleApplicationsAdded),
    ("DELETE", "/api/roles/{id}/applications/{applicationId}", EventKind::ApplicationRoleRemoved),
    ("PUT", "/api/users/{userId}/roles", EventKind::UserRolesReplaced),
    ("PUT", "/api/applications/{id}/roles", EventKind::ApplicationRolesReplaced),
    ("PATCH", "/api/resources/{id}/is-default", EventKind::ResourceUpdated),
    ("PATCH", "/api/resources/{id}/scopes/{scopeId}", EventKind::ScopeUpdated),
    ("POST", "/console/resources", EventKind::ResourceCreated),
    ("POST", "/console/resources/{id}", EventKind::ResourceUpdated),
    ("POST", "/console/resources/{id}/default", EventKind::ResourceUpdated),
    ("POST", "/console/resources/{id}/delete", EventKind::ResourceDeleted),
    ("POST", "/console/resources/{id}/scopes", EventKind::ScopeCreated),
    ("POST", "/console/resources/{id}/scopes/{scope}", EventKind::ScopeUpdated),
    ("POST", "/console/resources/{id}/scopes/{scope}/delete", EventKind::ScopeDeleted),
    ("POST", "/console/roles", EventKind::RoleCreated),
    ("POST", "/console/roles/{id}", EventKind::RoleUpdated),
    ("POST", "/console/roles/{id}/delete", EventKind::RoleDeleted),
    ("POST", "/console/roles/{id}/scopes", EventKind::RoleScopesReplaced),
    ("POST", "/console/roles/{id}/members", EventKind::RoleUsersAdded),
    ("POST", "/console/roles/{id}/members/{member}/delete", EventKind::UserRoleRemoved),
    ("PATCH", "/api/sign-in-exp", EventKind::SignInExperienceUpdated),
    ("POST", "/console/sign-in-experience", EventKind::SignInExperienceUpdated),
    ("PUT", "/api/custom-phrases/{languageTag}", EventKind::PhrasesReplaced),
    ("DELETE", "/api/custom-phrases/{languageTag}", EventKind::PhrasesDeleted),
    ("POST", "/console/phrases", EventKind::PhrasesReplaced),
    ("PUT", "/api/email-templates", EventKind::EmailTemplatesReplaced),
    ("DELETE", "/api/email-templates/{id}", EventKind::EmailTemplateDeleted),
    ("POST", "/api/user-assets", EventKind::ImageUploaded),
    ("POST", "/console/images", EventKind::ImageUploaded),
    ("POST", "/api/configs/oidc/{keyType}/rotate", EventKind::SigningKeyRotated),
    ("DELETE", "/api/configs/oidc/{keyType}/{keyId}", EventKind::SigningKeyDeleted),
    ("POST", "/console/settings/keys", EventKind::SigningKeyRotated),
    ("POST", "/console/settings/keys/{id}/delete", EventKind::SigningKeyDeleted),
    ("POST", "/console/settings/administrators", EventKind::AdministratorCreated),
    ("POST", "/console/settings/administrators/{id}/link", EventKind::UserPasswordLinkCreated),
    ("POST", "/console/settings/administrators/{id}/delete", EventKind::AdministratorDeleted),
    ("POST", "/console/settings/machines", EventKind::ApplicationCreated),
    ("POST", "/console/users", EventKind::UserCreated),
    ("POST", "/console/users/{id}", EventKind::UserUpdated),
    ("POST", "/console/users/{id}/password", EventKind::UserPasswordUpdated),
    ("POST", "/console/users/{id}/delete", EventKind::UserDeleted),
    ("POST", "/console/users/{id}/link", EventKind::UserPasswordLinkCreated),
    ("POST", "/console/users/{id}/sessions/{session}/delete", EventKind::UserSessionEnded),
    ("POST", "/api/users", EventKind::UserCreated),
    ("PATCH", "/api/users/{userId}", EventKind::UserUpdated),
    ("PATCH", "/api/users/{userId}/custom-data", EventKind::UserUpdated),
    ("PATCH", "/api/users/{userId}/profile", EventKind::UserUpdated),
    ("PATCH", "/api/users/{userId}/is-suspended", EventKind::UserSuspensionUpdated),
    ("PATCH", "/api/users/{userId}/password", EventKind::UserPasswordUpdated),
    ("POST", "/console/users/{id}/sign-out", EventKind::UserSignedOut),
    ("DELETE", "/api/users/{userId}", EventKind::UserDeleted),
    ("DELETE", "/api/users/{id}/identities/{target}", EventKind::UserIdentityDeleted),
    ("DELETE", "/api/users/{userId}/sessions/{sessionId}", EventKind::UserSessionEnded),
    ("POST", "/console/users/{id}/suspend", EventKind::UserSuspensionUpdated),
    ("POST", "/api/resources", EventKind::ResourceCreated),
    ("PATCH", "/api/resources/{id}", EventKind::ResourceUpdated),
    ("DELETE", "/api/resources/{id}", EventKind::ResourceDeleted),
    ("POST", "/api/resources/{id}/scopes", EventKind::ScopeCreated),
    ("DELETE", "/api/resources/{id}/scopes/{scopeId}", EventKind::ScopeDeleted),
    ("POST", "/api/roles", EventKind::RoleCreated),
    ("DELETE", "/api/roles/{id}", EventKind::RoleDeleted),
    ("POST", "/api/roles/{id}/scopes", EventKind::RoleScopesAdded),
    ("DELETE", "/api/roles/{id}/scopes/{scopeId}", EventKind::RoleScopeRemoved),
    ("POST", "/api/applications/{id}/roles", EventKind::ApplicationRolesAdded),
    ("DELETE", "/api/applications/{id}/roles/{roleId}", EventKind::ApplicationRoleRemoved),
    ("POST", "/api/users/{userId}/roles", EventKind::UserRolesAdded),
    ("DELETE", "/api/users/{userId}/roles/{roleId}", EventKind::UserRoleRemoved),
    ("POST", "/api/connectors", EventKind::ConnectorCreated),
    ("PATCH", "/api/connectors/{id}", EventKind::ConnectorUpdated),
    ("DELETE", "/api/connectors/{id}", EventKind::ConnectorDeleted),
    ("POST", "/api/connectors/{id}/test", EventKind::ConnectorTested),
    ("POST", "/api/connector-factories", EventKind::FactoryVersionUploaded),
    ("POST", "/api/connector-factories/{id}/versions/{digest}/approve", EventKind::FactoryVersionApproved),
    ("POST", "/api/connector-factories/{id}/versions/{digest}/activate", EventKind::FactoryVersionActivated),
    ("POST", "/api/connector-factories/{id}/rollback", EventKind::FactoryRolledBack),
    ("DELETE", "/api/connector-factories/{id}/versions/{digest}", EventKind::FactoryVersionDeleted),
    ("DELETE", "/api/connector-factories/{id}", EventKind::FactoryDeleted),
];

#[test]
fn each_kind_of_event_belongs_to_an_operation() {
    let operations = keyway_web::authorization();
    for (method, path, kind) in EVENTS {
        assert!(operations.iter().any(|(verb, known, _)| verb == method && *known == path), "{method} {path} {kind:?}");
    }
    for kind in EventKind::ALL {
        let known = kind.is_of_visitors() || EVENTS.iter().any(|(_, _, known)| known == kind);
        assert!(known, "{kind:?} has its line in the table");
    }
}

/// The entries of an event, the newest first.
async fn events(server: &TestServer, kind: EventKind) -> Vec<Value> {
    let entries = server.api(Method::GET, &format!("/logs?logKey={}", kind.key()), None).await.expect(200).json();
    entries.as_array().unwrap().clone()
}

/// The payload of the newest entry of an event.
async fn newest(server: &TestServer, kind: EventKind) -> Value {
    let path = format!("/logs?logKey={}&page_size=1", kind.key());
    let entries = server.api(Method::GET, &path, None).await.expect(200).json();
    entries.pointer("/0/payload").cloned().unwrap_or_default()
}

on_both! {
    async fn security_logging_every_write_of_the_management_api(database: Database) {
        let server = TestServer::start(database).await;
        let document = server.browser("203.0.113.7").get("/api/swagger.json").await.expect(200).json();
        let mut asked = BTreeSet::new();
        for (path, operations) in document.get("paths").and_then(Value::as_object).unwrap() {
            let is_public = ["/api/experience", "/api/interaction", "/api/status", "/api/.well-known"].iter().any(|start| path.starts_with(start));
            for method in ["post", "put", "patch", "delete"] {
                if is_public || operations.get(method).is_none() {
                    continue;
                }
                let verb: Method = method.to_ascii_uppercase().parse().unwrap();
                let path_below = filled(path.strip_prefix("/api").unwrap());
                server.api(verb.clone(), &path_below, Some(serde_json::json!({}))).await;
                asked.insert(format!("{verb} {path}"));
            }
        }
        assert!(asked.len() > 40, "{} operations", asked.len());
        let audited = audited(&server).await;
        let missing: Vec<_> = asked.difference(&audited).collect();
        assert!(missing.is_empty(), "not audited: {missing:?}");
    }

    async fn an_event_shows_who_changed_what(database: Database) {
        let server = TestServer::start(database).await;
        let role = serde_json::json!({ "name": "Editor", "description": "Edits" });
        let made = server.api(Method::POST, "/roles", Some(role)).await.expect(200).json();
        let id = made.get("id").and_then(Value::as_str).unwrap();
        let event = newest(&server, EventKind::RoleCreated).await;
        let text = |path: &str| event.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        assert_eq!((text("/actorType"), text("/operation")), ("application".into(), "POST /api/roles".into()), "{event}");
        assert_eq!((text("/targets/roleId"), text("/after/name")), (id.to_owned(), "Editor".into()), "{event}");
        assert!(!text("/actor").is_empty() && !text("/requestId").is_empty(), "{event}");
        assert_eq!(event.get("before"), None);

        // A refusal undoes the event with the change, and is in the log as a refusal.
        server.clock.turn(1);
        let taken = serde_json::json!({ "name": "Editor" });
        let refused = server.api(Method::POST, "/roles", Some(taken)).await.expect(422);
        let entry = newest(&server, EventKind::RoleCreated).await;
        assert_eq!(entry.pointer("/error/code"), refused.json().get("code"));
        assert_eq!(entry.get("result").and_then(Value::as_str), Some("Error"));
        assert_eq!(entry.get("after"), None);

        server.api(Method::DELETE, &format!("/roles/{id}"), None).await.expect(204);
        let event = newest(&server, EventKind::RoleDeleted).await;
        assert_eq!(event.pointer("/before/description").and_then(Value::as_str), Some("Edits"));
        let path = format!("/logs?logKey={}", EventKind::RoleDeleted.key());
        let entries = server.api(Method::GET, &path, None).await.expect(200).json();
        assert_eq!(entries.as_array().unwrap().len(), 1, "one change is one entry: {entries}");
    }

    async fn what_changes_nothing_leaves_no_event(database: Database) {
        let server = TestServer::start(database).await;
        let call = async |method: Method, path: &str, body: Value| {
            server.clock.turn(1);
            server.api(method, path, Some(body)).await
        };
        let id = |made: Value| made.get("id").and_then(Value::as_str).unwrap().to_owned();
        let role = id(call(Method::POST, "/roles", json!({ "name": "Editor", "description": "Edits" })).await.expect(200).json());
        let user = id(call(Method::POST, "/users", json!({ "username": "someone" })).await.expect(200).json());
        let path = format!("/roles/{role}");
        call(Method::PATCH, &path, json!({ "name": "Editor" })).await.expect(200);
        assert_eq!(events(&server, EventKind::RoleUpdated).await.len(), 0);
        call(Method::PATCH, &path, json!({ "name": "Author" })).await.expect(200);
        assert_eq!(events(&server, EventKind::RoleUpdated).await.len(), 1);
        let path = format!("/users/{user}/roles");
        for _ in 0..2 {
            call(Method::POST, &path, json!({ "roleIds": [role] })).await.expect(201);
            assert_eq!(events(&server, EventKind::UserRolesAdded).await.len(), 1);
        }
        let before = events(&server, EventKind::SignInExperienceUpdated).await.len();
        for _ in 0..2 {
            call(Method::PATCH, "/sign-in-exp", json!({ "customCss": "a {}" })).await.expect(200);
            assert_eq!(events(&server, EventKind::SignInExperienceUpdated).await.len(), before + 1);
        }
        let resource = id(call(Method::POST, "/resources", json!({ "name": "API", "indicator": "https://api.example" })).await.expect(201).json());
        for _ in 0..2 {
            call(Method::PATCH, &format!("/resources/{resource}/is-default"), json!({ "isDefault": true })).await.expect(200);
            assert_eq!(events(&server, EventKind::ResourceUpdated).await.len(), 1);
        }
    }

    async fn an_event_of_an_email_template_has_what_was_before(database: Database) {
        let server = TestServer::start(database).await;
        let put = async |subject: &str| {
            server.clock.turn(1);
            let details = json!({ "subject": subject, "content": "{{code}}" });
            let template = json!({ "languageTag": "en", "templateType": "SignIn", "details": details });
            server.api(Method::PUT, "/email-templates", Some(json!({ "templates": [template] }))).await.expect(200).json()
        };
        put("One").await;
        let made = put("Two").await;
        let event = newest(&server, EventKind::EmailTemplatesReplaced).await;
        assert_eq!(event.pointer("/before/SignIn en/subject"), Some(&json!("One")), "{event}");
        assert_eq!(event.pointer("/after/SignIn en/subject"), Some(&json!("Two")), "{event}");
        let id = made.pointer("/0/id").and_then(Value::as_str).unwrap();
        server.api(Method::DELETE, &format!("/email-templates/{id}"), None).await.expect(204);
        let event = newest(&server, EventKind::EmailTemplateDeleted).await;
        assert_eq!(event.pointer("/before/SignIn en/subject"), Some(&json!("Two")), "{event}");
    }

    async fn a_refused_form_is_in_the_log_with_the_code_of_the_refusal(database: Database) {
        let server = TestServer::start(database).await;
        let role = json!({ "name": "Editor", "description": "Edits" });
        server.api(Method::POST, "/roles", Some(role.clone())).await.expect(200);
        let code = server.api(Method::POST, "/roles", Some(role)).await.expect(422).code();
        let mut browser = server.administrator().await;
        server.clock.turn(1);
        browser.post_form("/console/roles", &[("name", "Editor"), ("description", "Edits")]).await.expect(422);
        let entry = newest(&server, EventKind::RoleCreated).await;
        assert_eq!(entry.get("operation"), Some(&json!("POST /console/roles")));
        assert_eq!(entry.pointer("/error/code"), Some(&json!(code)), "{entry}");
    }

    async fn log_injection_by_the_id_of_a_request(database: Database) {
        let server = TestServer::start(database).await;
        let mut proxy = server.browser("203.0.113.9").with_header("x-request-id", "from-the-proxy_1");
        assert_eq!(proxy.get("/api/status").await.expect(204).headers.get("x-request-id").and_then(|id| id.to_str().ok()), Some("from-the-proxy_1"));
        for bad in ["a b", "a\"b", &"a".repeat(65)] {
            let mut stranger = server.browser("203.0.113.9").with_header("x-request-id", bad);
            let answer = stranger.get("/api/status").await.expect(204);
            let id = answer.headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap();
            assert!(id != bad && !id.is_empty(), "{id}");
        }
    }

    async fn session_hijacking_hands_on_no_access(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut browser = server.administrator().await;
        let shown = format!("/console/applications/{}?reveal=1", application.id);
        assert!(browser.get(&shown).await.expect(200).body.contains(&application.secret));
        server.clock.turn(16 * 60);
        let asked = browser.get(&shown).await.expect(303).location();
        assert!(asked.starts_with("/console/sign-in?") && asked.contains("fresh=1"), "{asked}");
        for path in ["/users/nobody/link", "/settings/administrators", "/settings/machines", "/settings/keys"] {
            let refused = browser.post_form(&format!("/console{path}"), &[("name", "x"), ("username", "x")]).await.expect(303);
            assert!(refused.location().contains("fresh=1"), "{path}");
        }
        browser.get("/console/users").await.expect(200);
        // The session that is there does not answer the question.
        let begun = browser.get(&asked).await.expect(303);
        let page = browser.get(&begun.location()).await.expect(303).location();
        assert!(!page.contains("/console/callback"), "{page}");
    }

    async fn security_logging_every_form_of_the_console(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.administrator().await;
        // The preview stores nothing and follows each key; who signs out can do nothing after.
        let forms: Vec<_> =
            forms().into_iter().filter(|path| !["/console/preview", "/console/sign-out"].contains(path)).collect();
        assert!(forms.len() > 25, "{forms:?}");
        for path in &forms {
            browser.post_form(&filled(path), &[("op", "save")]).await;
        }
        let audited = audited(&server).await;
        let missing: Vec<_> = forms.iter().filter(|path| !audited.contains(&format!("POST {path}"))).collect();
        assert!(missing.is_empty(), "not audited: {missing:?}");
    }
}
