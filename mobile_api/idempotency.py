"""`Idempotency-Key` on calls that create: the same key and body get the first answer again, for a day.

The row is kept before the work begins. A process that dies in between leaves a row without an answer, which the same key
may take over after a minute: the work is then done again, and the uniqueness of names stops what was done already.
"""

import hashlib
import re
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.api_token import Answered
from gateway.errors import BadRequest, Conflict, KeyReused
from mobile_api.security import Caller
from mobile_api.services import Services

STALE_SECONDS = 60.0
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def key_of(request: Request) -> str | None:
    """BadRequest for one that is empty, long, or no printable ASCII."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise BadRequest("An Idempotency-Key has 1 to 200 printable characters without spaces.")
    return key


async def once(request: Request, caller: Caller, services: Services, handler: Handler, *, secret: bool) -> Response:
    """The handler's answer, or that of the first call under this key; `secret` answers are not kept."""
    key = key_of(request) if request.method == "POST" else None
    if key is None or not caller.key:
        return await handler(request)
    now = services.clock.now()
    asked = Answered(caller=caller.key, key=key, request=await _digest(request, services), at=now)
    before = await services.answers.begin(asked, stale_before=now - STALE_SECONDS)
    if before is not None:
        return _again(before, asked)
    try:
        response = await handler(request)
    except BaseException:
        await services.answers.forget(caller.key, key)
        raise
    if response.status_code >= 400:
        await services.answers.forget(caller.key, key)
        return response
    body = "" if secret else bytes(response.body).decode()
    location = response.headers.get("location", "")
    await services.answers.finish(caller.key, key, status=response.status_code, body=body, location=location)
    return response


def _again(before: Answered, asked: Answered) -> Response:
    if before.request != asked.request:
        raise KeyReused("This idempotency key was used for another request already. Use a new key.")
    if before.status is None:
        raise Conflict("The first request with this idempotency key is still being answered. Try again in a moment.")
    if not before.body and before.status != 204:
        raise Conflict("This was done already; the secret in its answer was shown once, and is not kept.")
    headers = {REPLAYED: "true"} | ({"Location": before.location} if before.location else {})
    kind = "application/json" if before.body else None
    return Response(before.body or None, before.status, headers=headers, media_type=kind)


async def _digest(request: Request, services: Services) -> str:
    """Keyed, since the body may hold a password."""
    body = await request.body()
    text = f"{request.method} {request.url.path}?{request.url.query} {hashlib.sha256(body).hexdigest()}"
    return services.hasher.lookup("idempotency", text)
