//! Every table has somebody who deletes, and what strangers leave behind goes again.

use keyway_store::retention::TABLES;
use keyway_testing::{Database, Dice, TestServer, on_both};
use sqlx::Row as _;

async fn rows(database: &Database, table: &str) -> i64 {
    let pool = database.connect().await;
    let statement = sqlx::AssertSqlSafe(format!("SELECT CAST(COUNT(*) AS BIGINT) AS count FROM {table}"));
    sqlx::query(statement).fetch_one(&pool).await.unwrap().get("count")
}

on_both! {
    async fn every_table_has_somebody_who_deletes(database: Database) {
        let server = TestServer::start(database).await;
        let mut known: Vec<&str> = TABLES.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        let found = server.database.tables().await;
        let unknown: Vec<&String> = found.iter().filter(|name| !known.contains(&name.as_str())).collect();
        assert!(unknown.is_empty(), "who deletes the rows of {unknown:?}?");
    }

    async fn what_strangers_leave_is_bounded_and_goes_again(database: Database) {
        let mut server = TestServer::start(database).await;
        let application = server.application().await;
        server.user("ada", "8613800000009", "correct horse battery").await;
        let mut browser = server.browser("203.0.113.7");
        let code = browser.sign_in(&application, "ada", "correct horse battery").await;
        browser.exchange(&application, &code).await.expect(200);
        let (logs, interactions) = (rows(&server.database, "logs").await, rows(&server.database, "interactions").await);
        let body = serde_json::json!({
            "name": "Open", "type": "SPA", "oidcClientMetadata": { "redirectUris": ["https://app.example.com/callback"] },
        });
        let made = server.api(http::Method::POST, "/applications", Some(body)).await.expect(200).json();
        let public = made.get("id").unwrap().as_str().unwrap().to_owned();
        let before = rows(&server.database, "logs").await;
        let mut stranger = server.browser("203.0.113.8");
        for number in 0..200 {
            let guess = format!("guess-{number}");
            let form = [("grant_type", "authorization_code"), ("client_id", &*public), ("code", &*guess)];
            stranger.post_form("/oidc/token", &form).await.expect(400);
            stranger.authorize_with(&application, &[("state", &*"s".repeat(8000))]).await.expect(303);
        }
        assert_eq!(rows(&server.database, "logs").await, before, "a guess leaves no row in the audit log");
        assert!(logs > 0 && rows(&server.database, "interactions").await >= interactions + 200);
        for table in ["sessions", "grants", "tokens"] {
            assert!(rows(&server.database, table).await > 0, "{table}");
        }
        server.clock.turn(400 * 24 * 3600);
        server.run_jobs().await;
        for table in ["interactions", "sessions", "grants", "tokens", "counters", "logs", "connector_cache"] {
            assert_eq!(rows(&server.database, table).await, 0, "{table}");
        }
        server.renew_token().await;
    }
}

/// How many rows each table has.
async fn census(database: &Database) -> Vec<(String, i64)> {
    let mut counts = Vec::new();
    for table in database.tables().await {
        let count = rows(database, &table).await;
        counts.push((table, count));
    }
    counts
}

/// The size of the database: pages of SQLite, of PostgreSQL what it says itself.
async fn bytes(database: &Database) -> i64 {
    let statement = if database.is_postgres() {
        "SELECT CAST(pg_database_size(current_database()) AS BIGINT) AS bytes"
    } else {
        "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"
    };
    let pool = database.connect().await;
    sqlx::query(statement).fetch_one(&pool).await.unwrap().get("bytes")
}

/// Requests of each kind; as many strangers, each with an address of its own.
const REQUESTS: i64 = 300;

/// What a request may leave, as the operators' documentation says.
const BYTES_PER_REQUEST: i64 = 12_000;

/// Sends a request of the kind, with a sign-in of its own where the kind needs one; how many requests that took.
async fn send(server: &TestServer, application: &keyway_testing::Application, kind: &str, number: i64) -> i64 {
    let mut stranger = server.browser(&format!("10.{}.{}.7", number / 250, number % 250));
    let guess = format!("guess-{kind}-{number}");
    let phone = format!("861{}", 3_000_000_000 + number * 104_729);
    let sign_in = |kind: &str| serde_json::json!({ "identifier": { "type": kind, "value": if kind == "phone" { &phone } else { &guess } } });
    let event = serde_json::json!({ "interactionEvent": "SignIn" });
    match kind {
        "authorize" => {
            stranger.authorize_with(application, &[("state", &*"s".repeat(8000))]).await.expect(303);
            return 1;
        }
        "refused-authorize" => {
            stranger.authorize_with(application, &[("redirect_uri", "https://evil.example/")]).await;
            return 1;
        }
        "token" => {
            stranger.refresh(application, &guess).await.expect(400);
            stranger.exchange(application, &guess).await.expect(400);
            return 2;
        }
        "bearer" => {
            let mut bearer = stranger.with_header("authorization", &format!("Bearer {guess}"));
            bearer.get("/oidc/me").await.expect(401);
            bearer.json(http::Method::GET, "/api/users", None).await.expect(401);
            return 2;
        }
        "unknown-address" => {
            stranger.get(&format!("/{guess}")).await;
            stranger.get("/sign-in").await;
            return 2;
        }
        _ => {}
    }
    let address = stranger.authorize(application).await.expect(303).location();
    if kind == "form" {
        let csrf = stranger.get(&address).await.expect(200).input("csrf").unwrap();
        stranger.post_form(&address, &[("csrf", &csrf), ("identifier", &guess), ("password", "wrong")]).await;
        return 3;
    }
    stranger.step(http::Method::PUT, "", Some(event)).await.expect(204);
    if kind == "password" {
        let mut body = sign_in("username");
        body.as_object_mut().unwrap().insert("password".into(), "wrong".into());
        stranger.step(http::Method::POST, "/verification/password", Some(body)).await;
        return 3;
    }
    let sent = stranger.send_code(&phone, "SignIn").await.json();
    let id = sent.get("verificationId").and_then(serde_json::Value::as_str).unwrap_or("none").to_owned();
    stranger.verify_code(&phone, &id, "000000").await;
    4
}

on_both! {
    async fn what_each_request_of_strangers_leaves_is_bounded_and_goes_again(database: Database) {
        let mut server = TestServer::start(database).await;
        let application = server.application().await;
        server.clock.turn(400 * 24 * 3600);
        server.run_jobs().await;
        let before = census(&server.database).await;
        let kinds = ["authorize", "refused-authorize", "token", "bearer", "unknown-address", "form", "password", "code"];
        for kind in kinds {
            let total = |census: &[(String, i64)]| census.iter().map(|(_, count)| count).sum::<i64>();
            let (rows, size) = (total(&census(&server.database).await), bytes(&server.database).await);
            let mut requests = 0;
            for number in 0..REQUESTS {
                requests += send(&server, &application, kind, number).await;
            }
            let (rows, size) = (total(&census(&server.database).await) - rows, bytes(&server.database).await - size);
            // A message that was sent and a wrong guess of its code are counted under each budget.
            let allowed = if kind == "code" { requests + 8 * REQUESTS } else { requests };
            assert!(rows <= allowed, "{kind}: {rows} rows of {requests} requests");
            assert!(size <= BYTES_PER_REQUEST * requests, "{kind}: {size} bytes of {requests} requests");
        }
        server.clock.turn(400 * 24 * 3600);
        server.run_jobs().await;
        assert_eq!(census(&server.database).await, before);
        server.renew_token().await;
    }
}

/// Parameters with their lengths.
type Lengths = Vec<(&'static str, usize)>;

/// Text that no database stores in fewer bytes.
fn noise(dice: &Dice, alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(*dice.pick(alphabet))).collect()
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// What JSON writes in two to six characters each.
const ESCAPED: &[u8] = b"\x01\x02\x03\x04\x05\x06\x0e\x0f\x10\x11\x12\x13\x14\x15\x1f\"\\\n\t";

on_both! {
    async fn what_the_longest_parameters_of_strangers_leave_is_bounded(database: Database) {
        let server = TestServer::start(database).await;
        let application = server.application().await;
        let dice = Dice::new(4);
        let whole = [("state", 8192), ("nonce", 1024), ("scope", 2048), ("login_hint", 320), ("ui_locales", 256), ("claims", 20_000)];
        let mut requests: Vec<(Lengths, &[u8])> = whole.iter().map(|one| (vec![*one], LETTERS)).collect();
        requests.extend(whole.iter().map(|one| (vec![*one], ESCAPED)));
        // As much as fits in one request, and more.
        requests.push((vec![("state", 5300), ("nonce", 1024), ("scope", 2000), ("login_hint", 320), ("ui_locales", 256)], LETTERS));
        requests.push((whole.to_vec(), LETTERS));
        requests.push((whole.iter().copied().take(5).collect(), ESCAPED));
        requests.push((vec![("acr_values", 20_000), ("id_token_hint", 20_000), ("resource", 2000), ("prompt", 64)], LETTERS));
        for (parameters, alphabet) in requests {
            let (before, size) = (rows(&server.database, "interactions").await, bytes(&server.database).await);
            for number in 0..100 {
                let agent = noise(&dice, LETTERS, 8000);
                let mut stranger = server.browser(&format!("10.1.{number}.7")).with_header("user-agent", &agent);
                let texts: Vec<(&str, String)> =
                    parameters.iter().map(|(name, length)| (*name, noise(&dice, alphabet, *length))).collect();
                let sent: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
                let answer = stranger.authorize_with(&application, &sent).await;
                assert!(answer.status.as_u16() < 500, "{parameters:?}: {}", answer.body);
            }
            let (made, grown) = (rows(&server.database, "interactions").await - before, bytes(&server.database).await - size);
            assert!(made <= 100 && grown <= 100 * BYTES_PER_REQUEST, "{parameters:?}: {made} rows, {grown} bytes");
        }
        // The address that a provider is to send the browser back to waits with the sign-in too.
        let mut stranger = server.browser("10.1.1.8");
        stranger.start(&application, "SignIn").await;
        let body = serde_json::json!({ "state": "s", "redirectUri": format!("https://a.example/{}", "x".repeat(2048)) });
        let path = "/verification/social/none/authorization-uri";
        let refused = stranger.step(http::Method::POST, path, Some(body)).await.expect(400);
        assert!(refused.body.contains("redirectUri"), "{}", refused.body);
    }
}
