//! The list of users: pages, and a search for any part of an id, a name or an identifier.
//!
//! [`crate::users`] writes what can be found into one column. `SQLite` has a full-text index of its three-letter pieces,
//! PostgreSQL one of `pg_trgm`.

use keyway_model::user::User;
use keyway_model::{TenantId, Timestamp, UserId};

use crate::statement::{Query, Row, assembled, query};
use crate::users::read;
use crate::{Page, StoreError, Total, Tx};

/// Letters of a piece in the index.
const PIECE: usize = 3;

/// Letters of a search that count.
const LONGEST: usize = 128;

/// A place in the list of users, which is in the order of their making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The newest users.
    Newest,
    /// The oldest ones.
    Oldest,
    /// Those older than this one.
    OlderThan(Timestamp, UserId),
    /// Those newer than this one, next to it.
    NewerThan(Timestamp, UserId),
}

/// Signs within words. `pg_trgm` knows no pieces across a sign, so that a search with one in its middle would go through
/// everybody who has both sides; a capital letter, which no other text has here, is a letter to it.
const SIGNS: [(char, &str); 5] = [('.', "Q"), ('@', "X"), ('-', "J"), ('_', "Z"), ('+', "V")];

/// Small letters, each word after two spaces: a search of one or two letters becomes a piece that begins a word.
fn folded(text: &str) -> String {
    let words =
        text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty());
    let plain: String = words.flat_map(|word| ["  ".to_owned(), word.to_lowercase()]).collect();
    SIGNS.iter().fold(plain, |text, (sign, letter)| text.replace(*sign, letter))
}

/// Whether it is of a script that is written without spaces: Thai, Chinese, Japanese, Korean.
fn is_unspaced(letter: char) -> bool {
    matches!(u32::from(letter), 0xE00..=0xE7F | 0x1100..=0x11FF | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF
        | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Every two letters that follow each other in such a script, as words of their own: there a word is often two letters, less
/// than a piece of the index.
fn pairs(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let pair = |window: &[char]| match window {
        [first, second, ..] if is_unspaced(*first) && is_unspaced(*second) => Some(format!("  {first}{second}")),
        [first, ..] if is_unspaced(*first) => Some(format!("  {first}")),
        _ => None,
    };
    (0..letters.len()).filter_map(|place| letters.get(place..).and_then(pair)).collect()
}

/// What can be found of a user.
pub(crate) fn text_of(user: &User) -> String {
    let fields = [&user.username, &user.primary_email, &user.primary_phone, &user.name];
    let known = fields.into_iter().flatten().map(String::as_str);
    let text: String = std::iter::once(user.id.as_str()).chain(known).map(folded).collect();
    text + &pairs(user.name.as_deref().unwrap_or_default())
}

/// What a search looks for; absent when it holds no letter.
fn wanted(search: &str) -> Option<String> {
    let search: String = search.chars().take(LONGEST).collect();
    // A pasted phone number.
    let number = search.trim().strip_prefix('+').map(|rest| rest.replace([' ', '-', '(', ')', '.'], ""));
    let digits = number.filter(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    let text = folded(digits.as_deref().unwrap_or(&search));
    let bare = text.trim_start();
    if bare.chars().count() < PIECE { (!bare.is_empty()).then_some(text) } else { Some(bare.to_owned()) }
}

/// Pieces that cover the text, as a query of the full-text index. Each more would cost a walk through its list, and the
/// text itself is compared afterwards.
fn pieces(wanted: &str) -> String {
    let letters: Vec<char> = wanted.chars().collect();
    let windows: Vec<&[char]> = letters.windows(PIECE).collect();
    let covering = windows.iter().step_by(PIECE).chain(windows.last());
    let mut pieces: Vec<String> =
        covering.map(|piece| format!("\"{}\"", piece.iter().collect::<String>().replace('"', "\"\""))).collect();
    pieces.sort();
    pieces.dedup();
    pieces.join(" AND ")
}

fn like(wanted: &str) -> String {
    format!("%{}%", wanted.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

macro_rules! placed {
    ($condition:literal, $order:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM users WHERE tenant_id = $1",
            $condition,
            " ORDER BY created_at ",
            $order,
            ", id ",
            $order,
            " LIMIT ",
            $limit
        )
    };
}

macro_rules! columns {
    () => {
        "users.id, username, primary_email, primary_phone, password_method, password_hash, name, avatar, custom_data, \
         profile, application_id, is_suspended, last_sign_in_at, credential_epoch, created_at, updated_at"
    };
}

/// `$1` the tenant, `$2` the pieces, `$3` the text: common pieces may lie apart. `CROSS` has the index asked first.
macro_rules! found_by_sqlite {
    () => {
        " FROM user_search CROSS JOIN user_search_rows ON number = user_search.rowid CROSS JOIN users ON users.tenant_id = \
         user_search_rows.tenant_id AND users.id = user_id WHERE user_search MATCH $2 AND users.tenant_id = $1 AND \
         INSTR(users.search_text, $3) > 0"
    };
}

/// `$1` the tenant, `$2` the pattern; the planner drops what is said of `$3`.
macro_rules! found_by_postgres {
    () => {
        " FROM users WHERE tenant_id = $1 AND search_text LIKE $2 AND $3::text IS NOT NULL"
    };
}

/// The statement with what is looked for. It is planned for this text: a plan for any text reads all users in order, or
/// sorts all that match.
fn searching(tx: &Tx, tenant: &TenantId, wanted: String, sqlite: &'static str, postgres: &'static str) -> Query {
    let statement = query(tx.statement(sqlite, postgres)).planned_anew().bind(tenant.0.clone());
    statement.bind(if tx.is_sqlite() { pieces(&wanted) } else { like(&wanted) }).bind(wanted)
}

/// The number in the one row of a statement that counts.
fn total(rows: &[Row]) -> Result<i64, StoreError> {
    rows.first().map_or(Ok(0), |row| row.get("total"))
}

/// A page of users, newest first, that `search` finds; all where it is absent or blank.
pub async fn list(tx: &mut Tx, tenant: &TenantId, search: Option<&str>, page: Page) -> Result<Vec<User>, StoreError> {
    let select = match search.and_then(wanted) {
        // Rows that are skipped are counted in the index alone.
        None => query(concat!(
            "SELECT ",
            columns!(),
            " FROM users JOIN (SELECT id AS found FROM users WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC \
             LIMIT $2 OFFSET $3) page ON users.id = found WHERE tenant_id = $1 ORDER BY created_at DESC, users.id DESC"
        ))
        .bind(tenant.0.clone()),
        Some(wanted) => searching(
            tx,
            tenant,
            wanted,
            concat!("SELECT ", columns!(), found_by_sqlite!(), " ORDER BY user_search.rowid DESC LIMIT $4 OFFSET $5"),
            concat!(
                "SELECT ",
                columns!(),
                found_by_postgres!(),
                " ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5"
            ),
        ),
    };
    let rows = tx.scan(select.bind(page.limit).bind(page.offset)).await?;
    rows.iter().map(read).collect()
}

/// How many users `search` finds, or all where it is absent or blank; counting stops at `most`.
pub async fn count(tx: &mut Tx, tenant: &TenantId, search: Option<&str>, most: i64) -> Result<Total, StoreError> {
    let select = match search.and_then(wanted) {
        None => query("SELECT COUNT(*) AS total FROM (SELECT id FROM users WHERE tenant_id = $1 LIMIT $2) counted")
            .bind(tenant.0.clone()),
        Some(wanted) => searching(
            tx,
            tenant,
            wanted,
            concat!("SELECT COUNT(*) AS total FROM (SELECT users.id", found_by_sqlite!(), " LIMIT $4) counted"),
            concat!("SELECT COUNT(*) AS total FROM (SELECT id", found_by_postgres!(), " LIMIT $4) counted"),
        ),
    };
    let count = total(&tx.scan(select.bind(most.saturating_add(1))).await?)?;
    Ok(Total { count: count.min(most), is_capped: count > most })
}

/// A page of what `search` finds, and how much there is, counted to `most`. The last page tells how much without counting.
pub async fn page(
    tx: &mut Tx,
    tenant: &TenantId,
    search: Option<&str>,
    page: Page,
    most: i64,
) -> Result<(Vec<User>, Total), StoreError> {
    let users = list(tx, tenant, search, page).await?;
    let shown = i64::try_from(users.len()).unwrap_or(i64::MAX);
    if shown < page.limit && (shown > 0 || page.offset == 0) {
        return Ok((users, page.offset.saturating_add(shown).into()));
    }
    Ok((users, count(tx, tenant, search, most).await?))
}

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
#[derive(Debug, Clone)]
pub struct UserSearch {
    /// The conditions.
    pub matches: Vec<UserMatch>,
    /// Whether all conditions must hold, or one of them.
    pub all: bool,
    /// Whether capitals differ from small letters; `SQLite` takes those outside ASCII for different in any case.
    pub case_sensitive: bool,
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
fn like_pattern(pattern: &str) -> String {
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
    let (limit, offset) = (values.len() + 2, values.len() + 3);
    let bound = |text: String| {
        let statement = assembled(text).bind(tenant.0.clone());
        values.iter().fold(statement, |statement, value| statement.bind(value.clone()))
    };
    let text = format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM users WHERE tenant_id = $1 AND ({}) ORDER BY created_at DESC, id DESC LIMIT ${} OFFSET ${}"
        ),
        condition, limit, offset
    );
    let rows = tx.scan(bound(text).bind(page.limit).bind(page.offset)).await?;
    let users: Vec<User> = rows.iter().map(read).collect::<Result<_, _>>()?;
    let text = format!(
        "SELECT COUNT(*) AS total FROM (SELECT id FROM users WHERE tenant_id = $1 AND ({condition}) LIMIT ${limit}) counted"
    );
    let count = total(&tx.scan(bound(text).bind(most.saturating_add(1))).await?)?;
    Ok((users, Total { count: count.min(most), is_capped: count > most }))
}

/// The users at a place of the list, newest first.
pub async fn at(tx: &mut Tx, tenant: &TenantId, place: Place, limit: i64) -> Result<Vec<User>, StoreError> {
    let (statement, from) = match place {
        Place::Newest => (placed!("", "DESC", "$2"), None),
        Place::Oldest => (placed!("", "ASC", "$2"), None),
        Place::OlderThan(time, id) => (placed!(" AND (created_at, id) < ($2, $3)", "DESC", "$4"), Some((time, id))),
        Place::NewerThan(time, id) => (placed!(" AND (created_at, id) > ($2, $3)", "ASC", "$4"), Some((time, id))),
    };
    let mut select = query(statement).bind(tenant.0.clone());
    if let Some((time, id)) = from {
        select = select.bind(time.0).bind(id.0);
    }
    let rows = tx.all(select.bind(limit)).await?;
    let mut users: Vec<User> = rows.iter().map(read).collect::<Result<_, _>>()?;
    users.sort_by(|one, other| (other.created_at, &other.id.0).cmp(&(one.created_at, &one.id.0)));
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_folded_as_what_it_looks_through_is() {
        assert_eq!(wanted(" Ada  LOVE "), Some("ada  love".into()));
        assert_eq!(wanted("A"), Some("  a".into()));
        assert_eq!(wanted("张伟"), Some("  张伟".into()));
        assert_eq!(wanted("+86 131-1234"), Some("861311234".into()));
        assert_eq!(wanted("a\0b"), Some("a  b".into()));
        assert_eq!(wanted("Ann_B@mail.test"), Some("annZbXmailQtest".into()));
        assert_eq!(wanted(" \0 "), None);
    }

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

    #[test]
    fn pieces_are_quoted() {
        assert_eq!(pieces("abcdefg"), "\"abc\" AND \"def\" AND \"efg\"");
        assert_eq!(pieces("abc"), "\"abc\"");
        assert_eq!(pieces("\"or"), "\"\"\"or\"");
        assert_eq!(like("5%_\\"), "%5\\%\\_\\\\%");
    }
}
