"""The portal's sessions for others that look at them: the guard of the pages, and the API that pages may use."""

from dataclasses import replace

from starlette.requests import Request

from gateway.domain.second_factor import Step
from gateway.domain.user import Actor, Session
from gateway.services.identity import Identity
from webprint.requests import SESSION, SESSION_TLS, check_origin, client_address, cookie_of, host_name, is_private

LIVE = "papertap-live"  # what a page asks for by itself, which must not keep its session from ending
STREAMS = frozenset({"/jobs/events", "/api/v1/events"})  # and here a browser connects by itself, which cannot say so


class Sessions:
    """`plain_allowed` lets people sign in over plain HTTP from other machines too."""

    def __init__(self, identity: Identity, *, plain_allowed: bool) -> None:
        self._identity = identity
        self._plain_allowed = plain_allowed

    def is_private(self, request: Request) -> bool:
        """Whether secrets may travel on this connection."""
        return is_private(request, plain_allowed=self._plain_allowed)

    async def session(self, request: Request) -> tuple[Session, Actor] | None:
        """The live session of the cookie, if this connection may carry one; the actor speaks from the request's address.

        None as long as a second step is due.
        """
        found = await self.begun(request)
        return None if found is None or found[2] is not Step.NONE else found[:2]

    async def begun(self, request: Request, cookie: str | None = None) -> tuple[Session, Actor, Step] | None:
        """Also a session whose second step is due: what its actor may do then is the guard's to say.

        `cookie` is one that the browser does not know yet.
        """
        host_name(request)
        cookie = cookie or cookie_of(request, SESSION, SESSION_TLS)
        if cookie is None or not self.is_private(request):
            return None
        live = LIVE in request.headers or request.url.path in STREAMS
        found = await self._identity.begun(cookie, touch=not live)
        if found is None:
            return None
        session, actor = found
        step, address = await self._identity.second_step(session, actor), client_address(request)
        if step is Step.NONE and not live:
            self._identity.whereabouts.note(session.id_hash, address)
        return session, replace(actor, address=address, via="web"), step

    def check_origin(self, request: Request) -> None:
        """Forbidden when a browser says that another site's page sent this."""
        check_origin(request)
