//! Whatever a stranger sends, each parser of this room answers with a value in canonical form or a refusal, with work that grows
//! with the input's length. Inputs are pieces of valid ones in any order, with strange characters between.
//!
//! `PROPTEST_CASES=1000000 PROPTEST_RNG_SEED=7 cargo test -p keyway-model hostile_input` searches further.

use keyway_counted::growth;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::identifier::{Identifier, IdentifierKind};
use crate::phone::{self, Phone};
use crate::{redirect, resource, schema};

const KINDS: [IdentifierKind; 3] = [IdentifierKind::Username, IdentifierKind::Email, IdentifierKind::Phone];

/// Keywords of JSON Schema, some with values of the wrong type, nested and referring to each other.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!(null)),
        Just(json!({ "type": "string", "pattern": "^[a-z]+$" })),
        Just(json!({ "enum": ["a", 1, null], "writeOnly": true })),
        "#(/(\\$defs|properties|a|b|0|~1|\\PC)){0,5}".prop_map(|target| json!({ "$ref": target })),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 5, |inner| {
        let keyword = "allOf|anyOf|oneOf|not|if|items|contains|prefixItems|additionalProperties|patternProperties|\
                       propertyNames|properties|\\$defs|uniqueItems|required|type|x-host-key|\\$ref|a|b";
        let members = prop::collection::vec((keyword, inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn parser_exhaustion_of_identifiers(
        text in "(ann|_|0|1|521|86|130|\\+|00|@|\\.|-|example|com|[ ()/]|\u{200b}|\u{0663}|(?s:.)){0,24}",
        region in "(CN|MX|US|GB|zz|\\PC)?",
    ) {
        for kind in KINDS {
            if let Ok(read) = Identifier::parse(kind, &text) {
                prop_assert!(read.value.is_ascii() && read.value.len() <= text.len() + 4);
                prop_assert_eq!(Identifier::parse(kind, &read.value), Ok(read.clone()), "one form of {:?}", text);
                prop_assert!(!read.display().is_empty());
            }
        }
        if let Ok(read) = Identifier::guess(&text, &KINDS, Some(&region)) {
            prop_assert_eq!(Identifier::parse(read.kind, &read.value), Ok(read.clone()), "one form of {:?}", text);
        }
    }

    #[test]
    fn parser_exhaustion_of_phone_numbers(text in "(\\+|00)?(86|52|521|44|1|39|55|54|54 9|7|49)[ -]?[0-9]{6,12}") {
        if let Ok(number) = Phone::parse(&text, None) {
            let again = Phone::parse(number.digits(), None).map(|again| again.digits().to_owned());
            prop_assert_eq!(again, Ok(number.digits().to_owned()), "{:?} has one form", text);
            let shown = Phone::parse(&phone::display(number.digits()), None).map(|shown| shown.digits().to_owned());
            prop_assert_eq!(shown, Ok(number.digits().to_owned()), "{:?} as it is shown", text);
        }
    }

    #[test]
    fn parser_exhaustion_of_redirect_addresses(
        text in "(https?:|[a-z.]{1,8}:|JavaScript:|data:|//|/|localhost|127\\.0\\.0\\.1|\\[::1\\]|example|\\.|:80|@|\\\\|%00|\\?|#|\\*|(?s:.)){0,16}",
    ) {
        if redirect::check(&text).is_ok() {
            let lower = text.to_ascii_lowercase();
            prop_assert!(!["javascript:", "data:", "vbscript:", "file:", "blob:"].iter().any(|bad| lower.starts_with(bad)));
            prop_assert!(!text.contains(['\\', '#', '*', ' ']) && !text.chars().any(char::is_control));
            prop_assert!(redirect::matches(std::slice::from_ref(&text), &text, false));
        }
        prop_assert!(!redirect::matches(&["http://127.0.0.1/callback".into()], &text, true) || redirect::check(&text).is_ok());
        if let Some(origin) = redirect::origin(&text).filter(|origin| origin.starts_with("http")) {
            prop_assert!(redirect::is_origin(&origin), "{}", origin);
        }
    }

    #[test]
    fn parser_exhaustion_of_scopes(text in "(openid|email|read:a|read|:|[ \\t\\n]|\\PC){0,30}") {
        let granted = ["openid", "email", "read:a"].map(ToOwned::to_owned);
        let kept = resource::intersect(&text, &granted);
        prop_assert!(kept.len() <= text.len() && kept.split(' ').count() <= granted.len());
        prop_assert_eq!(resource::intersect(&kept, &granted), kept.clone());
    }

    #[test]
    fn parser_exhaustion_of_schemas_and_configurations(
        part in schemas(), definition in schemas(), config in schemas(),
    ) {
        let whole = json!({ "type": "object", "properties": { "a": part }, "$defs": { "a": definition.clone(), "b": part } });
        let config = json!({ "a": config });
        for schema in [&whole, &definition] {
            let accepted = schema::check(schema).is_ok();
            let affordable = schema::is_affordable(schema, &config);
            prop_assert!(!accepted || affordable, "a small configuration of an accepted schema: {}", schema);
        }
    }
}

#[test]
#[ignore = "cargo xtask test counts its instructions"]
fn algorithmic_complexity() {
    let guess = |text: &String| Identifier::guess(text, &KINDS, Some("CN"));
    let wide = |size: usize| {
        let named: Map<String, Value> = (0..size / 12).map(|number| (format!("p{number}"), json!({}))).collect();
        json!({ "type": "object", "properties": named })
    };
    growth("digits", |size| "1".repeat(size), guess);
    growth("a local part", |size| "a".repeat(size) + "@example.com", guess);
    growth("labels", |size| "a@".to_owned() + &"a.".repeat(size / 2), guess);
    growth("unseen characters", |size| "\u{200b}".repeat(size / 3), guess);
    growth("a path", |size| "https://example.com/".to_owned() + &"../".repeat(size / 3), |text| redirect::check(text));
    growth("a host", |size| "https://".to_owned() + &"a.".repeat(size / 2), |text| redirect::origin(text));
    growth("scopes", |size| "x ".repeat(size / 2), |text| resource::intersect(text, &["a".into(), "b".into()]));
    growth("properties", wide, schema::check);
}
