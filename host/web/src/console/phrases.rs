//! The sentences of the sign-in pages, each to be put in the tenant's own words.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use keyway_model::phrases::Phrases;

use super::managed;
use super::page::{Notice, Shell, done, page};
use super::session::Admin;
use crate::Web;
use crate::error::WebError;
use crate::pages::texts::{PHRASES, is_phrase};
use crate::request::Parameters;

/// A sentence of the form.
struct Sentence {
    name: &'static str,
    /// What the pages say without the tenant's own words.
    text: &'static str,
    own: String,
}

#[derive(Template)]
#[template(path = "console/phrases.html")]
struct PhrasesPage {
    shell: Shell,
    language: &'static str,
    sentences: Vec<Sentence>,
}

/// The language that is edited: what is asked for, else the reader's.
fn language(admin: &Admin, sent: &Parameters) -> &'static str {
    match sent.get("language").as_deref() {
        Some("zh-CN") => "zh-CN",
        Some(_) => "en",
        None if admin.chinese => "zh-CN",
        None => "en",
    }
}

fn shown(shell: Shell, language: &'static str, own: &Phrases) -> PhrasesPage {
    let sentence = |(name, english, chinese): &(&'static str, &'static str, &'static str)| Sentence {
        name,
        text: if language == "en" { english } else { chinese },
        own: own.get(*name).cloned().unwrap_or_default(),
    };
    PhrasesPage { shell, language, sentences: PHRASES.iter().map(sentence).collect() }
}

/// `GET /console/phrases`
pub async fn show(
    State(web): State<Web>,
    Extension(admin): Extension<Admin>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let language = language(&admin, &sent);
    let known = web.core.phrases(&managed()).await?;
    let own = known.into_iter().find(|(tag, _)| tag == language).map(|(_, own)| own).unwrap_or_default();
    let shell = Shell::new(&admin, "experience");
    Ok(page(StatusCode::OK, &shown(shell, language, &own)))
}

/// `POST /console/phrases`: what is left empty keeps the pages' own words.
pub async fn save(
    State(web): State<Web>,
    Extension(admin): Extension<Admin>,
    sent: Parameters,
) -> Result<Response, WebError> {
    let language = language(&admin, &sent);
    let own: Phrases = PHRASES
        .iter()
        .filter_map(|(name, ..)| Some(((*name).to_owned(), sent.given(&format!("phrase.{name}"))?)))
        .collect();
    match web.core.put_phrases(&managed(), language.to_owned(), own.clone(), is_phrase).await {
        Ok(()) => Ok(done(&format!("/console/phrases?language={language}"), Notice::Saved)),
        Err(error) => {
            let error = WebError::from(error);
            let shell = Shell::refused(&admin, "experience", &error);
            Ok(page(error.status(), &shown(shell, language, &own)))
        }
    }
}
