"""Write a Keyway connector in Python: describe it with ``sms``, ``email`` or ``social`` and run ``keyway connector build``."""

from .failure import Failure
from .template import TEXT_TEMPLATES, find_template, render, required_usages, sample_texts

try:
    # There only inside a component.
    from .guest import Response, cache_get, cache_set, email, get, log, now_ms, post, random_bytes, request, session_get, session_set, sms, social, uuid4
except ModuleNotFoundError as error:
    if error.name not in ("componentize_py_types", "wit_world"):
        raise

__all__ = [
    "Failure", "Response", "TEXT_TEMPLATES", "cache_get", "cache_set", "email", "find_template", "get", "log", "now_ms", "post",
    "random_bytes", "render", "request", "required_usages", "sample_texts", "session_get", "session_set", "sms", "social", "uuid4",
]
