"""What a request says of its sender, read with suspicion: address, host, origin, cookies, forms."""

import hashlib
import hmac
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gateway.errors import BadRequest, Forbidden, TooLarge

SESSION, SESSION_TLS = "papertap", "__Host-papertap"
FORM, FORM_TLS = "papertap-form", "__Host-papertap-form"
LANGUAGE = "papertap-language"
MAX_FORM = 64 * 1024
MAX_FIELDS = 2000
_HOST = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?"
)
_PATH = re.compile(r"/(?:[A-Za-z0-9._-]+/?)*(?:\?[A-Za-z0-9=&_.%+-]{0,200})?", re.ASCII)
# Our own pages by their first word; no empty part, since "//host" is another site, and no dots, which climb.
_NEXT = re.compile(
    r"/(?:approve|jobs|setup|upload|account|admin|history|desk|p|s)(?:/(?:[A-Za-z0-9_~-]|%(?!2[EeFf]|5[Cc])){1,100}){0,4}(?:\?[A-Za-z0-9=&_.%+-]{0,200})?",
    re.ASCII,
)

Form = Mapping[str, list[str]]


def row_number(text: str) -> int | None:
    """The number of a row in a database; None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def client_address(request: Request) -> str:
    return request.client.host if request.client else ""


def host_name(request: Request) -> str:
    """The host that was asked for, without its port, in brackets if IPv6; BadRequest unless it looks like one."""
    match = _HOST.fullmatch(request.headers.get("host", ""))
    if match is None:
        raise BadRequest("The request does not say which host it is for. Open the page by its name or address.")
    return match["name"]


def is_loopback(host: str) -> bool:
    """For a name or an address, in brackets or not."""
    bare = host.strip("[]").rstrip(".").lower()
    if bare == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def is_private(request: Request, *, plain_allowed: bool = False) -> bool:
    """Whether secrets may travel on this connection: TLS, or it never leaves this machine.

    Both ends count: a proxy on this machine makes every visitor look local, but not the host asked for.
    """
    if request.url.scheme == "https" or plain_allowed:
        return True
    return is_loopback(client_address(request)) and is_loopback(host_name(request))


def check_origin(request: Request) -> None:
    """Forbidden when a browser says that another site's page sent this (RELIABILITY, Web).

    With our Referrer-Policy browsers send "Origin: null" even from our own forms; then Sec-Fetch-Site tells, and
    the form's token decides in any case.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise Forbidden("Another site sent this form. Open the page here and try again.")
    if origin in {None, "null"}:
        return
    told = urlsplit(origin)
    if (told.scheme, told.netloc.lower()) != (request.url.scheme, request.headers.get("host", "").lower()):
        raise Forbidden("Another site sent this form. Open the page here and try again.")


def cookie_of(request: Request, plain: str, tls: str) -> str | None:
    return request.cookies.get(tls if request.url.scheme == "https" else plain)


def set_cookie(
    request: Request, response: Response, names: tuple[str, str], value: str, *, seconds: float | None = None
) -> None:
    """A cookie that no script reads and no other site sends along; without `seconds` for this browser session."""
    secure, age = request.url.scheme == "https", None if seconds is None else max(0, int(seconds))
    response.set_cookie(names[secure], value, max_age=age, path="/", secure=secure, httponly=True, samesite="lax")


def drop_cookie(request: Request, response: Response, names: tuple[str, str]) -> None:
    secure = request.url.scheme == "https"
    response.delete_cookie(names[secure], path="/", secure=secure, httponly=True, samesite="lax")


def keep_language(request: Request, response: Response, language: str) -> None:
    """For a year; it says nothing but the language."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        LANGUAGE, language, max_age=365 * 24 * 3600, path="/", secure=secure, httponly=True, samesite="lax"
    )


def same_site(wanted: str) -> str:
    """The path of one of our own pages, else the start page: an address with a host never leads away from here."""
    return wanted if _PATH.fullmatch(wanted) else "/"


def form_token(cookie: str) -> str:
    """The token of forms that are sent before there is a session; it belongs to the browser's form cookie."""
    return hashlib.sha256(b"form\0" + cookie.encode()).hexdigest()


def new_form_cookie() -> str:
    return secrets.token_urlsafe(32)


def check_token(form: Form, expected: str | None) -> None:
    given = first(form, "csrf")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Forbidden("This page was open too long or in two windows. Go back, reload it and try again.")


async def read_form(request: Request) -> Form:
    """The fields of a plain form; TooLarge and BadRequest before anything big is kept."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadRequest("This address takes forms of this site only.")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_FORM:
                raise TooLarge("The form is too large.")
    except ClientDisconnect as error:  # nobody reads this answer; it is no defect of ours either
        raise BadRequest("The form did not arrive whole.") from error
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise BadRequest("The form cannot be read.") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """The octets as they come; BadRequest when the connection breaks."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise BadRequest("The connection broke before everything had arrived. Send it again.") from error


def first(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


def safe_next(wanted: str) -> str:
    """Where to go after sign-in: one of our own pages that need it, whatever was asked."""
    return wanted if _NEXT.fullmatch(wanted) else "/jobs"
