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

/// Defines `Texts` as [`texts!`] does, for sentences that a tenant may put in its own words.
macro_rules! phrases {
    ($($name:ident $en:literal $zh:literal;)*) => {
        /// One sentence.
        pub type Phrase = std::borrow::Cow<'static, str>;

        /// The sentences of the pages in one language.
        #[derive(Clone)]
        pub struct Texts {
            /// BCP 47 tag of the language.
            pub lang: &'static str,
            $(pub $name: Phrase,)*
        }

        static ENGLISH: std::sync::LazyLock<std::sync::Arc<Texts>> =
            std::sync::LazyLock::new(|| std::sync::Arc::new(Texts { lang: "en", $($name: Phrase::Borrowed($en),)* }));
        static CHINESE: std::sync::LazyLock<std::sync::Arc<Texts>> =
            std::sync::LazyLock::new(|| std::sync::Arc::new(Texts { lang: "zh-CN", $($name: Phrase::Borrowed($zh),)* }));

        /// Name, English and Chinese of every sentence.
        pub const PHRASES: &[(&str, &str, &str)] = &[$((stringify!($name), $en, $zh),)*];

        /// The sentences in Chinese or English.
        pub fn texts(chinese: bool) -> std::sync::Arc<Texts> {
            std::sync::Arc::clone(if chinese { &CHINESE } else { &ENGLISH })
        }

        /// The same with some in other words.
        pub fn reworded(chinese: bool, own: Option<&keyway_model::phrases::Phrases>) -> std::sync::Arc<Texts> {
            let texts = texts(chinese);
            let Some(own) = own.filter(|own| !own.is_empty()) else { return texts };
            let word = |name: &str, text: &Phrase| own.get(name).map_or_else(|| text.clone(), |own| own.clone().into());
            std::sync::Arc::new(Texts { lang: texts.lang, $($name: word(stringify!($name), &texts.$name),)* })
        }

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn every_sentence_is_there_in_both_languages() {
                for (name, english, chinese) in PHRASES {
                    assert!(!english.is_empty() && !chinese.is_empty(), "{name}");
                    assert!(!chinese.is_ascii() || english == chinese, "{name} is not translated");
                }
            }

            #[test]
            fn a_tenant_s_own_words_take_the_place_of_some() {
                let own = [("sign_in".to_owned(), "Come in".to_owned())].into();
                let texts = reworded(false, Some(&own));
                assert_eq!((&*texts.sign_in, &*texts.password), ("Come in", "Password"));
            }
        }
    };
}
