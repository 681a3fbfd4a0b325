//! Budgets of messages: they stop pumpers and not customers.

use http::Method;
use keyway_core::limits::Limits;
use keyway_testing::{Application, Browser, Options, TestServer, on_both};
use serde_json::{Value, json};

/// Sends a code; the verification and the code that arrived.
async fn ask(server: &TestServer, browser: &mut Browser, phone: &str, event: &str) -> (String, String) {
    let sent = browser.send_code(phone, event).await.expect(200).json();
    let id = sent.get("verificationId").and_then(Value::as_str).unwrap().to_owned();
    (id, server.inbox.last(phone).unwrap().code().to_owned())
}

async fn sign_up(server: &TestServer, browser: &mut Browser, application: &Application, phone: &str) {
    browser.start(application, "Register").await;
    let (id, code) = ask(server, browser, phone, "Register").await;
    let verified = browser.verify_code(phone, &id, &code).await.expect(200).json();
    browser.step(Method::POST, "/identification", Some(verified)).await.expect(201);
    browser.submit().await;
}

/// The answer to a puzzle, by trying.
fn solve(puzzle: &Value) -> String {
    let challenge = puzzle.get("challenge").and_then(Value::as_str).unwrap();
    let bits = puzzle.get("bits").and_then(Value::as_u64).unwrap();
    let fits = |nonce: &String| {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{challenge}.{nonce}").as_bytes());
        let zeros = hash.as_ref().iter().try_fold(0_u64, |zeros, byte| match byte {
            0 => Ok(zeros + 8),
            byte => Err(zeros + u64::from(byte.leading_zeros())),
        });
        zeros.unwrap_or_else(|zeros| zeros) >= bits
    };
    (0..u64::MAX).map(|number| number.to_string()).find(fits).unwrap()
}

on_both! {
    async fn who_signs_up_and_out_gets_a_code_within_the_minute(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut browser = server.browser("203.0.113.7");
        sign_up(&server, &mut browser, &application, "8613800000001").await;
        browser.cookies_mut().remove("_session");
        browser.start(&application, "SignIn").await;
        ask(&server, &mut browser, "8613800000001", "SignIn").await;
        let again = browser.send_code("8613800000001", "SignIn").await.expect(429).json();
        assert_eq!(again.pointer("/data/retryAfter"), Some(&json!(60)));
    }

    async fn the_fourth_person_of_a_country_gets_a_code(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        for person in 0..12 {
            let mut browser = server.browser(&format!("203.0.113.{person}"));
            browser.start(&application, "Register").await;
            browser.send_code(&format!("86137001{:05}", person * 1000), "Register").await.expect(200);
        }
    }

    async fn who_signs_in_waits_for_nobody_else_of_the_country(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        for phone in ["8613800000001", "8613800000002"] {
            sign_up(&server, &mut server.browser("203.0.113.7"), &application, phone).await;
        }
        let pool = server.database.connect().await;
        let rows = sqlx::query("SELECT name FROM counters WHERE name LIKE 'verified:CN:%'").fetch_all(&pool).await.unwrap();
        assert_eq!(rows.len(), 2, "a row of each, not one that both lock");
    }

    async fn strangers_of_a_country_share_a_budget_and_no_row(database: Database) {
        let limits = Limits { unverified_per_country_hour: 3, proof_of_work_bits: 0, ..Limits::default() };
        let server = TestServer::start_with(database, Options { limits: Some(limits), ..Options::default() }).await;
        let application = server.application().await;
        for (person, status) in [200, 200, 200, 429, 429].into_iter().enumerate() {
            let mut browser = server.browser(&format!("203.0.113.{person}"));
            browser.start(&application, "Register").await;
            browser.send_code(&format!("86137001{:05}", person * 1001), "Register").await.expect(status);
        }
        let pool = server.database.connect().await;
        let rows = "SELECT name FROM counters WHERE name LIKE 'open:country:CN:%' AND history <> ''";
        assert_eq!(sqlx::query(rows).fetch_all(&pool).await.unwrap().len(), 3);
        let logs = server.api(Method::GET, "/logs?logKey=Message.RateLimited", None).await.expect(200).json();
        assert_eq!(logs.as_array().unwrap().len(), 1, "once for the country");
    }

    async fn one_address_and_one_ipv6_network_are_held_back(database: Database) {
        let limits = Limits { proof_of_work_bits: 0, ..Limits::default() };
        let server = TestServer::start_with(database, Options { limits: Some(limits), seed: 1, ..Options::default() }).await;
        let application = server.application().await;
        let mut sent = 0;
        for turn in 0..8 {
            let mut browser = server.browser(&format!("2001:db8:1:2::{turn:x}"));
            browser.start(&application, "Register").await;
            let answer = browser.send_code(&format!("86137001{:05}", turn * 1000), "Register").await;
            sent += usize::from(answer.status == 200);
        }
        assert_eq!((sent, server.inbox.count()), (5, 5), "five unfinished messages an hour");
        let mut neighbour = server.browser("2001:db8:1:3::1");
        neighbour.start(&application, "Register").await;
        neighbour.send_code("8613700199000", "Register").await.expect(429);
        let costly = server.browser("203.0.113.9").send_code("447012345678", "Register").await;
        assert_ne!(costly.status, 200);
        let logs = server.api(Method::GET, "/logs?logKey=Message.RateLimited", None).await.expect(200).json();
        let refusals = logs.as_array().unwrap().iter().filter(|entry| entry["key"] == "Message.RateLimited").count();
        assert_eq!(refusals, 2, "once for the address, once for the site");
    }

    async fn a_proof_of_work_lets_one_more_through_once(database: Database) {
        let limits = Limits { unverified_per_ip_hour: 1, proof_of_work_bits: 8, ..Limits::default() };
        let server = TestServer::start_with(database, Options { limits: Some(limits), seed: 1, ..Options::default() }).await;
        let application = server.application().await;
        let mut browser = server.browser("203.0.113.7");
        browser.start(&application, "Register").await;
        browser.send_code("8613700100001", "Register").await.expect(200);
        let refused = browser.send_code("8613700200001", "Register").await.expect(429).json();
        assert_eq!(refused.get("code").unwrap(), "request.message_rate_limited");
        let answer = solve(refused.pointer("/data/proofOfWork").unwrap());
        let wish = |phone: &str, work: &str| json!({
            "identifier": { "type": "phone", "value": phone }, "interactionEvent": "Register", "proofOfWork": work,
        });
        let path = "/verification/verification-code";
        browser.step(Method::POST, path, Some(wish("8613700200001", &answer))).await.expect(200);
        browser.step(Method::POST, path, Some(wish("8613700300001", &answer))).await.expect(429);
        assert_eq!(server.inbox.count(), 2);
        // Of another interaction it is worth nothing.
        let mut other = server.browser("203.0.113.7");
        other.start(&application, "Register").await;
        other.step(Method::POST, path, Some(wish("8613700300001", &answer))).await.expect(429);
    }

    async fn a_closed_tenant_sends_nothing_to_strangers(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        server.api(Method::PATCH, "/sign-in-exp", Some(json!({ "signInMode": "SignIn" }))).await.expect(200);
        let mut browser = server.browser("203.0.113.7");
        browser.start(&application, "SignIn").await;
        browser.send_code("8613700100001", "Register").await.expect(200);
        browser.send_code("8613700200001", "SignIn").await.expect(200);
        assert_eq!(server.inbox.count(), 0);
    }
}

on_both! {
    /// Twelve hundred visitors of one country from as many addresses within an hour, 70 % of whom finish: those who do not are more
    /// than the floor of an hour.
    async fn nobody_honest_is_refused(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        for visitor in 0..1200_u32 {
            let mut browser = server.browser(&format!("10.{}.{}.7", visitor / 250, visitor % 250));
            let phone = format!("861{}", 3_000_000_000_u64 + u64::from(visitor) * 104_729);
            browser.start(&application, "Register").await;
            let (id, code) = ask(&server, &mut browser, &phone, "Register").await;
            if visitor * 7 % 10 < 7 {
                browser.verify_code(&phone, &id, &code).await.expect(200);
            }
            server.clock.turn(3);
        }
        assert_eq!(server.inbox.count(), 1200);
    }

    /// One attacker with 200 addresses and 2,000 numbers who works for nothing: the floor of an hour.
    async fn a_pumper_gets_no_more_than_the_stated_number_an_hour(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let mut browsers = Vec::new();
        for address in 0..200_u32 {
            let mut browser = server.browser(&format!("10.{}.{}.7", address / 250, address % 250));
            browser.start(&application, "Register").await;
            browsers.push(browser);
        }
        for round in 0..10_u64 {
            for (browser, address) in browsers.iter_mut().zip(0_u64..) {
                let phone = format!("861{}", 3_000_000_000 + (round * 200 + address) * 104_729);
                browser.send_code(&phone, "Register").await;
            }
            server.clock.turn(350);
        }
        assert_eq!(server.inbox.count(), 300);
    }
}

/// As many addresses, each of them new, with five numbers each; whoever works answers every puzzle.
async fn pump(server: &TestServer, application: &Application, addresses: std::ops::Range<u64>, works: bool) {
    for address in addresses {
        let mut browser = server.browser(&format!("10.{}.{}.7", address / 250, address % 250));
        browser.start(application, "Register").await;
        for number in 0..5 {
            let phone = format!("861{}", 3_000_000_000 + (address * 5 + number) * 104_729);
            let answer = browser.send_code(&phone, "Register").await;
            let puzzle = answer.json().pointer("/data/proofOfWork").cloned();
            if let Some(puzzle) = puzzle.filter(|_| works) {
                let body = json!({
                    "identifier": { "type": "phone", "value": phone }, "interactionEvent": "Register",
                    "proofOfWork": solve(&puzzle),
                });
                browser.step(Method::POST, "/verification/verification-code", Some(body)).await;
            }
        }
    }
}

on_both! {
    /// The floors of an hour and of a day, and twice those for who proves work for every message.
    async fn a_pumper_gets_no_more_than_the_stated_number_a_day(database: Database) {
        let floors = Limits { unverified_per_country_hour: 50, unverified_per_country_day: 150, ..Limits::default() };
        let limits = Limits { proof_of_work_bits: 4, ..floors };
        let server = TestServer::start_with(database, Options { limits: Some(limits), ..Options::default() }).await;
        let application = server.application().await;
        let day = 24 * 3600;
        let mut address = 0;
        for (works, hourly, daily) in [(false, 50, 150), (true, 100, 300)] {
            server.inbox.clear();
            let mut passed = 0;
            let hours = [(0, hourly), (4200, 2 * hourly), (8400, daily), (12_600, daily), (day - 60, daily)];
            // Ten minutes are counted together, so the first hour's messages have left the day after as long.
            for (second, most) in hours.into_iter().chain([(day + 600, daily + hourly)]) {
                server.clock.turn(second - passed);
                passed = second;
                let addresses = u64::try_from(hourly).unwrap() / 5 + 10;
                pump(&server, &application, address..address + addresses, works).await;
                address += addresses;
                assert_eq!(server.inbox.count(), most, "second {second}, works: {works}");
            }
            server.clock.turn(2 * day);
        }
    }
}
