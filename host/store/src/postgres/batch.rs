//! Writes whose outcome nobody waits for, sent together: each statement is a trip to the database, and the trips are what a
//! transaction costs.

use sqlx::PgConnection;

use crate::StoreError;
use crate::statement::{Query, assembled};

/// Statements in order.
#[derive(Default)]
pub(crate) struct Batch {
    statements: Vec<Query>,
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
    pub(crate) fn clashes(&self, next: &Query) -> bool {
        let (table, adds) = written(&next.text);
        self.statements.iter().map(|held| written(&held.text)).any(|(other, added)| other == table && !(adds && added))
    }

    pub(crate) fn push(&mut self, next: Query) {
        self.statements.push(next);
    }

    pub(crate) fn len(&self) -> usize {
        self.statements.len()
    }

    /// Takes the statements from this place on.
    pub(crate) fn split_off(&mut self, place: usize) -> Self {
        Self { statements: self.statements.split_off(place.min(self.len())) }
    }

    /// Runs the statements in one trip, as parts of one. They do not see each other's rows, but references are checked when all
    /// have run (PostgreSQL 15 manual, section 7.8.4).
    pub(crate) async fn run(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let statement = match <[Query; 1]>::try_from(self.statements) {
            Ok([only]) => only,
            Err(none) if none.is_empty() => return Ok(()),
            Err(several) => joined(several),
        };
        super::execute(connection, statement).await.map(|_| ())
    }
}

fn joined(statements: Vec<Query>) -> Query {
    let mut values = Vec::new();
    let mut parts = Vec::new();
    for (index, statement) in statements.into_iter().enumerate() {
        parts.push(format!("part{index} AS ({})", renumbered(&statement.text, values.len())));
        values.extend(statement.values);
    }
    Query { values, ..assembled(format!("WITH {} SELECT 1", parts.join(", "))) }
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
