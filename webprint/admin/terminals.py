"""Terminals and readers: who may join, where they stand, how their numbers are read."""

from typing import Any

from starlette.responses import Response

from gateway.domain.card_numbers import FORMATS, parse, transformed
from gateway.domain.terminal import CodeFor, OnTap, Terminal
from gateway.errors import BadRequest, NotFound, Refusal
from gateway.i18n import day_and_time, translated
from gateway.i18n import gettext as _
from gateway.services.terminal_desk import TerminalDesk
from gateway.services.terminals import CODE_SECONDS
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.admin.users import house_of
from webprint.guard import Handler
from webprint.kiosk_door import kiosk_of
from webprint.requests import first
from webprint.site import Site, Visit

HERE = "/admin/terminals"


class TerminalPages(AdminPage):
    async def show(self, visit: Visit) -> Response:
        return await self._list(visit)

    async def add(self, visit: Visit) -> Response:
        form = visit.form
        try:
            terminal = await self._desk().terminals.add(
                first(form, "name").strip().lower(),
                first(form, "station"),
                info=first(form, "info"),
                on_tap=_on_tap(first(form, "on_tap")),
            )
        except Refusal as refusal:
            return await self._list(visit, refusal=refusal)
        await self._audit(visit, "terminal.added", terminal.name)
        return seen_other(f"{HERE}/{terminal.name}")

    async def one(self, visit: Visit) -> Response:
        return await self._one(visit)

    async def save(self, visit: Visit) -> Response:
        """Where it stands, what a tap does, how its numbers are read."""
        form = visit.form
        try:
            await self._desk().terminals.change(
                self._name(visit),
                station=first(form, "station") or None,
                on_tap=_on_tap(first(form, "on_tap")) if first(form, "on_tap") else None,
                transform=first(form, "transform") if "transform" in form else None,
            )
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        await self._audit(visit, "terminal.changed", self._name(visit))
        return await self._one(visit, done=_("Saved."))

    async def code(self, visit: Visit) -> Response:
        """A one-time code, shown this once."""
        kind = CodeFor.SCREEN if first(visit.form, "for") == CodeFor.SCREEN else CodeFor.KEY
        code = await self._desk().terminals.new_code(self._name(visit), kind)
        await self._audit(visit, "terminal.code-made", self._name(visit))
        return await self._one(visit, code=code, code_for=kind)

    async def listen(self, visit: Visit) -> Response:
        """The next tap there is shown on this page and signs nobody in."""
        terminal = await self._desk().terminals.get(self._name(visit))
        self._desk().probe.arm(terminal.uuid)
        return seen_other(f"{HERE}/{terminal.name}#reader")

    async def unlock(self, visit: Visit) -> Response:
        await self._desk().terminals.unlock(self._name(visit))
        await self._audit(visit, "terminal.unlocked", self._name(visit))
        return await self._one(visit, done=_("It takes cards again."))

    async def revoke(self, visit: Visit) -> Response:
        await self._desk().terminals.revoke(self._name(visit))
        await self._audit(visit, "terminal.revoked", self._name(visit))
        return await self._one(visit, done=_("Its key is void from its next message on."))

    async def remove(self, visit: Visit) -> Response:
        await self._desk().terminals.remove(self._name(visit))
        await self._audit(visit, "terminal.removed", self._name(visit))
        return seen_other(HERE)

    # --- within

    def _desk(self) -> TerminalDesk:
        if self._site.terminals is None:
            raise NotFound("There are no terminals here.")
        return self._site.terminals

    async def _audit(self, visit: Visit, action: str, name: str) -> None:
        await house_of(self._site).audit.note(visit.actor, action, f"terminal {name}")

    def _name(self, visit: Visit) -> str:
        return str(visit.request.path_params["name"])

    async def _list(self, visit: Visit, *, refusal: Refusal | None = None) -> Response:
        form = visit.form
        return self.page(
            visit,
            "terminals.html",
            refusal=refusal,
            terminals=[self._view(terminal) for terminal in await self._desk().terminals.all()],
            stations=kiosk_of(self._site).stations(),
            typed={name: first(form, name)[:100] for name in ("name", "info", "station", "on_tap")},
        )

    async def _one(
        self,
        visit: Visit,
        *,
        refusal: Refusal | None = None,
        done: str = "",
        code: str = "",
        code_for: CodeFor = CodeFor.KEY,
    ) -> Response:
        desk = self._desk()
        terminal = await desk.terminals.get(self._name(visit))
        probe = desk.probe.of(terminal.uuid)
        wanted = first(visit.form, "transform") if refusal is not None else terminal.transform
        return self.page(
            visit,
            "terminal.html",
            refusal=refusal,
            done=done,
            terminal=terminal,
            view=self._view(terminal),
            stations=kiosk_of(self._site).stations(),
            code=code,
            code_for=code_for,
            minutes=int(CODE_SECONDS // 60),
            transform=wanted,
            probe=probe,
            readings=_readings(probe.raw, terminal) if probe.raw else [],
            at=f"{HERE}/{terminal.name}",
        )

    def _view(self, terminal: Terminal) -> dict[str, Any]:
        seen = None if terminal.seen_at is None else day_and_time(terminal.seen_at, self._site.settings.site.time_zone)
        return {
            "name": terminal.name,
            "info": terminal.info,
            "station": self._title(terminal.station),
            "enrolled": terminal.key_hash is not None,
            "screen": terminal.screen_hash is not None,
            "connected": self._desk().connected(terminal.uuid),
            "locked": terminal.locked_at is not None,
            "alert": terminal.alert,
            "seen": seen,
            "address": terminal.seen_address,
        }

    def _title(self, station: str) -> str:
        try:
            return kiosk_of(self._site).station(station).title
        except NotFound:
            return station


def _readings(raw: str, terminal: Terminal) -> list[dict[str, str]]:
    """What each known format makes of a tap, the terminal's own first."""
    lines = {terminal.transform: _("As this reader is set")} if terminal.transform else {}
    lines |= {name: translated(text) for name, (text, _line) in FORMATS.items()}
    found = []
    for line, text in lines.items():
        try:
            found.append({"line": line, "text": text, "number": transformed(raw, parse(line))})
        except BadRequest:
            continue
    return found


def _on_tap(text: str) -> OnTap:
    try:
        return OnTap(text or OnTap.SIGN_IN)
    except ValueError:
        raise BadRequest("Choose what a card does: show the list, or print all that waits.") from None


def terminal_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages, one = TerminalPages(site), HERE + "/{name}"
    return [
        ("GET", HERE, pages.show),
        ("POST", HERE, pages.add),
        ("GET", one, pages.one),
        ("POST", one, pages.save),
        ("POST", one + "/code", pages.code),
        ("POST", one + "/listen", pages.listen),
        ("POST", one + "/unlock", pages.unlock),
        ("POST", one + "/revoke", pages.revoke),
        ("POST", one + "/remove", pages.remove),
    ]
