//! What people see who are nowhere: at a root, at an address that is none, on a page that has expired, or sent by an application
//! that is set up wrongly; and those whose network sends too much.

use http::Method;
use keyway_testing::{Options, TestServer, on_both};
use serde_json::json;

on_both! {
    async fn the_roots_and_unknown_addresses_are_pages_for_people_and_json_for_programs(database: Database) {
        let server = TestServer::start(database).await;
        let mut person = server.browser("203.0.113.7").with_header("accept", "text/html");
        let root = person.get("/").await.expect(200);
        assert!(root.body.contains("This is a sign-in service"), "{}", root.body);
        let nothing = person.get("/no/such/page").await.expect(404);
        assert!(nothing.body.contains("There is nothing at this address"), "{}", nothing.body);
        assert_eq!(server.browser("203.0.113.7").get("/no/such/page").await.expect(404).code(), "request.not_found");
        let mut operator = server.operators_browser("203.0.113.7").with_header("accept", "text/html");
        assert_eq!(operator.get("/").await.expect(303).location(), "/console");
        assert!(operator.get("/no/such/page").await.expect(404).body.contains("There is nothing at this address"));
    }

    async fn an_expired_page_leads_back_to_its_application(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut person = server.browser("203.0.113.7").with_header("accept", "text/html");
        let page = person.authorize(&application).await.expect(303).location();
        person.get(&page).await.expect(200);
        server.clock.turn(3601);
        for answer in [person.get(&page).await, person.post_form(&page, &[("identifier", "x")]).await] {
            assert!(answer.status.is_client_error(), "{}", answer.status);
            assert!(answer.body.contains("href=\"https://app.example.com/\""), "{}", answer.body);
        }
        // An address leads to applications that are registered, and to nowhere else.
        let strange = person.get("/sign-in?app_id=https://evil.example").await;
        assert!(!strange.body.contains("evil.example"), "{}", strange.body);
    }

    async fn stored_xss_through_a_redirect_address_that_is_not_registered(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut person = server.browser("203.0.113.7").with_header("accept", "text/html");
        let sent = "https://app.example.com/<script>alert(1)</script>";
        let answer = person.authorize_with(&application, &[("redirect_uri", sent)]).await.expect(400);
        for part in ["https://app.example.com/", "Test", &application.id, "Redirect URIs"] {
            assert!(answer.body.contains(part), "{part} in {}", answer.body);
        }
        assert!(!answer.body.contains("<script>alert") && !answer.body.contains("href=\"https://app.example.com/"), "{}", answer.body);
    }

    async fn resource_exhaustion_by_writes_of_one_address(database: Database) {
        let options = Options { writes_per_minute: 5, ..Options::default() };
        let server = TestServer::start_with(database, options).await;
        let application = server.application().await;
        let event = || Some(json!({ "interactionEvent": "SignIn" }));
        let mut flood = server.browser("203.0.113.7");
        flood.authorize(&application).await.expect(303);
        for _ in 0..5 {
            flood.step(Method::PUT, "", event()).await.expect(204);
        }
        let refused = flood.step(Method::PUT, "", event()).await.expect(429);
        assert_eq!(refused.code(), "request.too_many_requests");
        assert!(refused.headers.contains_key("retry-after"));
        let page = flood.clone().with_header("accept", "text/html").post_form("/sign-in", &[]).await.expect(429);
        assert!(page.body.contains("Too many requests came from your network"), "{}", page.body);
        let mut other = server.browser("203.0.113.8");
        other.authorize(&application).await.expect(303);
        other.step(Method::PUT, "", event()).await.expect(204);
        for _ in 0..4 {
            flood.authorize(&application).await.expect(303);
        }
        let stored = server.core.store().statements();
        flood.authorize(&application).await.expect(429);
        assert_eq!(server.core.store().statements(), stored, "refused before anything is looked up");
        // Applications speak for many, and programs come with a token.
        for _ in 0..9 {
            flood.exchange(&application, "wrong").await.expect(400);
            server.api(Method::PATCH, "/sign-in-exp", Some(json!({}))).await.expect(200);
        }
    }
}
