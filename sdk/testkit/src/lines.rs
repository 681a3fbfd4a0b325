//! What the commands print.

/// A line that begins with a word in brackets, so that every step reads alike.
pub fn step(word: &str, text: impl std::fmt::Display) {
    println!("{word:>10}  {text}");
}
