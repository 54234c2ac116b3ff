"""Backups: one file that holds everything, made now or by a schedule, fetched, and brought back.

Whoever fetches or brings one has the whole house: it needs the permission everywhere, and a proof of just now.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gateway.domain.rights import Permission
from gateway.errors import BadRequest, Forbidden, NotFound, Refusal
from gateway.i18n import N_, day_and_time, gettext
from gateway.services.administration import Administration
from webprint import words
from webprint.admin.file_form import FileGuard, sent_file
from webprint.admin.frame import AdminPage, seen_other
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PATH = "/admin/backups"
CHUNK = 256 * 1024
NO_FILE = "No file was sent. Choose one and send it again."
DONE = {
    "made": N_("The backup is made."),
    "deleted": N_("The backup is deleted."),
    "brought": N_("The backup is here, whole, and of a version that fits. Nothing was changed yet."),
    "prepared": N_("The backup takes its place when Papertap starts again."),
    "dropped": N_("The backup that was brought is gone. Nothing was changed."),
    "forgotten": N_("What was there before is gone."),
}


class BackupPages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._keeper, self._restores = administration.backups, administration.restores
        self._audit = administration.audit.note

    async def show(self, visit: Visit) -> Response:
        text = DONE.get(visit.request.query_params.get("done", ""))
        return await self._page(visit, done=gettext(text) if text else "")

    async def make(self, visit: Visit) -> Response:
        _check_whole_house(visit)
        try:
            made = await asyncio.to_thread(self._keeper.make, self._site.clock.now())
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        await self._audit(visit.actor, "backup.made", f"backup {made.name}")
        return seen_other(f"{PATH}?done=made")

    async def fetch(self, visit: Visit) -> Response:
        """It holds every key: whoever fetches it is noted before the first octet goes out."""
        _check_whole_house(visit)
        name = visit.request.path_params["name"]
        path = await asyncio.to_thread(self._keeper.path, name)
        await self._audit(visit.actor, "backup.fetched", f"backup {name}")
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(path.stat().st_size),
            "Cache-Control": "no-store",
        }
        return StreamingResponse(_pieces(path), media_type="application/x-tar", headers=headers)

    async def delete(self, visit: Visit) -> Response:
        _check_whole_house(visit)
        name = visit.request.path_params["name"]
        try:
            await asyncio.to_thread(self._keeper.delete, name)
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        await self._audit(visit.actor, "backup.deleted", f"backup {name}")
        return seen_other(f"{PATH}?done=deleted")

    # -- the way back

    async def bring(self, visit: Visit) -> Response:
        """Takes the file as it comes; what is in it is shown, and nothing else happens."""
        _check_whole_house(visit)
        sent = await sent_file(visit)
        try:
            file = await anext(sent.files, None) if sent is not None else None
            if file is None:
                raise BadRequest(NO_FILE)
            content = await self._restores.take(file.body)
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        made = day_and_time(content.made_at, "UTC")
        await self._audit(visit.actor, "backup.brought", f"backup {made} UTC", files=content.files)
        return seen_other(f"{PATH}?done=brought")

    async def prepare(self, visit: Visit) -> Response:
        _check_whole_house(visit)
        try:
            await asyncio.to_thread(self._restores.prepare, self._site.clock.now())
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        await self._audit(visit.actor, "backup.prepared", "restore")
        return seen_other(f"{PATH}?done=prepared")

    async def drop(self, visit: Visit) -> Response:
        _check_whole_house(visit)
        try:
            await asyncio.to_thread(self._restores.drop)
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        await self._audit(visit.actor, "backup.dropped", "restore")
        return seen_other(f"{PATH}?done=dropped")

    async def forget(self, visit: Visit) -> Response:
        """What was there before a restore holds old keys and documents; it goes when somebody says so."""
        _check_whole_house(visit)
        name = first(visit.form, "name")
        await asyncio.to_thread(self._restores.forget, name)
        await self._audit(visit.actor, "backup.forgotten", f"backup {name}")
        return seen_other(f"{PATH}?done=forgotten")

    async def _page(self, visit: Visit, *, refusal: Refusal | None = None, done: str = "") -> Response:
        zone, settings = self._site.settings.site.time_zone, self._site.settings.backup
        kept = await asyncio.to_thread(self._keeper.list)
        content = await asyncio.to_thread(self._restores.content)
        return self.page(
            visit,
            "backups.html",
            refusal=refusal,
            done=done,
            kept=[(one.name, day_and_time(one.made_at, zone), words.size(one.size)) for one in kept],
            hours=settings.every_hours,
            keep=settings.keep,
            brought=content,
            brought_at=day_and_time(content.made_at, zone) if content else "",
            brought_size=words.size(content.size) if content else "",
            ready=await asyncio.to_thread(self._restores.ready),
            before=await asyncio.to_thread(self._restores.before),
        )


def _check_whole_house(visit: Visit) -> None:
    if not visit.actor.may(Permission.SETTINGS):
        raise Forbidden("A backup is of the whole house: only who runs all of it may do that.")


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, CHUNK):
            yield piece


def backup_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages = BackupPages(site, administration)
    return [
        ("GET", PATH, pages.show),
        ("POST", PATH, pages.make),
        ("GET", PATH + "/{name}", pages.fetch),
        ("POST", PATH + "/{name}/delete", pages.delete),
        ("POST", PATH + "/restore/prepare", pages.prepare),
        ("POST", PATH + "/restore/drop", pages.drop),
        ("POST", PATH + "/restore/forget", pages.forget),
    ]


def backup_upload(site: Site, administration: Administration) -> Route:
    """The one route that takes a file: it is read as it comes, and never whole."""
    return FileGuard(site).route("POST", PATH + "/restore", BackupPages(site, administration).bring)
