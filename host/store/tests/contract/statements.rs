//! Each statement in the source means something to the database that it is for: tables, columns and functions are there. Those that
//! are put together while the server runs are tested by what they do.

use std::path::Path;

use sqlx::{AnyPool, AssertSqlSafe};

use super::{postgres, sqlite};

/// Which databases a statement is for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum For {
    Both,
    Sqlite,
    Postgres,
}

/// The value of the string literal that begins at the start of `text`, after its quote, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match rest.next()? {
                // A line that goes on begins with its first letter.
                (at, '\n') => {
                    let (more, after) = literal(text.get(at..)?.trim_start())?;
                    return Some((value + &more, after));
                }
                (_, c) => value.push(c),
            },
            c => value.push(c),
        }
    }
    None
}

/// The statements of a file, without those that are written into others.
fn statements(source: &str) -> Vec<(For, String)> {
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
    let mut found: Vec<(For, String)> = Vec::new();
    // A quotation mark as a character begins no string.
    let source = source.split("#[cfg(test)]").next().unwrap().replace("'\"'", "");
    let mut rest = source.as_str();
    let mut last = None;
    while let Some((before, after)) = rest.split_once('"') {
        let Some((value, after)) = literal(after) else { break };
        let whose = match last {
            Some(For::Sqlite) if before.trim() == "," => For::Postgres,
            _ if before.trim_end().ends_with(".statement(") => For::Sqlite,
            // SQLite locks no rows.
            _ if [" FOR UPDATE", " FOR SHARE"].iter().any(|lock| value.ends_with(lock)) => For::Postgres,
            _ => For::Both,
        };
        if verbs.iter().any(|verb| value.starts_with(verb)) && !value.contains('{') {
            found.push((whose, value));
        }
        last = Some(whose);
        rest = after;
    }
    found
}

/// Files whose statements each database has of its own, or that are made of parts.
const APART: [&str; 1] = ["migrations.rs"];

#[test]
fn statements_are_found_with_whom_they_are_for() {
    let source = r#"let one = "SELECT a \
         FROM b"; tx.statement("SELECT \"a\"", "SELECT b") ("UPDATE {table}") // '"' "DELETE x""#;
    let expected = [
        (For::Both, "SELECT a FROM b"),
        (For::Sqlite, "SELECT \"a\""),
        (For::Postgres, "SELECT b"),
        (For::Both, "DELETE x"),
    ];
    assert_eq!(statements(source), expected.map(|(whose, text)| (whose, text.to_owned())));
}

#[tokio::test]
async fn both_databases_prepare_every_statement() {
    let (sqlite, postgres) = (sqlite().await, postgres().await);
    let sqlite = AnyPool::connect(&sqlite.url).await.unwrap();
    let postgres = AnyPool::connect(&postgres.url).await.unwrap();
    let mut connection = postgres.acquire().await.unwrap();
    let (mut prepared, mut refused) = (0, Vec::new());
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if !path.is_file() || APART.contains(&file.as_str()) {
            continue;
        }
        for (whose, statement) in statements(&std::fs::read_to_string(&path).unwrap()) {
            prepared += 1;
            if whose != For::Postgres {
                let explain = AssertSqlSafe(format!("EXPLAIN {statement}"));
                refused.extend(
                    sqlx::raw_sql(explain).execute(&sqlite).await.err().map(|e| format!("{file}: {statement}: {e}")),
                );
            }
            if whose != For::Sqlite {
                let prepare = AssertSqlSafe(format!("PREPARE statement_{prepared} AS {statement}"));
                let result = sqlx::raw_sql(prepare).execute(&mut *connection).await;
                refused.extend(result.err().map(|e| format!("{file}: {statement}: {e}")));
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(prepared > 100, "{prepared}");
}
