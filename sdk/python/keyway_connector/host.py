"""The server's clock and random source, in place of the interpreter's own, and the log."""

import base64
import codecs
import datetime as _datetime
import os
import random as _random
import secrets as _secrets
import time as _time
import uuid as _uuid

import _strptime  # noqa: F401  what `strptime` imports at its first call
from wit_world.imports import clock, log as _log, random as _host_random


def now_ms() -> int:
    """Milliseconds since 1970, from the server's clock."""
    return clock.now_ms()


def random_bytes(length: int) -> bytes:
    """Random bytes from the server's cryptographic random source."""
    parts = [_host_random.bytes(min(4096, length - start)) for start in range(0, length, 4096)]
    return b"".join(map(bytes, parts))


def random_text(length: int) -> str:
    """Random text of letters, digits, ``-`` and ``_``, made of so many bytes."""
    return base64url(random_bytes(length))


def uuid4() -> str:
    """A random UUID."""
    return _host_random.uuid()


def log(message, level: str = "info") -> None:
    """Writes a line to the connector's log, which the admin reads: ``debug``, ``info``, ``warn`` or ``error``."""
    _log.write(_log.Level[level.upper()], str(message))


def base64url(data: bytes) -> str:
    """Base64 for addresses and tokens: ``-`` and ``_``, no padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# A component is a snapshot: the interpreter's own clock and random state stood still when it was built, and a module that was
# not imported then is not there at a call.
_random._urandom = os.urandom = random_bytes
_time.time = _time.monotonic = _time.perf_counter = lambda: now_ms() / 1000
_time.time_ns = _time.monotonic_ns = _time.perf_counter_ns = lambda: now_ms() * 1_000_000
_uuid.uuid4 = lambda: _uuid.UUID(uuid4())
_system = _random.SystemRandom()
_random._inst = _system
for _name in ("random", "uniform", "randint", "choice", "choices", "randrange", "sample", "shuffle", "getrandbits", "randbytes"):
    setattr(_random, _name, getattr(_system, _name))
_secrets._sysrand = _system


def _present(function, at):
    """A function of ``time`` whose last argument is the present when it is absent."""

    def call(*arguments):
        return function(*arguments[:at], *(arguments[at:] or (now_ms() / 1000,)))

    return call


_time.gmtime, _time.localtime = _present(_time.gmtime, 0), _present(_time.localtime, 0)
_formatted = _time.strftime
_time.strftime = lambda text, moment=None: _formatted(text, moment or _time.localtime())


class _DateTime(_datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(now_ms() / 1000, tz)

    @classmethod
    def utcnow(cls):
        return cls.fromtimestamp(now_ms() / 1000, _datetime.timezone.utc).replace(tzinfo=None)

    @classmethod
    def today(cls):
        return cls.now()


class _Date(_datetime.date):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(now_ms() / 1000)


_datetime.datetime, _datetime.date = _DateTime, _Date

for _name in ("ascii", "latin-1", "cp1252", "utf-8-sig", "utf-16", "utf-32", "idna", "punycode", "gb18030", "gbk", "big5", "shift_jis", "euc_kr"):
    try:
        codecs.lookup(_name)
    except LookupError:
        pass
