"""People who registered by themselves and wait for a yes or a no."""

from uuid import UUID

from starlette.responses import Response

from gateway.errors import NotFound, Refusal
from gateway.i18n import N_, span
from gateway.i18n import gettext as _
from gateway.services.registration import Registrations
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.guard import Handler
from webprint.hosts import public_base
from webprint.site import Site, Visit

PAGE = "/admin/registrations"
DONE = {
    "approved": N_("The account was made, and its PIN is on its way by mail."),
    "refused": N_("It was refused, and a mail says so."),
}


def registration_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = RegistrationPages(site)
    return [
        ("GET", PAGE, pages.show),
        ("POST", PAGE + "/{id}/approve", pages.approve),
        ("POST", PAGE + "/{id}/refuse", pages.refuse),
    ]


class RegistrationPages(AdminPage):
    async def show(self, visit: Visit) -> Response:
        text = DONE.get(visit.request.query_params.get("done", ""))
        return await self._page(visit, done=_(text) if text else "")

    async def approve(self, visit: Visit) -> Response:
        base = public_base(self._site, visit.request)
        try:
            made = await self._registrations.approve(_id(visit), visit.actor, base=base)
        except Refusal as refusal:
            return await self._page(visit, refusal=found_or_raise(refusal))
        await self._note(visit, "registration.approved", made.email)
        return seen_other(f"{PAGE}?done=approved")

    async def refuse(self, visit: Visit) -> Response:
        try:
            refused = await self._registrations.refuse(_id(visit), visit.actor)
        except Refusal as refusal:
            return await self._page(visit, refusal=found_or_raise(refusal))
        await self._note(visit, "registration.refused", refused.email)
        return seen_other(f"{PAGE}?done=refused")

    # -- within

    @property
    def _registrations(self) -> Registrations:
        if self._site.people is None:
            raise NotFound("Nobody registers here.")
        return self._site.people.registrations

    async def _note(self, visit: Visit, action: str, email: str) -> None:
        if self._site.people is not None:
            await self._site.people.note(visit.actor, action, f"mail {email}")

    async def _page(self, visit: Visit, *, refusal: Refusal | None = None, done: str = "") -> Response:
        now = self._site.clock.now()
        waiting = await self._registrations.waiting(visit.actor)
        return self.page(
            visit,
            "registrations.html",
            refusal=refusal,
            done=done,
            waiting=[(one, span(max(0.0, now - (one.confirmed_at or now)))) for one in waiting],
            enabled=self._registrations.enabled,
        )


def _id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["id"])
    except ValueError as error:
        raise NotFound("There is no such registration.") from error
