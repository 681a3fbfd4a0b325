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


def sample_texts() -> list:
    """Example texts for an empty editor."""
    purposes = {"Register": " to sign up", "SignIn": " to sign in", "ForgotPassword": " to reset your password"}
    return [
        {"usageType": usage, "content": f"Your code{purposes.get(usage, '')} is {{{{code}}}}. It is good for 10 minutes."}
        for usage in USAGES
    ]
