//! Writes whose outcome nobody waits for, sent together: each statement is a trip to the database, and the trips are what a
//! transaction costs.

use sqlx::any::AnyArguments;
use sqlx::{AnyConnection, AssertSqlSafe, Execute as _};

use crate::StoreError;
use crate::tx::Query;

/// Statements with their parameters, in order.
#[derive(Default)]
pub(crate) struct Batch {
    statements: Vec<String>,
    arguments: AnyArguments,
}

/// A statement that is to be held back.
pub(crate) struct Held {
    text: String,
    arguments: AnyArguments,
}

impl Held {
    pub(crate) fn new(mut query: Query) -> Result<Self, StoreError> {
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?.unwrap_or_default();
        Ok(Self { text: query.sql().as_str().to_owned(), arguments })
    }
}

/// The table that a statement writes, and whether it only adds rows.
fn written(statement: &str) -> (&str, bool) {
    let mut words = statement.split_ascii_whitespace();
    match words.next() {
        Some("INSERT") => (words.nth(1).unwrap_or_default(), !statement.contains("ON CONFLICT")),
        Some("DELETE") => (words.nth(1).unwrap_or_default(), false),
        _ => (words.next().unwrap_or_default(), false),
    }
}

impl Batch {
    /// Whether the statement has to see what a held one wrote: parts of one statement do not see each other's rows, and two
    /// changes of one row lose one.
    pub(crate) fn clashes(&self, next: &Held) -> bool {
        let (table, adds) = written(&next.text);
        self.statements.iter().map(|held| written(held)).any(|(other, added)| other == table && !(adds && added))
    }

    pub(crate) fn push(&mut self, held: Held) {
        self.statements.push(renumbered(&held.text, self.arguments.values.0.len()));
        self.arguments.values.0.extend(held.arguments.values.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.statements.len()
    }

    /// Runs the statements one after another in one trip, and `tail` after them: SQLite takes several statements at once.
    pub(crate) async fn run_on_sqlite(self, connection: &mut AnyConnection, tail: &str) -> Result<(), StoreError> {
        let mut text = self.statements.join(";");
        if !tail.is_empty() {
            text.push(';');
            text.push_str(tail);
        }
        sqlx::query_with(AssertSqlSafe(text), self.arguments).execute(connection).await?;
        Ok(())
    }

    /// Runs the statements in one trip: PostgreSQL takes them as parts of one. They do not see each other's rows, but
    /// references are checked when all have run (PostgreSQL 15 manual, section 7.8.4).
    pub(crate) async fn run_on_postgres(self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let text = match self.statements.as_slice() {
            [] => return Ok(()),
            [one] => one.clone(),
            all => {
                let part = |(index, statement): (usize, &String)| format!("part{index} AS ({statement})");
                format!("WITH {} SELECT 1", all.iter().enumerate().map(part).collect::<Vec<_>>().join(", "))
            }
        };
        sqlx::query_with(AssertSqlSafe(text), self.arguments).execute(connection).await?;
        Ok(())
    }
}

/// Moves every `$n` up by `offset`.
fn renumbered(statement: &str, offset: usize) -> String {
    let mut text = String::with_capacity(statement.len() + 16);
    let mut parts = statement.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        let number = number.parse::<usize>().map_or_else(|_| number.to_owned(), |number| (number + offset).to_string());
        text.push('$');
        text.push_str(&number);
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn parameters_of_later_statements_follow_those_of_earlier_ones() {
        assert_eq!(super::renumbered("a = $1 AND b = $12", 3), "a = $4 AND b = $15");
        assert_eq!(super::renumbered("DELETE FROM a", 3), "DELETE FROM a");
    }
}
