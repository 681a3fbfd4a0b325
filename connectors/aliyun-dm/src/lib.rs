//! Aliyun Direct Mail (`SingleSendMail`, version 2015-11-23).
//!
//! Provider document: <https://www.alibabacloud.com/help/en/direct-mail/latest/SingleSendMail>

use keyway_connector::template::{self, MailTemplate};
use keyway_connector::{Connector, Email, Failure, Manifest, Message, Secret, Sent, code, export_email, http};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Regions of the service.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
enum Region {
    CnHangzhou,
    #[serde(rename = "ap-southeast-1")]
    ApSoutheast1,
    #[serde(rename = "ap-southeast-2")]
    ApSoutheast2,
    #[serde(rename = "eu-central-1")]
    EuCentral1,
    #[serde(rename = "us-east-1")]
    UsEast1,
}

/// The form in Simplified Chinese.
const CHINESE: [(&str, &str); 11] = [
    ("AccessKey ID", "AccessKey ID"),
    (
        "The AccessKey ID of a RAM user with the permission `AliyunDirectMailFullAccess`.",
        "拥有 `AliyunDirectMailFullAccess` 权限的 RAM 用户的 AccessKey ID。",
    ),
    ("AccessKey secret", "AccessKey Secret"),
    (
        "The AccessKey secret shown once by Aliyun when the key was created.",
        "创建密钥时阿里云仅显示一次的 AccessKey Secret。",
    ),
    ("Region", "地域"),
    (
        "The region in which the sender's address was set up; cn-hangzhou when absent.",
        "设置发信地址时所在的地域，留空为 cn-hangzhou。",
    ),
    ("Account name", "发信地址"),
    ("The sender's address as set up in the console.", "在控制台中设置的发信地址。"),
    ("From alias", "发信人昵称"),
    ("The sender's name that recipients see.", "收件人看到的发信人名称。"),
    (
        "One mail for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.",
        "每种用途一封邮件，Register、SignIn、ForgotPassword 和 Generic 为必填，其他用途使用 Generic。",
    ),
];

/// What an admin fills in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Config {
    /// The AccessKey ID of a RAM user with the permission `AliyunDirectMailFullAccess`.
    #[schemars(title = "AccessKey ID", length(min = 1))]
    access_key_id: String,
    /// The AccessKey secret shown once by Aliyun when the key was created.
    #[schemars(title = "AccessKey secret")]
    access_key_secret: Secret,
    /// The region in which the sender's address was set up; cn-hangzhou when absent.
    #[schemars(title = "Region")]
    region_id: Option<Region>,
    /// The sender's address as set up in the console.
    #[schemars(title = "Account name", length(min = 1))]
    account_name: String,
    /// The sender's name that recipients see.
    #[schemars(title = "From alias")]
    from_alias: Option<String>,
    /// One mail for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.
    #[schemars(title = "Templates", extend("allOf" = template::required_usages()))]
    templates: Vec<MailTemplate>,
}

struct AliyunDm;

impl Connector for AliyunDm {
    type Config = Config;

    fn manifest() -> Manifest {
        Manifest::email("aliyun-direct-mail", "aliyun-dm", "Aliyun Direct Mail", env!("CARGO_PKG_VERSION"))
            .name("zh-CN", "阿里云邮件推送")
            .description("en", "E-mail with Aliyun Direct Mail.")
            .description("zh-CN", "通过阿里云邮件推送服务发送邮件。")
            .translations("zh-CN", &template::CHINESE)
            .translations("zh-CN", &CHINESE)
            .readme_in("zh-CN", include_str!("../README.zh-CN.md"))
            .host("dm.aliyuncs.com")
            .host("dm.ap-southeast-1.aliyuncs.com")
            .host("dm.ap-southeast-2.aliyuncs.com")
            .host("dm.eu-central-1.aliyuncs.com")
            .host("dm.us-east-1.aliyuncs.com")
            .readme(include_str!("../README.md"))
            .sample(json!({
                "accessKeyId": "<access-key-id>",
                "accessKeySecret": "<access-key-secret>",
                "regionId": "cn-hangzhou",
                "accountName": "no-reply@mail.example.com",
                "fromAlias": "Acme",
                "templates": template::sample_mails(),
            }))
    }
}

fn endpoint(region: Option<Region>) -> &'static str {
    match region.unwrap_or(Region::CnHangzhou) {
        Region::CnHangzhou => "https://dm.aliyuncs.com/",
        Region::ApSoutheast1 => "https://dm.ap-southeast-1.aliyuncs.com/",
        Region::ApSoutheast2 => "https://dm.ap-southeast-2.aliyuncs.com/",
        Region::EuCentral1 => "https://dm.eu-central-1.aliyuncs.com/",
        Region::UsEast1 => "https://dm.us-east-1.aliyuncs.com/",
    }
}

impl Email for AliyunDm {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let mail = template::mail(&config.templates, message)?;
        let mut parameters = vec![
            ("AccountName", config.account_name.as_str()),
            ("AddressType", "1"),
            ("ReplyToAddress", "false"),
            ("ToAddress", &message.to),
            ("Subject", &mail.subject),
            (if mail.is_text { "TextBody" } else { "HtmlBody" }, &mail.content),
        ];
        if let Some(alias) = mail.send_from.as_ref().or(config.from_alias.as_ref()) {
            parameters.push(("FromAlias", alias));
        }
        if let Some(address) = &mail.reply_to {
            parameters.push(("ReplyAddress", address));
        }
        let secret = config.access_key_secret.expose();
        let body = aliyun_rpc::call("SingleSendMail", "2015-11-23", &config.access_key_id, secret, &parameters);
        let response = http::post(endpoint(config.region_id)).encoded_form(body).send()?;
        let answer: Value = response.json()?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        if response.is_success() && text("Code").is_none() {
            return match text("RequestId") {
                Some(id) => Ok(Sent::default().with("requestId", id).with("envId", text("EnvId"))),
                None => Err(Failure::new(code::INVALID_RESPONSE, "Aliyun's answer has no request id.")),
            };
        }
        let kind = if response.status == 429 || text("Code").is_some_and(|code| code.starts_with("Throttling")) {
            code::RATE_LIMIT_EXCEEDED
        } else {
            code::GENERAL
        };
        let data = json!({ "code": text("Code"), "requestId": text("RequestId") });
        Err(Failure::new(kind, text("Message").unwrap_or("Aliyun refused the mail.")).with_data(data))
    }
}

export_email!(AliyunDm);
