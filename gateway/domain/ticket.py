"""The Job Ticket: what was asked of the paper, in RFC 8011's and PWG 5100's own names."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self, get_args

from gateway.domain.conversion import AS_AUTHORED, ConversionChoice
from gateway.errors import BadRequest

PageWord = Literal["odd", "even", "last"]
StampPosition = Literal["center", "top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right"]
TonerSave = Literal["light", "outline"]

NUMBER_UP = (1, 2, 4, 6, 9, 16)
LAST_PAGE = 2**31 - 1
"""The upper end of a range without one: the largest number of IPP's rangeOfInteger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaCol:
    """media-col (PWG 5100.7 section 6.3); sizes in hundredths of a millimetre, None where the client said nothing."""

    x: int
    y: int
    source: str | None = None
    type: str | None = None
    left_margin: int | None = None
    right_margin: int | None = None
    top_margin: int | None = None
    bottom_margin: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PageChoice:
    """Pages as people choose them: ranges by number, and words. Together they choose a page if one of them does."""

    ranges: tuple[tuple[int, int], ...] = ()
    words: tuple[PageWord, ...] = ()

    @property
    def changes(self) -> dict[str, Any]:
        """As changes of a ticket."""
        return {"page_ranges": self.ranges, "page_words": self.words}


@dataclass(frozen=True, kw_only=True, slots=True)
class PagePick:
    """One page of the document, from 1, in its turn; turned clockwise by 0, 90, 180 or 270 degrees."""

    page: int
    rotate: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """Text on each printed side: a watermark, a header, a footer. Variables: {user} {date} {time} {job} {name} {page}
    {pages} {bates}. `angle` in degrees counter-clockwise, `opacity` in percent, `size` in points (0: what suits the place).
    """

    text: str
    position: StampPosition = "center"
    angle: int = 0
    opacity: int = 100
    size: float = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class JobTicket:
    """Each field is the job template attribute of the same name; None means the Printer's default.

    `job_account_id` is the code of a project,
    and "" outright none (see gateway.domain.project). What no attribute of IPP says: `account_comment` is for that
    project's bill; `page_picks` are the pages of the document in an order of one's own, left out,
    repeated or turned, and `page_ranges` and `page_words` then choose among these; `scaling_percent` goes before
    print_scaling; `page_border` is around the pages of number-up; `as_image` prints pictures of the sides;
    `remove_graphics` leaves of each page its text; `trace_mark` is a small code with the job's number. A job_sheets
    other than "none" is a cover page. `conversion` is what of an office document was made printable: it does not change
    without another preparation.
    """

    copies: int = 1
    sides: str | None = None
    print_color_mode: str | None = None
    media: str | None = None
    media_col: MediaCol | None = None
    orientation_requested: int | None = None
    print_quality: int | None = None
    printer_resolution: tuple[int, int, int] | None = None
    print_scaling: str | None = None
    page_ranges: tuple[tuple[int, int], ...] = ()
    number_up: int = 1
    finishings: tuple[int, ...] = ()
    output_bin: str | None = None
    multiple_document_handling: str | None = None
    print_content_optimize: str | None = None
    print_rendering_intent: str | None = None
    job_hold_until: str | None = None
    job_hold_until_time: float | None = None
    job_priority: int | None = None
    job_sheets: str | None = None
    job_account_id: str | None = None
    account_comment: str = ""
    job_accounting_user_id: str | None = None
    imposition_template: str | None = None
    presentation_direction_number_up: str | None = None
    page_border: bool = False
    page_words: tuple[PageWord, ...] = ()
    page_picks: tuple[PagePick, ...] = ()
    scaling_percent: int | None = None
    stamps: tuple[Stamp, ...] = ()
    toner_save: TonerSave | None = None
    as_image: bool = False
    remove_graphics: bool = False
    trace_mark: bool = False
    conversion: ConversionChoice = AS_AUTHORED

    @property
    def collated(self) -> bool:
        return self.multiple_document_handling != "separate-documents-uncollated-copies"

    @property
    def booklet(self) -> bool:
        """imposition-template "signature" (PWG 5100.3): to be folded in the middle."""
        return self.imposition_template == "signature"

    @property
    def printed_sides(self) -> str | None:
        """`sides`, but a booklet is turned over its short edge unless one side was asked for outright."""
        return "two-sided-short-edge" if self.booklet and self.sides != "one-sided" else self.sides

    @property
    def covered(self) -> bool:
        return self.job_sheets not in {None, "none"}

    @property
    def laid_out_here(self) -> bool:
        """Whether it asks for what no device is asked to do: it would have to lay pages out as we do."""
        chosen = self.page_ranges or self.page_words or self.page_picks
        placed = self.number_up != 1 or self.booklet or self.scaling_percent is not None
        drawn = self.stamps or self.trace_mark or self.covered
        made_over = self.toner_save or self.as_image or self.remove_graphics
        return bool(chosen or placed or drawn or made_over)

    def chosen(self, pages: int) -> list[int]:
        """The places, from 0, of the printed pages among `pages` of a document, or among the picked ones of them."""
        count = sum(pick.page <= pages for pick in self.page_picks) if self.page_picks else pages
        if not self.page_ranges and not self.page_words:
            return list(range(count))
        found = {n for low, high in self.page_ranges for n in range(low, min(high, count) + 1)}
        starts = {"odd": (1, 2), "even": (2, 2), "last": (max(count, 1), 1)}
        for word in self.page_words:
            found.update(range(starts[word][0], count + 1, starts[word][1]))
        return [number - 1 for number in sorted(found)]

    def with_changes(self, **changes: Any) -> Self:
        """The ticket with the named fields changed, as at release; an unknown name is a BadRequest."""
        if "conversion" in changes:
            raise BadRequest("What of a document is printed is chosen before it is prepared: have it converted again.")
        unknown = sorted(set(changes) - {f.name for f in fields(self)})
        if unknown:
            raise BadRequest(f"Unknown print option: {', '.join(unknown)}.")
        return replace(self, **changes)


def parse_pages(text: str) -> PageChoice:
    """Read "1-3,7,odd,even,last,9-last"; an empty text is all pages. BadRequest says what was wrong."""
    ranges: list[tuple[int, int]] = []
    words: list[PageWord] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        word = next((known for known in get_args(PageWord) if known == part.lower()), None)
        if word is None:
            ranges.append(_range(part))
        elif word not in words:
            words.append(word)
    return PageChoice(ranges=tuple(ranges), words=tuple(words))


def parse_page_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """Read "1-3,7" into ((1, 3), (7, 7)), for those who can take numbers only. BadRequest says what was wrong."""
    choice = parse_pages(text)
    if choice.words:
        raise BadRequest(f'"{choice.words[0]}" is not a page range. Write for example 1-3,7.')
    return choice.ranges


def _range(part: str) -> tuple[int, int]:
    first, dash, last = (piece.strip() for piece in part.partition("-"))
    if dash and last.lower() == "last":
        last = str(LAST_PAGE)
    low, high = first, last if dash else first
    if not all(number.isascii() and number.isdigit() and len(number) <= 10 for number in (low, high)):
        raise BadRequest(f'"{part[:40]}" is not a page range. Write for example 1-3,7,odd,last.')
    if not 1 <= int(low) <= int(high) <= LAST_PAGE:
        raise BadRequest(f'The page range "{part}" runs backwards or starts below 1.')
    return int(low), int(high)
