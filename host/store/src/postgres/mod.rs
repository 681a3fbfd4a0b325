//! PostgreSQL. Each trip to it costs more than most statements do, so what can be is sent together: the driver sends requests when
//! they are first polled and does not wait for the answers between them.

mod address;
mod tls;

use std::borrow::Cow;
use std::error::Error as _;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::{
    Client, ClientWrapper, Hook, HookError, Manager, ManagerConfig, Metrics, Object, Pool, RecyclingMethod, Runtime,
};
use futures_util::future::{MaybeDone, maybe_done};
use futures_util::{TryStreamExt as _, future};
use tokio::sync::mpsc;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type as PgType, to_sql_checked};
use tokio_postgres::{AsyncMessage, RowStream, Statement};

use crate::StoreError;
use crate::configuration::Versions;
use crate::migrations;
use crate::statement::{Query, Row, Type, Value, query};

pub(crate) use address::Address;

/// Connections of one node.
const CONNECTIONS: usize = 16;

/// Statements whose plans one connection keeps.
const PLANS: usize = 256;

/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server may hang up, but not between two requests that follow each other within this time.
const TRUSTED: Duration = Duration::from_secs(2);

/// Brings the schema of the database up to date, one node at a time, and opens it.
pub(crate) async fn open(address: &Address) -> Result<Pool, StoreError> {
    let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(address.config.clone(), address.tls.clone(), settings);
    let made_ready = Hook::async_fn(|client: &mut ClientWrapper, metrics: &Metrics| {
        Box::pin(async move {
            // A plan is made for what the tables hold, and kept. One that was made when they were empty reads all of them, so each
            // connection plans anew whenever it was given out twice as often: the tables have grown with that.
            if metrics.recycle_count.is_power_of_two() {
                client.batch_execute("DISCARD PLANS").await.map_err(HookError::Backend)?;
            } else if metrics.last_used() > TRUSTED {
                client.check_connection().await.map_err(HookError::Backend)?;
            }
            Ok(())
        })
    });
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(PATIENCE))
        .pre_recycle(made_ready)
        .build()
        .map_err(|_| StoreError::Aborted)?;
    // Dropped at an error, with the lock.
    let client = Object::take(pool.get().await?);
    migrations::on_postgres(&client).await?;
    Ok(pool)
}

/// A transaction that has begun. Dropped, it is undone.
pub(crate) struct Transaction {
    client: Option<Client>,
}

impl Transaction {
    /// Of a connection on which it will begin.
    pub fn new(client: Client) -> Self {
        Self { client: Some(client) }
    }

    pub fn client(&self) -> Result<&Client, StoreError> {
        self.client.as_ref().ok_or(StoreError::Aborted)
    }

    /// Gives the connection back: the transaction has ended.
    pub fn end(mut self) {
        self.client = None;
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // Closed, the server undoes it.
            drop(Object::take(client));
            return;
        };
        let mut undone = Box::pin(async move {
            let _ = client.batch_execute("ROLLBACK").await;
        });
        // Sent at once; others get the connection when the server has answered.
        if future::FutureExt::now_or_never(undone.as_mut()).is_none() {
            runtime.spawn(undone);
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self, _: &PgType, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null(_) => return Ok(IsNull::Yes),
            Self::Integer(number) => out.extend_from_slice(&number.to_be_bytes()),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Bytes(bytes) => out.extend_from_slice(bytes),
        }
        Ok(IsNull::No)
    }

    /// Statements are prepared for the types that these values have.
    fn accepts(_: &PgType) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &PgType, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *kind {
            PgType::INT8 => Self::Integer(i64::from_be_bytes(raw.try_into()?)),
            PgType::INT4 => Self::Integer(i32::from_be_bytes(raw.try_into()?).into()),
            PgType::BYTEA => Self::Bytes(raw.to_vec()),
            _ => Self::Text(std::str::from_utf8(raw)?.to_owned()),
        })
    }

    fn from_sql_null(_: &PgType) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null(Type::Text))
    }

    fn accepts(kind: &PgType) -> bool {
        matches!(*kind, PgType::INT8 | PgType::INT4 | PgType::BYTEA | PgType::TEXT | PgType::VARCHAR | PgType::NAME)
    }
}

fn kind(value: &Value) -> PgType {
    match value {
        Value::Integer(_) | Value::Null(Type::Integer) => PgType::INT8,
        Value::Text(_) | Value::Null(Type::Text) => PgType::TEXT,
        Value::Bytes(_) | Value::Null(Type::Bytes) => PgType::BYTEA,
    }
}

/// What a statement came to.
#[derive(Debug, Default)]
pub(crate) struct StatementAnswer {
    /// Its rows.
    pub rows: Vec<Row>,
    /// How many rows it changed.
    pub changed: u64,
}

/// Runs statements, in one trip where their plans are kept; the answer to the last, or the first error.
///
/// Outside a transaction each is one of its own.
pub(crate) async fn run(client: &Client, queries: &[Query]) -> Result<StatementAnswer, StoreError> {
    let plans = in_order(queries.iter().map(|query| plan(client, query))).await;
    let plans = plans.into_iter().collect::<Result<Vec<_>, _>>()?;
    let answers = in_order(queries.iter().zip(plans).map(|(query, plan)| answer(client, query, plan))).await;
    // After the first error PostgreSQL refuses what follows, for another reason.
    answers.into_iter().try_fold(StatementAnswer::default(), |_, answer| answer)
}

/// Runs futures at once. All are polled in their order: what they send is sent in it.
async fn in_order<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<Pin<Box<MaybeDone<F>>>> = futures.map(|future| Box::pin(maybe_done(future))).collect();
    poll_fn(|context| {
        let pending = all.iter_mut().filter_map(|one| one.as_mut().poll(context).is_pending().then_some(())).count();
        if pending == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    all.iter_mut().filter_map(|one| one.as_mut().take_output()).collect()
}

/// The plan that the connection keeps of a statement, if it keeps one.
async fn plan(client: &Client, query: &Query) -> Result<Option<Statement>, StoreError> {
    let types: Vec<PgType> = query.values.iter().map(kind).collect();
    // There are only so many statements in this program, but many that may be put together.
    let is_bounded = matches!(query.text, Cow::Borrowed(_)) || client.statement_cache.size() < PLANS;
    if !(query.is_kept && is_bounded) {
        return Ok(None);
    }
    Ok(Some(client.prepare_typed_cached(&query.text, &types).await?))
}

async fn answer(client: &Client, query: &Query, plan: Option<Statement>) -> Result<StatementAnswer, StoreError> {
    let rows = if let Some(statement) = plan {
        client.query_raw(&statement, &query.values).await?
    } else {
        let values = query.values.iter().map(|value| (value, kind(value)));
        client.query_typed_raw(&query.text, values).await?
    };
    read(rows).await
}

async fn read(rows: RowStream) -> Result<StatementAnswer, StoreError> {
    let mut rows = pin!(rows);
    let mut found: Vec<Row> = Vec::new();
    while let Some(row) = rows.as_mut().try_next().await? {
        let names = match found.first() {
            Some(first) => Arc::clone(&first.names),
            None => row.columns().iter().map(|column| column.name().to_owned()).collect(),
        };
        let values = (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?;
        found.push(Row { names, values });
    }
    Ok(StatementAnswer { rows: found, changed: rows.rows_affected().unwrap_or_default() })
}

/// What is told of a failure: no values, which PostgreSQL names in the details.
pub(crate) fn message(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(database), _) => format!("{}: {}", database.code().code(), database.message()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

/// Hears of other nodes' changes for as long as the store lives. A lost connection is made anew; what was announced
/// meanwhile may have been missed, so everything counts as changed then.
pub(crate) async fn listen(address: Address, versions: Weak<Versions>) {
    while versions.strong_count() > 0 {
        let _ = hear(&address, &versions).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Returns when the connection is lost, or nobody is left who listens.
async fn hear(address: &Address, versions: &Weak<Versions>) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = address.config.connect(address.tls.clone()).await?;
    let (changed, mut changes) = mpsc::channel(1);
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(_) = message {
                // One that waits to be read stands for all.
                let _ = changed.try_send(());
            }
        }
    });
    client.batch_execute("LISTEN keyway_configuration").await?;
    while let Some(versions) = versions.upgrade() {
        versions.expire();
        drop(versions);
        if changes.recv().await.is_none() {
            break;
        }
    }
    Ok(())
}

/// The statement that begins a transaction.
pub(crate) fn begin() -> Query {
    query("BEGIN")
}

/// The statement that keeps a transaction.
pub(crate) fn commit() -> Query {
    query("COMMIT")
}
