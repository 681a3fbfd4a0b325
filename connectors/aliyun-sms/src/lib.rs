//! Aliyun SMS (`SendSms`, version 2017-05-25): verification codes to mainland China and overseas.
//!
//! Provider document: <https://www.alibabacloud.com/help/en/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms>

mod config;

use keyway_connector::{Connector, Failure, Manifest, Message, Sent, Sms, code, export_sms, http, template};
use serde::Deserialize;
use serde_json::{Map, json};

use config::{Config, Template, TemplateCode};

const ENDPOINT: &str = "https://dysmsapi.aliyuncs.com/";

/// The connector.
pub struct AliyunSms;

/// The answer to `SendSms`, and of the gateway in front of it when it refuses a request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    code: String,
    message: Option<String>,
    request_id: Option<String>,
    biz_id: Option<String>,
}

impl Connector for AliyunSms {
    type Config = Config;

    fn manifest() -> Manifest {
        config::describe(Manifest::sms(
            "aliyun-short-message-service",
            "aliyun-sms",
            "Aliyun Short Message Service",
            env!("CARGO_PKG_VERSION"),
        ))
        .host("dysmsapi.aliyuncs.com")
        .logo(include_str!("../logo.svg"))
        .readme(include_str!("../README.md"))
    }
}

impl Sms for AliyunSms {
    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let template = template::find(&config.templates, &message.usage)?;
        let body = signed_form(config, template, message);
        interpret(&http::post(ENDPOINT).encoded_form(body).send()?)
    }
}

fn signed_form(config: &Config, template: &Template, message: &Message) -> String {
    let template_code = match &template.code {
        TemplateCode::Everywhere(code) => code,
        TemplateCode::ByRegion { china, overseas } => {
            if message.national("86").is_some() {
                china
            } else {
                overseas
            }
        }
    };
    // Aliyun reads eleven digits that begin with 1 as a mainland number; with 00 in front they are the North American one.
    let number = if message.national("1").is_some() { format!("00{}", message.to) } else { message.to.clone() };
    // Aliyun accepts letters and digits alone in parameters, and a template names no other variable than `code`.
    let parameters = json!({ "code": message.text("code").unwrap_or_default() }).to_string();
    let parameters = [
        ("PhoneNumbers", number.as_str()),
        ("RegionId", "cn-hangzhou"),
        ("SignName", &config.sign_name),
        ("TemplateCode", template_code),
        ("TemplateParam", &parameters),
    ];
    let secret = config.access_key_secret.expose();
    aliyun_rpc::call("SendSms", "2017-05-25", &config.access_key_id, secret, &parameters)
}

fn interpret(response: &http::Response) -> Result<Sent, Failure> {
    let answer: Answer = response.json()?;
    let details = Map::from_iter([
        ("code".to_owned(), json!(answer.code)),
        ("requestId".to_owned(), json!(answer.request_id)),
        ("bizId".to_owned(), json!(answer.biz_id)),
    ]);
    if response.is_success() && answer.code == "OK" {
        return Ok(Sent(details));
    }
    let kind = match answer.code.as_str() {
        "isv.BUSINESS_LIMIT_CONTROL" | "isv.DAY_LIMIT_CONTROL" => code::RATE_LIMIT_EXCEEDED,
        _ => code::GENERAL,
    };
    Err(Failure::new(kind, answer.message.unwrap_or(answer.code)).with_data(details.into()))
}

export_sms!(AliyunSms);

#[cfg(test)]
mod tests {
    use keyway_connector::Secret;

    use super::*;

    fn response(status: u16, body: &str) -> http::Response {
        http::Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn an_accepted_message_keeps_the_request_id() {
        let sent = interpret(&response(200, r#"{"Code":"OK","Message":"OK","RequestId":"r-1","BizId":"b"}"#)).unwrap();
        assert_eq!(sent.0["requestId"], "r-1");
    }

    #[test]
    fn the_provider_s_refusals_become_typed_failures() {
        let limited =
            interpret(&response(200, r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"m","RequestId":"r"}"#));
        assert_eq!(limited.unwrap_err().code, code::RATE_LIMIT_EXCEEDED);
        let refused =
            interpret(&response(400, r#"{"Code":"InvalidAccessKeyId.NotFound","Message":"no key"}"#)).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.message.as_str()), (code::GENERAL, "no key"));
        assert_eq!(interpret(&response(502, "<html>")).unwrap_err().code, code::INVALID_RESPONSE);
    }

    #[test]
    fn usage_falls_back_to_generic() {
        let config: Config = serde_json::from_value(config::sample()).unwrap();
        assert_eq!(template::find(&config.templates, "SignIn").unwrap().usage_type, "SignIn");
        assert_eq!(template::find(&config.templates, "BindMfa").unwrap().usage_type, "Generic");
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let secret = Secret::from("topsecret");
        assert!(!format!("{secret:?}").contains("topsecret"));
    }
}
