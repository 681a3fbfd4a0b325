//! The Management API's search of users: conditions on fields, with patterns.

use keyway_model::user::User;
use keyway_model::{RoleId, TenantId};

use super::total;
use crate::statement::assembled;
use crate::users::read;
use crate::{Page, StoreError, Total, Tx};

/// A field that users are found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserField {
    /// The id.
    Id,
    /// The username.
    Username,
    /// The address.
    PrimaryEmail,
    /// The number.
    PrimaryPhone,
    /// The display name.
    Name,
}

impl UserField {
    const ALL: [Self; 5] = [Self::Id, Self::Username, Self::PrimaryEmail, Self::PrimaryPhone, Self::Name];

    fn column(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Username => "username",
            Self::PrimaryEmail => "primary_email",
            Self::PrimaryPhone => "primary_phone",
            Self::Name => "name",
        }
    }
}

/// One condition: a field, or any of them, that has one of the values.
#[derive(Debug, Clone)]
pub struct UserMatch {
    /// Which field; none is any.
    pub field: Option<UserField>,
    /// Whether the whole field is compared; else the value is a pattern with `%`, `_`, and a backslash before a sign that is
    /// meant literally.
    pub exact: bool,
    /// The values, at least one.
    pub values: Vec<String>,
}

/// A search by fields.
#[derive(Debug, Clone, Default)]
pub struct UserSearch {
    /// The conditions.
    pub matches: Vec<UserMatch>,
    /// Whether all conditions must hold, or one of them.
    pub all: bool,
    /// Whether capitals differ from small letters; `SQLite` takes those outside ASCII for different in any case.
    pub case_sensitive: bool,
    /// Those alone who have this role.
    pub of_role: Option<RoleId>,
    /// Those alone who have not this role.
    pub without_role: Option<RoleId>,
}

/// A sign of a pattern.
enum Sign {
    /// `%`: letters, or none.
    Letters,
    /// `_`: one letter.
    Letter,
    /// Itself.
    Plain(char),
}

/// The signs of a pattern as PostgreSQL reads one: a backslash takes the next sign literally. At the end, where PostgreSQL
/// refuses the pattern, it is itself.
fn signs(pattern: &str) -> Vec<Sign> {
    let mut letters = pattern.chars();
    let mut signs = Vec::new();
    while let Some(letter) = letters.next() {
        signs.push(match letter {
            '%' => Sign::Letters,
            '_' => Sign::Letter,
            '\\' => Sign::Plain(letters.next().unwrap_or('\\')),
            plain => Sign::Plain(plain),
        });
    }
    signs
}

/// A pattern of LIKE with the backslash as its ESCAPE, which `SQLite` has to be told and PostgreSQL takes.
pub(crate) fn like_pattern(pattern: &str) -> String {
    let mut like = String::new();
    for sign in signs(pattern) {
        match sign {
            Sign::Letters => like.push('%'),
            Sign::Letter => like.push('_'),
            Sign::Plain(letter) => {
                if matches!(letter, '%' | '_' | '\\') {
                    like.push('\\');
                }
                like.push(letter);
            }
        }
    }
    like
}

/// `SQLite`'s LIKE is blind to case, its GLOB is not.
fn glob(pattern: &str) -> String {
    let mut glob = String::new();
    for sign in signs(pattern) {
        match sign {
            Sign::Letters => glob.push('*'),
            Sign::Letter => glob.push('?'),
            Sign::Plain(letter @ ('*' | '?' | '[')) => {
                glob.push('[');
                glob.push(letter);
                glob.push(']');
            }
            Sign::Plain(letter) => glob.push(letter),
        }
    }
    glob
}

/// The condition in SQL, whose parameters begin at `$2`, and their values.
fn condition(search: &UserSearch, is_sqlite: bool) -> (String, Vec<String>) {
    let mut values = Vec::new();
    let mut conditions = Vec::new();
    for one in &search.matches {
        let fields: &[UserField] = one.field.as_slice();
        let fields = if fields.is_empty() { &UserField::ALL[..] } else { fields };
        let mut options = Vec::new();
        for value in &one.values {
            let (operator, value, escape) = if one.exact {
                ("=", value.clone(), "")
            } else if search.case_sensitive && is_sqlite {
                ("GLOB", glob(value), "")
            } else {
                ("LIKE", like_pattern(value), r" ESCAPE '\'")
            };
            values.push(value);
            let place = values.len() + 1;
            // Both sides by the database: what it takes for the small form of a letter is its own matter.
            let wanted = if search.case_sensitive { format!("${place}") } else { format!("LOWER(${place})") };
            for field in fields {
                // Addresses and numbers have no capitals: their indexes are of use.
                let as_kept = matches!(field, UserField::PrimaryEmail | UserField::PrimaryPhone);
                let column = field.column();
                let column =
                    if search.case_sensitive || as_kept { column.to_owned() } else { format!("LOWER({column})") };
                options.push(format!("{column} {operator} {wanted}{escape}"));
            }
        }
        conditions.push(format!("({})", options.join(" OR ")));
    }
    (conditions.join(if search.all { " AND " } else { " OR " }), values)
}

/// A page of the users that a search by fields finds, newest first, and how many there are, counted to `most`.
pub async fn matching(
    tx: &mut Tx,
    tenant: &TenantId,
    search: &UserSearch,
    page: Page,
    most: i64,
) -> Result<(Vec<User>, Total), StoreError> {
    let (condition, values) = condition(search, tx.is_sqlite());
    let narrowed = |select: &str| {
        let conditions = if condition.is_empty() { String::new() } else { format!(" AND ({condition})") };
        let statement =
            assembled(format!("{select} FROM users WHERE tenant_id = $1{conditions}")).bind(tenant.0.clone());
        let mut statement = values.iter().fold(statement, |statement, value| statement.bind(value.clone()));
        let of_roles = [
            (" AND id IN (SELECT user_id FROM user_roles WHERE tenant_id = $1 AND role_id = ?)", &search.of_role),
            (
                " AND id NOT IN (SELECT user_id FROM user_roles WHERE tenant_id = $1 AND role_id = ?)",
                &search.without_role,
            ),
        ];
        for (condition, role) in of_roles {
            if let Some(role) = role {
                statement = statement.with(condition, role.0.clone());
            }
        }
        statement
    };
    let select = narrowed(concat!("SELECT ", columns!()));
    let select = select.with(" ORDER BY created_at DESC, id DESC LIMIT ?", page.limit).with(" OFFSET ?", page.offset);
    let users: Vec<User> = tx.scan(select).await?.iter().map(read).collect::<Result<_, _>>()?;
    let counted =
        narrowed("SELECT COUNT(*) AS total FROM (SELECT id").with(" LIMIT ?) counted", most.saturating_add(1));
    let count = total(&tx.scan(counted).await?)?;
    Ok((users, Total { count: count.min(most), is_capped: count > most }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_keep_their_meaning_in_each_dialect() {
        for (pattern, of_like, of_glob) in [
            ("a%b_c", "a%b_c", "a*b?c"),
            (r"50\%\_", r"50\%\_", "50%_"),
            (r"\a\\%\", r"a\\%\\", r"a\*\"),
            ("*?[x]", "*?[x]", "[*][?][[]x]"),
        ] {
            assert_eq!((like_pattern(pattern).as_str(), glob(pattern).as_str()), (of_like, of_glob), "{pattern}");
        }
    }
}
