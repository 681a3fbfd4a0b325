"""HTTP over the host's egress guard: buffered, one request and one answer."""

import base64
import json
import urllib.parse

from componentize_py_types import Err
from wit_world.imports import http as _http

from .failure import Failure

_FAILURES = {
    "Error_Denied": ("general", "The request was not allowed: "),
    "Error_Invalid": ("invalid-config", "The request is malformed: "),
    "Error_Timeout": ("unreachable", "The provider did not answer in time."),
    "Error_Unreachable": ("unreachable", "The provider could not be reached."),
    "Error_TooLarge": ("invalid-response", "The provider's answer is larger than allowed."),
}


class Headers:
    """Header lines; a name may come several times."""

    def __init__(self, lines):
        self._lines = [(name.lower(), value) for name, value in lines]

    def get_all(self, name: str) -> list:
        """Every value of a name, in order."""
        return [value for other, value in self._lines if other == name.lower()]

    def get(self, name: str, default=None):
        """The values of a name, joined by commas."""
        return ", ".join(self.get_all(name)) if name in self else default

    def __contains__(self, name: str) -> bool:
        return any(other == name.lower() for other, _ in self._lines)

    def __getitem__(self, name: str) -> str:
        if name not in self:
            raise KeyError(name)
        return self.get(name)

    def __iter__(self):
        return iter(self._lines)


class Response:
    """An answer of any status."""

    def __init__(self, answer):
        self.status: int = answer.status
        self.ok: bool = 200 <= answer.status < 300
        self.headers = Headers(answer.headers)
        self.body: bytes = bytes(answer.body)

    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self):
        """The body as JSON; a failure ``invalid-response`` when it is not."""
        try:
            return json.loads(self.text())
        except ValueError:
            raise Failure("invalid-response", f"The provider answered {self.status} with a body that is not JSON.") from None

    def success(self, words=lambda body: None):
        """The body as JSON of an answer of 2xx; else a failure in the provider's words, which ``words`` finds in the body."""
        if self.ok:
            return self.json()
        try:
            said = words(json.loads(self.text()))
        except (ValueError, LookupError, TypeError, AttributeError):
            said = None
        raise self.failure(said)

    def failure(self, words=None) -> Failure:
        """The failure that an answer of 4xx or 5xx means, in the provider's words: 429 limits, 5xx may work later."""
        code = "rate-limit-exceeded" if self.status == 429 else "unreachable" if self.status >= 500 else "general"
        message = words if isinstance(words, str) and words else f"The provider answered {self.status}: {self.text()[:500]}"
        after = self.headers.get("retry-after", "")
        return Failure(code, message, {"status": self.status}, int(after) * 1000 if after.isdigit() else None)


def request(method: str, url: str, *, headers=None, query=None, data=None, form=None, body=None, basic=None, bearer=None) -> Response:
    """Sends a request. Give at most one of ``data`` (JSON), ``form`` and ``body``; ``basic`` is a user name and a password.

    ``headers``, ``query`` and ``form`` are dictionaries, or pairs where a name comes several times.
    """
    pairs = list(headers.items() if isinstance(headers, dict) else headers or ())
    if basic:
        pairs.append(("authorization", "Basic " + base64.b64encode(":".join(basic).encode()).decode()))
    if bearer:
        pairs.append(("authorization", f"Bearer {bearer}"))
    if data is not None:
        pairs.append(("content-type", "application/json"))
        body = json.dumps(data, ensure_ascii=False).encode()
    elif form is not None:
        pairs.append(("content-type", "application/x-www-form-urlencoded"))
        body = urllib.parse.urlencode(form).encode()
    elif isinstance(body, str):
        body = body.encode()
    if query:
        url += ("&" if "?" in url else "?") + urllib.parse.urlencode(query)
    try:
        return Response(_http.fetch(_http.Request(method, url, pairs, body)))
    except Err as error:
        code, message = _FAILURES[type(error.value).__name__]
        raise Failure(code, message + getattr(error.value, "value", "")) from None


def get(url: str, **options) -> Response:
    """A GET request."""
    return request("GET", url, **options)


def post(url: str, **options) -> Response:
    """A POST request."""
    return request("POST", url, **options)
