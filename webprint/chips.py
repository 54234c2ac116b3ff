"""Print options as chips: only what the target Printer has, the choice that holds already ticked (row 24).

What a chip sends is a field of the same plain form; the empty value leaves the job as it was sent.
"""

import re
from dataclasses import dataclass
from typing import Any

from gateway.domain.capabilities import Capabilities
from gateway.domain.job import Job
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket, PagePick
from gateway.errors import BadRequest
from gateway.i18n import N_, Words
from gateway.i18n import gettext as _
from gateway.services.effect import GREY, effective
from gateway.services.pricing import media_of
from webprint.requests import Form, first

NAMES = ("picks", "paper", "staple", "punch")
MOST_PICKS = 2000
_MEDIA = re.compile(r"[A-Za-z0-9._-]{1,100}")
_PICK = re.compile(r"(\d{1,6})(?:r(90|180|270))?")
NONE = "none"

SIDES = Words(
    {
        "one-sided": N_("One-sided"),
        "two-sided-long-edge": N_("Two-sided"),
        "two-sided-short-edge": N_("Two-sided, short edge"),
    }
)
COLORS = Words({"color": N_("Colour"), "monochrome": N_("Black and white")})
LAYOUTS = Words(
    {
        "1": N_("1 on a side"),
        "2": N_("2 on a side"),
        "4": N_("4 on a side"),
        "6": N_("6 on a side"),
        "9": N_("9 on a side"),
        "16": N_("16 on a side"),
        "booklet": N_("Booklet"),
    }
)
SCALINGS = Words({"fit": N_("Fit"), "fill": N_("Fill"), "none": N_("Actual size")})
# IPP's numbers of finishings (PWG 5100.1 section 6).
STAPLES = Words(
    {
        "4": N_("Staple"),
        "20": N_("Staple top left"),
        "21": N_("Staple bottom left"),
        "22": N_("Staple top right"),
        "23": N_("Staple bottom right"),
        "28": N_("Two staples left"),
        "29": N_("Two staples top"),
    }
)
PUNCHES = Words(
    {
        "5": N_("Punch"),
        "70": N_("Punch top left"),
        "74": N_("Two holes left"),
        "75": N_("Two holes top"),
        "82": N_("Four holes left"),
    }
)
_PAPERS = {"na_letter": "Letter", "na_legal": "Legal", "na_ledger": "Tabloid", "na_executive": "Executive"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Chip:
    value: str
    label: str
    on: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """One question. `more`: it stands behind "More options"."""

    name: str
    label: str
    chips: tuple[Chip, ...]
    more: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One page of the document as the editor shows it; `picture` is an address; `off`: it is left out."""

    page: int
    rotate: int
    picture: str
    off: bool = False


def groups(job: Job, printer: Printer, filled: dict[str, str]) -> tuple[Group, ...]:
    """The questions that make sense for this job on this Printer."""
    can = printer.capabilities
    now = effective(job.ticket, printer, can)
    several = [
        _group("color", _("Colour"), COLORS, _color(now), filled) if can.color and job.color is not False else None,
        _group("sides", _("Sides"), SIDES, now.sides or "one-sided", filled) if can.duplex else None,
        _group("layout", _("Pages on a side"), LAYOUTS, _layout(now), filled),
        _papers(can, now, filled),
        _group("scaling", _("Size on paper"), SCALINGS, now.print_scaling or "auto", filled, more=True),
        _finishing("staple", _("Staple"), STAPLES, can, now, filled),
        _finishing("punch", _("Punch"), PUNCHES, can, now, filled),
    ]
    return tuple(group for group in several if group is not None and len(group.chips) > 1)


def tiles(job: Job, at: str, filled: dict[str, str]) -> tuple[Tile, ...]:
    """The pages in their order, then those that are left out."""
    pages = min(job.pages or 0, MOST_PICKS)
    have = {thumbnail.number for thumbnail in job.thumbnails}
    asked = read_picks(filled["picks"]) if filled["picks"] else job.ticket.page_picks
    picks = tuple(pick for pick in asked if pick.page <= pages)
    chosen = {pick.page for pick in picks}
    left = tuple(PagePick(page=number) for number in range(1, pages + 1) if number not in chosen)

    def tile(pick: PagePick, *, off: bool) -> Tile:
        return Tile(page=pick.page, rotate=pick.rotate, picture=_picture(at, pick.page, pick.page in have), off=off)

    return (*(tile(pick, off=False) for pick in picks), *(tile(pick, off=bool(picks)) for pick in left))


def read_more(form: Form) -> dict[str, Any]:
    """The changes of the fields that are only here. BadRequest says what is wrong."""
    changes: dict[str, Any] = {}
    if picks := first(form, "picks").strip():
        changes["page_picks"] = () if picks == NONE else read_picks(picks)
    if paper := first(form, "paper"):
        if not _MEDIA.fullmatch(paper):
            raise BadRequest("This paper is not known here. Reload the page and try again.")
        changes |= {"media": paper, "media_col": None}
    staple, punch = first(form, "staple"), first(form, "punch")
    if staple or punch:
        wanted = [(staple, STAPLES), (punch, PUNCHES)]
        if any(value not in {"", NONE, *known} for value, known in wanted):
            raise BadRequest("This finishing is not known here. Reload the page and try again.")
        changes["finishings"] = tuple(int(value) for value, _known in wanted if value not in {"", NONE})
    return changes


def read_picks(text: str) -> tuple[PagePick, ...]:
    """Read "3,1r90,2": pages in an order of one's own, turned clockwise. An empty text is none."""
    parts = [part.strip() for part in text.split(",") if part.strip()] if text != NONE else []
    if len(parts) > MOST_PICKS:
        raise BadRequest(f"At most {MOST_PICKS} pages can be put in order.")
    found = []
    for part in parts:
        match = _PICK.fullmatch(part) if part.isascii() else None
        if match is None or not int(match[1]):
            raise BadRequest(f'"{part[:20]}" is no page. Write for example 3,1r90,2.')
        found.append(PagePick(page=int(match[1]), rotate=int(match[2] or 0)))
    return tuple(found)


def paper_label(name: str) -> str:
    """For "iso_a4_210x297mm" it is "A4"; the name's own words where people have no other."""
    region, _rest, size = name.partition("_")
    kind = size.rpartition("_")[0] or size
    known = _PAPERS.get(f"{region}_{kind}")
    if known:
        return known
    return kind.upper() if region in {"iso", "jis", "jpn"} and len(kind) <= 3 else kind.replace("-", " ").title()


def _group(  # noqa: PLR0917 - one line of a table each
    name: str, label: str, known: Words[str], now: str, filled: dict[str, str], more: bool = False
) -> Group:
    """The choice that holds has the empty value: it leaves the job as it was sent."""
    chosen = filled[name]
    chips = [] if now in known else [Chip(value="", label=_("As sent"), on=not chosen)]
    chips += [Chip(value="" if key == now else key, label=known[key], on=(chosen or now) == key) for key in known]
    return Group(name=name, label=label, chips=tuple(chips), more=more)


def _papers(can: Capabilities, now: JobTicket, filled: dict[str, str]) -> Group:
    current, chosen = media_of(now, can), filled["paper"]
    names = list(dict.fromkeys(media.name for media in sorted(can.media, key=lambda media: not media.ready)))[:12]
    chips = [
        Chip(value="" if name == current else name, label=paper_label(name), on=(chosen or current) == name)
        for name in names
    ]
    return Group(name="paper", label=_("Paper"), chips=tuple(chips), more=True)


def _finishing(  # noqa: PLR0917 - one line of a table each
    name: str, label: str, known: Words[str], can: Capabilities, now: JobTicket, filled: dict[str, str]
) -> Group:
    asked = next((str(number) for number in now.finishings if str(number) in known), NONE)
    chosen = filled[name] or asked
    there = [number for number in known if int(number) in can.finishings]
    chips = [Chip(value="" if asked == NONE else NONE, label=_("No"), on=chosen == NONE)]
    chips += [Chip(value="" if key == asked else key, label=known[key], on=chosen == key) for key in there]
    return Group(name=name, label=label, chips=tuple(chips), more=True)


def _color(ticket: JobTicket) -> str:
    return "monochrome" if ticket.print_color_mode in GREY else "color"


def _layout(ticket: JobTicket) -> str:
    return "booklet" if ticket.booklet else str(ticket.number_up)


def _picture(at: str, page: int, have: bool) -> str:
    """The thumbnail, or a side of its own made from the page where there is none."""
    if have:
        return f"{at}/pages/{page}.png"
    return f"{at}/sides/{page}.png?picks={NONE}&pages=all&layout=1&sides=one-sided&width=200"
