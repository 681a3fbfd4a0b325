"""Cryptography of the server: digests, MACs, signatures with keys that never enter the component, and checked tokens."""

import json

from componentize_py_types import Err
from wit_world.imports import crypto as _crypto

from .failure import Failure


def _refused(code: str, before: str, call):
    try:
        return call()
    except Err as error:
        raise Failure(code, f"{before}: {error.value}") from None


def _bytes(data) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)


def digest(algorithm: str, data) -> bytes:
    """``algorithm`` is ``sha-1``, ``sha-256``, ``sha-384`` or ``sha-512``."""
    return bytes(_refused("general", "No digest", lambda: _crypto.digest(algorithm, _bytes(data))))


def hmac(algorithm: str, key, data) -> bytes:
    """HMAC with one of the digests."""
    return bytes(_refused("general", "No MAC", lambda: _crypto.hmac(algorithm, _bytes(key), _bytes(data))))


def sign(algorithm: str, key: str, data) -> bytes:
    """Signs with ``RS256``, ``RS384``, ``RS512`` or ``ES256``.

    ``key`` is the value of a configuration field; where the schema marks it ``x-host-key`` that is a reference, and the key
    itself stays in the server.
    """
    return bytes(_refused("invalid-config", "Not signed", lambda: _crypto.sign(algorithm, key, _bytes(data))))


def verify_jwt(token: str, *, jwks_uri: str, issuers: list, audience: str, nonce=None, algorithms=None, clock_tolerance_seconds=0) -> dict:
    """The claims of a JWT whose signature, issuer, audience and times are right; else a failure ``social-invalid-id-token``."""
    rules = {"jwksUri": jwks_uri, "issuers": issuers, "audience": audience, "clockToleranceSeconds": clock_tolerance_seconds}
    if nonce is not None:
        rules["nonce"] = nonce
    if algorithms:
        rules["algorithms"] = algorithms
    work = lambda: _crypto.verify_jwt(token, json.dumps(rules))
    return json.loads(_refused("social-invalid-id-token", "The ID token was refused", work))
