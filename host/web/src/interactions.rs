//! The sign-ins that a browser has under way. Each page names its own in its address, so that several can be open at once; the
//! name is worth nothing without the cookie from whose secret it is made. Whoever names none, such as a client of the
//! Experience API, means the newest.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use keyway_core::secret;

use crate::Web;
use crate::cookies::{self, CookieKind};
use crate::request::Parameters;

/// Sign-ins that one browser may have under way; the oldest gives way to one more.
const MAX_SIGN_INS: usize = 8;
/// Characters of a name: 96 bits of base64url.
const LENGTH: usize = 16;
/// Longest application id that an address carries on.
const LONGEST_ID: usize = 64;

/// What the address of a page says of where it belongs: its interaction, and the application that asked, as the sign-in pages
/// of Logto say it. Neither is a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Name of the interaction, or empty for the newest.
    pub interaction: String,
    /// Id of the application, or empty.
    pub application: String,
}

impl Place {
    /// The place of a sign-in with this secret.
    pub fn new(secret: &str, application: &str) -> Self {
        Self { interaction: name(secret), application: application.to_owned() }
    }

    /// What an address says. Anything that is no name counts as absent.
    pub fn read(query: &Parameters) -> Self {
        let fits = |id: &String| id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
        Self {
            interaction: query.get("interaction").filter(|text| is_name(text)).unwrap_or_default(),
            application: query.get("app_id").filter(fits).unwrap_or_default(),
        }
    }

    /// The place of a provider's answer, which comes back to one fixed address: the state begins with the interaction's name.
    pub fn of_state(state: Option<&str>) -> Self {
        let name = state.and_then(|state| state.get(..LENGTH)).filter(|text| is_name(text));
        Self { interaction: name.unwrap_or_default().to_owned(), application: String::new() }
    }

    /// The address of a page of this place.
    pub fn to(&self, path: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("app_id", &self.application), ("interaction", &self.interaction)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query if path.contains('?') => format!("{path}&{query}"),
            query => format!("{path}?{query}"),
        }
    }
}

/// The name of the interaction with this secret.
fn name(secret: &str) -> String {
    secret::challenge(&format!("interaction/{secret}")).chars().take(LENGTH).collect()
}

fn is_name(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn cookie_of(web: &Web, name: &str) -> String {
    format!("{}_{name}", CookieKind::Interaction.name(web))
}

/// The secret of a place's interaction, which the browser must have; the newest's where the place names none.
pub fn secret_of(web: &Web, headers: &HeaderMap, place: &Place) -> Option<String> {
    let newest = || cookies::read(web, headers, CookieKind::Interaction);
    if place.interaction.is_empty() {
        return newest();
    }
    let own = || cookies::read_named(headers, &cookie_of(web, &place.interaction));
    let fits = |secret: &String| secret::equal(&name(secret), &place.interaction);
    own().filter(fits).or_else(|| newest().filter(fits))
}

type Headers = Vec<(HeaderName, HeaderValue)>;

/// The cookies of a sign-in that begins; the oldest go that are too many.
pub fn begin(web: &Web, headers: &HeaderMap, secret: &str) -> Headers {
    let base = cookie_of(web, "");
    // Browsers send the oldest first (RFC 6265 section 5.4).
    let known: Vec<String> =
        cookies::names(headers).into_iter().filter(|name| name.strip_prefix(&base).is_some_and(is_name)).collect();
    let surplus = (known.len() + 1).saturating_sub(MAX_SIGN_INS);
    let gone = known.iter().take(surplus).map(|name| cookies::write_named(web, name, "", 0));
    let life = keyway_model::interaction::INTERACTION_TTL;
    let own = cookies::write_named(web, &cookie_of(web, &name(secret)), secret, life);
    gone.chain([own, cookies::write(web, CookieKind::Interaction, secret)]).collect()
}

/// Takes the cookies of a finished sign-in away; the newest stays where it is another.
pub fn end(web: &Web, headers: &HeaderMap, secret: &str) -> Headers {
    let own = cookies::write_named(web, &cookie_of(web, &name(secret)), "", 0);
    let newest = cookies::read(web, headers, CookieKind::Interaction).filter(|newest| secret::equal(newest, secret));
    newest.map(|_| cookies::write(web, CookieKind::Interaction, "")).into_iter().chain([own]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_in_every_address() {
        let place = Place::new("secret", "shop");
        assert!(is_name(&place.interaction) && !place.interaction.contains("secret"));
        assert_eq!(place.to("/code"), format!("/code?app_id=shop&interaction={}", place.interaction));
        assert_eq!(place.to("/code?for=x"), format!("/code?for=x&app_id=shop&interaction={}", place.interaction));
        assert_eq!(Place::default().to("/code"), "/code");
        let query = place.to("?");
        let read = Place::read(&Parameters::parse(query.trim_start_matches("?&").as_bytes()).unwrap());
        assert_eq!(read, place);
        assert_eq!(Place::of_state(Some(&format!("{}rest", place.interaction))).interaction, place.interaction);
    }

    #[test]
    fn what_is_no_name_counts_as_absent() {
        for bad in ["short", "aaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaa;", "aaaaaaaaaaaaaaa%20"] {
            let read = Place::read(&Parameters::parse(format!("interaction={bad}").as_bytes()).unwrap());
            assert_eq!(read, Place::default(), "{bad}");
        }
        assert_eq!(Place::of_state(Some("ä".repeat(16).as_str())), Place::default());
        assert_eq!(Place::of_state(None), Place::default());
    }
}
