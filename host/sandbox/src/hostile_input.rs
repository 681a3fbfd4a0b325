//! Whatever a module, or the relay behind one, sends, each parser of this room answers with a value that the rules allow or a
//! refusal, with work that grows with the input's length. Tokens and key sets have theirs in `host::jwt`, components in
//! `tests/fuzz.rs`.
//!
//! `PROPTEST_CASES=1000000 PROPTEST_RNG_SEED=7 cargo test -p keyway-sandbox hostile_input` searches further.

use keyway_counted::growth;
use lettre::transport::smtp::response::Response;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::call::{cleaned, masked_object};
use crate::contract::Reported;
use crate::contract::v1_0::bindings::keyway::host::smtp::Mail;
use crate::egress::host_name;
use crate::redact::Redactor;
use crate::{EgressPolicy, inspect, read_manifest, relay};

fn manifest() -> Value {
    json!({
        "manifest": 1, "id": "a", "target": "a", "kind": "sms", "version": "1.0.0", "contract": "1.0.0",
        "name": { "en": "A" }, "description": {}, "hosts": ["api.example.com"], "features": ["cache"],
        "logo": "<svg></svg>", "source": "https://git.example/a",
        "config": { "type": "object", "properties": { "key": { "type": "string", "writeOnly": true }, "host": { "type": "string" } } },
    })
}

/// Values of a manifest's members, right and wrong.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "(api|\\*|\\.|example|com|:443|localhost|127\\.0\\.0\\.1|internal|\\$\\{config\\.(host|key|none)\\}|-|@|/|\\PC){0,6}"
            .prop_map(Value::from),
        "(<svg|>|<script|on|load|=|href|url\\(|#|\"|'|data:image/png|https:|/| |\\PC){0,10}".prop_map(Value::from),
        "(1|0|\\.|con|sms|cache|smtp|\u{202e}|\u{1b}|\n|\\PC){0,6}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!({ "type": "object" })),
    ];
    leaf.prop_recursive(20, 40, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("(en|zh|properties|allOf|\\$ref|a)", inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn mail() -> Mail {
    Mail {
        sender: "no-reply@example.com".into(),
        to: "ada@example.com".into(),
        reply_to: None,
        subject: "Code".into(),
        text: Some("123456".into()),
        html: None,
        headers: Vec::new(),
    }
}

proptest! {
    #[test]
    fn parser_exhaustion_of_manifests(
        members in prop::collection::vec((
            "(manifest|id|target|kind|platform|version|contract|sdk|name|description|hosts|features|config|logo|readme|readmes|\
              translations|sample|formItems|isStandard|licence|source|other)",
            values(),
        ), 0..3),
        entered in "(https?://|api|\\.|example|:443|@|/|\\?|#|\\PC){0,8}",
    ) {
        let mut sent = manifest();
        for (member, value) in members {
            sent[member] = value;
        }
        match read_manifest(&sent.to_string()) {
            Ok(read) => {
                prop_assert!(read.problems().is_empty());
                let again = read_manifest(&serde_json::to_string(&read).unwrap()).unwrap();
                prop_assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&read).unwrap());
                for host in read.hosts_for(&json!({ "host": entered, "key": "s3cret" })) {
                    prop_assert!(!host.contains(['@', '/', '?', '#']) && host != "s3cret", "{}", host);
                }
                let shown = [Some(&read.version), Some(&read.sdk), read.licence.as_ref(), read.name.get("en")];
                let is_plain = |text: &String| !text.contains(['\u{202e}', '\u{1b}', '\n']);
                prop_assert!(shown.into_iter().flatten().all(is_plain));
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty() && problems.iter().all(|problem| problem.code.code().starts_with("upload.")));
            }
        }
    }

    #[test]
    fn parser_exhaustion_of_texts_of_manifests(text in "(\\{|\\}|\\[|\\]|\"manifest\"|\"config\"|1|:|,|\"|\\\\ud800|\\PC){0,30}") {
        prop_assert!(read_manifest(&text).is_err_and(|problems| !problems.is_empty()));
    }

    #[test]
    fn parser_exhaustion_of_components(
        bytes in prop::collection::vec(prop_oneof![
            Just(b"\0asm\x0d\0\x01\0".to_vec()),
            Just(b"\0asm\x01\0\0\0".to_vec()),
            Just(b"\x0fkeyway:manifest{}".to_vec()),
            prop::collection::vec(0_u8..0x20, 1..6),
            prop::collection::vec(any::<u8>(), 1..4),
        ], 0..12).prop_map(|pieces| pieces.concat()),
    ) {
        prop_assert!(inspect(&bytes).is_err_and(|problems| problems.iter().all(|problem| !problem.message.is_empty())));
    }

    #[test]
    fn parser_exhaustion_of_addresses_of_requests(
        text in "(https?:|//|/|api\\.example\\.com|evil\\.example|127\\.0\\.0\\.1|\\[::1\\]|2130706433|:|443|@|\\\\|%2e|\\?|#|\t|\\PC){0,10}",
    ) {
        let hosts = ["api.example.com".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned(), "2130706433".to_owned()];
        if let Ok((url, chosen)) = EgressPolicy::default().decide(&text, &hosts) {
            prop_assert_eq!((url.scheme(), url.host_str(), url.port()), ("https", Some("api.example.com"), None));
            prop_assert!(!chosen && url.username().is_empty() && url.fragment().is_none());
        }
    }

    #[test]
    fn parser_exhaustion_of_host_names(text in "(mail|\\.|-|_|xn--|example|127\\.0\\.0\\.1|\\[::1\\]|钥匙|%00|[ \r\n]|\\PC){0,10}") {
        if let Some(name) = host_name(&text) {
            prop_assert!(name.len() <= 253 && name.bytes().all(|byte| byte.is_ascii_graphic()), "{}", name);
            prop_assert_eq!(host_name(&name), Some(name.clone()));
            prop_assert!(name.parse::<std::net::IpAddr>().is_err());
        }
    }

    #[test]
    fn parser_exhaustion_of_mail_no_field_adds_a_header(
        evil in "(a|@|example\\.com|<|>|,|;|\"|\r\n|\r|\n| |Bcc: b@evil\\.example|\\PC){0,10}", field in 0_usize..6,
    ) {
        let mut sent = mail();
        match field {
            0 => sent.sender = evil,
            1 => sent.to = evil,
            2 => sent.reply_to = Some(evil),
            3 => sent.subject = evil,
            4 => sent.headers = vec![("X-A".into(), evil)],
            _ => sent.headers = vec![(evil, "a".into())],
        }
        if let Ok(message) = relay::message(&sent, "1") {
            prop_assert_eq!(message.envelope().to().len(), 1, "one recipient");
            let text = String::from_utf8_lossy(&message.formatted()).into_owned();
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            prop_assert!(head.split("\r\n").all(|line| !line.to_ascii_lowercase().starts_with("bcc")), "{}", head);
            prop_assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{}", head);
        }
    }

    #[test]
    fn parser_exhaustion_of_answers_of_relays(text in "(220|250|4|5\\d\\d|-| |\r\n|\r|\n|STARTTLS|AUTH PLAIN|\\PC){0,20}") {
        if let Ok(answer) = text.parse::<Response>() {
            prop_assert!(answer.message().all(|line| text.contains(line) && !line.contains("\r\n")));
        }
    }

    #[test]
    fn parser_exhaustion_of_failures_and_results(
        words in "(s3cret|s3|cret|\\{|\\}|\"|:|,|\\\\u0000|\\\\|\u{202e}|\u{1b}|\\PC){0,30}", after in any::<Option<u64>>(),
    ) {
        let redactor = Redactor::new(["s3cret".to_owned()]);
        let failure = cleaned(Reported {
            code: words.clone(),
            message: words.repeat(100),
            data: Some(words.clone()),
            retry_after_ms: after,
        }, &redactor);
        prop_assert!(failure.code.chars().count() <= 64 && failure.message.chars().count() <= 2_000);
        for text in [&failure.code, &failure.message] {
            prop_assert!(!text.contains("s3cret") && !text.contains(['\u{202e}', '\u{1b}']), "{}", text);
        }
        prop_assert!(failure.retry_after_ms.is_none_or(|after| after <= 86_400_000));
        let is_object = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
        prop_assert!(failure.data.is_none_or(|data| is_object(&data)));
        let object = masked_object(&words, &redactor);
        prop_assert!(is_object(&object));
        prop_assert!(!object.contains("s3cret"));
    }
}

#[test]
#[ignore = "cargo xtask test counts its instructions"]
fn algorithmic_complexity() {
    let with = |member: &str, value: Value| {
        let mut all = manifest();
        all[member] = value;
        all.to_string()
    };
    let read = |text: &String| read_manifest(text);
    growth("hosts of a manifest", |size| with("hosts", json!(vec!["-.example.com"; size / 16])), read);
    growth("a logo", |size| with("logo", json!("<svg href=\"#a\" on >".repeat(size / 18))), read);
    growth("a source", |size| with("source", json!(format!("https://git.example/{}", "../".repeat(size / 3)))), read);
    let sentences = |size: usize| (0..size / 20).map(|at| (format!("sentence {at}"), json!("a"))).collect::<Value>();
    growth("translations", |size| with("translations", json!({ "zh-CN": sentences(size) })), read);
    growth(
        "a damaged component",
        |size| [b"\0asm\x0d\0\x01\0".as_slice(), &vec![0; size]].concat(),
        |bytes| inspect(bytes),
    );
    let policy = EgressPolicy::default();
    growth("an address", |size| format!("https://a.example/{}", "../".repeat(size / 3)), |url| policy.decide(url, &[]));
    growth("a host name", |size| "a.".repeat(size / 2), |text| host_name(text));
    growth("a recipient", |size| "a@".repeat(size / 2), |to| relay::message(&Mail { to: to.clone(), ..mail() }, "1"));
    growth("an answer of a relay", |size| "250-a\r\n".repeat(size / 7) + "250 a\r\n", |text| text.parse::<Response>());
    let redactor = Redactor::new(["s3cret".to_owned()]);
    growth(
        "a result",
        |size| format!("{{\"a\":\"{}\"}}", "s3cret".repeat(size / 6)),
        |text| masked_object(text, &redactor),
    );
    let periodic = Redactor::new([format!("{}b", "a".repeat(500))]);
    growth("beginnings of a secret", |size| "aaaaaaaa\"".repeat(size / 9), |text| periodic.apply(text));
}
