"""Confirming that it is still oneself before something that a thief of the session must not do."""

from starlette.responses import RedirectResponse, Response

from gateway.domain.user import User
from gateway.errors import BadRequest, NotAuthenticated, Refusal
from gateway.i18n import said
from gateway.services.signin_methods import OwnWays
from webprint.answers import status_of
from webprint.entering import browser_of, confirmed, keep_waiting, methods_of, user_of
from webprint.hosts import has_name, party_of
from webprint.policy import is_recent
from webprint.requests import first, safe_next
from webprint.site import Site, Visit


class ConfirmPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        to = safe_next(visit.request.query_params.get("next", ""))
        if is_recent(visit.session, self._site.clock.now()):
            return RedirectResponse(to, status_code=303)
        return await self._form(visit, await user_of(self._site, visit), to)

    async def confirm(self, visit: Visit) -> Response:
        user, to = await user_of(self._site, visit), safe_next(first(visit.form, "next"))
        try:
            await self._prove(visit, user)
        except Refusal as refusal:
            return await self._form(visit, user, to, refusal=refusal)
        return await confirmed(self._site, visit, to)

    async def _prove(self, visit: Visit, user: User) -> None:
        """Counted like any sign-in: who holds a session may not guess its owner's password either."""
        way, identity, address = first(visit.form, "with"), self._site.identity, visit.actor.address
        ways = await self._ways(user)
        if way == "password" and ways.password:
            await identity.sign_in_password(user.name, first(visit.form, "password"), address=address)
        elif way == "pin" and ways.pin and not ways.strong:
            await identity.sign_in_pin(first(visit.form, "pin").strip(), name=user.name, address=address)
        elif way == "passkey" and ways.passkeys:
            await self._passkey(visit, user)
        else:
            raise BadRequest("Choose one of the ways on this page.")

    async def _passkey(self, visit: Visit, user: User) -> None:
        found = await methods_of(self._site).passkeys.finish(
            party_of(self._site, visit.request),
            first(visit.form, "credential"),
            browser=browser_of(visit),
            address=visit.actor.address,
        )
        if found.user.uuid != user.uuid:
            raise NotAuthenticated("This passkey is another user's.")

    async def _ways(self, user: User) -> OwnWays:
        if self._site.sign_in is not None:
            return await self._site.sign_in.ways_of(user)
        return OwnWays(
            password=user.password_hash is not None,
            pin=user.pin_hash is not None,
            passkeys=0,
            mail=False,
            providers=(),
        )

    async def _form(self, visit: Visit, user: User, to: str, *, refusal: Refusal | None = None) -> Response:
        response = self._site.page(
            visit,
            "signin_confirm.html",
            status=200 if refusal is None else status_of(refusal),
            to=to,
            user=user,
            ways=await self._ways(user),
            passkeys=has_name(visit.request),
            error="" if refusal is None else said(refusal.message),
        )
        keep_waiting(response, refusal)
        return response
