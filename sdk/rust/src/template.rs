//! Message templates that stand in a configuration, and the variables in them.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Failure, Message, code};

/// Usage types that every sign-in needs; the others fall back to Generic.
pub const REQUIRED_USAGES: [&str; 4] = ["Register", "SignIn", "ForgotPassword", "Generic"];

/// The sentences of this module's types in Simplified Chinese, for [`Manifest::translations`](crate::Manifest::translations).
pub const CHINESE: [(&str, &str); 17] = [
    ("Templates", "模板"),
    ("Usage type", "用途"),
    (
        "Register, SignIn, ForgotPassword, Generic, or another usage type.",
        "Register（注册）、SignIn（登录）、ForgotPassword（重置密码）、Generic（通用）或其他用途。",
    ),
    ("Content", "内容"),
    ("The message; {{code}} stands for the code.", "短信内容，{{code}} 代表验证码。"),
    ("Subject", "主题"),
    ("The subject; {{code}} stands for the code.", "邮件主题，{{code}} 代表验证码。"),
    ("The mail; {{code}} stands for the code.", "邮件内容，{{code}} 代表验证码。"),
    ("Content type", "内容类型"),
    ("text/html or text/plain.", "text/html 或 text/plain。"),
    ("Template code", "模板代码"),
    ("A text of the connector's own.", "连接器自己的短信内容。"),
    ("A mail of the connector's own.", "连接器自己的邮件内容。"),
    ("must hold a template whose usageType is \"Register\"", "缺少用途为 Register（注册）的模板"),
    ("must hold a template whose usageType is \"SignIn\"", "缺少用途为 SignIn（登录）的模板"),
    ("must hold a template whose usageType is \"ForgotPassword\"", "缺少用途为 ForgotPassword（重置密码）的模板"),
    ("must hold a template whose usageType is \"Generic\"", "缺少用途为 Generic（通用）的模板"),
];

/// Something that is chosen by usage type.
pub trait Template {
    /// What it is for.
    fn usage_type(&self) -> &str;
}

/// A text of the connector's own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextTemplate {
    /// Register, SignIn, ForgotPassword, Generic, or another usage type.
    #[schemars(title = "Usage type", length(min = 1))]
    pub usage_type: String,
    /// The message; {{code}} stands for the code.
    #[schemars(title = "Content", length(min = 1), extend("x-multiline" = true))]
    pub content: String,
}

impl Template for TextTemplate {
    fn usage_type(&self) -> &str {
        &self.usage_type
    }
}

/// A mail of the connector's own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MailTemplate {
    /// Register, SignIn, ForgotPassword, Generic, or another usage type.
    #[schemars(title = "Usage type", length(min = 1))]
    pub usage_type: String,
    /// The subject; {{code}} stands for the code.
    #[schemars(title = "Subject", length(min = 1))]
    pub subject: String,
    /// The mail; {{code}} stands for the code.
    #[schemars(title = "Content", length(min = 1), extend("x-multiline" = true))]
    pub content: String,
    /// text/html or text/plain.
    #[serde(default, alias = "contentType")]
    #[schemars(title = "Content type", extend("enum" = ["text/html", "text/plain", null]))]
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl Template for MailTemplate {
    fn usage_type(&self) -> &str {
        &self.usage_type
    }
}

/// A mail that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Subject.
    pub subject: String,
    /// Body.
    pub content: String,
    /// Whether the body is plain text, not HTML.
    pub is_text: bool,
    /// Address for answers.
    pub reply_to: Option<String>,
    /// Sender in place of the configured one.
    pub send_from: Option<String>,
}

/// The template for this usage, or the Generic one.
pub fn find<'t, T: Template>(templates: &'t [T], usage: &str) -> Result<&'t T, Failure> {
    let named = |name: &str| templates.iter().find(|template| template.usage_type() == name);
    named(usage).or_else(|| named("Generic")).ok_or_else(|| {
        Failure::new(code::TEMPLATE_NOT_FOUND, format!("There is no template for {usage} and no Generic one."))
    })
}

/// The text of the template for a message, its variables filled in.
pub fn text(templates: &[TextTemplate], message: &Message) -> Result<String, Failure> {
    Ok(render(&find(templates, &message.usage)?.content, &message.payload))
}

/// The mail for a message: by the tenant's own template where there is one, else by the configuration's.
pub fn mail(templates: &[MailTemplate], message: &Message) -> Result<Mail, Failure> {
    let filled = |text: &str| render(text, &message.payload);
    if let Some(own) = &message.template {
        return Ok(Mail {
            subject: filled(&own.subject),
            content: filled(&own.content),
            is_text: own.content_type.as_deref() == Some("text/plain"),
            reply_to: own.reply_to.as_deref().map(filled),
            send_from: own.send_from.as_deref().map(filled),
        });
    }
    let template = find(templates, &message.usage)?;
    Ok(Mail {
        subject: filled(&template.subject),
        content: filled(&template.content),
        is_text: template.kind.as_deref() == Some("text/plain"),
        reply_to: None,
        send_from: None,
    })
}

/// Fills in `{{ a.b }}`. A variable whose first name is unknown stays as it is; a missing inner one is empty.
pub fn render(template: &str, payload: &Map<String, Value>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            text.push_str("{{");
            rest = after;
            continue;
        };
        let mut path = name.trim().split('.');
        if let Some(root) = path.next().and_then(|root| payload.get(root)) {
            match path.try_fold(root, |value, part| value.get(part)) {
                Some(Value::String(value)) => text.push_str(value),
                Some(Value::Null) | None => {}
                Some(value) => text.push_str(&value.to_string()),
            }
        } else {
            text.push_str("{{");
            text.push_str(name);
            text.push_str("}}");
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// For the schema of a list of templates: one for each of [`REQUIRED_USAGES`].
pub fn required_usages() -> Value {
    let rule = |usage: &str| {
        json!({
            "contains": { "type": "object", "properties": { "usageType": { "const": usage } }, "required": ["usageType"] },
            "x-message": format!("must hold a template whose usageType is \"{usage}\""),
        })
    };
    REQUIRED_USAGES.iter().map(|usage| rule(usage)).collect()
}

/// Example texts for an empty editor.
pub fn sample_texts() -> Value {
    let text = |usage: &str| {
        let purpose = match usage {
            "Register" => " to sign up",
            "SignIn" => " to sign in",
            "ForgotPassword" => " to reset your password",
            _ => "",
        };
        json!({ "usageType": usage, "content": format!("Your code{purpose} is {{{{code}}}}. It is good for 10 minutes.") })
    };
    REQUIRED_USAGES.iter().map(|usage| text(usage)).collect()
}

/// Example mails for an empty editor.
pub fn sample_mails() -> Value {
    let mails = sample_texts();
    let mail = |text: &Value| {
        let content = text.get("content").and_then(Value::as_str).unwrap_or_default();
        json!({
            "usageType": text.get("usageType"),
            "subject": "Your code is {{code}}",
            "content": format!("<p>{content}</p>"),
            "type": "text/html",
        })
    };
    mails.as_array().into_iter().flatten().map(mail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_and_unknown_ones_stay() {
        let payload = json!({ "code": "123456", "user": { "name": "Ada" }, "n": 5 });
        let payload = payload.as_object().unwrap();
        assert_eq!(
            render("{{code}} {{ user.name }} {{user.age}}|{{n}} {{other.x}} {{", payload),
            "123456 Ada |5 {{other.x}} {{"
        );
    }

    #[test]
    fn what_is_said_of_a_missing_template_is_translated() {
        for rule in required_usages().as_array().unwrap() {
            let said = rule["x-message"].as_str().unwrap();
            assert!(CHINESE.iter().any(|(english, _)| *english == said), "{said}");
        }
    }

    #[test]
    fn usage_falls_back_to_generic() {
        let templates: Vec<TextTemplate> = serde_json::from_value(sample_texts()).unwrap();
        assert_eq!(find(&templates, "SignIn").unwrap().usage_type, "SignIn");
        assert_eq!(find(&templates, "BindMfa").unwrap().usage_type, "Generic");
        assert_eq!(find(&templates[..1], "BindMfa").unwrap_err().code, code::TEMPLATE_NOT_FOUND);
        let mails: Vec<MailTemplate> = serde_json::from_value(sample_mails()).unwrap();
        assert_eq!(mails.len(), 4);
    }
}
