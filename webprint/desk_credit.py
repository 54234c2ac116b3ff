"""Credit at the desk: somebody hands over money, and has it to print with (row 111)."""

from urllib.parse import urlencode
from uuid import uuid4

from starlette.responses import RedirectResponse, Response

from gateway.errors import Refusal
from gateway.i18n import gettext as _
from gateway.i18n import said
from gateway.services.credit import PAGE, Credit
from webprint.account import personal_of
from webprint.answers import status_of
from webprint.desk_frame import DeskFrame
from webprint.joblist import Note
from webprint.purse import view_purse
from webprint.requests import first
from webprint.site import Visit
from webprint.statement import before_of, shown_entries

MOST_FOUND = 20


class DeskCreditPages(DeskFrame):
    async def show(self, visit: Visit) -> Response:
        """By the whole name; by a part of it, whose it could be."""
        name = visit.request.query_params.get("name", "").strip()[:100]
        done = visit.request.query_params.get("done", "")
        text = _("Added. %(name)s has it at once.", name=name) if done == "added" else ""
        return await self._show(visit, name, note=Note(tone="good", title="", text=text) if text else None)

    async def add(self, visit: Visit) -> Response:
        """A form that is sent twice adds once: it carries the entry's own key."""
        name, amount = first(visit.form, "name").strip()[:100], first(visit.form, "amount")
        key, text = first(visit.form, "key")[:100], first(visit.form, "text")
        try:
            made = await self._credit.top_up(visit.actor, name, amount, text=text, key=key)
        except Refusal as refusal:
            return await self._show(visit, name, refusal=refusal, typed=amount[:20])
        at = f"{self._at(visit)}/credit?" + urlencode({"name": made.owner, "done": "added"})
        return RedirectResponse(at, status_code=303)

    @property
    def _credit(self) -> Credit:
        return personal_of(self._site).credit

    async def _show(
        self, visit: Visit, name: str, *, note: Note | None = None, refusal: Refusal | None = None, typed: str = ""
    ) -> Response:
        people = await self._site.identity.users(name, limit=MOST_FOUND) if name and self._credit.enabled else []
        user = next((one for one in people if one.name.casefold() == name.casefold()), None)
        if name and not people and note is None:
            note = Note(tone="bad", title="", text=_("There is nobody called “%(name)s”.", name=name))
        if not self._credit.enabled:
            note = Note(tone="bad", title="", text=_("This site does not work with credit."))
        before, purse, entries = before_of(visit), None, []
        if user is not None:
            purse = view_purse(await self._credit.look(visit.actor, user.name))
            entries = await self._credit.history(visit.actor, user.name, before_id=before, limit=PAGE + 1)
        return self._page(
            visit,
            "desk_credit.html",
            status=200 if refusal is None else status_of(refusal),
            name=name if user is None else user.name,
            people=[] if user is not None else people,
            purse=purse,
            **shown_entries(self._site, entries, before),
            key=uuid4().hex,
            typed=typed,
            note=note if refusal is None else Note(tone="bad", title="", text=said(refusal.message)),
        )
