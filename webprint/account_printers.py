"""Printers of one's own (rows 10, 14 and 165): an address for each phone, shown once, with what installs it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from markupsafe import Markup
from starlette.responses import Response

from gateway.domain.phone import PersonalQueue
from gateway.domain.queue import Destination
from gateway.errors import Forbidden, NotFound, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import said
from gateway.services.ports import Profiles
from webprint.account import to_page
from webprint.answers import status_of
from webprint.entering import user_of
from webprint.requests import first, host_name, is_loopback
from webprint.site import Site, Visit
from webprint.standing import phone_of
from webprint.start import qr_svg

PAGE = "/account/printers"
PROFILE = "application/x-apple-aspen-config"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A new address, this once: as URI, and as a picture for another device's camera."""

    name: str
    token: str
    uri: str
    plain: str
    picture: Markup


class PrinterPages:
    """`profiles` signs what iPhones, iPads and Macs install; None where there are none."""

    def __init__(self, site: Site, profiles: Callable[[], Profiles] | None) -> None:
        self._site = site
        self._profiles = profiles

    async def show(self, visit: Visit) -> Response:
        done = {
            "removed": _("It is removed: nothing is printed by its address any more."),
            "forgotten": _("Your devices ask for your password again with the next job."),
        }
        return await self._page(visit, done=done.get(visit.request.query_params.get("done", ""), ""))

    async def add(self, visit: Visit) -> Response:
        user, form = await user_of(self._site, visit), visit.form
        printer = first(form, "printer")
        try:
            if printer and printer not in {one.name for one in self._site.printers_for(visit)}:
                raise NotFound("There is no such printer here. Choose another one.")
            token, row = await phone_of(self._site).queues.add(user, first(form, "name"), printer)
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        return await self._page(visit, shown=self._shown(visit, token, row))

    async def renew(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        token, row = await phone_of(self._site).queues.renew(user, _id(visit))
        return await self._page(visit, shown=self._shown(visit, token, row))

    async def remove(self, visit: Visit) -> Response:
        await phone_of(self._site).queues.remove(await user_of(self._site, visit), _id(visit))
        return to_page(PAGE, "removed")

    async def forget(self, visit: Visit) -> Response:
        """For a tablet that others use: its kept password is refused once, whatever it has kept."""
        phone_of(self._site).fresh.forget((await user_of(self._site, visit)).name)
        return to_page(PAGE, "forgotten")

    async def profile(self, visit: Visit) -> Response:
        """A .mobileconfig for the address that the page has just shown."""
        token = first(visit.form, "token")
        opened = await phone_of(self._site).queues.open(token, address=visit.actor.address)
        if opened.actor.user != visit.actor.user or self._profiles is None:
            raise Forbidden("This printer address is somebody else's.")
        body = await self._profiles().air_print(
            [self._destination(visit, token)],
            key=f"own.{token[:6]}",
            name=_("My printer at %(site)s", site=self._site.settings.site.name),
            text=_("Prints as %(name)s without asking for a password.", name=visit.actor.user),
        )
        headers = {"Content-Disposition": 'attachment; filename="my-printer.mobileconfig"'}
        return Response(body, media_type=PROFILE, headers=headers)

    # --- within ------------------------------------------------------------------------------------------------

    def _destination(self, visit: Visit, token: str, *, plain: bool = False) -> Destination:
        """On the IPP port, which speaks both; else by HTTPS."""
        asked, ports = host_name(visit.request), self._site.ports()
        host = (self._site.lan_host() or asked) if is_loopback(asked) else asked
        port = ports.ipp or (ports.http if plain else ports.https) or 631
        return Destination(host=host, port=port, path=f"/ipp/u/{token}/print", secure=not plain)

    def _shown(self, visit: Visit, token: str, row: PersonalQueue) -> Shown:
        uri = self._destination(visit, token).uri
        return Shown(
            name=row.name,
            token=token,
            uri=uri,
            plain=self._destination(visit, token, plain=True).uri,
            picture=Markup(qr_svg(uri).decode().partition("?>")[2]),  # noqa: S704 - made of numbers by segno
        )

    async def _page(
        self, visit: Visit, *, shown: Shown | None = None, refusal: Refusal | None = None, done: str = ""
    ) -> Response:
        user = await user_of(self._site, visit)
        labels = {printer.name: printer.info for printer in self._site.printers.all()}
        return self._site.page(
            visit,
            "account_printers.html",
            status=200 if refusal is None else status_of(refusal),
            refusal="" if refusal is None else said(refusal.message),
            done=done,
            queues=await phone_of(self._site).queues.of(user),
            labels=labels,
            printers=self._site.printers_for(visit),
            shown=shown,
            profiles=self._profiles is not None,
            require_tls=self._site.settings.ipp.require_tls,
            zone=self._site.settings.site.time_zone,
        )


def _id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["id"])
    except ValueError as error:
        raise NotFound("This is gone already.") from error
