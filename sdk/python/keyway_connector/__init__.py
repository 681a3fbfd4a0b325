"""Write a Keyway connector in Python: describe it with ``sms``, ``email`` or ``social`` and run ``keyway connector build``."""

from .failure import Failure
from .template import MAIL_TEMPLATES, TEXT_TEMPLATES, find_template, mail, render, required_usages, sample_mails, sample_texts

try:
    # There only inside a component. The clock and the random source come first, before others import them.
    from .host import base64url, log, now_ms, random_bytes, random_text, uuid4
    from .guest import email, sms, social
    from .http import Headers, Response, get, post, request
    from .storage import cache_delete, cache_get, cache_set, session_get, session_set
    from . import crypto, oauth, smtp
except ModuleNotFoundError as error:
    if error.name not in ("componentize_py_types", "wit_world", "_keyway_project"):
        raise

__all__ = [
    "Failure", "Headers", "MAIL_TEMPLATES", "Response", "TEXT_TEMPLATES", "base64url", "cache_delete", "cache_get", "cache_set",
    "crypto", "email", "find_template", "get", "log", "mail", "now_ms", "oauth", "post", "random_bytes", "random_text", "render",
    "request", "required_usages", "sample_mails", "sample_texts", "session_get", "session_set", "sms", "smtp", "social", "uuid4",
]
