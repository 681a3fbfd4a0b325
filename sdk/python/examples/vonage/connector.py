"""Vonage SMS API: the official connector once more, in Python."""

from keyway_connector import TEXT_TEMPLATES, Failure, find_template, post, render, sample_texts, sms

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiKey", "apiSecret", "brandName", "templates"],
    "properties": {
        "apiKey": {"type": "string", "title": "API key", "description": "The account's API key from the dashboard.", "minLength": 1},
        "apiSecret": {"type": "string", "title": "API secret", "description": "The account's API secret.", "minLength": 1, "writeOnly": True},
        "brandName": {"type": "string", "title": "Brand name", "description": "The sender that recipients see.", "minLength": 1},
        "templates": TEXT_TEMPLATES,
    },
}


@sms(
    id="vonage-python",
    version="0.1.0",
    name={"en": "Vonage in Python", "zh-CN": "Vonage（Python）"},
    description={"en": "Text messages with Vonage, worldwide.", "zh-CN": "通过 Vonage 向全球发送短信。"},
    hosts=["rest.nexmo.com"],
    schema=SCHEMA,
    sample={"apiKey": "<api-key>", "apiSecret": "<api-secret>", "brandName": "Acme", "templates": sample_texts()},
)
def send(config, message):
    """Sends one message."""
    text = render(find_template(config["templates"], message["usage"])["content"], message["payload"])
    form = {
        "api_key": config["apiKey"], "api_secret": config["apiSecret"], "from": config["brandName"], "to": message["to"],
        "text": text, "type": "text" if text.isascii() else "unicode",
    }
    answer = post("https://rest.nexmo.com/sms/json", form=form).success(lambda body: body["error-code-label"])
    try:
        part = answer["messages"][0]
        status = part["status"]
    except (LookupError, TypeError):
        raise Failure("invalid-response", "Vonage's answer tells nothing of the message.") from None
    # A refused message is a success of HTTP: its own status says so, and 1 means throttled.
    if status != "0":
        code = "rate-limit-exceeded" if status == "1" else "general"
        raise Failure(code, part.get("error-text", "Vonage refused the message."), {"status": status})
    return {"requestId": part.get("message-id")}
