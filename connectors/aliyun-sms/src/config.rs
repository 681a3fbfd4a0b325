//! The configuration as an admin fills it in.

use keyway_connector::{Manifest, Secret, template};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

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
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    pub templates: Vec<Template>,
    /// Kept for compatibility: every number carries its country code, so only 86 is ever taken for China.
    #[serde(default, rename = "strictPhoneRegionNumberCheck")]
    #[schemars(title = "Strict phone region check")]
    _strict_phone_region_number_check: bool,
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

impl template::Template for Template {
    fn usage_type(&self) -> &str {
        &self.usage_type
    }
}

/// The form in Simplified Chinese.
const CHINESE: [(&str, &str); 21] = [
    (
        "a template code such as \"SMS_123456789\", or {\"china\": …, \"overseas\": …} with one code each",
        "模板代码，例如 \"SMS_123456789\"；或 {\"china\": …, \"overseas\": …}，各填一个模板代码",
    ),
    ("AccessKey ID", "AccessKey ID"),
    (
        "The AccessKey ID of a RAM user with the permission `AliyunDysmsFullAccess`.",
        "拥有 `AliyunDysmsFullAccess` 权限的 RAM 用户的 AccessKey ID。",
    ),
    ("AccessKey secret", "AccessKey Secret"),
    (
        "The AccessKey secret shown once by Aliyun when the key was created.",
        "创建密钥时阿里云仅显示一次的 AccessKey Secret。",
    ),
    ("Signature name", "签名名称"),
    (
        "The approved signature, exactly as in the Aliyun SMS console.",
        "已通过审核的签名，须与阿里云短信控制台完全一致。",
    ),
    (
        "One approved template for each usage. Register, SignIn, ForgotPassword and Generic are needed.",
        "每种用途一个已通过审核的模板，Register、SignIn、ForgotPassword 和 Generic 为必填。",
    ),
    ("Strict phone region check", "严格检查手机号归属地"),
    (
        "Kept for compatibility: every number carries its country code, so only 86 is ever taken for China.",
        "仅为兼容而保留：所有号码都带国家代码，只有 86 开头的号码视为中国号码。",
    ),
    (
        "The template code, such as SMS_123456789; or one for China and one for overseas.",
        "模板代码，例如 SMS_123456789；也可分别填写国内和海外模板。",
    ),
    ("Template type", "模板类型"),
    ("Aliyun's template type; kept for compatibility, not sent.", "阿里云的模板类型，仅为兼容而保留，不会发送。"),
    ("The same template everywhere.", "所有地区使用同一模板。"),
    ("Domestic and international templates are different products at Aliyun.", "国内与国际模板在阿里云是不同的产品。"),
    ("For mainland China.", "用于中国大陆。"),
    ("For all other numbers.", "用于其他所有号码。"),
    ("An approved template and what it is for.", "已通过审核的模板及其用途。"),
    (
        "One code for all numbers, or one for each of the two kinds of route.",
        "所有号码使用一个模板，或国内、海外各一个模板。",
    ),
    ("china", "中国大陆"),
    ("overseas", "海外"),
];

/// An example for an empty editor.
pub fn sample() -> Value {
    let template = |usage: &str| json!({ "usageType": usage, "templateCode": "SMS_123456789" });
    json!({
        "accessKeyId": "<access-key-id>",
        "accessKeySecret": "<access-key-secret>",
        "signName": "<sign-name>",
        "templates": template::REQUIRED_USAGES.iter().map(|usage| template(usage)).collect::<Vec<_>>(),
    })
}

/// Names, help and form of the manifest.
pub fn describe(manifest: Manifest) -> Manifest {
    manifest
        .name("zh-CN", "阿里云短信服务")
        .description("en", "Text messages with Aliyun, in mainland China and overseas.")
        .description("zh-CN", "通过阿里云向中国大陆及海外发送短信。")
        .translations("zh-CN", &template::CHINESE)
        .translations("zh-CN", &CHINESE)
        .readme_in("zh-CN", include_str!("../README.zh-CN.md"))
        .sample(sample())
}
