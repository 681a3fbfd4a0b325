"""The glue between a definition and the contract."""

import json

from componentize_py_types import Err
from _keyway_project import FEATURES, README
from wit_world.imports.types import Failure as WireFailure

from .failure import Failure

CONTRACT = "1.0.0"
_registered: dict = {}


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
    manifest = {
        "manifest": 1, "id": definition["id"], "target": definition.get("target", definition["id"]), "kind": kind,
        "version": definition["version"], "contract": CONTRACT, "sdk": "python/0.1.0", "name": definition["name"],
        "description": definition.get("description", {}), "hosts": definition.get("hosts", []), "features": FEATURES,
        "config": definition["schema"], "readme": README,
    }
    for key in ("platform", "sample", "logo", "logoDark", "licence", "source", "isStandard", "readmes",
                "translations"):
        if key in definition:
            manifest[key] = definition[key]
    _registered.update(calls, manifest=json.dumps(manifest, ensure_ascii=False), validate=definition.get("validate"))


def sms(**definition):
    """Registers the decorated function as the one that sends text messages: ``send(config, message)``."""
    return lambda send: _register("sms", definition, {"send": send}) or send


def email(**definition):
    """Registers the decorated function as the one that sends e-mail: ``send(config, message)``."""
    return lambda send: _register("email", definition, {"send": send}) or send


def social(authorization_uri, user_info, tokens_and_user_info=None, refresh=None, **definition):
    """Registers the functions of a social connector: ``authorization_uri(config, start)`` and ``user_info(config, callback)``.

    ``user_info`` returns a dict with ``id`` and optionally ``email``, ``phone``, ``name``, ``avatar``, ``rawData``. An address
    counts only with ``emailVerified`` (``phoneVerified``) true: say so only when the provider says that it is this user's.

    With ``tokens = true`` under [tool.keyway], ``tokens_and_user_info(config, callback)`` returns ``{"tokens", "userInfo"}``
    and ``refresh(config, refresh_token)`` the provider's token answer.
    """
    calls = {"authorization_uri": authorization_uri, "user_info": user_info}
    calls.update(tokens_and_user_info=tokens_and_user_info, refresh=refresh)
    _register("social", {"platform": "Universal", **definition}, calls)


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
        fields = {
            "state": start.state, "redirectUri": start.redirect_uri, "connectorId": start.connector_id,
            "factoryId": start.factory_id, "userAgent": start.user_agent, "scope": start.scope,
        }
        return _guarded(lambda: _registered["authorization_uri"](_parsed(config), fields))

    def user_info(self, config: str, callback: str) -> str:
        return _guarded(lambda: _json(_registered["user_info"](_parsed(config), json.loads(callback))))


class SocialTokens:
    """The contract's ``social-tokens``."""

    def tokens_and_user_info(self, config: str, callback: str) -> str:
        return _guarded(lambda: _json(_registered["tokens_and_user_info"](_parsed(config), json.loads(callback))))

    def refresh(self, config: str, refresh_token: str) -> str:
        return _guarded(lambda: _json(_registered["refresh"](_parsed(config), refresh_token)))


def _json(value) -> str:
    """A result as JSON; fields of the user that are None are left out, as the contract's optional ones."""
    user = value.get("userInfo", value) if isinstance(value, dict) else {}
    for name in ("email", "phone", "name", "avatar", "rawData"):
        if isinstance(user, dict) and user.get(name, "") is None:
            del user[name]
    return json.dumps(value)
