//! Masks secrets, recipients and codes by value in whatever a connector writes.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shortest value and shortest encoded piece that are masked: shorter ones stand in ordinary words.
const SHORTEST: usize = 4;
const SHORTEST_PIECE: usize = 6;

/// Shortest beginning of a value that is masked where a text was cut, in bytes: half of the value, between these.
const SHORTEST_BEGINNING: (usize, usize) = (4, 6);

/// Replaces values by `•••`, in the spellings that a log line may hold.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// What a configuration's own redactor masks; its spellings are made once for all calls.
    shared: Option<Arc<Redactor>>,
    values: Vec<String>,
    /// Longest first, so that a secret that holds another is masked whole. Made when there is something to mask.
    needles: OnceLock<Vec<String>>,
}

impl Redactor {
    /// Masks `values` and their JSON-, URL-, hex- and base64-escaped forms.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let values = values.into_iter().filter(|value| value.chars().count() >= SHORTEST).collect();
        Self { values, ..Self::default() }
    }

    /// The same that masks `values` as well.
    #[must_use]
    pub fn with(shared: &Arc<Self>, values: impl IntoIterator<Item = String>) -> Self {
        Self { shared: Some(Arc::clone(shared)), ..Self::new(values) }
    }

    fn needles(&self) -> &[String] {
        self.needles.get_or_init(|| {
            let mut needles: Vec<String> = self.shared.iter().flat_map(|shared| shared.needles()).cloned().collect();
            for value in &self.values {
                let json = serde_json::Value::String(value.clone()).to_string();
                let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
                needles.extend(base64_pieces(value));
                if form != *value {
                    // RFC 6749 section 2.3.1: credentials are form-encoded before Basic encodes them.
                    needles.extend(base64_pieces(&form));
                }
                needles.push(json.trim_matches('"').to_owned());
                needles.push(form);
                needles.push(hex::encode(value));
                needles.push(hex::encode_upper(value));
                needles.push(value.clone());
            }
            needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            needles.dedup();
            needles
        })
    }

    /// The text without the values. Guests cut what they report: a beginning of a value is masked where the text ends, or a string
    /// in it.
    pub fn apply(&self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let masked = self.needles().iter().fold(text.to_owned(), |text, needle| {
            if text.contains(needle.as_str()) { text.replace(needle.as_str(), MASK) } else { text }
        });
        let mut cut: Vec<_> = self.needles().iter().flat_map(|needle| beginnings(&masked, needle)).collect();
        cut.sort_unstable_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
        without(&masked, &cut)
    }
}

const MASK: &str = "•••";

/// The text with a mask in place of these pieces, which are in the order of their starts.
fn without(text: &str, pieces: &[(usize, usize)]) -> String {
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for (start, end) in pieces {
        if let Some(before) = text.get(at..*start) {
            shown.extend([before, MASK]);
            at = *end;
        }
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}

/// Where a beginning of `needle` stands before the end of the text or before a quotation mark, by the automaton of Knuth, Morris and
/// Pratt: in time that grows with the text and the needle alone.
fn beginnings(text: &str, needle: &str) -> Vec<(usize, usize)> {
    let (least, most) = SHORTEST_BEGINNING;
    let shortest = (needle.len() / 2).clamp(least, most);
    let is_there = needle.get(..shortest).is_none_or(|beginning| text.contains(beginning));
    if needle.len() <= shortest || !is_there {
        return Vec::new();
    }
    // By length of what matches: the length of its longest end that is a beginning as well.
    let mut borders: Vec<usize> = vec![0];
    let advance = |borders: &[usize], mut length: usize, byte: u8| loop {
        if needle.as_bytes().get(length) == Some(&byte) {
            return length + 1;
        }
        match length.checked_sub(1) {
            Some(last) => length = borders.get(last).copied().unwrap_or_default(),
            None => return 0,
        }
    };
    let mut length = 0;
    for byte in needle.bytes().skip(1) {
        length = advance(&borders, length, byte);
        borders.push(length);
    }
    let (mut found, mut length) = (Vec::new(), 0);
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'"' && length >= shortest {
            found.push((at - length, at));
        }
        length = advance(&borders, length, byte);
    }
    if length >= shortest {
        found.push((text.len() - length, text.len()));
    }
    found
}

/// What base64 makes of a value wherever it stands in what is encoded, as after `user:` in Basic authentication: the digits that
/// depend on the value alone, for each of the three places at which its first byte may fall.
fn base64_pieces(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    for before in 0..3 {
        let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(value.bytes()).collect();
        let (first, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            let piece = encoded.get(first..end).unwrap_or_default();
            if piece.len() >= SHORTEST_PIECE {
                found.push(piece.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::Redactor;

    #[test]
    fn secrets_in_logs_are_masked_in_every_spelling() {
        let redactor = Redactor::new(["s3cr\"et/+".to_owned(), "8613012345678".to_owned(), "ab".to_owned()]);
        let line = format!(
            "key=s3cr\"et/+ json=s3cr\\\"et/+ url=s3cr%22et%2F%2B hex={} HEX={} to=8613012345678 ab",
            hex::encode("s3cr\"et/+"),
            hex::encode_upper("s3cr\"et/+")
        );
        assert_eq!(redactor.apply(&line), "key=••• json=••• url=••• hex=••• HEX=••• to=••• ab");
    }

    #[test]
    fn secret_cut_in_half_is_masked() {
        let redactor = Redactor::new(["Bearer T0P-secret-0123456789".to_owned(), "s3cr\"et".to_owned()]);
        for (line, shown) in [
            ("400: Bearer T0P-secret-01234", "400: •••"),
            ("400: Bearer", "400: •••"),
            ("400: Bear", "400: Bear"),
            ("Bearer T0P", "•••"),
            ("Bearer T0P-secret is no secret", "Bearer T0P-secret is no secret"),
            ("s3cr", "•••"),
            (r#"{"body":"<p>Bearer T0P-sec","next":"s3cr"}"#, r#"{"body":"<p>•••","next":"•••"}"#),
            ("url=Bearer+T0P-sec", "url=•••"),
            ("Bearer T0P-seBearer T0P-se", "Bearer T0P-se•••"),
        ] {
            assert_eq!(redactor.apply(line), shown);
        }
        let basic = STANDARD.encode("client-id:Bearer T0P-secret-0123456789");
        let masked = redactor.apply(basic.get(..40).unwrap());
        assert!(masked.ends_with("•••") && masked.len() < 32, "{masked}");
        let periodic = Redactor::new(["abababac".to_owned()]);
        assert_eq!(periodic.apply("abababab"), "ab•••");
    }

    #[test]
    fn secrets_in_base64_are_masked_wherever_they_stand() {
        let secret = "p?ssw>rd~ÿ\u{3fff}";
        let redactor = Redactor::new([secret.to_owned()]);
        for user in ["", "a", "ab", "abc", "client-id:"] {
            let text = format!("{user}{secret}");
            for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let masked = redactor.apply(&format!("Authorization: Basic {encoded}."));
                assert!(masked.contains("•••") && masked.len() < encoded.len() + 24, "{user}: {masked}");
            }
            let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            assert!(redactor.apply(&STANDARD.encode(format!("{user}{form}"))).contains("•••"), "{user}");
        }
        assert_eq!(redactor.apply("nothing to see"), "nothing to see");
    }
}
