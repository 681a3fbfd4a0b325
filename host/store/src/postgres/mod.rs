//! PostgreSQL.

use std::str::FromStr as _;
use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::ValueRef as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgListener, PgPool, PgPoolOptions, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe, Column as _, Connection as _, PgConnection, Row as _, TypeInfo as _};

use crate::StoreError;
use crate::configuration::Versions;
use crate::migrations;
use crate::statement::{Query, Row, Type, Value};

mod batch;

pub(crate) use batch::Batch;

/// Connections of one node.
const CONNECTIONS: u32 = 16;

/// Statements whose plans one connection keeps.
const PLANS: usize = 256;

/// Brings the schema of the database at `url` up to date, one node at a time, and opens it.
pub(crate) async fn open(url: &str) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url)?.statement_cache_capacity(PLANS);
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        // A server may hang up, but not between two requests that follow each other.
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > Duration::from_secs(2) { connection.ping().await.map(|()| true) } else { Ok(true) }
            })
        })
        .connect_with(options)
        .await?;
    migrations::postgres().run(&pool).await?;
    Ok(pool)
}

fn arguments(values: Vec<Value>) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match value {
            Value::Null(Type::Integer) => arguments.add(None::<i64>),
            Value::Null(Type::Text) => arguments.add(None::<String>),
            Value::Null(Type::Bytes) => arguments.add(None::<Vec<u8>>),
            Value::Integer(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
            Value::Bytes(bytes) => arguments.add(bytes),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

type Statement = sqlx::query::Query<'static, sqlx::Postgres, PgArguments>;

fn statement(query: Query) -> Result<Statement, StoreError> {
    let arguments = arguments(query.values)?;
    let statement = match query.text {
        std::borrow::Cow::Borrowed(text) => sqlx::query_with(text, arguments),
        std::borrow::Cow::Owned(text) => sqlx::query_with(AssertSqlSafe(text), arguments),
    };
    Ok(statement.persistent(query.is_kept))
}

/// Runs a statement; the number of rows that it changed.
pub(crate) async fn execute(connection: &mut PgConnection, query: Query) -> Result<u64, StoreError> {
    Ok(statement(query)?.execute(connection).await?.rows_affected())
}

/// The first row of the answer.
pub(crate) async fn one(connection: &mut PgConnection, query: Query) -> Result<Option<Row>, StoreError> {
    let row = statement(query)?.fetch_optional(connection).await?;
    row.as_ref().map(|row| read(row, &names(row))).transpose()
}

/// Every row of the answer.
pub(crate) async fn all(connection: &mut PgConnection, query: Query) -> Result<Vec<Row>, StoreError> {
    let rows = statement(query)?.fetch_all(connection).await?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let names = names(first);
    rows.iter().map(|row| read(row, &names)).collect()
}

fn names(row: &PgRow) -> Arc<[String]> {
    row.columns().iter().map(|column| column.name().to_owned()).collect()
}

fn read(row: &PgRow, names: &Arc<[String]>) -> Result<Row, StoreError> {
    let value = |column: usize| {
        let field = row.try_get_raw(column)?;
        if field.is_null() {
            return Ok(Value::Null(Type::Text));
        }
        Ok(match field.type_info().name() {
            "INT8" => Value::Integer(row.try_get(column)?),
            "INT4" => Value::Integer(row.try_get::<i32, _>(column)?.into()),
            "BYTEA" => Value::Bytes(row.try_get(column)?),
            _ => Value::Text(row.try_get(column)?),
        })
    };
    let values = (0..names.len()).map(value).collect::<Result<_, StoreError>>()?;
    Ok(Row { names: Arc::clone(names), values })
}

/// Hears of other nodes' changes for as long as the store lives. A lost connection is made anew; what was announced
/// meanwhile may have been missed, so everything counts as changed then.
pub(crate) async fn listen(url: String, versions: Weak<Versions>) {
    loop {
        if let Ok(mut listener) = PgListener::connect(&url).await
            && listener.listen("keyway_configuration").await.is_ok()
        {
            while let Some(versions) = versions.upgrade() {
                versions.expire();
                drop(versions);
                if !matches!(listener.try_recv().await, Ok(Some(_))) {
                    break;
                }
            }
        }
        if versions.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
