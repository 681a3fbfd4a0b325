//! The sentences of the sign-in pages, each to be put in the tenant's own words.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_core::{Cx, custom_phrases};
use keyway_model::custom_phrases::Phrases;

use super::page::{Notice, Shell, done, page, refused_page};
use super::session::Admin;
use crate::error::WebError;
use crate::locale::Locale;
use crate::pages::texts::{CATALOGUE, Phrase, texts};
use crate::request::Parameters;

/// A sentence of the form.
struct PhraseRow {
    name: &'static str,
    /// What the pages say without the tenant's own words.
    text: Phrase,
    own: String,
}

#[derive(Template)]
#[template(path = "console/custom_phrases.html")]
struct PhrasesPage {
    shell: Shell,
    language: Locale,
    sentences: Vec<PhraseRow>,
}

/// The language that is edited: what is asked for, else the reader's.
fn language(admin: &Admin, sent: &Parameters) -> Locale {
    sent.get("language").and_then(|tag| Locale::with_tag(&tag)).unwrap_or(admin.locale)
}

fn shown(shell: Shell, language: Locale, own: &Phrases) -> PhrasesPage {
    let sentence = |(name, text): (&'static str, Phrase)| PhraseRow {
        name,
        text,
        own: own.get(name).cloned().unwrap_or_default(),
    };
    PhrasesPage { shell, language, sentences: texts(language).sentences().into_iter().map(sentence).collect() }
}

/// `GET /console/phrases`
pub async fn show(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Result<Response, WebError> {
    let language = language(&admin, &sent);
    let known = custom_phrases::list(&cx).await?;
    let own = known.into_iter().find(|(tag, _)| tag == language.tag()).map(|(_, own)| own).unwrap_or_default();
    let shell = Shell::new(&admin, "experience");
    Ok(page(StatusCode::OK, &shown(shell, language, &own)))
}

/// `POST /console/phrases`: what is left empty keeps the pages' own words.
pub async fn save(cx: Cx, Extension(admin): Extension<Admin>, sent: Parameters) -> Result<Response, WebError> {
    let language = language(&admin, &sent);
    let own: Phrases = CATALOGUE
        .names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), sent.given(&format!("phrase.{name}"))?)))
        .collect();
    match custom_phrases::put(&cx, language.tag(), &own, &CATALOGUE).await {
        Ok(()) => Ok(done(&admin, &format!("/phrases?language={language}"), Notice::Saved)),
        Err(error) => {
            let error = WebError::from(error);
            let shell = Shell::refused(&admin, "experience", &error);
            Ok(refused_page(&error, &shown(shell, language, &own)))
        }
    }
}
