"""Signs in with Example."""

from keyway_connector import oauth, social

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["clientId", "clientSecret"],
    "properties": {
        "clientId": {"type": "string", "title": "Client ID", "description": "The client's id from the provider's console.", "minLength": 1},
        "clientSecret": {"type": "string", "title": "Client secret", "description": "The client's secret.", "minLength": 1, "writeOnly": True},
    },
}


def authorization_uri(config, start):
    """The provider's address that the browser is sent to."""
    return oauth.authorization_uri("https://example.com/authorize", config["clientId"], "profile email", start, oauth.pkce())


def user_info(config, callback):
    """The identity behind a callback."""
    tokens = oauth.exchange("https://api.example.com/token", config["clientId"], config["clientSecret"], callback)
    user = oauth.user_info("https://api.example.com/me", tokens["access_token"])
    return {
        "id": oauth.id_of(user.get("id")),
        "email": user.get("email"),
        "emailVerified": user.get("email_verified") is True,
        "name": user.get("name"),
        "avatar": user.get("picture"),
        "rawData": user,
    }


social(
    authorization_uri,
    user_info,
    id="{{name}}",
    version="0.1.0",
    name={"en": "Example", "zh-CN": "示例"},
    description={"en": "Sign in with Example.", "zh-CN": "使用示例账号登录。"},
    hosts=["api.example.com"],
    schema=SCHEMA,
    sample={"clientId": "<client-id>", "clientSecret": "<client-secret>"},
)
