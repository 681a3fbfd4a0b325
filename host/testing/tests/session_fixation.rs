//! Sign-ins under way belong to one browser, which may have several, each at its own page.

use http::Method;
use keyway_testing::{Answer, Application, Browser, TestServer, on_both};
use serde_json::{Value, json};

const PASSWORD: &str = "green hills far away";

async fn application(server: &TestServer, redirect_uri: &str) -> Application {
    let metadata = json!({ "redirectUris": [redirect_uri], "postLogoutRedirectUris": [] });
    let body = json!({ "name": "Test", "type": "Traditional", "oidcClientMetadata": metadata });
    let made = server.api(Method::POST, "/applications", Some(body)).await.expect(200).json();
    let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap().to_owned();
    Application { id: text("id"), secret: text("secret"), redirect_uri: redirect_uri.into() }
}

/// Opens a sign-in page; its address and the page.
async fn open(browser: &mut Browser, application: &Application) -> (String, Answer) {
    let address = browser.authorize(application).await.expect(303).location();
    let page = browser.get(&address).await.expect(200);
    (address, page)
}

async fn submit(browser: &mut Browser, address: &str, page: &Answer) -> Answer {
    let csrf = page.input("csrf").unwrap();
    browser.post_form(address, &[("csrf", &csrf), ("identifier", "ada"), ("password", PASSWORD)]).await
}

/// The name of an interaction in the address of its page.
fn name(address: &str) -> &str {
    address.split_once("interaction=").unwrap().1
}

on_both! {
    async fn two_pages_of_one_browser_are_finished_each_in_its_application(database: Database) {
        let server = TestServer::start(database).await;
        server.user("ada", "8613800131000", PASSWORD).await;
        let shop = application(&server, "https://shop.example.com/callback").await;
        let forum = application(&server, "https://forum.example.com/callback").await;
        let mut browser = server.browser("203.0.113.7");
        let (first, shop_page) = open(&mut browser, &shop).await;
        let (second, forum_page) = open(&mut browser, &forum).await;
        // A reload of the older page shows the older page.
        assert_eq!(browser.get(&first).await.expect(200).input("csrf"), shop_page.input("csrf"));
        let landed = submit(&mut browser, &first, &shop_page).await.expect(303);
        assert!(landed.location().starts_with(&shop.redirect_uri), "{}", landed.location());
        let tokens = browser.exchange(&shop, &landed.location_parameter("code").unwrap()).await.expect(200).json();
        let landed = submit(&mut browser, &second, &forum_page).await.expect(303);
        assert!(landed.location().starts_with(&forum.redirect_uri), "{}", landed.location());
        browser.exchange(&forum, &landed.location_parameter("code").unwrap()).await.expect(200);
        let refresh = tokens.get("refresh_token").and_then(Value::as_str).unwrap();
        browser.refresh(&shop, refresh).await.expect(200);
        let left: Vec<&String> = browser.cookies_mut().keys().filter(|name| name.contains("interaction")).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    async fn a_client_that_names_no_interaction_means_the_newest(database: Database) {
        let server = TestServer::start(database).await;
        server.user("ada", "8613800131000", PASSWORD).await;
        let shop = application(&server, "https://shop.example.com/callback").await;
        let forum = application(&server, "https://forum.example.com/callback").await;
        let mut browser = server.browser("203.0.113.7");
        let (first, shop_page) = open(&mut browser, &shop).await;
        let code = browser.sign_in(&forum, "ada", PASSWORD).await;
        browser.exchange(&forum, &code).await.expect(200);
        let landed = submit(&mut browser, &first, &shop_page).await.expect(303);
        assert!(landed.location().starts_with(&shop.redirect_uri), "{}", landed.location());
    }

    async fn session_fixation_by_the_address_of_a_page(database: Database) {
        let server = TestServer::start(database).await;
        server.user("ada", "8613800131000", PASSWORD).await;
        let shop = application(&server, "https://shop.example.com/callback").await;
        let mut attacker = server.browser("203.0.113.66");
        let (address, page) = open(&mut attacker, &shop).await;
        let planted = attacker.cookie("_interaction").unwrap().to_owned();
        assert!(!address.contains(&planted), "no secret is in an address");
        // The address alone, and the address beside a sign-in of the victim's own.
        let mut victim = server.browser("203.0.113.7");
        victim.get(&address).await.expect(400);
        submit(&mut victim, &address, &page).await.expect(400);
        let (own, _) = open(&mut victim, &shop).await;
        assert_eq!(victim.get(&address).await.expect(400).code(), "session.not_found");
        submit(&mut victim, &address, &page).await.expect(400);
        // A cookie that does not fit the name that it was planted under.
        victim.cookies_mut().insert(format!("_interaction_{}", name(&own)), planted);
        let shown = victim.get(&own).await.expect(200);
        assert_ne!(shown.input("csrf"), page.input("csrf"), "the planted cookie is not taken");
    }

    async fn sign_ins_of_one_browser_are_bounded(database: Database) {
        let server = TestServer::start(database).await;
        let shop = application(&server, "https://shop.example.com/callback").await;
        let mut browser = server.browser("203.0.113.7");
        let mut newest = String::new();
        for _ in 0..20 {
            newest = browser.authorize(&shop).await.expect(303).location();
            let named = browser.cookies_mut().keys().filter(|name| name.starts_with("_interaction_")).count();
            assert!(named <= 8, "{named}");
        }
        browser.get(&newest).await.expect(200);
    }
    async fn two_tabs_sign_in_to_the_console_at_once(database: Database) {
        let server = TestServer::start(database).await;
        let mut browser = server.administrator().await;
        browser.cookies_mut().retain(|name, _| !name.contains("console"));
        let first = browser.begin_console_sign_in().await;
        let second = browser.begin_console_sign_in().await;
        let asked = browser.get(&first).await.expect(303);
        assert_eq!(asked.location(), "/console", "the tab begins anew, and its code is not used");
        assert!(browser.get("/console").await.expect(303).location().starts_with("/console/sign-in"));
        browser.get(&second).await.expect(303);
        browser.get("/console").await.expect(200);
    }
}
