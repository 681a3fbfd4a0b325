//! The schema's migrations, in the binary. `build.rs` lists the files of `migrations/`; sqlx's macro for this would compile
//! the drivers a second time, for the compiler's own use.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Number, description and text.
type File = (i64, &'static str, &'static str);

include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// What a `SQLite` database is brought up to date with.
pub(crate) fn sqlite() -> Migrator {
    of(SQLITE)
}

/// The same for PostgreSQL.
pub(crate) fn postgres() -> Migrator {
    of(POSTGRES)
}

fn of(files: &[File]) -> Migrator {
    let migration = |&(number, description, text): &File| {
        let no_transaction = text.starts_with("-- no-transaction");
        Migration::new(number, description.into(), MigrationType::Simple, text.into_sql_str(), no_transaction)
    };
    let mut migrator = Migrator::with_migrations(files.iter().map(migration).collect());
    // Migrations add and do not take away: while nodes are upgraded one after another, one of the version before starts again on the
    // new schema.
    migrator.set_ignore_missing(true);
    migrator
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// A database remembers the checksum and the number of what was applied: they must not depend on who read the files.
    #[tokio::test]
    async fn the_binary_holds_each_migration_as_sqlx_reads_it_from_its_folder() {
        for (files, name) in [(SQLITE, "sqlite"), (POSTGRES, "postgres")] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(name);
            let read = Migrator::new(folder).await.unwrap();
            let fields = |migrator: &Migrator| -> Vec<_> {
                let one = |it: &Migration| {
                    (it.version, it.description.clone(), it.migration_type, it.no_tx, it.checksum.clone())
                };
                migrator.iter().map(one).collect()
            };
            assert_eq!(fields(&of(files)), fields(&read), "{name}");
        }
    }

    #[test]
    fn both_databases_have_the_same_numbers_and_names() {
        let named = |files: &[File]| files.iter().map(|&(number, name, _)| (number, name)).collect::<Vec<_>>();
        assert!(!SQLITE.is_empty());
        assert_eq!(named(SQLITE), named(POSTGRES));
    }
}
