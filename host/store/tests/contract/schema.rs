//! Both databases have the same tables: columns and whether they may be empty, keys, unique columns, indexes, references.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AnyPool, AssertSqlSafe, Row as _};

use super::{postgres, sqlite};

/// A table as both databases have it; types differ.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// Each column, and whether it may be null.
    columns: BTreeMap<String, bool>,
    /// Columns that are unique together, the primary key among them.
    unique: BTreeSet<Vec<String>>,
    /// The columns of each index that is made for its own sake, and whether it holds a part of the rows alone.
    indexes: BTreeMap<String, (Vec<String>, bool)>,
    /// Columns that refer to another table, that table, and what becomes of the row when the other is deleted.
    references: BTreeSet<(Vec<String>, String, String)>,
}

/// The rows of a statement whose columns are all text.
async fn texts(pool: &AnyPool, statement: String) -> Vec<Vec<String>> {
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| (0..row.len()).map(|column| row.get::<String, _>(column)).collect()).collect()
}

/// Columns that belong together by the name of what holds them, in their order.
fn grouped(rows: Vec<Vec<String>>) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut groups: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for mut row in rows {
        let name = row.remove(0);
        groups.entry(name).or_default().push(row);
    }
    groups
}

fn columns(group: &[Vec<String>]) -> Vec<String> {
    group.iter().map(|row| row[0].clone()).collect()
}

/// What stands for an expression among the columns of an index.
const EXPRESSION: &str = "an expression";

/// The index of PostgreSQL that SQLite has a table for.
const SEARCH: &str = "users_search_text";

fn indexes(rows: Vec<Vec<String>>) -> BTreeMap<String, (Vec<String>, bool)> {
    let mut all = grouped(rows);
    all.remove(SEARCH);
    all.into_iter().map(|(name, group)| (name, (columns(&group), group[0][1] == "yes"))).collect()
}

fn reference(group: &[Vec<String>]) -> (Vec<String>, String, String) {
    (columns(group), group[0][1].clone(), group[0][2].clone())
}

async fn of_sqlite(pool: &AnyPool, table: &str) -> Table {
    let columns_of = format!(
        "SELECT name, CASE WHEN \"notnull\" = 1 OR pk > 0 THEN 'no' ELSE 'yes' END FROM pragma_table_info('{table}')"
    );
    let unique = format!(
        "SELECT l.name, i.name FROM pragma_index_list('{table}') l JOIN pragma_index_info(l.name) i WHERE l.\"unique\" = 1 AND \
         l.partial = 0 ORDER BY l.name, i.seqno"
    );
    let indexes_of = format!(
        "SELECT l.name, COALESCE(i.name, '{EXPRESSION}'), CASE l.partial WHEN 0 THEN 'no' ELSE 'yes' END FROM \
         pragma_index_list('{table}') l JOIN pragma_index_info(l.name) i WHERE l.origin = 'c' ORDER BY l.name, i.seqno"
    );
    let key = format!("SELECT 'key', name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk");
    let references = format!(
        "SELECT CAST(id AS TEXT), \"from\", \"table\", on_delete FROM pragma_foreign_key_list('{table}') ORDER BY id, seq"
    );
    let keys = grouped(texts(pool, key).await).into_values().chain(grouped(texts(pool, unique).await).into_values());
    Table {
        columns: texts(pool, columns_of).await.into_iter().map(|row| (row[0].clone(), row[1] == "yes")).collect(),
        unique: keys.map(|group| columns(&group)).collect(),
        indexes: indexes(texts(pool, indexes_of).await),
        references: grouped(texts(pool, references).await).values().map(|group| reference(group)).collect(),
    }
}

async fn of_postgres(pool: &AnyPool, table: &str) -> Table {
    let columns_of = format!(
        "SELECT CAST(column_name AS TEXT), CASE is_nullable WHEN 'YES' THEN 'yes' ELSE 'no' END FROM information_schema.columns WHERE \
         table_schema = 'public' AND table_name = '{table}'"
    );
    let unique = format!(
        "SELECT CAST(i.indexrelid AS TEXT), CAST(a.attname AS TEXT) FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY \
         AS k (number, place) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number WHERE i.indrelid = \
         '{table}'::regclass AND i.indisunique AND i.indpred IS NULL ORDER BY i.indexrelid, k.place"
    );
    let indexes_of = format!(
        "SELECT CAST(c.relname AS TEXT), COALESCE(CAST(a.attname AS TEXT), '{EXPRESSION}'), CASE WHEN i.indpred IS NULL THEN 'no' ELSE \
         'yes' END FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k \
         (number, place) LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0 WHERE \
         i.indrelid = '{table}'::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint n WHERE n.conindid = i.indexrelid) ORDER BY \
         c.relname, k.place"
    );
    let references = format!(
        "SELECT CAST(c.conname AS TEXT), CAST(a.attname AS TEXT), CAST(c.confrelid::regclass AS TEXT), CASE c.confdeltype WHEN 'c' THEN \
         'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY \
         AS k (number, place) JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number WHERE c.conrelid = \
         '{table}'::regclass AND c.contype = 'f' ORDER BY c.conname, k.place"
    );
    Table {
        columns: texts(pool, columns_of).await.into_iter().map(|row| (row[0].clone(), row[1] == "yes")).collect(),
        unique: grouped(texts(pool, unique).await).values().map(|group| columns(group)).collect(),
        indexes: indexes(texts(pool, indexes_of).await),
        references: grouped(texts(pool, references).await).values().map(|group| reference(group)).collect(),
    }
}

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let (sqlite, postgres) = (sqlite().await, postgres().await);
    let pools = (AnyPool::connect(&sqlite.url).await.unwrap(), AnyPool::connect(&postgres.url).await.unwrap());
    let of_one = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let of_other = "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'";
    let names = |rows: Vec<Vec<String>>| -> BTreeSet<String> {
        // The full-text index of SQLite stands beside the users' table; PostgreSQL's is an index of it.
        let own = |name: &String| name != "_sqlx_migrations" && !name.starts_with("user_search");
        rows.into_iter().map(|mut row| row.remove(0)).filter(own).collect()
    };
    let tables = names(texts(&pools.0, of_one.into()).await);
    assert_eq!(tables, names(texts(&pools.1, of_other.into()).await));
    assert!(tables.len() > 20, "{tables:?}");
    let mut compared = 0;
    for table in &tables {
        let (one, other) = (of_sqlite(&pools.0, table).await, of_postgres(&pools.1, table).await);
        assert!(!one.columns.is_empty() && !one.unique.is_empty(), "{table}");
        assert_eq!(one, other, "{table}");
        compared += one.indexes.len();
    }
    assert!(compared > 20, "{compared} indexes");
}
