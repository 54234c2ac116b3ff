"""One person's credit: what staff adds, corrects, gives back, and how far below nothing it may go (rows 111 and 118)."""

from uuid import UUID, uuid4

from starlette.responses import Response

from gateway.domain.credit import EntryKind
from gateway.domain.user import User
from gateway.errors import NotFound, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import money
from gateway.services.credit import PAGE, Credit
from webprint.account import personal_of
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.admin.users import LIST, house_of
from webprint.guard import Handler
from webprint.purse import view_purse
from webprint.requests import first
from webprint.site import Site, Visit
from webprint.statement import before_of, shown_entries


class UserCreditPages(AdminPage):
    """Who sees everybody gets here; what is done with money asks for its own right."""

    async def show(self, visit: Visit) -> Response:
        done = {"added": _("Saved."), "limit": _("Saved."), "refunded": _("Given back.")}
        return await self._one(visit, done=done.get(visit.request.query_params.get("done", ""), ""))

    async def add(self, visit: Visit) -> Response:
        """Money that came in, or with `kind` adjustment a correction; the same form twice is one entry."""
        user, form = await self._user(visit), visit.form
        amount, text, key = first(form, "amount"), first(form, "text"), first(form, "key")[:100]
        try:
            if first(form, "kind") == EntryKind.ADJUSTMENT.value:
                await self._credit.adjust(visit.actor, user.name, amount, text=text, key=key)
            else:
                await self._credit.top_up(visit.actor, user.name, amount, text=text, key=key)
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        return seen_other(f"{LIST}/{user.uuid}/credit?done=added")

    async def refund(self, visit: Visit) -> Response:
        user, entry = await self._user(visit), int(visit.request.path_params["entry"])
        try:
            await self._credit.refund(visit.actor, entry, text=first(visit.form, "text"), owner=user.name)
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        return seen_other(f"{LIST}/{user.uuid}/credit?done=refunded")

    async def overdraft(self, visit: Visit) -> Response:
        """Empty: as the site's setting says."""
        user, limit = await self._user(visit), first(visit.form, "overdraft").strip()
        try:
            await self._credit.set_overdraft(visit.actor, user.name, limit or None)
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        return seen_other(f"{LIST}/{user.uuid}/credit?done=limit")

    @property
    def _credit(self) -> Credit:
        return personal_of(self._site).credit

    async def _user(self, visit: Visit) -> User:
        try:
            wanted = UUID(visit.request.path_params["id"])
        except ValueError as error:
            raise NotFound("There is nobody at this address.") from error
        return await house_of(self._site).users.by_id(visit.actor, wanted)

    async def _one(self, visit: Visit, *, refusal: Refusal | None = None, done: str = "") -> Response:
        user, before = await self._user(visit), before_of(visit)
        standing = await self._credit.look(visit.actor, user.name)
        entries = await self._credit.history(visit.actor, user.name, before_id=before, limit=PAGE + 1)
        currency, own = standing.balance.currency, standing.balance.overdraft
        return self.page(
            visit,
            "user_credit.html",
            refusal=refusal,
            done=done,
            user=user,
            purse=view_purse(standing),
            may_correct=self._credit.may_correct(visit.actor),
            own_overdraft="" if own is None else f"{own:f}",
            site_overdraft=money(self._credit.rules.overdraft, currency),
            **shown_entries(self._site, entries, before),
            key=uuid4().hex,
            typed={name: first(visit.form, name)[:200] for name in ("amount", "text")},
        )


def user_credit_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages, at = UserCreditPages(site), f"{LIST}/{{id}}/credit"
    return [
        ("GET", at, pages.show),
        ("POST", at, pages.add),
        ("POST", f"{at}/overdraft", pages.overdraft),
        ("POST", f"{at}/{{entry:int}}/refund", pages.refund),
    ]
