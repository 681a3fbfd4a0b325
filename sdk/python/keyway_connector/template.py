"""Message templates that stand in a configuration, and the variables in them."""

import re

from .failure import Failure

USAGES = ("Register", "SignIn", "ForgotPassword", "Generic")


def find_template(templates: list, usage: str) -> dict:
    """The template for this usage, or the Generic one."""
    for name in (usage, "Generic"):
        for template in templates:
            if template["usageType"] == name:
                return template
    raise Failure("template-not-found", f"There is no template for {usage} and no Generic one.")


def render(template: str, payload: dict) -> str:
    """Fills in ``{{ a.b }}``; a variable whose first name is unknown stays as it is."""

    def value(match):
        root, *rest = match[1].split(".")
        if root not in payload:
            return match[0]
        found = payload[root]
        for name in rest:
            found = found.get(name) if isinstance(found, dict) else None
        return "" if found is None else str(found)

    return re.sub(r"\{\{\s*([\w.]+)\s*\}\}", value, template)


def required_usages() -> list:
    """For the schema of a list of templates: one for each usage that every sign-in needs."""
    return [
        {
            "contains": {"type": "object", "properties": {"usageType": {"const": usage}}, "required": ["usageType"]},
            "x-message": f'must hold a template whose usageType is "{usage}"',
        }
        for usage in USAGES
    ]


#: The schema of a list of texts by usage.
TEXT_TEMPLATES = {
    "type": "array",
    "title": "Templates",
    "description": "One text for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.",
    "allOf": required_usages(),
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["usageType", "content"],
        "properties": {
            "usageType": {"type": "string", "title": "Usage type", "description": "Register, SignIn, ForgotPassword, Generic, or another usage type.", "minLength": 1},
            "content": {"type": "string", "title": "Content", "description": "The message; {{code}} stands for the code.", "minLength": 1, "x-multiline": True},
        },
    },
}


#: The schema of a list of mails by usage.
MAIL_TEMPLATES = {
    "type": "array",
    "title": "Templates",
    "description": "One mail for each usage. Register, SignIn, ForgotPassword and Generic are needed; others fall back to Generic.",
    "allOf": required_usages(),
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["usageType", "subject", "content"],
        "properties": {
            "usageType": {"type": "string", "title": "Usage type", "description": "Register, SignIn, ForgotPassword, Generic, or another usage type.", "minLength": 1},
            "subject": {"type": "string", "title": "Subject", "description": "The subject; {{code}} stands for the code.", "minLength": 1},
            "content": {"type": "string", "title": "Content", "description": "The mail; {{code}} stands for the code.", "minLength": 1, "x-multiline": True},
            "type": {"title": "Content type", "description": "text/html or text/plain.", "enum": ["text/html", "text/plain"]},
        },
    },
}


def mail(templates: list, message: dict) -> dict:
    """The mail for a message: by the tenant's own template where there is one, else by the configuration's."""
    own = message["template"]
    template = own or find_template(templates, message["usage"])
    filled = {name: render(template[name], message["payload"]) for name in ("subject", "content")}
    for name in ("replyTo", "sendFrom"):
        filled[name] = render(template[name], message["payload"]) if template.get(name) else None
    return {**filled, "isText": template.get("contentType" if own else "type") == "text/plain"}


def sample_texts() -> list:
    """Example texts for an empty editor."""
    purposes = {"Register": " to sign up", "SignIn": " to sign in", "ForgotPassword": " to reset your password"}
    return [
        {"usageType": usage, "content": f"Your code{purposes.get(usage, '')} is {{{{code}}}}. It is good for 10 minutes."}
        for usage in USAGES
    ]


def sample_mails() -> list:
    """Example mails for an empty editor."""
    return [
        {"usageType": text["usageType"], "subject": "Your code is {{code}}", "content": f"<p>{text['content']}</p>", "type": "text/html"}
        for text in sample_texts()
    ]
