"""Making an account by oneself: a name and an address, a mail, and the link in it."""

from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.domain.registration import Registration, RegistrationState
from gateway.errors import BadRequest, Conflict, Forbidden, NotPossible, Refusal, Throttled
from gateway.i18n import N_, language, said
from gateway.services.limits import Kind, Limit, subscriber
from gateway.services.registration import Registrations
from webprint.answers import status_of
from webprint.entering import check_private, keep_waiting
from webprint.guard import Handler
from webprint.hosts import public_base
from webprint.requests import first, host_name, is_private
from webprint.site import Site, Visit

CONFIRM = "/register/confirm"
NOBODY = N_("Nobody can register here. Ask the people who run the printers for an account.")


def register_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = RegisterPages(site)
    return [
        ("GET", "/register", pages.show),
        ("POST", "/register", pages.ask),
        ("GET", CONFIRM, pages.asked),
        ("POST", CONFIRM, pages.confirm),
    ]


class RegisterPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        if not self._registrations.enabled:
            raise NotPossible(NOBODY)
        if not is_private(visit.request, plain_allowed=self._site.plain_sign_in):
            return self._to_https(visit, "/register")
        return RedirectResponse("/jobs", status_code=303) if visit.signed_in else self._form(visit)

    async def ask(self, visit: Visit) -> Response:
        """The same page, whoever has the address."""
        check_private(self._site, visit)
        form = visit.form
        try:
            await self._registrations.begin(
                first(form, "email")[:300],
                first(form, "name")[:300],
                "web",
                origin=visit.actor.address,
                language=language(),
                base=public_base(self._site, visit.request),
            )
        except (BadRequest, Throttled) as refusal:
            return self._form(visit, refusal)
        hours = max(1, round(self._site.settings.registration.confirm_seconds / 3600))
        return self._site.page(visit, "register_sent.html", hours=hours)

    async def asked(self, visit: Visit) -> Response:
        """What the link in the mail opens: it asks, since mail servers open links by themselves."""
        token = visit.request.query_params.get("token", "")
        if not is_private(visit.request, plain_allowed=self._site.plain_sign_in):
            return self._to_https(visit, f"{CONFIRM}?token={quote(token[:200], safe='')}")
        found = await self._look(visit, token)
        return self._site.page(visit, "register_confirm.html", token=token, name=found.full_name, address=found.email)

    async def confirm(self, visit: Visit) -> Response:
        check_private(self._site, visit)
        token = first(visit.form, "token")
        await self._look(visit, token)
        if first(visit.form, "answer") != "yes":
            await self._registrations.deny(token)
            return self._site.page(visit, "register_done.html", state="denied")
        try:
            done = await self._registrations.confirm(token, base=public_base(self._site, visit.request))
        except Conflict as refusal:
            return self._form(visit, refusal)
        waits = done.state is RegistrationState.WAITING
        return self._site.page(visit, "register_done.html", state="waiting" if waits else "approved")

    # -- within

    @property
    def _registrations(self) -> Registrations:
        if self._site.people is None:
            raise NotPossible(NOBODY)
        return self._site.people.registrations

    async def _look(self, visit: Visit, token: str) -> Registration:
        """Wrong ones are counted: 256 bits are not guessed, but nobody shall try."""
        limit = Limit(kind=Kind.LINK, key=(subscriber(visit.actor.address),))
        self._site.identity.limits.take(limit)
        found = await self._registrations.look(token)
        self._site.identity.limits.give_back(limit)
        return found

    def _form(self, visit: Visit, refusal: Refusal | None = None) -> Response:
        response = self._site.page(
            visit,
            "register.html",
            status=200 if refusal is None else status_of(refusal),
            error="" if refusal is None else said(refusal.message),
            name=first(visit.form, "name")[:100],
            email=first(visit.form, "email")[:254],
            domains=self._site.settings.registration.domains,
            approval=self._site.settings.registration.approval,
        )
        keep_waiting(response, refusal)
        return response

    def _to_https(self, visit: Visit, path: str) -> Response:
        port = self._site.ports().https
        if port is None:
            raise Forbidden("Signing in needs HTTPS, which is switched off here. Ask the administrator.")
        return RedirectResponse(f"https://{host_name(visit.request)}:{port}{path}", status_code=307)
