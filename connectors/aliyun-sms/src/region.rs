//! Which of Aliyun's two routes a number takes.

/// True for a mainland Chinese number: an optional `+86`, `0086` or `86`, then a 1 and ten digits. With `strict` the
/// prefix must be there, or an eleven-digit North American number would be taken for a Chinese one.
pub fn is_mainland(number: &str, strict: bool) -> bool {
    let national = ["+86", "0086", "86"].iter().find_map(|prefix| number.strip_prefix(prefix));
    match national {
        Some(national) if is_national(national) => true,
        _ => !strict && is_national(number),
    }
}

fn is_national(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_mainland;

    #[test]
    fn the_prefix_decides_and_strict_asks_for_it() {
        for number in ["8613012345678", "+8613012345678", "008613012345678"] {
            assert!(is_mainland(number, true), "{number}");
        }
        assert!(is_mainland("13012345678", false));
        assert!(!is_mainland("13012345678", true));
        assert!(!is_mainland("12025550123", true));
        assert!(!is_mainland("447700900123", false));
    }
}
