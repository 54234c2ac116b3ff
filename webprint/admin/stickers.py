"""Stickers for printers, what proves that somebody stands there, and the screens that show codes (rows 89, 90, 166)."""

from dataclasses import dataclass

from starlette.responses import Response

from gateway.domain.device import Device
from gateway.domain.phone import Presence
from gateway.domain.rights import Permission
from gateway.errors import BadRequest, NotFound, Refusal
from gateway.i18n import LANGUAGES, NAMES, language
from gateway.i18n import gettext as _
from gateway.services.place_numbers import Named
from gateway.services.stickers import SheetSize
from webprint.admin.frame import AdminPage, seen_other
from webprint.guard import Handler
from webprint.hosts import phone_base
from webprint.requests import first
from webprint.site import Site, Visit
from webprint.standing import phone_of

PAGE = "/admin/stickers"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceRow:
    """`presence` is None for a Printer: it is asked for where paper comes out, at a device."""

    name: str
    title: str
    location: str
    number: str
    url: str
    presence: Presence | None


class StickerPages(AdminPage):
    async def show(self, visit: Visit) -> Response:
        done = {"presence": _("Saved."), "screen": _("The screen shows no codes any more.")}
        return await self._page(visit, done=done.get(visit.request.query_params.get("done", ""), ""))

    async def sheet(self, visit: Visit) -> Response:
        stickers, form = phone_of(self._site).stickers, visit.form
        wanted = set(form.get("place", ()))
        several = [one for one in stickers.places() if one.name in wanted]
        try:
            if not several:
                raise BadRequest("Choose at least one printer for the sheet.")
            size, spoken = SheetSize(first(form, "size") or "a4"), first(form, "language") or language()
            if spoken not in LANGUAGES:
                raise BadRequest("This language is not spoken here.")
            base = phone_base(self._site, visit.request)
            pdf = await stickers.sheet(several, base=base, size=size, language=spoken)
        except ValueError:
            return await self._page(visit, refusal=BadRequest("There is no such size of stickers."))
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        headers = {"Content-Disposition": 'attachment; filename="stickers.pdf"'}
        return Response(pdf, media_type="application/pdf", headers=headers)

    async def presence(self, visit: Visit) -> Response:
        name, wanted = visit.request.path_params["name"], first(visit.form, "presence")
        device = self._site.printers.device(name)
        if wanted not in {one.value for one in Presence}:
            raise BadRequest("Choose what proves that somebody stands in front of the printer.")
        self._demand(visit, device)
        await self._site.printers.change_device(device.name, presence=Presence(wanted))
        return seen_other(f"{PAGE}?done=presence")

    async def remove_screen(self, visit: Visit) -> Response:
        await phone_of(self._site).codes.remove(visit.request.path_params["tag"])
        return seen_other(f"{PAGE}?done=screen")

    # --- within ------------------------------------------------------------------------------------------------

    def _demand(self, visit: Visit, device: Device) -> None:
        """Staff of one site changes the devices of that site."""
        if not visit.actor.may(Permission.DEVICES, device.site or None):
            raise NotFound(f'There is no output device "{device.name}".')

    async def _page(self, visit: Visit, *, refusal: Refusal | None = None, done: str = "") -> Response:
        phone, base = phone_of(self._site), phone_base(self._site, visit.request)
        return self.page(
            visit,
            "stickers.html",
            refusal=refusal,
            done=done,
            places=[await self._row(one, base) for one in phone.stickers.places()],
            screens=await phone.codes.screens(),
            languages=NAMES,
            spoken=language(),
            zone=self._site.settings.site.time_zone,
        )

    async def _row(self, named: Named, base: str) -> PlaceRow:
        sticker = await phone_of(self._site).stickers.of(named, base=base)
        return PlaceRow(
            name=named.name,
            title=sticker.title,
            location=sticker.location,
            number=sticker.number,
            url=sticker.url,
            presence=named.presence if isinstance(named, Device) else None,
        )


def sticker_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = StickerPages(site)
    return [
        ("GET", PAGE, pages.show),
        ("POST", f"{PAGE}/sheet", pages.sheet),
        ("POST", PAGE + "/presence/{name}", pages.presence),
        ("POST", PAGE + "/screens/{tag}/remove", pages.remove_screen),
    ]
