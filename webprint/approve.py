"""On the phone: says which station asks, lets its number be picked, and lets it in (rows 80 and 92)."""

from starlette.responses import Response

from gateway.errors import NotFound
from gateway.services.cards import LENT_DAYS, lent_days
from gateway.services.phone_sign_in import PhoneSignIn
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit


class ApprovePages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        code = visit.request.path_params["code"]
        wanted = self._phones().look(code, address=visit.actor.address)
        personal, name = self._site.personal, visit.actor.user or ""
        cards = len((await self._site.identity.get(name)).cards) if wanted.adds_card else 0
        most = personal.cards.most if personal is not None else 0
        return self._site.page(
            visit,
            "approve.html",
            wanted=wanted,
            code=code,
            days=LENT_DAYS,
            full=bool(most) and cards >= most,
            most=most,
            device=visit.session.browser if visit.session is not None else "",
        )

    async def approve(self, visit: Visit) -> Response:
        wanted = await self._phones().approve(
            visit.request.path_params["code"],
            first(visit.form, "number"),
            visit.actor,
            device=visit.session.browser if visit.session is not None else "",
            replace_oldest=bool(first(visit.form, "replace")),
            days=lent_days(first(visit.form, "days")),
        )
        return self._site.page(visit, "approved.html", wanted=wanted)

    def _phones(self) -> PhoneSignIn:
        if self._site.terminals is None:
            raise NotFound("No station can be signed in from a phone here.")
        return self._site.terminals.phones


def approve_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = ApprovePages(site)
    return [("GET", "/approve/{code}", pages.show), ("POST", "/approve/{code}", pages.approve)]
