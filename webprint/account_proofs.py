"""A new PIN or a new password: own or by chance, shown once, and told to the owner by mail."""

from dataclasses import replace

from starlette.responses import Response

from gateway.domain.letter import Letter
from gateway.domain.user import Session, User
from gateway.errors import BadRequest, Refusal
from gateway.i18n import day_and_time, language, said
from webprint.account import personal_of, to_page
from webprint.answers import status_of
from webprint.browsers import browser_name
from webprint.entering import user_of
from webprint.hosts import public_base
from webprint.requests import SESSION, SESSION_TLS, first, set_cookie
from webprint.site import Site, Visit
from webprint.staying import begin, keep


class ProofPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show_pin(self, visit: Visit) -> Response:
        return await self._pin_page(visit)

    async def change_pin(self, visit: Visit) -> Response:
        user, by_chance = await user_of(self._site, visit), bool(first(visit.form, "random"))
        try:
            pin = await self._site.identity.new_pin() if by_chance else _twice(visit, "pin", "PINs")
            saved = await self._site.identity.set_pin(user.name, pin)
        except Refusal as refusal:
            return await self._pin_page(visit, refusal=refusal)
        await told(self._site, visit, saved, "pin")
        if not by_chance:
            return await self._again(visit, saved, to_page("/account", "pin"))
        session = await self._session(visit, saved)
        known = replace(visit, session=session[1], csrf=session[1].csrf)
        return self._with_cookie(visit, await self._pin_page(known, pin=pin), session)

    async def show_password(self, visit: Visit) -> Response:
        return await self._password_page(visit)

    async def change_password(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        try:
            saved = await self._site.identity.set_password(user.name, _twice(visit, "password", "passwords"))
        except Refusal as refusal:
            return await self._password_page(visit, refusal=refusal)
        await told(self._site, visit, saved, "password")
        return await self._again(visit, saved, to_page("/account", "password"))

    # -- within

    async def _pin_page(self, visit: Visit, *, pin: str = "", refusal: Refusal | None = None) -> Response:
        user = await user_of(self._site, visit)
        return self._page(visit, "account_pin.html", refusal, pin=pin, has_pin=user.pin_hash is not None)

    async def _password_page(self, visit: Visit, *, refusal: Refusal | None = None) -> Response:
        user = await user_of(self._site, visit)
        return self._page(
            visit, "account_password.html", refusal, name=user.name, has_password=user.password_hash is not None
        )

    def _page(self, visit: Visit, template: str, refusal: Refusal | None, **values: object) -> Response:
        return self._site.page(
            visit,
            template,
            status=200 if refusal is None else status_of(refusal),
            refusal="" if refusal is None else said(refusal.message),
            **values,
        )

    async def _again(self, visit: Visit, user: User, response: Response) -> Response:
        return self._with_cookie(visit, response, await self._session(visit, user))

    async def _session(self, visit: Visit, user: User) -> tuple[str, Session, str]:
        """(cookie, session, refresh token): a new proof ends all sessions; whoever gave it goes on in a new one.

        It is proved as the old one was, and stays as long.
        """
        assert visit.session is not None
        method, stays = visit.session.method, bool(visit.session.phone)
        token, phone = await begin(self._site, visit, user, method=method) if stays else ("", "")
        cookie, session = await self._site.identity.open_session(
            user,
            method=method,
            address=visit.actor.address,
            browser=browser_name(visit.request.headers.get("user-agent", "")),
            phone=phone,
            second=visit.session.second,
        )
        return cookie, session, token

    def _with_cookie(self, visit: Visit, response: Response, opened: tuple[str, Session, str]) -> Response:
        cookie, _session, token = opened
        set_cookie(visit.request, response, (SESSION, SESSION_TLS), cookie)
        keep(self._site, visit.request, response, token)
        return response


async def told(site: Site, visit: Visit, user: User, what: str) -> None:
    """The owner hears by mail of each change of what proves them, wherever it was made."""
    mailer = personal_of(site).mailer
    if not mailer.enabled or not user.email:
        return
    values = {
        "what": what,
        "at": day_and_time(site.clock.now(), site.settings.site.time_zone),
        "origin": visit.actor.address,
        "url": f"{public_base(site, visit.request)}/account",
    }
    await mailer.send(Letter(kind="proof-changed", to=user.email, language=language(), values=values))


def _twice(visit: Visit, field: str, name: str) -> str:
    one, other = first(visit.form, field), first(visit.form, f"{field}_again")
    if one != other:
        raise BadRequest(f"The two {name} differ. Type the same one twice.")
    return one
