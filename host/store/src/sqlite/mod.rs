//! SQLite. Statements run where they are called: most take some microseconds, less than handing them to another thread and back
//! would. What commits, flushes to the disk, waits for a lock or goes through many rows has a thread of its own.

mod checkpoint;
mod readers;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement};

use crate::StoreError;
use crate::migrations;
use crate::statement::{Query, Row, Type, Value};

use checkpoint::Checkpoints;
pub(crate) use readers::{Reader, Readers};
use writer::Flush;
pub(crate) use writer::{Writer, WriterTurn};

/// Statements whose plans one connection keeps.
const PLANS: usize = 256;

/// How long a statement waits for another program that has the file locked.
const BUSY: Duration = Duration::from_secs(10);

/// A log beside the file, flushed in full at each commit.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;";

/// Brings the schema of the file at `url` up to date, and opens it.
pub(crate) fn open(url: &str) -> Result<(Readers, Writer), StoreError> {
    let path = path(url)?;
    keep_private(&path);
    let mut connection = connect(&path)?;
    migrations::on_sqlite(&mut connection)?;
    let flush = flush(&connection)?;
    // Commits leave the flush and the log to the writer; checkpoints and new logs are flushed as before, so that the file stays whole.
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0")?;
    let checkpoints = Checkpoints::new(connect(&path)?)?;
    Ok((Readers::new(path), Writer::new(connection, flush, checkpoints)?))
}

/// Flushes the log. SQLite makes it once and keeps it for as long as a connection is open.
fn flush(connection: &Connection) -> Result<Flush, StoreError> {
    let log = format!("{}-wal", connection.path().unwrap_or_default());
    // Not every system flushes what is open for reading alone.
    let log = std::fs::OpenOptions::new().write(true).open(log).map_err(|_| StoreError::Aborted)?;
    Ok(Box::new(move || log.sync_data()))
}

/// The file that `sqlite:<path>` or `sqlite://<path>` names; parameters of it mean nothing here.
fn path(url: &str) -> Result<PathBuf, StoreError> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8().map_err(|_| StoreError::Url)?;
    Ok(PathBuf::from(path.as_ref()))
}

/// Makes a database file that is not there yet, for its owner alone; SQLite gives the files beside it the same mode. What cannot be
/// made is for SQLite to report.
fn keep_private(path: &PathBuf) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    // No two threads use one connection at a time.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(PLANS);
    connection.execute_batch(SETTINGS)?;
    Ok(connection)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null(_) => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// To SQLite `$2` is a name, and names are numbered as they come: each gets the value that it stands for.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<(), StoreError> {
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        statement.raw_bind_parameter(place, value.ok_or(StoreError::Inconsistent("parameters"))?)?;
    }
    Ok(())
}

/// Runs `work` on the statement, prepared and with its parameters.
fn with<T>(
    connection: &Connection,
    query: &Query,
    work: impl FnOnce(&mut Statement<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    if query.is_kept {
        let mut statement = connection.prepare_cached(&query.text)?;
        bind(&mut statement, &query.values)?;
        work(&mut statement)
    } else {
        let mut statement = connection.prepare(&query.text)?;
        bind(&mut statement, &query.values)?;
        work(&mut statement)
    }
}

/// Runs a statement; the number of rows that it changed.
pub(crate) fn execute(connection: &Connection, query: &Query) -> Result<u64, StoreError> {
    with(connection, query, |statement| Ok(statement.raw_execute()? as u64))
}

/// The first rows of the answer, `limit` at most.
pub(crate) fn rows(connection: &Connection, query: &Query, limit: usize) -> Result<Vec<Row>, StoreError> {
    with(connection, query, |statement| {
        let names: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while found.len() < limit {
            let Some(row) = rows.next()? else { break };
            let values = (0..names.len()).map(|column| read(row.get_ref(column)?)).collect::<Result<_, _>>()?;
            found.push(Row { names: Arc::clone(&names), values });
        }
        Ok(found)
    })
}

fn read(field: ValueRef<'_>) -> Result<Value, StoreError> {
    match field {
        ValueRef::Null => Ok(Value::Null(Type::Text)),
        ValueRef::Integer(number) => Ok(Value::Integer(number)),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|_| StoreError::Inconsistent("text"))?;
            Ok(Value::Text(text.to_owned()))
        }
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        ValueRef::Real(_) => Err(StoreError::Inconsistent("number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::query;

    #[test]
    fn an_address_names_a_file() {
        for url in ["sqlite:/a b/c", "sqlite:///a%20b/c", "sqlite:/a b/c?mode=rwc"] {
            assert_eq!(path(url).unwrap(), Path::new("/a b/c"), "{url}");
        }
        assert_eq!(path("sqlite:keyway.db").unwrap(), Path::new("keyway.db"));
    }

    #[test]
    fn parameters_are_bound_by_their_numbers() {
        let connection = Connection::open_in_memory().unwrap();
        let statement = query("SELECT $2 AS b, $1 AS a, $2 AS again").bind(1_i64).bind("two".to_owned());
        let found = rows(&connection, &statement, usize::MAX).unwrap();
        assert_eq!(found[0].get::<i64>("a").unwrap(), 1);
        assert_eq!(found[0].get::<String>("b").unwrap(), "two");
        assert_eq!(found[0].get::<String>("again").unwrap(), "two");
        assert!(rows(&connection, &query("SELECT $1, $2").bind(1_i64), 1).is_err(), "one value too few");
    }
}
