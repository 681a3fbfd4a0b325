"""Sends e-mail through Example."""

from keyway_connector import MAIL_TEMPLATES, email, mail, post, sample_mails

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiKey", "sender", "templates"],
    "properties": {
        "apiKey": {"type": "string", "title": "API key", "description": "The key from the provider's console.", "minLength": 1, "writeOnly": True},
        "sender": {"type": "string", "title": "Sender", "description": "The approved sender's address.", "minLength": 1, "format": "email"},
        "templates": MAIL_TEMPLATES,
    },
}


@email(
    id="{{name}}",
    version="0.1.0",
    name={"en": "Example mail", "zh-CN": "示例邮件"},
    description={"en": "E-mail with Example.", "zh-CN": "通过示例服务商发送邮件。"},
    hosts=["api.example.com"],
    schema=SCHEMA,
    sample={"apiKey": "<api-key>", "sender": "no-reply@example.com", "templates": sample_mails()},
)
def send(config, message):
    """Sends one message."""
    made = mail(config["templates"], message)
    body = "text" if made["isText"] else "html"
    answer = post(
        "https://api.example.com/mails",
        bearer=config["apiKey"],
        data={"from": config["sender"], "to": message["to"], "subject": made["subject"], body: made["content"]},
    ).success(lambda body: body["error"]["message"])
    return {"messageId": answer["id"]}
