//! The tenant's own e-mail templates, and which of them fits a reader.

use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::{EmailTemplateId, Timestamp};

/// A template for one usage in one language.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailTemplate {
    /// Id.
    pub id: EmailTemplateId,
    /// BCP 47 tag.
    pub language_tag: String,
    /// Usage type, such as `SignIn`.
    pub template_type: String,
    /// What is sent.
    pub details: EmailTemplateDetails,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What is sent; `{{code}}` and the like are filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmailTemplateDetails {
    /// Subject.
    pub subject: String,
    /// Body.
    pub content: String,
    /// `text/html` when absent, or `text/plain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Address for answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Sender's name or address in place of the connector's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_from: Option<String>,
}

/// The template for a reader: of a language that the reader reads, then of the fallback language, then the Generic one of either.
pub fn choose<'t>(
    templates: &'t [EmailTemplate],
    usage: &str,
    locale: Option<&str>,
    fallback: &str,
) -> Option<&'t EmailTemplate> {
    let find = |tag: &str, kind: &str| {
        let of_kind = || templates.iter().filter(|template| template.template_type == kind);
        let exact = of_kind().find(|template| template.language_tag.eq_ignore_ascii_case(tag));
        exact.or_else(|| {
            let known: Vec<(&EmailTemplate, Language)> =
                of_kind().filter_map(|template| Some((template, Language::read(&template.language_tag)?))).collect();
            Language::read(tag)?.best_of(known.iter().map(|(template, language)| (*template, language)))
        })
    };
    locale
        .and_then(|locale| find(locale, usage))
        .or_else(|| find(fallback, usage))
        .or_else(|| locale.and_then(|locale| find(locale, "Generic")))
        .or_else(|| find(fallback, "Generic"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readers_language_goes_first_then_the_fallback_then_generic() {
        let template = |language: &str, kind: &str| EmailTemplate {
            id: EmailTemplateId(format!("{language}/{kind}")),
            language_tag: language.into(),
            template_type: kind.into(),
            details: EmailTemplateDetails {
                subject: String::new(),
                content: String::new(),
                content_type: None,
                reply_to: None,
                send_from: None,
            },
            created_at: Timestamp(0),
        };
        let all = [
            template("en", "SignIn"),
            template("zh-CN", "SignIn"),
            template("en", "Generic"),
            template("qaa", "Generic"),
        ];
        let id = |usage, locale| choose(&all, usage, locale, "en").map(|template| template.id.0.as_str());
        assert_eq!(id("SignIn", Some("zh-CN")), Some("zh-CN/SignIn"));
        assert_eq!(id("SignIn", Some("zh-SG")), Some("zh-CN/SignIn"));
        assert_eq!(id("SignIn", Some("zh-HK")), Some("en/SignIn"), "another script");
        assert_eq!(id("SignIn", Some("qaa")), Some("en/SignIn"));
        assert_eq!(id("Register", Some("qaa-CA")), Some("qaa/Generic"));
        assert_eq!(id("Register", None), Some("en/Generic"));
        assert!(choose(&all[..2], "Register", None, "en").is_none());
    }
}
