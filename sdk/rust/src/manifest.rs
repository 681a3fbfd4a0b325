//! What a connector says of itself: read by the server before it is ever trusted with a message.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, transform::Transform};
use serde_json::{Map, Value, json};

/// The description that the server shows an admin and enforces: id, kind, names, hosts, configuration schema.
#[derive(Debug, Clone)]
pub struct Manifest {
    value: Map<String, Value>,
    hosts: Vec<String>,
    features: Vec<String>,
}

/// A manifest with its schema, ready for `describe`.
#[doc(hidden)]
pub type Built = Value;

impl Manifest {
    /// Starts the manifest of an SMS connector.
    pub fn sms(id: &str, target: &str, name: &str, version: &str) -> Self {
        Self::new("sms", id, target, name, version)
    }

    /// Starts the manifest of an e-mail connector.
    pub fn email(id: &str, target: &str, name: &str, version: &str) -> Self {
        Self::new("email", id, target, name, version)
    }

    /// Starts the manifest of a social connector; `platform` is `Universal`, `Web` or `Native`.
    pub fn social(id: &str, target: &str, platform: &str, name: &str, version: &str) -> Self {
        Self::new("social", id, target, name, version).with("platform", json!(platform))
    }

    fn new(kind: &str, id: &str, target: &str, name: &str, version: &str) -> Self {
        let mut value = Map::new();
        value.insert("manifest".into(), json!(1));
        value.insert("id".into(), json!(id));
        value.insert("target".into(), json!(target));
        value.insert("kind".into(), json!(kind));
        value.insert("version".into(), json!(version));
        value.insert("contract".into(), json!("1.0.0"));
        value.insert("sdk".into(), json!(concat!("rust/", env!("CARGO_PKG_VERSION"))));
        value.insert("name".into(), json!({ "en": name }));
        value.insert("description".into(), json!({ "en": "" }));
        Self { value, hosts: Vec::new(), features: Vec::new() }
    }

    /// A name in another language.
    #[must_use]
    pub fn name(self, language: &str, name: &str) -> Self {
        self.localised("name", language, name)
    }

    /// One sentence on what it does.
    #[must_use]
    pub fn description(self, language: &str, text: &str) -> Self {
        self.localised("description", language, text)
    }

    /// A host that the connector calls: a name, `*.` and a name, or `${config.<field>}`. It can reach no other.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.hosts.push(host.to_owned());
        self
    }

    /// Text for the admin, in Markdown: where to click at the provider.
    #[must_use]
    pub fn readme(self, markdown: &str) -> Self {
        self.with("readme", json!(markdown))
    }

    /// The same text in another language.
    #[must_use]
    pub fn readme_in(mut self, language: &str, markdown: &str) -> Self {
        if let Some(texts) = self.value.entry("readmes").or_insert_with(|| json!({})).as_object_mut() {
            texts.insert(language.into(), json!(markdown));
        }
        self
    }

    /// The schema's titles and descriptions in another language: each sentence as it stands in the schema, and what it is
    /// there. What has no translation is shown as it stands.
    #[must_use]
    pub fn translations(mut self, language: &str, sentences: &[(&str, &str)]) -> Self {
        let languages = self.value.entry("translations").or_insert_with(|| json!({}));
        if let Some(texts) = languages.as_object_mut() {
            let texts = texts.entry(language).or_insert_with(|| json!({}));
            for (sentence, translation) in sentences {
                if let Some(texts) = texts.as_object_mut() {
                    texts.insert((*sentence).into(), json!(translation));
                }
            }
        }
        self
    }

    /// The logo as an SVG document.
    #[must_use]
    pub fn logo(self, svg: &str) -> Self {
        self.with("logo", json!(svg))
    }

    /// An example configuration for an empty editor.
    #[must_use]
    pub fn sample(self, config: Value) -> Self {
        self.with("sample", config)
    }

    /// Says that it uses a host interface beyond the common ones: `cache`, `session` or `smtp`.
    #[must_use]
    pub fn feature(mut self, name: &str) -> Self {
        self.features.push(name.to_owned());
        self
    }

    /// Says that it speaks a standard with any provider, so that many may be set up.
    #[must_use]
    pub fn standard(self) -> Self {
        self.with("isStandard", json!(true))
    }

    /// The SPDX expression of its licence.
    #[must_use]
    pub fn licence(self, expression: &str) -> Self {
        self.with("licence", json!(expression))
    }

    /// Where its source is.
    #[must_use]
    pub fn source(self, url: &str) -> Self {
        self.with("source", json!(url))
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.value.insert(key.into(), value);
        self
    }

    fn localised(mut self, key: &str, language: &str, text: &str) -> Self {
        if let Some(Value::Object(map)) = self.value.get_mut(key) {
            map.insert(language.into(), json!(text));
        }
        self
    }

    pub(crate) fn build<C: JsonSchema>(mut self) -> Built {
        let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<C>();
        RefuseEmpty.transform(&mut schema);
        self.value.insert("hosts".into(), json!(self.hosts));
        self.value.insert("features".into(), json!(self.features));
        self.value.insert("config".into(), schema.to_value());
        Value::Object(self.value)
    }
}

/// An empty string is never a usable setting: every string of the schema asks for at least one character.
struct RefuseEmpty;

impl Transform for RefuseEmpty {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        schemars::transform::transform_subschemas(self, schema);
        if schema.get("type").and_then(Value::as_str) == Some("string")
            && schema.get("minLength").is_none()
            && schema.get("enum").is_none()
            && schema.get("const").is_none()
        {
            schema.insert("minLength".into(), json!(1));
        }
    }
}
