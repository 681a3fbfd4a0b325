//! Phone numbers: read as people type them, kept in one canonical form.

use std::sync::LazyLock;

use phonenumber::country::Id as Country;

use crate::{ErrorCode, Refusal};

/// A valid number in canonical form: digits with country code and no plus sign, as Logto stores it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone {
    digits: String,
    country: String,
}

impl Phone {
    /// Reads a number with its country code (`+86 130…`, `0086130…`, `86130…`), whatever its spacing; a national number
    /// such as `130 1234 5678` counts as one of `region` (ISO 3166 alpha-2) when given.
    pub fn parse(text: &str, region: Option<&str>) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.is_empty() || text.len() > 64 {
            return Err(ErrorCode::InvalidPhone.into());
        }
        let cleaned: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        let international = cleaned.strip_prefix("00").map_or_else(
            || if cleaned.starts_with('+') { cleaned.clone() } else { format!("+{cleaned}") },
            |rest| format!("+{rest}"),
        );
        let region: Option<Country> = region.and_then(|region| region.parse().ok());
        let typed_international = cleaned.starts_with('+') || cleaned.starts_with("00");
        let candidates = [
            (!typed_international && region.is_some()).then(|| phonenumber::parse(region, &cleaned).ok()).flatten(),
            phonenumber::parse(None, &international).ok(),
        ];
        for number in candidates.into_iter().flatten() {
            if phonenumber::is_valid(&number) {
                let formatted = number.format().mode(phonenumber::Mode::E164).to_string();
                let country = number.country().id().map(|id| id.as_ref().to_owned()).unwrap_or_default();
                return Ok(Self { digits: formatted.trim_start_matches('+').to_owned(), country });
            }
        }
        Err(ErrorCode::InvalidPhone.into())
    }

    /// Digits with country code, no plus sign.
    pub fn digits(&self) -> &str {
        &self.digits
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
    fn what_is_no_number_is_refused() {
        for typed in ["", "abc", "+", "+1", "12", "+999999999999999999", "' OR 1=1"] {
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
