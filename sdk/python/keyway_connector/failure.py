"""Why a call failed: for the admin, never for the end user."""


class Failure(Exception):
    """``code`` is a connector error code such as ``rate-limit-exceeded``; ``data`` is JSON of the provider's details."""

    def __init__(self, code: str, message: str, data: dict | None = None, retry_after_ms: int | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.retry_after_ms = retry_after_ms
