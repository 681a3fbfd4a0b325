//! Aliyun SMS (`SendSms`, version 2017-05-25): verification codes to mainland China and overseas.
//!
//! Provider document: <https://www.alibabacloud.com/help/en/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms>

mod config;
mod region;
mod signature;

use keyway_connector::{Failure, Manifest, Message, Sent, Sms, code, export_sms, http, now_ms, uuid};
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

impl Sms for AliyunSms {
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

    fn send(config: &Config, message: &Message) -> Result<Sent, Failure> {
        let template = template_for(config, &message.usage)?;
        let body = signed_form(config, template, message);
        interpret(&http::post_encoded_form(ENDPOINT, body)?)
    }
}

fn template_for<'a>(config: &'a Config, usage: &str) -> Result<&'a Template, Failure> {
    let named = |name: &str| config.templates.iter().find(|template| template.usage_type == name);
    named(usage).or_else(|| named("Generic")).ok_or_else(|| {
        Failure::new(code::TEMPLATE_NOT_FOUND, format!("There is no template for {usage} and no Generic one."))
    })
}

fn signed_form(config: &Config, template: &Template, message: &Message) -> String {
    let template_code = match &template.code {
        TemplateCode::Everywhere(code) => code,
        TemplateCode::ByRegion { china, overseas } => {
            if region::is_mainland(&message.to, config.strict_phone_region_number_check) { china } else { overseas }
        }
    };
    // Aliyun accepts letters and digits alone in parameters, and a template names no other variable than `code`.
    let parameters = json!({ "code": message.text("code").unwrap_or_default() }).to_string();
    let (nonce, timestamp) = (uuid(), signature::timestamp(now_ms()));
    let pairs = [
        ("AccessKeyId", config.access_key_id.as_str()),
        ("Action", "SendSms"),
        ("Format", "json"),
        ("PhoneNumbers", &message.to),
        ("RegionId", "cn-hangzhou"),
        ("SignName", &config.sign_name),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureVersion", "1.0"),
        ("TemplateCode", template_code),
        ("TemplateParam", &parameters),
        ("Timestamp", &timestamp),
        ("Version", "2017-05-25"),
    ];
    signature::sign("POST", &pairs, config.access_key_secret.expose())
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
        http::Response { status, body: body.as_bytes().to_vec() }
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
        assert_eq!(template_for(&config, "SignIn").unwrap().usage_type, "SignIn");
        assert_eq!(template_for(&config, "BindMfa").unwrap().usage_type, "Generic");
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let secret = Secret::from("topsecret");
        assert!(!format!("{secret:?}").contains("topsecret"));
    }
}
