"""The second step of signing in: asked for behind the first, set up and taken away in the account."""

from dataclasses import replace

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from gateway.domain.second_factor import DONE, Step
from gateway.errors import NotFound, Refusal
from gateway.i18n import said
from gateway.services.second_factor import SecondFactors
from webprint.answers import status_of
from webprint.entering import keep_session, keep_waiting, methods_of, user_of
from webprint.hosts import has_name
from webprint.language import bring_language
from webprint.requests import SESSION, SESSION_TLS, cookie_of, drop_cookie, first, safe_next
from webprint.security import PAGE as SECURITY
from webprint.security import SecurityPages
from webprint.site import Site, Visit
from webprint.start import qr_svg

PAGE = "/account/security/second"


class SecondPages:
    def __init__(self, site: Site, security: SecurityPages) -> None:
        self._site = site
        self._security = security

    # --- signing in --------------------------------------------------------------------------------------------

    async def ask(self, visit: Visit) -> Response:
        """For whoever has made the first step; everybody else signs in, or goes on."""
        to = safe_next(visit.request.query_params.get("next", ""))
        if visit.step is not Step.ASK:
            return RedirectResponse(to, status_code=303)
        return await self._form(visit, to)

    async def check(self, visit: Visit) -> Response:
        to, cookie = safe_next(first(visit.form, "next")), cookie_of(visit.request, SESSION, SESSION_TLS)
        if visit.step is not Step.ASK or cookie is None:
            return RedirectResponse(to, status_code=303)
        if first(visit.form, "leave"):
            await self._site.identity.close_session(cookie)
            response: Response = RedirectResponse("/signin", status_code=303)
            drop_cookie(visit.request, response, (SESSION, SESSION_TLS))
            return response
        try:
            opened = await self._site.identity.make_second_step(
                cookie, first(visit.form, "code"), address=visit.actor.address
            )
        except Refusal as refusal:
            return await self._form(visit, to, refusal=refusal)
        response = RedirectResponse(to, status_code=303)
        keep_session(visit, response, opened)
        await bring_language(self._site, visit, await user_of(self._site, visit), response)
        return response

    # --- the account -------------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def begin(self, visit: Visit) -> Response:
        try:
            await self._second.begin(await user_of(self._site, visit))
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        return RedirectResponse(PAGE, status_code=303)

    async def confirm(self, visit: Visit) -> Response:
        """Shows the recovery codes, this once; this session has made its second step by it."""
        user = await user_of(self._site, visit)
        try:
            codes = await self._second.confirm(user, first(visit.form, "code"))
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        await self._security.tell(visit, user, "app code", "", added=True)
        cookie = cookie_of(visit.request, SESSION, SESSION_TLS) or ""
        opened = await self._site.identity.rotate_session(cookie, address=visit.actor.address, second=DONE)
        if opened is not None:
            visit = replace(visit, session=opened[1], csrf=opened[1].csrf, step=Step.NONE)
        response = await self._page(visit, codes=codes)
        keep_session(visit, response, opened)
        return response

    async def renew(self, visit: Visit) -> Response:
        try:
            codes = await self._second.renew_codes(await user_of(self._site, visit))
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        return await self._page(visit, codes=codes)

    async def remove(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        try:
            await self._second.remove(user)
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        await self._security.tell(visit, user, "app code", "", added=False)
        return RedirectResponse(f"{SECURITY}?done=removed", status_code=303)

    # --- within ------------------------------------------------------------------------------------------------

    @property
    def _second(self) -> SecondFactors:
        if self._site.house is None:
            raise NotFound("This way to sign in is not set up here.")
        return self._site.house.second

    async def _form(self, visit: Visit, to: str, *, refusal: Refusal | None = None) -> Response:
        user = await user_of(self._site, visit)
        response = self._site.page(
            visit,
            "signin_second.html",
            status=200 if refusal is None else status_of(refusal),
            to=to,
            user=user,
            app=await self._second.has_code(user),
            passkeys=has_name(visit.request) and bool(await methods_of(self._site).passkeys.of(user)),
            error="" if refusal is None else said(refusal.message),
        )
        keep_waiting(response, refusal)
        return response

    async def _page(self, visit: Visit, *, refusal: Refusal | None = None, codes: list[str] | None = None) -> Response:
        user = await user_of(self._site, visit)
        begun = await self._second.begun(user)
        response = self._site.page(
            visit,
            "account_second.html",
            status=200 if refusal is None else status_of(refusal),
            error="" if refusal is None else said(refusal.message),
            must=visit.step is Step.SET_UP,
            has=await self._second.has_code(user),
            left=await self._second.codes_left(user),
            begun=begun,
            qr="" if begun is None else _qr(begun.uri),
            codes=codes,
        )
        response.headers["Cache-Control"] = "no-store"
        return response


def _qr(uri: str) -> Markup:
    drawn = qr_svg(uri).decode()
    return Markup(drawn[drawn.index("<svg") :])  # noqa: S704 - drawn here, from our own address
