//! The configuration as an admin fills it in.

use keyway_connector::{Manifest, Secret};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Usage types that every sign-in needs; the others fall back to Generic.
const REQUIRED: [&str; 4] = ["Register", "SignIn", "ForgotPassword", "Generic"];

/// Aliyun SMS settings.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The AccessKey ID of a RAM user with the permission `AliyunDysmsFullAccess`.
    #[schemars(title = "AccessKey ID", length(min = 1))]
    pub access_key_id: String,
    /// The AccessKey secret shown once by Aliyun when the key was created.
    #[schemars(title = "AccessKey secret")]
    pub access_key_secret: Secret,
    /// The approved signature, exactly as in the Aliyun SMS console.
    #[schemars(title = "Signature name", length(min = 1))]
    pub sign_name: String,
    /// One approved template for each usage. Register, SignIn, ForgotPassword and Generic are needed.
    #[schemars(title = "Templates", extend("allOf" = required_usages()))]
    pub templates: Vec<Template>,
    /// Count a number as Chinese only when it starts with +86, 0086 or 86. Without it, eleven digits that start with 1
    /// count as Chinese, and a North American number may be taken for one.
    #[serde(default)]
    #[schemars(title = "Strict phone region check")]
    pub strict_phone_region_number_check: bool,
}

/// An approved template and what it is for.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Template {
    /// Register, SignIn, ForgotPassword, Generic, or another usage type.
    #[schemars(title = "Usage type", length(min = 1))]
    pub usage_type: String,
    /// The template code, such as SMS_123456789; or one for China and one for overseas.
    #[schemars(title = "Template code", extend("x-message" = "a template code such as \"SMS_123456789\", or {\"china\": …, \"overseas\": …} with one code each"))]
    #[serde(rename = "templateCode")]
    pub code: TemplateCode,
    /// Aliyun's template type; kept for compatibility, not sent.
    #[serde(default, rename = "type")]
    #[schemars(title = "Template type", extend("enum" = [0, 1, 2, 6, 7, null]))]
    _kind: Option<u8>,
}

/// One code for all numbers, or one for each of the two kinds of route.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum TemplateCode {
    /// The same template everywhere.
    Everywhere(#[schemars(length(min = 1))] String),
    /// Domestic and international templates are different products at Aliyun.
    ByRegion {
        /// For mainland China.
        #[schemars(length(min = 1))]
        china: String,
        /// For all other numbers.
        #[schemars(length(min = 1))]
        overseas: String,
    },
}

fn required_usages() -> Value {
    let rule = |usage: &str| {
        json!({
            "contains": { "type": "object", "properties": { "usageType": { "const": usage } }, "required": ["usageType"] },
            "x-message": format!("must hold a template whose usageType is \"{usage}\""),
        })
    };
    REQUIRED.iter().map(|usage| rule(usage)).collect()
}

/// An example for an empty editor.
pub fn sample() -> Value {
    let template = |usage: &str| json!({ "usageType": usage, "templateCode": "SMS_123456789" });
    json!({
        "accessKeyId": "<access-key-id>",
        "accessKeySecret": "<access-key-secret>",
        "signName": "<sign-name>",
        "templates": REQUIRED.iter().map(|usage| template(usage)).collect::<Vec<_>>(),
    })
}

/// Names, help and form of the manifest.
pub fn describe(manifest: Manifest) -> Manifest {
    let templates = serde_json::to_string_pretty(&sample().get("templates")).unwrap_or_default();
    manifest
        .name("zh-CN", "阿里云短信服务")
        .description("en", "Text messages with Aliyun, in mainland China and overseas.")
        .description("zh-CN", "通过阿里云向中国大陆及海外发送短信。")
        .sample(sample())
        .form_items(vec![
            json!({ "key": "accessKeyId", "type": "Text", "required": true, "label": "Access Key ID", "placeholder": "<access-key-id>" }),
            json!({ "key": "accessKeySecret", "type": "Text", "required": true, "label": "Access Key Secret", "placeholder": "<access-key-secret>", "isConfidential": true }),
            json!({ "key": "signName", "type": "Text", "required": true, "label": "Signature Name", "placeholder": "<sign-name>" }),
            json!({ "key": "templates", "type": "Json", "required": true, "label": "Templates", "defaultValue": templates }),
            json!({ "key": "strictPhoneRegionNumberCheck", "type": "Switch", "required": false, "label": "Strict phone region number check", "defaultValue": false }),
        ])
}
