//! What pages say, in English and Simplified Chinese: one line a sentence, so that none can be left out in one of them.

/// Defines `Texts`, with a field for each sentence, and `texts(chinese)`.
macro_rules! texts {
    ($($name:ident $en:literal $zh:literal;)*) => {
        /// The sentences of the pages in one language.
        pub struct Texts {
            /// BCP 47 tag of the language.
            pub lang: &'static str,
            $(pub $name: &'static str,)*
        }

        const ENGLISH: Texts = Texts { lang: "en", $($name: $en,)* };
        const CHINESE: Texts = Texts { lang: "zh-CN", $($name: $zh,)* };

        /// The sentences in Chinese or English.
        pub fn texts(chinese: bool) -> &'static Texts {
            if chinese { &CHINESE } else { &ENGLISH }
        }

        #[cfg(test)]
        mod tests {
            #[test]
            fn every_sentence_is_there_in_both_languages() {
                for (name, english, chinese) in [$((stringify!($name), $en, $zh),)*] {
                    assert!(!english.is_empty() && !chinese.is_empty(), "{name}");
                    assert!(!chinese.is_ascii() || english == chinese, "{name} is not translated");
                }
            }
        }
    };
}
