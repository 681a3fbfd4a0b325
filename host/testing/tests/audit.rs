//! Everything that administrators can change leaves an event behind.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;

use http::Method;
use keyway_testing::{TestServer, on_both};
use serde_json::Value;

/// A path with something that is not there in place of each `{name}`.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "nobody" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The operations that the log of the users' tenant holds.
async fn audited(server: &TestServer) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for page in 1.. {
        let path = format!("/logs?logKey=Management.&page_size=100&page={page}");
        let entries = server.api(Method::GET, &path, None).await.expect(200).json();
        let entries = entries.as_array().unwrap().clone();
        found
            .extend(entries.iter().filter_map(|entry| Some(entry.pointer("/payload/operation")?.as_str()?.to_owned())));
        if entries.len() < 100 {
            break;
        }
    }
    found
}

/// The console's forms, as the router's text has them.
fn forms() -> Vec<&'static str> {
    let source = include_str!("../../web/src/console/mod.rs");
    let closed = source.split_once("let upload").unwrap().1;
    let routes = closed.split(".route(").skip(1);
    let writes = routes.filter(|route| route.split(".route").next().unwrap().contains("post("));
    writes.map(|route| route.split('"').nth(1).unwrap()).collect()
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
