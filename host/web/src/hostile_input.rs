//! Whatever a stranger's request holds, each parser of this room answers with a value or a refusal, with work that grows with the
//! input's length. Inputs are pieces of valid ones in any order, with strange characters between.
//!
//! `PROPTEST_CASES=1000000 PROPTEST_RNG_SEED=7 cargo test -p keyway-web hostile_input` searches further.

use std::collections::HashSet;
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyway_counted::growth;
use proptest::prelude::*;
use serde_json::Value;

use crate::locale::{Locale, negotiate};
use crate::management::users::search as user_search;
use crate::request::{self, Parameters};
use crate::{cookies, interactions};

fn headers(name: HeaderName, value: &[u8]) -> HeaderMap {
    HeaderValue::from_bytes(value).ok().map(|value| HeaderMap::from_iter([(name, value)])).unwrap_or_default()
}

fn form(pairs: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

proptest! {
    #[test]
    fn parser_exhaustion_of_forms(
        text in prop::collection::vec(prop_oneof![
            4 => "resource|client_id|state|page|=|&|%|%00|%e4|%C3%A4|\\+|;".prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 1..3),
        ], 0..30).prop_map(|pieces| pieces.concat()),
    ) {
        if let Ok(read) = Parameters::parse(&text) {
            let pairs: Vec<(String, String)> = read.pairs().map(|(name, value)| (name.into(), value.into())).collect();
            let mut names = HashSet::new();
            prop_assert!(pairs.iter().all(|(name, _)| name == "resource" || names.insert(name)));
            prop_assert!(pairs.iter().all(|(name, value)| !name.contains('\0') && !value.contains('\0')));
            let again = Parameters::parse(form(&pairs).as_bytes()).map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
            prop_assert!(again.pairs().eq(read.pairs()));
            interactions::Place::read(&read);
        }
    }

    #[test]
    fn parser_exhaustion_of_json_bodies(text in "(\\{|\\}|\\[|\\]|\"a\"|\"|:|,|1e999|-|\\\\u0000|\\\\ud800|\\\\|null|(?s:.)){0,40}") {
        if let Ok(value) = request::parse::<Value>(text.as_bytes()) {
            prop_assert!(!value.to_string().contains("\\u0000") || text.contains("\\\\u0000"));
        }
        if let Ok(read) = Parameters::from_json(text.as_bytes()) {
            prop_assert!(read.pairs().all(|(name, value)| !name.contains('\0') && !value.contains('\0')));
        }
    }

    #[test]
    fn parser_exhaustion_of_cookies(
        text in "(kw|name|=|;|,| |\"|%|\\PC){0,30}", value in "[A-Za-z0-9_-]{0,40}",
    ) {
        let sent = headers(header::COOKIE, text.as_bytes());
        prop_assert!(cookies::names(&sent).len() <= text.len());
        let found = cookies::read_named(&sent, "name");
        prop_assert!(found.is_none_or(|found| text.contains(&found)));
        let twice = headers(header::COOKIE, format!("name={value}; name={value}").as_bytes());
        prop_assert_eq!(cookies::read_named(&twice, "name"), None);
        let once = headers(header::COOKIE, format!("other=1; name={value}").as_bytes());
        prop_assert_eq!(cookies::read_named(&once, "name"), Some(value));
    }

    #[test]
    fn parser_exhaustion_of_hops(text in "(198|51|\\.|:|::|ffff|\\[|\\]|%eth0|[0-9a-f]|\\PC){0,16}") {
        if let Some(ip) = request::hop_address(&text) {
            prop_assert_eq!(request::hop_address(&ip.to_string()), Some(ip));
        }
    }

    #[test]
    fn parser_exhaustion_of_lists_of_hops(
        text in "(10\\.0\\.0\\.1|198\\.51\\.100\\.7|::1|unknown|,|, |:443|\"|\\PC){0,12}", last in "(, ?198\\.51\\.100\\.9)?",
    ) {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let (proxy, stranger): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "203.0.113.5".parse().unwrap());
        let sent = headers(HeaderName::from_static("x-forwarded-for"), format!("{text}{last}").as_bytes());
        prop_assert_eq!(request::sender(Some(stranger), &sent, &proxies), Some(stranger));
        let found = request::sender(Some(proxy), &sent, &proxies).unwrap();
        let listed = text.split(',').any(|hop| request::hop_address(hop.trim()) == Some(found));
        prop_assert!(found == proxy || listed || !last.is_empty());
        // What a client wrote before the entry of the proxy does not count.
        let own: Option<IpAddr> = (!last.is_empty() && !sent.is_empty()).then(|| "198.51.100.9".parse().unwrap());
        prop_assert!(own.is_none() || own == Some(found), "{} {}", text, found);
    }

    #[test]
    fn parser_exhaustion_of_credentials(
        text in "(Basic|Bearer|basic| |=|aWQ6c2VjcmV0|Og==|[A-Za-z0-9+/=]|\\PC){0,12}", id in "[^:]{0,20}", secret in "(?s:.){0,20}",
    ) {
        let sent = headers(header::AUTHORIZATION, text.as_bytes());
        let length = request::basic(&sent).map_or(0, |(id, secret)| id.len() + secret.len());
        prop_assert!(length < text.len().max(1));
        prop_assert!(request::bearer(&sent).map_or(0, str::len) <= text.len());
        let valid = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        prop_assert_eq!(request::basic(&headers(header::AUTHORIZATION, valid.as_bytes())), Some((id, secret)));
    }

    #[test]
    fn parser_exhaustion_of_languages(text in "(zh|en|fr|-CN|,|;q=0\\.8|;| |\\PC){0,20}") {
        let sent = headers(header::ACCEPT_LANGUAGE, text.as_bytes());
        prop_assert!(negotiate(&sent, None, None) == Locale::En || text.to_ascii_lowercase().contains("zh"));
        negotiate(&HeaderMap::new(), Some(&text), None);
    }

    #[test]
    fn parser_exhaustion_of_user_searches(
        text in "((search|mode|joint|jointMode|isCaseSensitive|page)(\\.name|\\.id|\\.foo)?=(exact|like|and|true|ann|%00|%25)?&|\\PC){0,12}",
    ) {
        if let Ok(Some(search)) = user_search::parse(&text) {
            let values = || search.matches.iter().flat_map(|one| &one.values);
            prop_assert!((1..=100).contains(&values().count()));
            prop_assert!(values().all(|value| (1..=256).contains(&value.len()) && !value.contains('\0')));
        }
    }
}

#[test]
#[ignore = "cargo xtask test counts its instructions"]
fn algorithmic_complexity() {
    let form = |text: &String| Parameters::parse(text.as_bytes());
    growth("one value", |size| "%41".repeat(size / 3), form);
    growth("resources", |size| "resource=a&".repeat(size / 11), form);
    growth("empty pairs", |size| "&".repeat(size), form);
    let json = |text: &String| request::parse::<Value>(text.as_bytes());
    growth("escapes", |size| format!("\"{}\"", "\\\\".repeat(size / 2)), json);
    growth(
        "a list that ends with a null character",
        |size| format!("[{}\"\\u0000\"]", "\"a\",".repeat(size / 4)),
        json,
    );
    growth("nesting", |size| "[".repeat(size), json);
    let cookies = |size| headers(header::COOKIE, "a=b;".repeat(size / 4).as_bytes());
    growth("cookies", cookies, |sent| (cookies::read_named(sent, "a"), cookies::names(sent)));
    growth("a hop", |size| "1:".repeat(size / 2), |text| request::hop_address(text));
    let hops = |size| headers(HeaderName::from_static("x-forwarded-for"), "10.0.0.1,".repeat(size / 9).as_bytes());
    let proxies = ["10.0.0.0/8".parse().unwrap()];
    growth("a list of hops", hops, |sent| request::sender("10.0.0.1".parse().ok(), sent, &proxies));
    let languages = |size| headers(header::ACCEPT_LANGUAGE, "fr, ".repeat(size / 4).as_bytes());
    growth("languages", languages, |sent| negotiate(sent, None, None));
    growth("a search", |size| "search=a&mode=exact&".repeat(size / 20), |text| user_search::parse(text));
}
