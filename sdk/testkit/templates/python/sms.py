"""Sends text messages through Example."""

from keyway_connector import TEXT_TEMPLATES, find_template, post, render, sample_texts, sms

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiKey", "sender", "templates"],
    "properties": {
        "apiKey": {"type": "string", "title": "API key", "description": "The key from the provider's console.", "minLength": 1, "writeOnly": True},
        "sender": {"type": "string", "title": "Sender", "description": "The approved sender's name.", "minLength": 1},
        "templates": TEXT_TEMPLATES,
    },
}


@sms(
    id="{{name}}",
    version="0.1.0",
    name={"en": "Example SMS", "zh-CN": "示例短信"},
    description={"en": "Text messages with Example.", "zh-CN": "通过示例服务商发送短信。"},
    hosts=["api.example.com"],
    schema=SCHEMA,
    sample={"apiKey": "<api-key>", "sender": "Acme", "templates": sample_texts()},
)
def send(config, message):
    """Sends one message."""
    text = render(find_template(config["templates"], message["usage"])["content"], message["payload"])
    answer = post(
        "https://api.example.com/messages",
        bearer=config["apiKey"],
        data={"from": config["sender"], "to": "+" + message["to"], "text": text},
    ).success(lambda body: body["error"]["message"])
    return {"requestId": answer["id"]}
