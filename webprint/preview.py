"""What comes out: the section of a job's page that shows it, and its pictures one by one.

The options stand in the address, so that the page works as a plain form; the release beside them carries the options
that were shown, not those that are being typed.
"""

from collections.abc import Container
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.responses import Response

from gateway.domain.job import Job
from gateway.errors import BadRequest, FormatError, NotFound, Refusal, Unavailable
from gateway.i18n import gettext as _
from gateway.i18n import ngettext, said
from gateway.services.preview import MOST_SIDES, Previewed
from webprint import words
from webprint.answers import status_of
from webprint.chips import Group, Tile, groups, tiles
from webprint.options import filled, read_changes
from webprint.requests import Form, first
from webprint.rules import rules_said
from webprint.site import Site, Visit
from webprint.views import DeviceView, best_device, devices_for, view_devices

AT_ONCE = 5  # sides made together: laying out costs more than one more picture; divides what a page shows
WIDTH, LARGE = 440, 1200  # pixels
NONE_HERE = "Previews are not made on this server. Your job prints as chosen all the same."


@dataclass(frozen=True, kw_only=True, slots=True)
class SideView:
    """One side: its number, in words, and the query of its picture, small and large."""

    number: int
    label: str
    small: str
    large: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """`shown` are the fields that a release must carry. `status` is the page's if the options themselves are wrong.

    `size`: pixels of the first side, so that the page does not jump when the pictures arrive. `at` is the address of
    the job's page; `action` and `quote` are those that release it and tell what it costs.
    """

    filled: dict[str, str]
    changed: bool
    devices: list[DeviceView]
    device: DeviceView | None
    shown: dict[str, str]
    count: str = ""
    sides: tuple[SideView, ...] = ()
    size: tuple[int, int] = (WIDTH, WIDTH)
    earlier: str = ""
    later: str = ""
    refusal: str = ""
    note: str = ""
    rules: tuple[str, ...] = ()
    as_image: str = ""
    at: str = ""
    action: str = "/jobs/release"
    quote: str = "/jobs/quote"
    printer: str = ""
    groups: tuple[Group, ...] = ()
    tiles: tuple[Tile, ...] = ()
    most_copies: int = 1
    keeps: bool = False
    can_release: bool = True
    status: int = 200


class PreviewPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def picture(self, visit: Visit) -> Response:
        """One side as PNG; those that a page shows beside it are made along."""
        if self._site.preview is None:
            raise NotFound(NONE_HERE)
        number = int(visit.request.path_params["number"])
        form = _query(visit)
        begin = (number - 1) // AT_ONCE * AT_ONCE + 1
        made = await self._site.preview.sides(
            int(visit.request.path_params["id"]),
            visit.actor,
            read_changes(form),
            device=first(form, "device") or None,
            sides=range(begin, begin + AT_ONCE),
            width=_number(form, "width", WIDTH),
        )
        octets = next((octets for side, octets in made.pictures if side == number), None)
        if octets is None:
            raise NotFound(f"There is no side {number}: {made.sides} come out.")
        headers = {"Cache-Control": "private, max-age=300", "Vary": "Cookie"}
        return Response(octets, media_type="image/png", headers=headers)

    async def section(self, visit: Visit, job: Job, at: str = "", devices: Container[str] | None = None) -> Section:
        """For a job that waits for its owner. Refusals stand in the section, the fields as they were typed.

        `at` is the address of the job's page where it is not the owner's list's own; `devices` are the only ones that
        may be chosen there.
        """
        form, at = _query(visit), at or f"/jobs/{job.id}"
        targets = devices_for(self._site.printers, [job])
        several = tuple(one for one in targets if devices is None or one.name in devices)
        offered = view_devices(several, first(form, "device")[:100] or best_device(several, [job]))
        typed = filled(form)
        base = Section(
            filled=typed,
            changed=any(typed.values()),
            devices=offered,
            device=next((device for device in offered if device.chosen), None),
            shown={name: value for name, value in typed.items() if value},
            rules=self._rules(job),
            at=at,
        )
        base = self._with_chips(job, base)
        try:
            return await self._pictured(visit, job, base, form)
        except Refusal as refusal:
            return _refused(base, refusal)

    def _with_chips(self, job: Job, base: Section) -> Section:
        try:
            printer = self._site.printers.of_job(job.printer)
            return replace(
                base,
                printer=printer.info,
                groups=groups(job, printer, base.filled),
                tiles=tiles(job, base.at, base.filled),
                most_copies=printer.capabilities.copies,
            )
        except NotFound:  # deleted since
            return base
        except BadRequest:  # the pages that were typed are told by the preview beside
            return replace(base, groups=groups(job, printer, base.filled))

    def _rules(self, job: Job) -> tuple[str, ...]:
        try:
            return rules_said(self._site.printers.of_job(job.printer).house)
        except NotFound:  # deleted since
            return ()

    async def _pictured(self, visit: Visit, job: Job, base: Section, form: Form) -> Section:
        changes, begin = read_changes(form), max(1, _number(form, "from", 1))
        if self._site.preview is None:
            return replace(base, note=NONE_HERE)
        if job.raw_format is not None:
            return replace(
                base, note=_("This print file goes to the printer as it is: it cannot be shown here."), rules=()
            )
        # The device that the release beside it goes to; while none can print, the one that would suit.
        wanted = base.device.name if base.device else None
        begin = (begin - 1) // MOST_SIDES * MOST_SIDES + 1
        made = await self._site.preview.sides(
            job.id, visit.actor, changes, device=wanted, sides=range(begin, begin + AT_ONCE), width=WIDTH
        )
        query = {**base.shown, "device": made.device.name}
        return replace(
            base,
            count=_count(made),
            sides=tuple(
                _side(job, made, number, query, base.at)
                for number in range(begin, min(begin + MOST_SIDES, made.sides + 1))
            ),
            size=_size(made.pictures[0][1]) if made.pictures else (WIDTH, WIDTH),
            earlier=_page(query, begin - MOST_SIDES) if begin > 1 else "",
            later=_page(query, begin + MOST_SIDES) if begin + MOST_SIDES <= made.sides else "",
        )


def _refused(base: Section, refusal: Refusal) -> Section:
    """No release of what cannot be laid out: it would fail at the printer. Machines may recover, options do not."""
    image = f"{base.at}?" + urlencode({**base.shown, "image": "yes"}) + "#preview"
    as_image = isinstance(refusal, FormatError) and base.filled["image"] != "yes"
    return replace(
        base,
        refusal=said(refusal.message),
        as_image=image if as_image else "",
        can_release=isinstance(refusal, Unavailable),
        status=status_of(refusal) if isinstance(refusal, BadRequest | NotFound) else 200,
    )


def _count(made: Previewed) -> str:
    """On the result: "2 copies: 6 pages on 4 sheets"; a page is what a side of paper became."""
    copies, counts = made.ticket.copies, made.counts
    before = ngettext("%(count)s copy: ", "%(count)s copies: ", copies) if copies > 1 else ""
    return before + _(
        "%(pages)s on %(sheets)s", pages=words.pages(counts.impressions), sheets=words.sheets(counts.media_sheets)
    )


def _side(job: Job, made: Previewed, number: int, query: dict[str, str], at: str) -> SideView:
    if made.ticket.sides == "one-sided":
        label = _("Sheet %(number)s", number=number)
    else:
        label = (_("Sheet %(number)s, front") if number % 2 else _("Sheet %(number)s, back")) % {
            "number": (number + 1) // 2
        }
    # The version is there for the browser's store: another row, another picture.
    small = {**query, "v": str(job.version)}
    address = f"{at}/sides/{number}.png?"
    return SideView(
        number=number,
        label=label,
        small=address + urlencode(small),
        large=address + urlencode({**small, "width": LARGE}),
    )


def _size(png: bytes) -> tuple[int, int]:
    """Width and height out of the header (PNG section 11.2.1)."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def _page(query: dict[str, str], begin: int) -> str:
    return "?" + urlencode({**query, "from": begin}) + "#preview"


def _query(visit: Visit) -> Form:
    query = visit.request.query_params
    return {name: query.getlist(name) for name in query}


def _number(form: Form, name: str, other: int) -> int:
    text = first(form, name)
    if text and not (text.isascii() and text.isdigit() and len(text) < 7):
        raise BadRequest("This address cannot be read. Go back to the job and try again.")
    return int(text) if text else other
