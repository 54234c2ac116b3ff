"""The route that stands before every handler: language, caller, rule, limits; and after it: refusals in words."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive

from gateway.errors import BadRequest, Refusal, TooLarge
from gateway.i18n import N_, negotiate, speaking
from mobile_api.idempotency import once
from mobile_api.policy import rule_of
from mobile_api.problems import broken, refused
from mobile_api.security import Caller, admit, recognise
from mobile_api.services import Services
from mobile_api.validation import invalid

MAX_BODY = 256 * 1024
LANGUAGE = "papertap-language"  # the portal's cookie

log = logging.getLogger(__name__)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """No handler runs before its rule allowed it."""

    def get_route_handler(self) -> Handler:
        handler, rule = super().get_route_handler(), rule_of(self.endpoint)
        known = frozenset(field.alias for field in self.dependant.query_params)

        async def answer(request: Request) -> Response:
            services: Services = request.app.state.services
            caller = request.state.caller = await recognise(request, services)
            admit(request, rule, caller, services)
            _check_query(request, known)
            if rule is not None and rule.streams:
                return await handler(request)
            capped = Request(request.scope, _capped(request))
            return await once(capped, caller, services, handler, secret=rule is not None and rule.secret)

        async def guarded(request: Request) -> Response:
            with speaking(negotiate(request.cookies.get(LANGUAGE), request.headers.get("accept-language"))):
                return await _in_words(request, answer)

        return guarded


class Topic(APIRouter):
    """The routes of one topic; `create_api` takes them in."""

    def __init__(self, tag: str) -> None:
        super().__init__(route_class=GuardedRoute, tags=[tag])


async def _in_words(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    try:
        return await answer(request)
    except Refusal as refusal:
        return refused(refusal)
    except RequestValidationError as error:
        return invalid(error)
    except ClientDisconnect:  # nobody reads this answer; it is no defect of ours either
        return refused(BadRequest("The connection broke before everything had arrived. Send it again."))
    except HTTPException as error:  # what the framework says of a body that it cannot read
        return refused(error.__cause__ if isinstance(error.__cause__, Refusal) else BadRequest(NO_BODY))
    except Exception:
        log.exception("request failed: %s %s", request.method, request.url.path)
        return broken()


NO_BODY = N_("The body cannot be read.")


def _check_query(request: Request, known: frozenset[str]) -> None:
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise BadRequest(f"There is no parameter {', '.join(unknown)[:100]} here.")


def _capped(request: Request) -> Receive:
    """The body's octets, counted as they come: TooLarge before anything big is kept."""
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise TooLarge(f"The body is larger than {MAX_BODY // 1024} KiB.")
        return message

    return receive


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Asking = Annotated[Caller, Depends(_caller)]
Given = Annotated[Services, Depends(_services)]
