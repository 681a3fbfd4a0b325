"""The authorization code flow (RFC 6749 section 4.1) as most social providers speak it, with PKCE (RFC 7636).

The project lists the feature ``session``.
"""

import hashlib
import json
import urllib.parse

from .failure import Failure
from .host import base64url, random_text
from .http import Response, request
from .storage import session_get, session_set


def _text(value):
    return value if isinstance(value, str) and value else None


def authorization_uri(endpoint: str, client_id: str, scope: str, start: dict, more=None) -> str:
    """The authorization endpoint with the parameters that every provider takes and ``more``."""
    query = {"response_type": "code", "client_id": client_id, "redirect_uri": start["redirectUri"], "state": start["state"]}
    scopes = start["scope"] or scope
    if scopes:
        query["scope"] = scopes
    query.update(more or {})
    return endpoint + ("&" if "?" in endpoint else "?") + urllib.parse.urlencode(query)


def pkce() -> dict:
    """The parameters of a new PKCE verifier, which is kept in the session."""
    verifier = random_text(32)
    session_set("codeVerifier", verifier)
    return {"code_challenge": base64url(hashlib.sha256(verifier.encode()).digest()), "code_challenge_method": "S256"}


def nonce() -> str:
    """A new nonce, kept in the session."""
    value = random_text(16)
    session_set("nonce", value)
    return value


def code(callback: dict, name: str = "code") -> str:
    """The callback's code, or the failure that the provider's parameters mean."""
    found = _text(callback.get(name))
    if found:
        return found
    error = _text(callback.get("error")) or "no code"
    kind = "authorization-failed" if error == "access_denied" else "general"
    raise Failure(kind, _text(callback.get("error_description")) or error, {"error": error})


def exchange(endpoint: str, client_id: str, client_secret: str, callback: dict, *, auth: str = "post", more=None) -> dict:
    """Trades the callback's code for the provider's token answer. ``auth`` is ``post``, ``basic`` or ``none``."""
    form = {"grant_type": "authorization_code", "code": code(callback), "redirect_uri": callback["redirectUri"]}
    verifier = session_get("codeVerifier")
    if verifier:
        form["code_verifier"] = verifier
    return _trade(endpoint, client_id, client_secret, auth, {**form, **(more or {})})


def refresh(endpoint: str, client_id: str, client_secret: str, refresh_token: str, *, auth: str = "post") -> dict:
    """Trades a refresh token for the provider's token answer (RFC 6749 section 6)."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _trade(endpoint, client_id, client_secret, auth, form)


def _trade(endpoint, client_id, client_secret, auth, form) -> dict:
    response = _token_request(endpoint, client_id, client_secret, auth, form)
    try:
        return tokens(response)
    except Failure:
        hidden = [form.get(name) for name in ("code", "code_verifier", "refresh_token", "client_assertion")]
        return tokens(_without(response, [*hidden, client_secret]))


def _without(response: Response, values) -> Response:
    """The answer without these values, as they are and escaped, should the provider repeat what it was sent."""
    text = response.text()
    for value in filter(None, values):
        text = text.replace(urllib.parse.quote(value, safe=""), "•••").replace(value, "•••")
    response.body = text.encode()
    return response


def _token_request(endpoint, client_id, client_secret, auth, form) -> Response:
    headers = {"accept": "application/json"}
    if auth == "basic":
        escape = lambda text: urllib.parse.quote(text, safe="")
        return request("POST", endpoint, headers=headers, form=form, basic=(escape(client_id), escape(client_secret)))
    form = {**form, "client_id": client_id}
    if auth == "post":
        form["client_secret"] = client_secret
    return request("POST", endpoint, headers=headers, form=form)


def tokens(response: Response) -> dict:
    """The token answer of a response: JSON, or a form as some providers still send it."""
    try:
        answer = json.loads(response.text())
    except ValueError:
        answer = dict(urllib.parse.parse_qsl(response.text()))
    if not isinstance(answer, dict):
        answer = {}
    if response.ok and _text(answer.get("access_token")):
        return answer
    # The answer itself is not quoted: it may hold tokens all the same.
    words = _text(answer.get("error_description")) or _text(answer.get("error")) or "The provider gave no access token."
    if response.status == 429 or response.status >= 500:
        raise response.failure(words)
    data = {"status": response.status, "error": _text(answer.get("error"))}
    raise Failure("social-auth-code-invalid", words, data)


def user_info(url: str, access_token: str, headers=None) -> dict:
    """The provider's user information; 401 is ``social-invalid-access-token``."""
    response = request("GET", url, bearer=access_token, headers={"accept": "application/json", **(headers or {})})
    if response.status == 401:
        raise Failure("social-invalid-access-token", "The provider did not accept its own access token.")
    if not response.ok:
        response = _without(response, [access_token])
    user = response.success(lambda body: body["message"])
    if not isinstance(user, dict):
        raise Failure("invalid-response", "The provider's answer names no user.")
    return user


def id_of(value) -> str:
    """A user's id as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if _text(value):
        return value
    raise Failure("invalid-response", "The provider's answer names no user.")
