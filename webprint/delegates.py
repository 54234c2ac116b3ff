"""Who may handle my jobs for good, and whose jobs I may handle (row 65)."""

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from gateway.domain.delegation import Delegation, Right
from gateway.errors import NotFound, Refusal
from gateway.i18n import N_, Words, said
from gateway.services.delegates import Delegates
from webprint.answers import status_of
from webprint.requests import first
from webprint.site import Site, Visit

NO_DELEGATES = "There are no delegates on this server."
RIGHTS = Words({Right.SEE: N_("see"), Right.RELEASE: N_("release"), Right.DELETE: N_("delete")})


@dataclass(frozen=True, kw_only=True, slots=True)
class DelegationView:
    """`name` is the delegate's on the one list, the owner's on the other."""

    id: int
    name: str
    group: bool
    rights: str


class DelegatePages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def grant(self, visit: Visit) -> Response:
        rights = [right for right in (Right.RELEASE, Right.DELETE) if first(visit.form, right.value) == "yes"]
        group = first(visit.form, "kind") == "group"
        try:
            await self._delegates.grant(visit.actor, first(visit.form, "name")[:200], group=group, rights=rights)
        except Refusal as refusal:
            return await self._page(visit, refusal)
        return RedirectResponse("/account/delegates", 303)

    async def remove(self, visit: Visit) -> Response:
        try:
            await self._delegates.revoke(visit.actor, int(visit.request.path_params["id"]))
        except Refusal as refusal:
            return await self._page(visit, refusal)
        return RedirectResponse("/account/delegates", 303)

    @property
    def _delegates(self) -> Delegates:
        if self._site.delegates is None:
            raise NotFound(NO_DELEGATES)
        return self._site.delegates

    async def _page(self, visit: Visit, refusal: Refusal | None = None) -> Response:
        granted = await self._delegates.granted(visit.actor)
        received = await self._delegates.received(visit.actor)
        typed = {name: first(visit.form, name)[:200] for name in ("name", "kind", "release", "delete")}
        return self._site.page(
            visit,
            "delegates.html",
            status=200 if refusal is None else status_of(refusal),
            granted=[_view(grant, grant.delegate) for grant in granted],
            received=[_view(grant, grant.owner) for grant in received],
            groups=visit.actor.groups,
            refusal="" if refusal is None else said(refusal.message),
            typed=typed,
        )


def _view(grant: Delegation, name: str) -> DelegationView:
    rights = ", ".join(RIGHTS[right] for right in Right if right in grant.rights)
    return DelegationView(id=grant.id, name=name, group=grant.group, rights=rights)
