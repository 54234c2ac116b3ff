"""How refusals and security headers leave: one table from error kind to HTTP status, one set of headers."""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import (
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    LimitReached,
    NotAuthenticated,
    NotFound,
    NotPossible,
    Refusal,
    StorageFull,
    Throttled,
    TooLarge,
    Unavailable,
)
from gateway.i18n import Words

# Every refusal has a row, its own or that of the nearest class above it.
STATUS: dict[type[Refusal], int] = {
    Refusal: 422,
    BadRequest: 400,
    NotAuthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    NotPossible: 409,
    Conflict: 409,
    TooLarge: 413,
    Throttled: 429,
    LimitReached: 403,
    Unavailable: 503,
    Busy: 503,
    StorageFull: 507,
}

TITLES = Words(
    {
        400: "That did not work",
        401: "Please sign in",
        403: "Not allowed",
        404: "Not found",
        405: "Not possible here",
        409: "Not possible now",
        413: "Too large",
        429: "One moment",
        500: "Our mistake",
        503: "Back in a moment",
        507: "No room at the moment",
    }
)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Frame-Options": "DENY",
}


def status_of(refusal: Refusal) -> int:
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def retry_after(refusal: Refusal) -> float | None:
    """Seconds, where the refusal knows them."""
    return refusal.retry_after if isinstance(refusal, Throttled | Unavailable) else None


# 30 days; no includeSubDomains: other hosts below this name are other people's.
STRICT = "max-age=2592000"


class SecureHeaders:
    """Adds the headers to every answer, also to those that some framework code gives; pages are never cached.

    `public_name` says whether a host is shown a certificate of a public authority: only there browsers are told to come
    by TLS alone (RFC 6797).
    """

    def __init__(self, app: ASGIApp, public_name: Callable[[str], bool]) -> None:
        self._app, self._public_name = app, public_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if self._is_strict(scope):
                    headers["Strict-Transport-Security"] = STRICT
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)

    def _is_strict(self, scope: Scope) -> bool:
        """Whoever came to port 443 can come there again: a browser leaves this port alone out of the Host header.

        By another port nobody knows where http://host/ would lead once it has become https://host/.
        """
        host = Headers(scope=scope).get("host", "")
        return scope["scheme"] == "https" and self._public_name(host.removesuffix(":443"))
