//! The schema's migrations, in the binary. `build.rs` lists the files of `migrations/`. What was applied is remembered in the
//! table that sqlx made it in when it applied them, under sqlx's lock: nodes of releases that still do share databases with this one.

use aws_lc_rs::digest::{SHA384, digest};
use rusqlite::{Connection, params};
use tokio_postgres::Client;

use crate::StoreError;

/// A step of the schema.
struct Migration {
    number: i64,
    description: &'static str,
    text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// What is remembered of a migration: its number, the checksum of its text, and whether it came to its end.
type Applied = (i64, Vec<u8>, bool);

const APPLIED: &str = "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version";

/// Its last column is a time that nobody reads.
const REMEMBER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES ($1, $2, TRUE, $3, -1)";

impl Migration {
    fn checksum(&self) -> Vec<u8> {
        digest(&SHA384, self.text.as_bytes()).as_ref().to_vec()
    }

    fn failed(&self, cause: impl ToString) -> StoreError {
        StoreError::Migration(self.number, cause.to_string())
    }
}

/// What is still to be applied. Migrations add and do not take away: what a later version applied is left alone, so that one of
/// the version before starts again on the new schema while nodes are upgraded one after another.
fn missing(files: &'static [Migration], applied: &[Applied]) -> Result<Vec<&'static Migration>, StoreError> {
    if let Some((number, ..)) = applied.iter().find(|(.., is_complete)| !is_complete) {
        return Err(StoreError::Migration(*number, "it was begun and did not come to its end".into()));
    }
    let mut missing = Vec::new();
    for file in files {
        match applied.iter().find(|(number, ..)| *number == file.number) {
            None => missing.push(file),
            Some((_, checksum, _)) if *checksum != file.checksum() => {
                return Err(file.failed("what was applied is not what this program holds"));
            }
            Some(_) => {}
        }
    }
    Ok(missing)
}

/// Brings a file up to date.
pub(crate) fn on_sqlite(connection: &mut Connection) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT \
         NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)",
    )?;
    let applied = {
        let mut statement = connection.prepare(APPLIED)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect::<Result<Vec<Applied>, _>>()?
    };
    for file in missing(SQLITE, &applied)? {
        let transaction = connection.transaction()?;
        transaction.execute_batch(file.text).map_err(|error| file.failed(error))?;
        transaction.execute(REMEMBER, params![file.number, file.description, file.checksum()])?;
        transaction.commit()?;
    }
    Ok(())
}

/// Brings a database up to date, one node at a time. The lock goes with the connection.
pub(crate) async fn on_postgres(client: &Client) -> Result<(), StoreError> {
    let database: String = client.query_one("SELECT CAST(current_database() AS TEXT)", &[]).await?.try_get(0)?;
    let lock = 0x3d32_ad9e * i64::from(crc32fast::hash(database.as_bytes()));
    client.execute("SELECT pg_advisory_lock($1)", &[&lock]).await?;
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMPTZ \
             NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)",
        )
        .await?;
    let rows = client.query(APPLIED, &[]).await?;
    let read = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    let applied = rows.iter().map(read).collect::<Result<Vec<Applied>, tokio_postgres::Error>>()?;
    for file in missing(POSTGRES, &applied)? {
        client.batch_execute("BEGIN").await?;
        client.batch_execute(file.text).await.map_err(|error| file.failed(crate::postgres::message(&error)))?;
        client.execute(REMEMBER, &[&file.number, &file.description, &file.checksum()]).await?;
        client.batch_execute("COMMIT").await?;
    }
    client.execute("SELECT pg_advisory_unlock($1)", &[&lock]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::migrate::Migrator;
    use std::path::Path;

    /// A database remembers the checksum and the number of what was applied: they must not depend on who read the files.
    #[tokio::test]
    async fn the_binary_holds_each_migration_as_sqlx_reads_it_from_its_folder() {
        for (files, name) in [(SQLITE, "sqlite"), (POSTGRES, "postgres")] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(name);
            let read = Migrator::new(folder).await.unwrap();
            let read: Vec<_> =
                read.iter().map(|it| (it.version, it.description.to_string(), it.checksum.to_vec())).collect();
            let held: Vec<_> =
                files.iter().map(|file| (file.number, file.description.to_owned(), file.checksum())).collect();
            assert_eq!(held, read, "{name}");
        }
    }

    #[test]
    fn both_databases_have_the_same_numbers_and_names() {
        let named = |files: &[Migration]| files.iter().map(|file| (file.number, file.description)).collect::<Vec<_>>();
        assert!(!SQLITE.is_empty());
        assert_eq!(named(SQLITE), named(POSTGRES));
    }

    #[test]
    fn what_was_applied_is_neither_applied_again_nor_changed_in_silence() {
        let applied: Vec<Applied> = SQLITE.iter().map(|file| (file.number, file.checksum(), true)).collect();
        assert_eq!(missing(SQLITE, &[]).unwrap().len(), SQLITE.len());
        assert!(missing(SQLITE, &applied).unwrap().is_empty());
        assert_eq!(missing(SQLITE, &applied[1..]).unwrap()[0].number, SQLITE[0].number);
        let later = [applied.clone(), vec![(i64::MAX, vec![1], true)]].concat();
        assert!(missing(SQLITE, &later).unwrap().is_empty(), "a later version's is left alone");
        for (checksum, is_complete) in [(vec![1], true), (SQLITE[0].checksum(), false)] {
            let other = [(SQLITE[0].number, checksum, is_complete)];
            assert!(
                matches!(missing(SQLITE, &other), Err(StoreError::Migration(number, _)) if number == SQLITE[0].number)
            );
        }
    }
}
