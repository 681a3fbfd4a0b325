"""Values that outlive a call, and values that live as long as one sign-in.

The bindings are imported while the component is made: at a call there is no file that they could be read from.
"""

from _keyway_project import FEATURES
from componentize_py_types import Err

from .failure import Failure

if "cache" in FEATURES:
    from wit_world.imports import cache as _cache
else:
    _cache = None
if "session" in FEATURES:
    from wit_world.imports import session as _session
else:
    _session = None


def _feature(binding, name):
    if binding is None:
        raise Failure("general", f'The project does not list the feature "{name}" under [tool.keyway] of pyproject.toml.')
    return binding


def _kept(call):
    try:
        call()
    except Err as error:
        raise Failure("general", str(error.value)) from None


def cache_get(key: str):
    """A text that an earlier call kept. The project lists the feature ``cache``."""
    value = _feature(_cache, "cache").get(key)
    return None if value is None else bytes(value).decode()


def cache_set(key: str, value: str, ttl_seconds: int) -> None:
    """Keeps a text for so many seconds, a day at most. The project lists the feature ``cache``."""
    _kept(lambda: _feature(_cache, "cache").set(key, value.encode(), ttl_seconds))


def cache_delete(key: str) -> None:
    """Forgets a text. The project lists the feature ``cache``."""
    _feature(_cache, "cache").delete(key)


def session_get(key: str):
    """A value that was kept while the authorization address was made. The project lists the feature ``session``."""
    return _feature(_session, "session").get(key)


def session_set(key: str, value: str) -> None:
    """Keeps a value until the browser is back. The project lists the feature ``session``."""
    _kept(lambda: _feature(_session, "session").set(key, value))
