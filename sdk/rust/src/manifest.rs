//! What a connector says of itself: read by the server before it is ever trusted with a message.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, transform::Transform};
use serde_json::{Map, Value, json};

/// The description that the server shows an admin and enforces: id, kind, names, hosts, configuration schema.
#[derive(Debug, Clone)]
pub struct Manifest {
    value: Map<String, Value>,
    hosts: Vec<String>,
}

/// A manifest with its schema, ready for `describe`.
#[doc(hidden)]
pub type Built = Value;

/// A field of Logto's `formItems`, for clients that draw the form from it.
pub type Form = Value;

impl Manifest {
    /// Starts the manifest of an SMS connector.
    pub fn sms(id: &str, target: &str, name: &str, version: &str) -> Self {
        let mut value = Map::new();
        value.insert("manifest".into(), json!(1));
        value.insert("id".into(), json!(id));
        value.insert("target".into(), json!(target));
        value.insert("kind".into(), json!("sms"));
        value.insert("version".into(), json!(version));
        value.insert("contract".into(), json!("0.1.0"));
        value.insert("sdk".into(), json!(concat!("rust/", env!("CARGO_PKG_VERSION"))));
        value.insert("name".into(), json!({ "en": name }));
        value.insert("description".into(), json!({ "en": "" }));
        Self { value, hosts: Vec::new() }
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

    /// A host that the connector calls. It can reach no other.
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

    /// Logto's `formItems`, for clients of its API.
    #[must_use]
    pub fn form_items(self, items: Vec<Form>) -> Self {
        self.with("formItems", Value::Array(items))
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
