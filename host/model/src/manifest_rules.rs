//! What a manifest must be before it is shown to an admin and used.

use serde_json::Value;
use url::Url;

use crate::connector::{FEATURES, Manifest, config_field};
use crate::marks::{MAX_SECRETS, Marks};
use crate::schema::{self, PathStep, parts, target};
use crate::text::is_deceptive;

/// Names that are a device on Windows or a page of the console, so that an id of it makes no file or address.
const RESERVED_IDS: [&str; 14] =
    ["con", "prn", "aux", "nul", "com1", "com2", "com3", "lpt1", "lpt2", "lpt3", "new", "set-up", "test", "unsealed"];

/// Last labels of names that belong to no public host; what a cloud serves its machines' secrets under ends in one of them.
const PRIVATE_SUFFIXES: [&str; 9] =
    ["internal", "local", "localhost", "localdomain", "lan", "home", "corp", "intranet", "invalid"];

/// Names of this server's own development services, which resolve nowhere but by the operator's rewrite.
const OWN_SUFFIX: &str = ".keyway.internal";

/// What an SVG may not hold: scripts, handlers, and what is read from elsewhere.
const REFUSED_SVG: [&str; 10] = [
    "<script",
    "<!doctype",
    "<!entity",
    "<foreignobject",
    "<iframe",
    "<embed",
    "<object",
    "<?xml-stylesheet",
    "javascript:",
    "@import",
];

impl Manifest {
    /// What makes it unsafe to work with at all: a schema that costs too much.
    pub fn dangers(&self) -> Vec<String> {
        schema::check(&self.config).err().map(|what| format!("config: {what}")).into_iter().collect()
    }

    /// Everything that is wrong with it, in words that its author can act on; empty when it may be shown and used.
    pub fn problems(&self) -> Vec<String> {
        let mut found = self.dangers();
        if found.is_empty() {
            found.extend(self.config_problems());
        }
        let mut refuse = |wrong: bool, what: String| {
            if wrong {
                found.push(what);
            }
        };
        refuse(self.manifest != 1, format!("manifest: {} is not known here, only 1.", self.manifest));
        for (field, id) in [("id", self.id.as_str()), ("target", &self.target)] {
            refuse(
                !is_id(id),
                format!("{field}: 1 to 64 of a-z, 0-9 and '-', which neither begins nor ends with '-'."),
            );
            refuse(RESERVED_IDS.contains(&id), format!("{field}: {id:?} is reserved."));
        }
        refuse(
            numbers(&self.version).is_none(),
            "version: three numbers without zeros before them, such as 1.0.2.".into(),
        );
        refuse(
            numbers(&self.contract).is_none_or(|[major, ..]| major != 1),
            format!("contract: {:?} is no version of the contract that is spoken here, such as 1.0.0.", self.contract),
        );
        for (field, texts, most) in [("name", &self.name, 100), ("description", &self.description, 1000)] {
            let there = texts.get("en").is_some_and(|text| !text.trim().is_empty());
            refuse(!there && field == "name", format!("{field}: the language en is missing."));
            refuse(
                texts.values().any(|text| text.chars().count() > most),
                format!("{field}: {most} characters at most."),
            );
            refuse(
                texts.iter().flat_map(|(language, text)| [language, text]).any(|text| text.chars().any(is_deceptive)),
                format!("{field}: no control characters and none that change the direction of writing."),
            );
            refuse(
                texts.len() > 64 || texts.keys().any(|key| key.len() > 35),
                format!("{field}: 64 languages at most."),
            );
        }
        let lines = |text: &Option<String>| {
            text.as_deref().unwrap_or_default().chars().any(|c| is_deceptive(c) && !matches!(c, '\n' | '\r' | '\t'))
        };
        refuse(lines(&self.readme), "readme: no control characters beside line ends and tabs.".into());
        for text in self.readmes.values() {
            refuse(
                text.chars().any(|c| is_deceptive(c) && !matches!(c, '\n' | '\r' | '\t')),
                "readmes: no control characters beside line ends and tabs.".into(),
            );
        }
        let sentences = || self.translations.values().flatten().flat_map(|(sentence, text)| [sentence, text]);
        refuse(
            sentences().any(|text| text.chars().any(is_deceptive)),
            "translations: no control characters and none that change the direction of writing.".into(),
        );
        let bytes: usize = sentences().chain(self.readmes.values()).map(String::len).sum();
        refuse(bytes > 128 * 1024, "readmes and translations: 128 kB at most in all.".into());
        refuse(
            self.translations.keys().chain(self.readmes.keys()).any(|language| language.len() > 35)
                || self.translations.len().max(self.readmes.len()) > 64,
            "readmes and translations: 64 languages at most.".into(),
        );
        for (field, text) in [("sdk", Some(&self.sdk)), ("licence", self.licence.as_ref())] {
            let wrong = text.is_some_and(|text| text.len() > 100 || text.chars().any(is_deceptive));
            refuse(wrong, format!("{field}: 100 bytes at most, no control characters."));
        }
        let is_page = |text: &String| {
            text.len() <= 2048
                && Url::parse(text)
                    .is_ok_and(|url| url.scheme() == "https" && url.host().is_some() && url.username().is_empty())
        };
        refuse(
            self.source.as_ref().is_some_and(|text| !is_page(text)),
            "source: an address that begins with https://.".into(),
        );
        refuse(
            self.kind.signs_in() != self.platform.is_some(),
            "platform: Native, Universal or Web for a social connector, nothing for others.".into(),
        );
        for host in &self.hosts {
            refuse(
                !is_host(host),
                format!("hosts: {host:?} must be a public host name, *. and a host name, or ${{config.<field>}}."),
            );
        }
        refuse(self.hosts.len() > 32, "hosts: 32 at most.".into());
        for feature in &self.features {
            refuse(!FEATURES.contains(&feature.as_str()), format!("features: {feature:?} is not one of {FEATURES:?}."));
        }
        let size = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        refuse(size(&self.logo) > 64 * 1024 || size(&self.logo_dark) > 64 * 1024, "logo: 64 kB at most.".into());
        for logo in [&self.logo, &self.logo_dark].into_iter().flatten() {
            refuse(
                !is_picture(logo),
                "logo: an SVG document without scripts, handlers or references to elsewhere.".into(),
            );
        }
        refuse(size(&self.readme) > 64 * 1024, "readme: 64 kB at most.".into());
        found
    }

    fn config_problems(&self) -> Vec<String> {
        let marks = Marks::of(&self.config);
        let mut found = Vec::new();
        if marks.secrets.len() > MAX_SECRETS {
            found.push(format!("config: {MAX_SECRETS} secret fields at most."));
        }
        for (host, field) in self.hosts.iter().filter_map(|host| Some((host, config_field(host)?))) {
            let path: Vec<&str> = field.split('.').collect();
            if !has_field(&self.config, &self.config, &path, 0) {
                found.push(format!("hosts: {host:?} names a field that config does not have."));
            }
            let pointer = format!("/{}", path.join("/"));
            if marks.secrets.iter().any(|mark| pointer == *mark || pointer.starts_with(&format!("{mark}/"))) {
                found.push(format!("hosts: {host:?} is a secret; an admin has to see where requests go."));
            }
        }
        found
    }
}

/// The numbers of a version such as `1.0.2`.
pub fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.split('.').map(|part| {
        let plain = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
        part.parse::<u32>().ok().filter(|_| plain)
    });
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether a schema, which obeys the budget, has a field at this path.
fn has_field(root: &Value, schema: &Value, path: &[&str], depth: usize) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    if depth > schema::DEPTH {
        return false;
    }
    let referred = target(root, schema).and_then(Result::ok);
    referred.is_some_and(|inner| has_field(root, inner, path, depth + 1))
        || parts(schema).into_iter().any(|(step, part)| match step {
            PathStep::Here => has_field(root, part, path, depth + 1),
            PathStep::Property(name) => name == *first && has_field(root, part, rest, depth + 1),
            _ => false,
        })
}

fn is_host(host: &str) -> bool {
    if let Some(field) = config_field(host) {
        return !field.is_empty()
            && field
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    }
    let (host, port) = host.rsplit_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    let name = host.strip_prefix("*.").unwrap_or(host);
    let labels: Vec<&str> = name.split('.').collect();
    let label = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    labels.len() >= 2
        && name.len() <= 253
        && labels.iter().all(label)
        // An address is no name: which network it lies in is not the module's to say.
        && labels.last().is_some_and(|last| {
            last.bytes().any(|byte| byte.is_ascii_lowercase())
                && (!PRIVATE_SUFFIXES.contains(last) || name.ends_with(OWN_SUFFIX))
        })
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Whether a logo is drawn from itself alone. Judged by its text, which is stricter than a parser would be: what is refused
/// wrongly can be saved as a plain SVG.
fn is_picture(svg: &str) -> bool {
    let text = svg.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if !(text.starts_with("<svg") || text.starts_with("<?xml") || text.starts_with("<!--")) || !text.contains("<svg") {
        return false;
    }
    if REFUSED_SVG.iter().any(|word| text.contains(word)) {
        return false;
    }
    let values = |word: &'static str| {
        text.split(word).skip(1).map(|rest| rest.trim_start_matches([' ', '\t', '\r', '\n', '"', '\'']))
    };
    let is_inside = |value: &str| {
        value.starts_with('#') || value.starts_with("data:image/png") || value.starts_with("data:image/jpeg")
    };
    // An attribute of an event: a name that begins with "on", after a space.
    let is_handler = |word: &str| {
        let name: &str = word.split('=').next().unwrap_or_default();
        word.contains('=')
            && name.len() > 2
            && name.starts_with("on")
            && name.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    values("href=").all(is_inside)
        && !text.contains("href =")
        && values("url(").all(is_inside)
        && !text.split(|c: char| c.is_whitespace() || c == '/' || c == '"' || c == '\'').any(is_handler)
        && !text
            .split(" on")
            .skip(1)
            .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_lowercase()).trim_start().starts_with('='))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::FactoryId;
    use crate::connector::Platform;

    fn manifest(hosts: &[&str]) -> Manifest {
        serde_json::from_value(json!({
            "manifest": 1, "id": "example-sms", "target": "example", "kind": "sms", "version": "1.0.0",
            "contract": "1.0.0", "name": { "en": "Example" }, "description": {}, "hosts": hosts,
            "config": { "type": "object", "properties": {
                "endpoint": { "type": "string" }, "secret": { "type": "string", "writeOnly": true },
                "deep": { "$ref": "#/$defs/Deep" } },
                "$defs": { "Deep": { "anyOf": [{ "properties": { "host": {} } }] } } },
        }))
        .unwrap()
    }

    #[test]
    fn hosts_come_from_the_manifest_and_from_named_fields() {
        let manifest = manifest(&["api.example.com", "${config.endpoint}", "${config.deep.host}"]);
        assert_eq!(manifest.problems(), Vec::<String>::new());
        let config =
            json!({ "endpoint": "https://sms.example.org:8443/send?x=1", "deep": { "host": "relay.example.org" } });
        assert_eq!(manifest.hosts_for(&config), ["api.example.com", "sms.example.org:8443", "relay.example.org"]);
        assert_eq!(manifest.hosts_for(&json!({ "endpoint": "https://a@b.example/" })), ["api.example.com"]);
    }

    #[test]
    fn a_forged_manifest_is_refused() {
        for host in [
            "*",
            "*.com",
            "localhost",
            "127.0.0.1",
            "10.0.0.1:80",
            "Api.example.com",
            "a..b",
            "a b.c",
            "metadata.google.internal",
            "*.internal",
            "printer.local",
            "-a.example",
            "${config.none}",
            "${config.deep.none}",
            "${config.secret}",
        ] {
            assert_eq!(manifest(&[host]).problems().len(), 1, "{host}");
        }
        let mut wrong = manifest(&[]);
        wrong.id = FactoryId("../etc".into());
        wrong.version = "1".into();
        wrong.platform = Some(Platform::Web);
        wrong.features = vec!["files".into()];
        wrong.name.clear();
        assert_eq!(wrong.problems().len(), 5);
    }

    #[test]
    fn each_field_obeys_its_syntax() {
        let with = |field: &str, value: Value| {
            let mut all = serde_json::to_value(manifest(&[])).unwrap();
            all[field] = value;
            serde_json::from_value::<Manifest>(all).unwrap().problems()
        };
        for (field, value) in [
            ("id", json!("-a")),
            ("id", json!("a-")),
            ("id", json!("con")),
            ("id", json!("test")),
            ("target", json!("A")),
            ("version", json!("01.0.0")),
            ("version", json!("+1.0.0")),
            ("version", json!("1.0.0.0")),
            ("contract", json!("")),
            ("contract", json!("2.0.0")),
            ("contract", json!("1.0")),
            ("name", json!({ "en": "Good\u{202e}daB" })),
            ("name", json!({ "en": "line\nbreak" })),
            ("description", json!({ "en": "\u{1b}[2J" })),
            ("readme", json!("a\0b")),
            ("licence", json!("MIT\r\n")),
            ("source", json!("javascript:alert(1)")),
            ("source", json!("https://user@evil.example/")),
            ("logo", json!("<html></html>")),
        ] {
            assert_eq!(with(field, value.clone()).len(), 1, "{field} {value}");
        }
        assert_eq!(with("name", json!({ "en": "Example", "zh-CN": "示例" })), Vec::<String>::new());
        assert_eq!(with("source", json!("https://git.example/a")), Vec::<String>::new());
        assert_eq!(with("readme", json!("# A\n\n\tb")), Vec::<String>::new());
    }

    #[test]
    fn a_logo_that_runs_or_reads_is_refused() {
        for good in [
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><path fill=\"url(#a)\" d=\"M0 0\"/><use href=\"#b\"/></svg>",
            "<?xml version=\"1.0\"?><svg role='img' aria-label='Sign on'><!-- one --></svg>",
        ] {
            assert!(is_picture(good), "{good}");
        }
        for bad in [
            "<svg><script>alert(1)</script></svg>",
            "<svg onload=\"alert(1)\"></svg>",
            "<svg/onload=alert(1)></svg>",
            "<svg onload = 'alert(1)'></svg>",
            "<!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><svg>&x;</svg>",
            "<svg><image href=\"https://evil.example/a.png\"/></svg>",
            "<svg><a xlink:href='javascript:alert(1)'/></svg>",
            "<svg><rect fill=\"url(https://evil.example/#a)\"/></svg>",
            "<svg><foreignObject><iframe/></foreignObject></svg>",
            "<html><svg></svg></html>",
        ] {
            assert!(!is_picture(bad), "{bad}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("1.10.0") > numbers("1.9.9"));
        assert_eq!(numbers("0.0.0"), Some([0, 0, 0]));
        assert_eq!([numbers("1"), numbers("1.0.x"), numbers("1..0")], [None; 3]);
    }
}
