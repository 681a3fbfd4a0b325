"""Uses every interface of the host once; the same cases hold for the connector in JavaScript beside it."""

import base64
from datetime import datetime, timezone

from keyway_connector import (
    cache_delete, cache_get, cache_set, crypto, get, log, oauth, random_text, session_get, session_set, smtp, social,
)

LOGIN = "https://login.example.com"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["clientId", "clientSecret", "privateKey", "relay"],
    "properties": {
        "clientId": {"type": "string", "title": "Client ID", "description": "The client's id.", "minLength": 1},
        "clientSecret": {"type": "string", "title": "Client secret", "description": "The client's secret.", "minLength": 1, "writeOnly": True},
        "privateKey": {"type": "string", "title": "Private key", "description": "It stays in the server.", "minLength": 1, "writeOnly": True, "x-host-key": True},
        "relay": {"type": "string", "title": "Relay", "description": "Where mail goes.", "minLength": 1},
    },
}


def authorization_uri(config, start):
    """The provider's address that the browser is sent to."""
    for level in ("debug", "info", "warn", "error"):
        log(f"a line at {level}", level)
    cache_set("kept", random_text(3), 60)
    cache_delete("old")
    session_set("own", f"{cache_get('held')} {datetime.now(timezone.utc).date()}")
    more = {**oauth.pkce(), "nonce": oauth.nonce()}
    return oauth.authorization_uri(f"{LOGIN}/authorize", config["clientId"], "profile", start, more)


def exchanged(config, callback):
    return oauth.exchange(f"{LOGIN}/token", config["clientId"], config["clientSecret"], callback)


def user_info(config, callback):
    """The identity behind a callback."""
    token = exchanged(config, callback).get("id_token", "")
    claims = crypto.verify_jwt(
        token, jwks_uri=f"{LOGIN}/keys", issuers=[LOGIN], audience=config["clientId"], nonce=session_get("nonce")
    )
    page = get(f"{LOGIN}/cookies", query=[("a", "1"), ("a", "2")])
    return {
        "id": oauth.id_of(claims.get("sub")),
        "name": claims.get("name"),
        "email": None,
        "rawData": {
            "cookies": page.headers.get_all("Set-Cookie"),
            "signature": base64.b64encode(crypto.sign("RS256", config["privateKey"], "signed")).decode(),
            "mac": crypto.hmac("sha-256", "key", "data").hex(),
        },
    }


def tokens_and_user_info(config, callback):
    """The identity and the provider's tokens."""
    tokens = exchanged(config, callback)
    said = smtp.send(config["relay"], 465, sender="a@example.com", to="b@example.com", subject="Hello", text="Hello")
    return {"tokens": tokens, "userInfo": {"id": "u-1", "name": None, "rawData": {"said": said}}}


def refresh(config, refresh_token):
    """New tokens for a refresh token."""
    # The build imports this in advance: at a call there are no files.
    from urllib.robotparser import RobotFileParser

    assert RobotFileParser
    return oauth.refresh(f"{LOGIN}/token", config["clientId"], config["clientSecret"], refresh_token)


social(
    authorization_uri,
    user_info,
    tokens_and_user_info,
    refresh,
    id="everything",
    version="0.1.0",
    name={"en": "Everything", "zh-CN": "全部"},
    description={"en": "Uses every interface of the host.", "zh-CN": "使用主机的每个接口。"},
    hosts=["login.example.com", "${config.relay}"],
    schema=SCHEMA,
    sample={"clientId": "client", "clientSecret": "hush-hush", "privateKey": "<private-key>", "relay": "smtp.example.com"},
)
