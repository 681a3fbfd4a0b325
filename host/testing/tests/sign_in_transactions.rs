//! What a sign-in on the pages costs the database. Each write transaction is a flush to disk, so their number bounds how many
//! sign-ins a second a node can carry.

use keyway_testing::{Answer, Browser, TestServer, on_both};

const PHONE: &str = "8613800000009";
const PASSWORD: &str = "correct horse battery";

/// Posts a form of the sign-in under way; the answer, and the write transactions and statements until then.
async fn post(server: &TestServer, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> (Answer, u64, u64) {
    let csrf = browser.get("/sign-in").await.expect(200).input("csrf").unwrap();
    let fields: Vec<(&str, &str)> = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
    let store = server.core.store();
    let (transactions, statements) = (store.transactions(), store.statements());
    let answer = browser.post_form(path, &fields).await;
    (answer, store.transactions() - transactions, store.statements() - statements)
}

on_both! {
    async fn a_password_signs_in_in_one_transaction(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", PHONE, PASSWORD).await;
        let mut browser = server.browser("203.0.113.7");
        browser.authorize_with(&application, &[]).await.expect(303);
        let fields = [("identifier", "ada"), ("password", PASSWORD)];
        let (answer, transactions, statements) = post(&server, &mut browser, "/sign-in", &fields).await;
        assert!(answer.location_parameter("code").is_some(), "{} {}", answer.status, answer.location());
        assert_eq!(transactions, 1);
        assert!(statements <= 16, "{statements} statements");
    }

    async fn a_code_signs_in_in_one_transaction(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", PHONE, PASSWORD).await;
        let mut browser = server.browser("203.0.113.7");
        browser.authorize_with(&application, &[]).await.expect(303);
        let phone = format!("+{PHONE}");
        let (answer, transactions, statements) =
            post(&server, &mut browser, "/sign-in", &[("identifier", &phone), ("action", "code")]).await;
        assert!(answer.location().starts_with("/code"), "{} {}", answer.status, answer.location());
        assert_eq!(transactions, 1);
        assert!(statements <= 9, "{statements} statements");
        let code = server.inbox.last(PHONE).unwrap().code().to_owned();
        let (answer, transactions, statements) = post(&server, &mut browser, "/code", &[("code", &code)]).await;
        assert!(answer.location_parameter("code").is_some(), "{} {}", answer.status, answer.location());
        assert_eq!(transactions, 1);
        assert!(statements <= 18, "{statements} statements");
    }

    async fn a_refused_sign_in_keeps_its_count_and_nothing_else(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", PHONE, PASSWORD).await;
        let mut browser = server.browser("203.0.113.7");
        browser.authorize_with(&application, &[]).await.expect(303);
        for _ in 0..5 {
            let fields = [("identifier", "ada"), ("password", "a wrong password")];
            let (answer, transactions, _) = post(&server, &mut browser, "/sign-in", &fields).await;
            assert!(answer.status.is_client_error(), "{}", answer.status);
            assert_eq!(transactions, 1);
        }
        let fields = [("identifier", "ada"), ("password", PASSWORD)];
        let (answer, _, _) = post(&server, &mut browser, "/sign-in", &fields).await;
        assert!(answer.status.is_client_error(), "a right password has to wait as well: {}", answer.location());
        server.clock.turn(3600);
        browser.authorize_with(&application, &[]).await.expect(303);
        let (answer, _, _) = post(&server, &mut browser, "/sign-in", &fields).await;
        assert!(answer.location_parameter("code").is_some(), "{} {}", answer.status, answer.location());
    }
}
