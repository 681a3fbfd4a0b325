//! Text of strangers: what it must not hold where it is shown or passed on.

/// Whether a character could change how the text around it is read: control characters (Unicode category Cc), line and
/// paragraph separators, and marks that turn the direction of writing or are not seen (UTS 55). The joiners U+200C and U+200D belong to
/// the spelling of Persian and of emoji.
pub fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::is_deceptive;

    #[test]
    fn what_hides_or_turns_text_is_deceptive() {
        assert!("\0\r\n\u{7f}\u{85}\u{202e}\u{2066}\u{200b}\u{feff}".chars().all(is_deceptive));
        assert!(!"Ada 阿里云 é -–…🙂".chars().any(is_deceptive));
    }
}
