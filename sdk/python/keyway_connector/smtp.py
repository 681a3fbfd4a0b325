"""Mail over SMTP, spoken by the server. The project lists the feature ``smtp``, the manifest the relay's host."""

from _keyway_project import FEATURES
from componentize_py_types import Err

from .failure import Failure

if "smtp" in FEATURES:
    from wit_world.imports import smtp as _smtp
else:
    _smtp = None

_FAILURES = {
    "Error_Denied": ("general", "The relay was not allowed: "),
    "Error_Invalid": ("invalid-config", ""),
    "Error_Timeout": ("unreachable", "The relay did not answer in time."),
    "Error_Unreachable": ("unreachable", "The relay cannot be reached: "),
    "Error_Refused": ("general", "The relay refused: "),
}


def send(host: str, port: int, *, sender, to, subject, text=None, html=None, reply_to=None, headers=None,
         security="tls", credentials=None, mechanism=None, client_name=None) -> str:
    """Sends a mail and returns the relay's last line. ``security`` is ``tls``, ``start-tls`` or ``opportunistic``."""
    if _smtp is None:
        raise Failure("general", 'The project does not list the feature "smtp" under [tool.keyway] of pyproject.toml.')
    level = _smtp.Security[security.upper().replace("-", "_")]
    relay = _smtp.Relay(host, port, level, credentials, mechanism, client_name)
    try:
        return _smtp.send(relay, _smtp.Mail(sender, to, reply_to, subject, text, html, list((headers or {}).items())))
    except Err as error:
        code, message = _FAILURES[type(error.value).__name__]
        raise Failure(code, message + getattr(error.value, "value", "")) from None
