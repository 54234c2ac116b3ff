"""One's own cards: typed, or tapped on a reader that types."""

from starlette.responses import Response

from gateway.errors import Refusal
from gateway.i18n import N_, day, said
from gateway.services.cards import LABEL
from webprint.account import done_text, personal_of, to_page
from webprint.account_proofs import told
from webprint.answers import status_of
from webprint.entering import user_of
from webprint.requests import first
from webprint.site import Site, Visit

PAGE = "/account/cards"
DONE = {"added": N_("The card is yours now."), "removed": N_("The card was removed.")}


class CardPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def add(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        number, label = first(visit.form, "card").strip()[:200], first(visit.form, "label")[:LABEL]
        try:
            await personal_of(self._site).cards.add(user, number, label=label)
        except Refusal as refusal:
            return await self._page(visit, refusal, label=label)
        await told(self._site, visit, user, "card-added")
        return to_page(PAGE, "added")

    async def remove(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        await personal_of(self._site).cards.remove(user, first(visit.form, "card")[:64])
        await told(self._site, visit, user, "card-removed")
        return to_page(PAGE, "removed")

    async def _page(self, visit: Visit, refusal: Refusal | None = None, *, label: str = "") -> Response:
        user, cards = await user_of(self._site, visit), personal_of(self._site).cards
        zone = self._site.settings.site.time_zone
        return self._site.page(
            visit,
            "account_cards.html",
            status=200 if refusal is None else status_of(refusal),
            refusal="" if refusal is None else said(refusal.message),
            done=done_text(DONE, visit),
            cards=[(one, _day(one.added_at, zone), _day(one.expires_at, zone)) for one in await cards.of(user)],
            most=cards.most,
            label=label,
        )


def _day(at: float | None, zone: str) -> str:
    return "" if at is None else day(at, zone)
