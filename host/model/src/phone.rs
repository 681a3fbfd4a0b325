//! Phone numbers: read as people type them, kept in one canonical form.

use std::sync::LazyLock;

use phonenumber::Type;
use phonenumber::country::Id as Country;
use unicode_normalization::UnicodeNormalization as _;

use crate::{ErrorCode, Refusal};

/// A valid number in canonical form: digits with country code and no plus sign, as Logto stores it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone {
    digits: String,
    country: String,
    line: Type,
}

/// Longest text that is read as a number.
const MAX_DIGITS: usize = 64;

/// What was typed or pasted as the digits of a number, with a plus sign in front if there was one; nothing when it holds
/// anything else than a number does. Address books and chat programs put in full-width digits, other dashes, spaces that do
/// not break, and marks of the writing direction.
pub fn digits_of(text: &str) -> Option<String> {
    // A character takes four bytes at most; what is longer is no number however it is written.
    if text.len() > 4 * MAX_DIGITS {
        return None;
    }
    let mut digits = String::new();
    for c in text.nfkc() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() => digits.push('+'),
            '(' | ')' | '.' | '/' | '-' => {}
            // Dashes, and marks that are not seen (general categories Pd and Cf).
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fb}' | '\u{30fc}' => {}
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' => {}
            '\u{2066}'..='\u{206f}' | '\u{feff}' => {}
            c if c.is_whitespace() => {}
            // Digits of other scripts.
            c => digits.push(char::from_digit(foreign_digit(c)?, 10)?),
        }
        if digits.len() > MAX_DIGITS {
            return None;
        }
    }
    digits.bytes().any(|byte| byte.is_ascii_digit()).then_some(digits)
}

/// The value of a decimal digit of the Arabic, Persian, Devanagari, Bengali or Thai script.
fn foreign_digit(c: char) -> Option<u32> {
    let zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50];
    zeros.into_iter().find_map(|zero| u32::from(c).checked_sub(zero).filter(|value| *value < 10))
}

/// Until August 2019 mobile numbers of Mexico had a 1 after the country code (ITU Operational Bulletin 1173); address books
/// still do, and so do imported accounts. The number without it is the same line.
fn old_mexican(international: &str) -> Option<String> {
    let national = international.strip_prefix("+521")?;
    (national.len() == 10).then(|| format!("+52{national}"))
}

impl Phone {
    /// Reads a number with its country code (`+86 130…`, `0086130…`, `86130…`), whatever its spacing; a national number
    /// such as `130 1234 5678` counts as one of `region` (ISO 3166 alpha-2) when given.
    pub fn parse(text: &str, region: Option<&str>) -> Result<Self, Refusal> {
        let cleaned = digits_of(text).ok_or(ErrorCode::InvalidPhone)?;
        let international = cleaned.strip_prefix("00").map_or_else(
            || if cleaned.starts_with('+') { cleaned.clone() } else { format!("+{cleaned}") },
            |rest| format!("+{rest}"),
        );
        let region: Option<Country> = region.and_then(|region| region.parse().ok());
        let typed_international = cleaned.starts_with('+') || cleaned.starts_with("00");
        let candidates = [
            (!typed_international && region.is_some()).then(|| phonenumber::parse(region, &cleaned).ok()).flatten(),
            phonenumber::parse(None, &international).ok(),
            old_mexican(&international).and_then(|current| phonenumber::parse(None, &current).ok()),
        ];
        for number in candidates.into_iter().flatten() {
            if phonenumber::is_valid(&number) {
                let formatted = number.format().mode(phonenumber::Mode::E164).to_string();
                let country = number.country().id().map(|id| id.as_ref().to_owned()).unwrap_or_default();
                let line = number.number_type(&phonenumber::metadata::DATABASE);
                return Ok(Self { digits: formatted.trim_start_matches('+').to_owned(), country, line });
            }
        }
        Err(ErrorCode::InvalidPhone.into())
    }

    /// Digits with country code, no plus sign.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Whether a message to it earns somebody money, or can be read by nobody: premium-rate, shared-cost, personal (which in
    /// Britain are charged like premium ones), freephone and company numbers, pagers and voice mail.
    pub fn is_costly(&self) -> bool {
        matches!(
            self.line,
            Type::PremiumRate
                | Type::SharedCost
                | Type::TollFree
                | Type::PersonalNumber
                | Type::Pager
                | Type::Uan
                | Type::Voicemail
        )
    }

    /// ISO 3166 alpha-2 code, or empty for numbers of no country.
    pub fn country(&self) -> &str {
        &self.country
    }
}

/// A country or territory with its own numbers.
#[derive(Debug, Clone)]
pub struct Region {
    /// ISO 3166 alpha-2 code.
    pub id: String,
    /// Country calling code, which several may share.
    pub code: u16,
}

impl Region {
    /// Its flag: the two letters as regional indicators (Unicode Technical Standard 51).
    pub fn flag(&self) -> String {
        let letter = |byte: u8| char::from_u32(0x1F1E6 + u32::from(byte.saturating_sub(b'A')));
        self.id.bytes().filter_map(letter).collect()
    }
}

/// All regions by their calling codes; of those that share one, the one whom most of the numbers belong to goes first.
pub fn regions() -> &'static [Region] {
    static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
        let all = phonenumber::metadata::DATABASE.iter();
        let mut regions: Vec<(bool, Region)> = all
            .filter(|region| region.id().len() == 2)
            .map(|region| {
                let (id, code) = (region.id().to_owned(), region.country_code());
                let sharing = phonenumber::metadata::DATABASE.region(&code).unwrap_or_default();
                (sharing.first() != Some(&id.as_str()), Region { id, code })
            })
            .collect();
        regions.sort_by(|(second, one), (other_second, other)| {
            (one.code, second, &one.id).cmp(&(other.code, other_second, &other.id))
        });
        regions.into_iter().map(|(_, region)| region).collect()
    });
    &REGIONS
}

/// A stored number as people write it: `+86 130 1234 5678`.
pub fn display(digits: &str) -> String {
    let international = format!("+{digits}");
    phonenumber::parse(None, &international)
        .map_or(international, |number| number.format().mode(phonenumber::Mode::International).to_string())
}

#[cfg(test)]
mod tests {
    use super::{Phone, display, regions};

    #[test]
    fn identifier_normalisation_of_phone_numbers() {
        for typed in
            ["+8613012345678", "8613012345678", "008613012345678", "+86 130-1234-5678", " +86 (130) 1234 5678 "]
        {
            assert_eq!(Phone::parse(typed, None).unwrap().digits(), "8613012345678", "{typed}");
        }
        assert_eq!(Phone::parse("13012345678", Some("CN")).unwrap().digits(), "8613012345678");
        assert_eq!(Phone::parse("+8613012345678", Some("US")).unwrap().digits(), "8613012345678");
        assert_eq!(
            Phone::parse("+4407700900123", Some("GB")).map(|p| p.digits().to_owned()).ok(),
            Phone::parse("07700900123", Some("GB")).map(|p| p.digits().to_owned()).ok()
        );
    }

    #[test]
    fn mexican_numbers_of_before_2019_are_the_same_lines() {
        for typed in ["5215512345678", "+52 1 55 1234 5678", "+525512345678"] {
            assert_eq!(Phone::parse(typed, None).unwrap().digits(), "525512345678", "{typed}");
        }
        assert!(Phone::parse("+52155123456", None).is_err());
    }

    #[test]
    fn pasted_numbers_are_read_however_they_are_written() {
        for typed in [
            "\u{202d}+86 138 0013 1002\u{202c}",
            "+86\u{a0}138\u{a0}0013\u{a0}1002",
            "+86\u{2011}138\u{2011}0013\u{2011}1002",
            "\u{ff0b}86 138 0013 1002",
            "\u{ff18}\u{ff16}\u{ff11}\u{ff13}\u{ff18}\u{ff10}\u{ff10}\u{ff11}\u{ff13}\u{ff11}\u{ff10}\u{ff10}\u{ff12}",
            "+٨٦١٣٨٠٠١٣١٠٠٢",
        ] {
            assert_eq!(Phone::parse(typed, None).unwrap().digits(), "8613800131002", "{typed}");
        }
        assert_eq!(Phone::parse("１３８００１３１００５", Some("CN")).unwrap().digits(), "8613800131005");
    }

    #[test]
    fn sms_pumping_through_costly_numbers_is_seen() {
        for costly in ["+449098790000", "+448431234567", "+447012345678", "+18002345678", "+4990012345678"] {
            let phone = Phone::parse(costly, None).unwrap();
            assert!(phone.is_costly(), "{costly} {:?}", phone.line);
        }
        for usual in ["+8613012345678", "+12015550123", "+447400123456", "+4915123456789", "+393123456789"] {
            assert!(!Phone::parse(usual, None).unwrap().is_costly(), "{usual}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let long = "1".repeat(100_000);
        for typed in ["", "abc", "+", "+1", "12", "+999999999999999999", "' OR 1=1", "+86 138 abc 0013 1002", &long] {
            assert!(Phone::parse(typed, None).is_err(), "{typed}");
        }
    }

    #[test]
    fn regions_know_their_codes_and_flags() {
        let find = |id: &str| regions().iter().find(|region| region.id == id).unwrap();
        assert_eq!((find("CN").code, find("CN").flag().as_str()), (86, "🇨🇳"));
        let first = |code: u16| regions().iter().find(|region| region.code == code).unwrap().id.as_str();
        assert_eq!([first(1), first(44), first(7), first(39)], ["US", "GB", "RU", "IT"]);
        assert!(regions().len() > 200);
    }

    #[test]
    fn numbers_are_shown_grouped() {
        assert_eq!(display("8613012345678"), "+86 130 1234 5678");
    }
}
