//! Wrong passwords and codes: they slow down who guesses, and nobody else.

use http::Method;
use keyway_testing::{Answer, Browser, TestServer, on_both};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

async fn guess(browser: &mut Browser, name: &str, password: &str) -> Answer {
    let body = json!({ "identifier": { "type": "username", "value": name }, "password": password });
    browser.step(Method::POST, "/verification/password", Some(body)).await
}

on_both! {
    async fn a_stranger_does_not_lock_the_owner_out(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let owner = server.user("ada", "8613800000009", PASSWORD).await;
        let mut stranger = server.browser("198.51.100.1");
        stranger.start(&application, "SignIn").await;
        for _ in 0..5 {
            assert_eq!(guess(&mut stranger, "ada", "a wrong password").await.code(), "session.invalid_credentials");
        }
        let logs = server.api(Method::GET, "/logs?logKey=Interaction.SignIn.Verification.Password.Submit", None).await.json();
        let of = |entry: &Value| entry.pointer("/payload/userId").cloned();
        let whose: Vec<_> = logs.as_array().unwrap().iter().map(of).collect();
        assert_eq!(whose, vec![owner.get("id").cloned(); 5], "the log tells whose account was tried");
        let blocked = guess(&mut stranger, "ada", "a wrong password").await.expect(400);
        assert_eq!(blocked.code(), "session.verification_blocked_too_many_attempts");
        assert_eq!(blocked.json().pointer("/data/retryAfter"), Some(&json!(5)));
        assert_eq!(guess(&mut stranger, "ada", PASSWORD).await.code(), blocked.code(), "right or wrong, it waits");
        server.browser("203.0.113.7").sign_in(&application, "ada", PASSWORD).await;
        server.clock.turn(5);
        assert_eq!(guess(&mut stranger, "ada", "a wrong password").await.code(), "session.invalid_credentials");
        let longer = guess(&mut stranger, "ada", "a wrong password").await;
        assert_eq!(longer.json().pointer("/data/retryAfter"), Some(&json!(10)));
    }

    async fn one_customers_networks_do_not_stop_the_owner(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", "8613800000009", PASSWORD).await;
        for network in 0..120 {
            let mut stranger = server.browser(&format!("2001:db8:77:{network:x}::1"));
            stranger.start(&application, "SignIn").await;
            guess(&mut stranger, "ada", "a wrong password").await;
            server.clock.turn(700);
        }
        server.browser("203.0.113.7").sign_in(&application, "ada", PASSWORD).await;
        let mut stranger = server.browser("2001:db8:77::1");
        stranger.start(&application, "SignIn").await;
        let refused = guess(&mut stranger, "ada", PASSWORD).await.expect(400);
        assert_eq!(refused.code(), "session.verification_blocked_too_many_attempts");
    }

    async fn a_known_device_and_a_code_come_in_behind_a_guessers_address(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", "8613800000009", PASSWORD).await;
        let mut owner = server.browser("198.51.100.2");
        owner.sign_in(&application, "ada", PASSWORD).await;
        owner.cookies_mut().remove("_session");
        let mut stranger = server.browser("198.51.100.1");
        stranger.start(&application, "SignIn").await;
        for _ in 0..8 {
            guess(&mut stranger, "ada", "a wrong password").await;
        }
        owner.sign_in(&application, "ada", PASSWORD).await;
        let mut elsewhere = server.browser("198.51.100.3");
        elsewhere.start(&application, "SignIn").await;
        guess(&mut elsewhere, "ada", PASSWORD).await.expect(400);
        let sent = elsewhere.send_code("8613800000009", "SignIn").await.expect(200).json();
        let id = sent.get("verificationId").and_then(Value::as_str).unwrap().to_owned();
        let code = server.inbox.last("8613800000009").unwrap().code().to_owned();
        let verified = elsewhere.verify_code("8613800000009", &id, &code).await.expect(200).json();
        elsewhere.step(Method::POST, "/identification", Some(verified)).await.expect(204);
        elsewhere.submit().await;
    }

    async fn one_password_for_many_names_is_counted_by_network(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut stranger = server.browser("198.51.100.1");
        stranger.start(&application, "SignIn").await;
        let mut tried = 0;
        for name in 0..110 {
            let answer = guess(&mut stranger, &format!("user{name}"), "summer2026").await;
            tried += usize::from(answer.code() == "session.invalid_credentials");
        }
        assert_eq!(tried, 100);
        let mut neighbour = server.browser("198.51.100.200");
        neighbour.start(&application, "SignIn").await;
        assert_eq!(guess(&mut neighbour, "ada", "summer2026").await.status, 400);
    }

    async fn otp_brute_force(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let phone = "8613800000009";
        server.user("ada", phone, PASSWORD).await;
        let mut codes = Vec::new();
        for _ in 0..3 {
            let mut stranger = server.browser("198.51.100.1");
            stranger.start(&application, "SignIn").await;
            let sent = stranger.send_code(phone, "SignIn").await.expect(200).json();
            let id = sent.get("verificationId").and_then(Value::as_str).unwrap().to_owned();
            let right = server.inbox.last(phone).unwrap().code().to_owned();
            let wrong = if right == "000000" { "000001" } else { "000000" };
            for _ in 0..6 {
                codes.push(stranger.verify_code(phone, &id, wrong).await.code());
            }
            codes.push(stranger.verify_code(phone, &id, &right).await.code());
            server.clock.turn(60);
        }
        let count = |code: &str| codes.iter().filter(|found| *found == code).count();
        assert_eq!(count("verification_code.code_mismatch"), 10, "ten an hour, whatever the codes: {codes:?}");
        assert_eq!(count("session.verification_blocked_too_many_attempts"), 7 + 2);
        assert!(!codes.iter().any(String::is_empty), "no guess was right");
    }
}
