//! Phone numbers: read as people type them, kept in one canonical form.

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

/// A stored number as people write it: `+86 130 1234 5678`.
pub fn display(digits: &str) -> String {
    let international = format!("+{digits}");
    phonenumber::parse(None, &international)
        .map_or(international, |number| number.format().mode(phonenumber::Mode::International).to_string())
}

#[cfg(test)]
mod tests {
    use super::{Phone, display};

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
    fn numbers_are_shown_grouped() {
        assert_eq!(display("8613012345678"), "+86 130 1234 5678");
    }
}
