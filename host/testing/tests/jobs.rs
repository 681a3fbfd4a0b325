//! What is done for nobody in particular is done by one node, by another when that one is gone, and goes on where a part of it fails.

use keyway_store::{StoreError, jobs};
use keyway_testing::{Application, Database, TestServer, on_both};

const LEASE: i64 = 15;

async fn interactions(database: &Database) -> i64 {
    let count = "SELECT CAST(COUNT(*) AS BIGINT) FROM interactions";
    sqlx::query_scalar(count).fetch_one(&database.connect().await).await.unwrap()
}

/// A server with a sign-in that has ended, and whose jobs are due.
async fn with_work(database: Database) -> (TestServer, Application) {
    let server = TestServer::start(database).await;
    let application = server.application().await;
    server.browser("203.0.113.7").authorize(&application).await.expect(303);
    server.clock.turn(2 * 3600);
    assert_eq!(interactions(&server.database).await, 1);
    (server, application)
}

on_both! {
    async fn another_node_goes_on_where_one_is_gone(database: Database) {
        let (server, _) = with_work(database).await;
        let other = server.beside("http://localhost:3002").await;
        let now = other.now();
        // A node takes the job and is never heard of again.
        let lost = other.store().write::<_, StoreError>(async move |tx| {
            jobs::claim(tx, "interactions", "a node that was killed", now, now.plus_seconds(LEASE)).await
        });
        lost.await.unwrap().unwrap();
        server.core.run_due_jobs().await.unwrap();
        assert_eq!(interactions(&server.database).await, 1, "it is the other's");
        server.clock.turn(LEASE);
        server.core.run_due_jobs().await.unwrap();
        assert_eq!(interactions(&server.database).await, 0);
    }

    async fn a_job_that_was_done_waits_for_its_time_on_every_node(database: Database) {
        let (server, application) = with_work(database).await;
        server.core.run_due_jobs().await.unwrap();
        assert_eq!(interactions(&server.database).await, 0);
        server.browser("203.0.113.7").authorize(&application).await.expect(303);
        server.clock.turn(2 * 3600);
        let other = server.beside("http://localhost:3002").await;
        let (one, two) = tokio::join!(server.core.run_due_jobs(), other.run_due_jobs());
        assert!(one.unwrap().is_empty() && two.unwrap().is_empty());
        assert_eq!(interactions(&server.database).await, 0);
    }

    async fn a_job_with_more_to_do_than_one_run_goes_on_at_once(database: Database) {
        let (server, _) = with_work(database).await;
        // More than 20 batches of 1000 rows.
        let insert = if server.database.is_postgres() {
            "INSERT INTO counters (tenant_id, name, history, expires_at) SELECT 'default', 'old' || n, '', 0 FROM generate_series(1, 20500) AS n"
        } else {
            "INSERT INTO counters (tenant_id, name, history, expires_at) WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20500) \
             SELECT 'default', 'old' || n, '', 0 FROM numbers"
        };
        let pool = server.database.connect().await;
        sqlx::raw_sql(insert).execute(&pool).await.unwrap();
        assert!(server.core.run_due_jobs().await.unwrap().is_empty());
        let left: i64 = sqlx::query_scalar("SELECT CAST(COUNT(*) AS BIGINT) FROM counters WHERE name LIKE 'old%'")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }

    async fn a_job_that_fails_stops_no_other_and_is_tried_again(database: Database) {
        let (server, _) = with_work(database).await;
        let pool = server.database.connect().await;
        let (refuse, allow) = if server.database.is_postgres() {
            (
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$; CREATE TRIGGER \
                 refuse BEFORE DELETE ON interactions FOR EACH ROW EXECUTE FUNCTION refuse()",
                "DROP TRIGGER refuse ON interactions",
            )
        } else {
            (
                "CREATE TRIGGER refuse BEFORE DELETE ON interactions BEGIN SELECT RAISE(ABORT, 'no'); END",
                "DROP TRIGGER refuse",
            )
        };
        sqlx::raw_sql(refuse).execute(&pool).await.unwrap();
        assert_eq!(server.core.run_due_jobs().await.unwrap(), ["interactions"]);
        // All others are done, so that nothing is due but what failed, and that not at once.
        server.clock.turn(4);
        assert!(server.core.run_due_jobs().await.unwrap().is_empty());
        server.clock.turn(1);
        assert_eq!(server.core.run_due_jobs().await.unwrap(), ["interactions"]);
        sqlx::raw_sql(allow).execute(&pool).await.unwrap();
        server.clock.turn(5);
        server.core.run_due_jobs().await.unwrap();
        assert_eq!(interactions(&server.database).await, 1, "it waits longer after each failure");
        server.clock.turn(5);
        server.core.run_due_jobs().await.unwrap();
        assert_eq!(interactions(&server.database).await, 0);
    }

    async fn a_node_that_stops_gives_its_jobs_back(database: Database) {
        let (server, _) = with_work(database).await;
        server.core.run_due_jobs().await.unwrap();
        server.core.release_jobs().await.unwrap();
        let held = "SELECT CAST(COUNT(*) AS BIGINT) FROM jobs WHERE holder IS NOT NULL";
        let held: i64 = sqlx::query_scalar(held).fetch_one(&server.database.connect().await).await.unwrap();
        assert_eq!(held, 0);
    }
}
