"""What runs inside the component: the host's interfaces, and the glue between a definition and the contract."""

import base64
import json
import os
import random as _random
import time as _time
import urllib.parse
import uuid as _uuid

from componentize_py_types import Err
from wit_world.imports import clock, http as _http, log as _log, random as _host_random
from wit_world.imports.types import Failure as WireFailure

from .failure import Failure

CONTRACT = "1.0.0"
_registered: dict = {}


def now_ms() -> int:
    """Milliseconds since 1970, from the server's clock."""
    return clock.now_ms()


def random_bytes(length: int) -> bytes:
    """Random bytes, 4096 at most a call."""
    return bytes(_host_random.bytes(length))


def uuid4() -> str:
    """A random UUID."""
    return _host_random.uuid()


def log(message) -> None:
    """Writes a line to the connector's log, which the admin reads."""
    _log.write(_log.Level.INFO, str(message))


# A component is a snapshot: the interpreter's own clock and random state stood still when it was built.
os.urandom = random_bytes
_time.time = lambda: now_ms() / 1000
_time.time_ns = lambda: now_ms() * 1_000_000
_uuid.uuid4 = lambda: _uuid.UUID(uuid4())
_system = _random.SystemRandom()
_system.random = lambda: (int.from_bytes(random_bytes(7), "big") >> 3) / (1 << 53)
_system.getrandbits = lambda bits: int.from_bytes(random_bytes((bits + 7) // 8), "big") >> (-bits % 8)
_random._inst = _system
for _name in ("random", "uniform", "randint", "choice", "choices", "randrange", "sample", "shuffle", "getrandbits"):
    setattr(_random, _name, getattr(_system, _name))

_FAILURES = {
    "Error_Denied": ("general", "The request was not allowed: "),
    "Error_Invalid": ("invalid-config", "The request is malformed: "),
    "Error_Timeout": ("unreachable", "The provider did not answer in time."),
    "Error_Unreachable": ("unreachable", "The provider could not be reached."),
    "Error_TooLarge": ("invalid-response", "The provider's answer is larger than allowed."),
}


class Response:
    """An answer of any status."""

    def __init__(self, answer):
        self.status = answer.status
        self.ok = 200 <= answer.status < 300
        self.headers = {name.lower(): value for name, value in answer.headers}
        self.body = bytes(answer.body)

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
        code = "rate-limit-exceeded" if self.status == 429 else "unreachable" if self.status >= 500 else "general"
        message = said if isinstance(said, str) and said else f"The provider answered {self.status}: {self.text()[:500]}"
        after = self.headers.get("retry-after", "")
        raise Failure(code, message, {"status": self.status}, int(after) * 1000 if after.isdigit() else None)


def request(method: str, url: str, *, headers=None, query=None, data=None, form=None, body=None, basic=None, bearer=None) -> Response:
    """Sends a request. Give at most one of ``data`` (JSON), ``form`` and ``body``; ``basic`` is a user name and a password."""
    pairs = list((headers or {}).items())
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


def cache_get(key: str):
    """A text that an earlier call kept. The project lists the feature ``cache``."""
    from wit_world.imports import cache

    value = cache.get(key)
    return None if value is None else bytes(value).decode()


def cache_set(key: str, value: str, ttl_seconds: int) -> None:
    """Keeps a text for so many seconds, a day at most. The project lists the feature ``cache``."""
    from wit_world.imports import cache

    cache.set(key, value.encode(), ttl_seconds)


def session_get(key: str):
    """A value that was kept while the authorization address was made. The project lists the feature ``session``."""
    from wit_world.imports import session

    return session.get(key)


def session_set(key: str, value: str) -> None:
    """Keeps a value until the browser is back. The project lists the feature ``session``."""
    from wit_world.imports import session

    session.set(key, value)


def _guarded(work):
    try:
        return work()
    except Failure as error:
        failure = error
    except Exception as error:
        failure = Failure("general", f"The connector failed: {type(error).__name__}: {error}")
    data = None if failure.data is None else json.dumps(failure.data)
    raise Err(WireFailure(failure.code, failure.message, data, failure.retry_after_ms))


def _parsed(text: str):
    try:
        return json.loads(text)
    except ValueError:
        raise Failure("invalid-config", "The configuration is not JSON.") from None


def _register(kind: str, definition: dict, calls: dict):
    from _keyway_project import FEATURES, README

    manifest = {
        "manifest": 1, "id": definition["id"], "target": definition.get("target", definition["id"]), "kind": kind,
        "version": definition["version"], "contract": CONTRACT, "sdk": "python/0.1.0", "name": definition["name"],
        "description": definition.get("description", {}), "hosts": definition.get("hosts", []), "features": FEATURES,
        "config": definition["schema"], "readme": README,
    }
    for key in ("platform", "sample", "logo", "licence", "source"):
        if key in definition:
            manifest[key] = definition[key]
    _registered.update(calls, manifest=json.dumps(manifest, ensure_ascii=False), validate=definition.get("validate"))


def sms(**definition):
    """Registers the decorated function as the one that sends text messages: ``send(config, message)``."""
    return lambda send: _register("sms", definition, {"send": send}) or send


def email(**definition):
    """Registers the decorated function as the one that sends e-mail: ``send(config, message)``."""
    return lambda send: _register("email", definition, {"send": send}) or send


def social(authorization_uri, user_info, **definition):
    """Registers the two functions of a social connector."""
    _register("social", {"platform": "Universal", **definition}, {"authorization_uri": authorization_uri, "user_info": user_info})


class Meta:
    """The contract's ``meta``."""

    def describe(self) -> str:
        return _registered["manifest"]


class Config:
    """The contract's ``config``."""

    def validate(self, config: str) -> None:
        def work():
            parsed = _parsed(config)
            if _registered["validate"]:
                _registered["validate"](parsed)

        _guarded(work)


class Sender:
    """The contract's ``sms`` and ``email``."""

    def send(self, config: str, message) -> str:
        def work():
            fields = {
                "to": message.to, "usage": message.usage, "payload": json.loads(message.payload), "locale": message.locale,
                "template": None if message.template is None else json.loads(message.template),
            }
            return json.dumps(_registered["send"](_parsed(config), fields) or {})

        return _guarded(work)


class Social:
    """The contract's ``social``."""

    def authorization_uri(self, config: str, start) -> str:
        return _guarded(lambda: _registered["authorization_uri"](_parsed(config), start))

    def user_info(self, config: str, callback: str) -> str:
        return _guarded(lambda: json.dumps(_registered["user_info"](_parsed(config), json.loads(callback))))
