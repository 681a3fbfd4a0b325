//! Factories and their versions in Logto's shape, with what Keyway knows beyond it.

use keyway_core::connectors::Factory;
use keyway_core::connectors::factories::UploadedVersion;
use keyway_model::Timestamp;
use keyway_model::connector::{Asks, ConnectorKind, Manifest, Platform};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::form_items::{FormItem, form_items};

/// What a manifest says.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManifestView {
    pub id: String,
    /// `Sms`, `Email` or `Social`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: ConnectorKind,
    pub target: String,
    /// `Native`, `Universal` or `Web`, of social connectors.
    #[schema(value_type = Option<String>)]
    platform: Option<Platform>,
    /// By language.
    #[schema(value_type = Object)]
    pub name: Value,
    /// By language.
    #[schema(value_type = Object)]
    description: Value,
    /// An SVG document or an address.
    #[schema(value_type = Option<String>)]
    pub logo: Value,
    #[schema(value_type = Option<String>)]
    pub logo_dark: Value,
    /// Markdown.
    readme: Option<String>,
    /// An example configuration as JSON text.
    config_template: Option<String>,
    /// JSON Schema of the configuration.
    #[schema(value_type = Object)]
    config_schema: Value,
    /// Logto's form description.
    #[schema(value_type = Vec<Object>)]
    form_items: FormItems,
    is_standard: bool,
    is_token_storage_supported: bool,
    version: String,
    contract: String,
    sdk: String,
    /// Hosts that it may call.
    hosts: Vec<String>,
    features: Vec<String>,
    licence: Option<String>,
    source: Option<String>,
}

/// Logto's form description.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum FormItems {
    /// As the manifest brings it along.
    OfManifest(Value),
    /// Made from the schema.
    OfSchema(Vec<FormItem>),
}

impl From<&Manifest> for ManifestView {
    fn from(manifest: &Manifest) -> Self {
        let texts = |texts: &std::collections::BTreeMap<String, String>| texts.clone().into_iter().collect();
        Self {
            id: manifest.id.0.clone(),
            kind: manifest.kind,
            target: manifest.target.clone(),
            platform: manifest.platform,
            name: texts(&manifest.name),
            description: texts(&manifest.description),
            logo: manifest.logo.clone().into(),
            logo_dark: manifest.logo_dark.clone().into(),
            readme: manifest.readme.clone(),
            config_template: manifest.sample.as_ref().map(|sample| format!("{sample:#}")),
            config_schema: manifest.config.clone(),
            form_items: match &manifest.form_items {
                Some(own) => FormItems::OfManifest(own.clone()),
                None => FormItems::OfSchema(form_items(&manifest.config)),
            },
            is_standard: manifest.is_standard,
            is_token_storage_supported: false,
            version: manifest.version.clone(),
            contract: manifest.contract.clone(),
            sdk: manifest.sdk.clone(),
            hosts: manifest.hosts.clone(),
            features: manifest.features.clone(),
            licence: manifest.licence.clone(),
            source: manifest.source.clone(),
        }
    }
}

/// A factory that serves.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FactoryView {
    #[serde(flatten)]
    pub manifest: ManifestView,
    /// SHA-256 of its bytes, in hex.
    digest: String,
    /// Whether an administrator uploaded it.
    uploaded: bool,
}

impl From<&Factory> for FactoryView {
    fn from(factory: &Factory) -> Self {
        let manifest = ManifestView::from(&*factory.manifest);
        Self { manifest, digest: factory.digest.clone(), uploaded: factory.uploaded }
    }
}

/// An uploaded version.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    #[serde(flatten)]
    manifest: ManifestView,
    /// SHA-256 of its bytes, in hex.
    digest: String,
    /// `staged`, `approved`, `active` or `retired`.
    state: &'static str,
    /// In bytes.
    size: i64,
    /// The key that signed it.
    signer: Option<String>,
    uploaded_by: String,
    approved_by: Option<String>,
    /// In milliseconds.
    #[schema(value_type = Option<i64>)]
    activated_at: Option<Timestamp>,
    /// In milliseconds.
    #[schema(value_type = i64)]
    created_at: Timestamp,
    /// What it asks for.
    #[schema(value_type = Object)]
    asks: Asks,
    /// What of that is new beside what serves.
    #[schema(value_type = Object)]
    asks_new: Asks,
}

impl From<UploadedVersion> for VersionView {
    fn from(UploadedVersion { version, asks, asks_new }: UploadedVersion) -> Self {
        Self {
            manifest: ManifestView::from(&version.manifest),
            digest: version.digest,
            state: version.state.as_str(),
            size: version.size,
            signer: version.signer,
            uploaded_by: version.uploaded_by,
            approved_by: version.approved_by,
            activated_at: version.activated_at,
            created_at: version.created_at,
            asks,
            asks_new,
        }
    }
}
