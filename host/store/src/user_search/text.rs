//! What users are found by, folded into what both databases' indexes of three-letter pieces hold.

use keyway_model::user::User;

/// Letters of a piece in the index.
const PIECE: usize = 3;

/// Letters of a search that count.
const LONGEST: usize = 128;

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
pub(super) fn wanted(search: &str) -> Option<String> {
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
pub(super) fn pieces(wanted: &str) -> String {
    let letters: Vec<char> = wanted.chars().collect();
    let windows: Vec<&[char]> = letters.windows(PIECE).collect();
    let covering = windows.iter().step_by(PIECE).chain(windows.last());
    let mut pieces: Vec<String> =
        covering.map(|piece| format!("\"{}\"", piece.iter().collect::<String>().replace('"', "\"\""))).collect();
    pieces.sort();
    pieces.dedup();
    pieces.join(" AND ")
}

pub(super) fn like(wanted: &str) -> String {
    format!("%{}%", wanted.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
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
    fn pieces_are_quoted() {
        assert_eq!(pieces("abcdefg"), "\"abc\" AND \"def\" AND \"efg\"");
        assert_eq!(pieces("abc"), "\"abc\"");
        assert_eq!(pieces("\"or"), "\"\"\"or\"");
        assert_eq!(like("5%_\\"), "%5\\%\\_\\\\%");
    }
}
