//! What an administrator sets beside a connector's configuration, in the console.

use http::Method;
use keyway_core::connectors::TrustPolicy;
use keyway_testing::{Options, TestServer, module, on_both};
use serde_json::{Value, json};

const TRUST: (&str, &str) = ("trust_verified_addresses", "on");

/// GitHub, uploaded: what it calls verified counts for nothing before the administrator says so.
fn with_github() -> TrustPolicy {
    TrustPolicy { official_names: true, ..TrustPolicy::default() }
}

fn is_ticked(page: &str) -> bool {
    let (_, rest) = page.split_once("name=\"trust_verified_addresses\"").unwrap();
    rest.split_once('>').unwrap().0.contains(" checked")
}

on_both! {
    async fn a_form_that_is_sent_twice_takes_no_connectors_place(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.administrator().await;
        let id = "x".repeat(21);
        let form = [
            ("new_id", id.as_str()), ("beside", "on"), ("op", "save"),
            ("/endpoint", "https://inbox.keyway.internal/messages"),
        ];
        let path = "/console/connectors/set-up/keyway-dev-inbox";
        let first = browser.post_form(path, &form).await.expect(303).location();
        assert_eq!(first, format!("/console/connectors/{id}"), "its callback address was shown");
        let second = browser.post_form(path, &form).await.expect(303).location();
        assert!(second.starts_with("/console/connectors/") && second != first, "{second}");
        browser.get(&second).await.expect(200);
    }

    async fn whether_verified_addresses_count_is_ticked_in_the_console(database: Database) {
        let options = Options { trust: Some(with_github()), ..Options::default() };
        let server = TestServer::start_with(database, options).await;
        let uploaded = server.upload(module("github", &[])).await.expect(201).json();
        let digest = uploaded.get("digest").and_then(Value::as_str).unwrap();
        for step in ["approve", "activate"] {
            let path = format!("/connector-factories/github-universal/versions/{digest}/{step}");
            server.api(Method::POST, &path, None).await.expect(200);
        }
        let body = json!({ "connectorId": "github-universal", "id": "github",
            "config": { "clientId": "id", "clientSecret": "secret" } });
        server.api(Method::POST, "/connectors", Some(body)).await.expect(200);
        let trusted = async || {
            let shown = server.api(Method::GET, "/connectors/github", None).await.expect(200).json();
            shown.get("trustVerifiedAddresses").cloned().unwrap()
        };
        let mut browser = server.administrator().await;
        let path = "/console/connectors/github";
        assert!(!is_ticked(&browser.get(path).await.expect(200).body), "the default of an uploaded module");
        let fields = [("/clientId", "id"), ("/clientSecret", "secret")];
        let form = |more: &[(&'static str, &'static str)]| [&fields[..], more].concat();
        let redrawn = browser.post_form(path, &form(&[TRUST, ("op", "raw")])).await.expect(200);
        assert!(is_ticked(&redrawn.body), "what is not saved yet stays");
        assert_eq!(trusted().await, json!(false));
        for (more, expected) in [(&[TRUST, ("op", "save")][..], true), (&[("op", "save")][..], false)] {
            browser.post_form(path, &form(more)).await.expect(303);
            assert_eq!(trusted().await, json!(expected));
            assert_eq!(is_ticked(&browser.get(path).await.expect(200).body), expected);
        }
        browser.post_form(path, &form(&[TRUST, ("op", "save")])).await.expect(303);
        let redrawn = browser.post_form(path, &form(&[("op", "raw")])).await.expect(200);
        assert!(!is_ticked(&redrawn.body), "unticked, though it is saved ticked");
    }
}
