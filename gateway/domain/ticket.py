"""The Job Ticket: what was asked of the paper, in RFC 8011's and PWG 5100's own names."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

from gateway.errors import BadRequest


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
class JobTicket:
    """Each field is the job template attribute of the same name; None means the Printer's default."""

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
    job_accounting_user_id: str | None = None

    @property
    def collated(self) -> bool:
        return self.multiple_document_handling != "separate-documents-uncollated-copies"

    def with_changes(self, **changes: Any) -> Self:
        """The ticket with the named fields changed, as at release; an unknown name is a BadRequest."""
        unknown = sorted(set(changes) - {f.name for f in fields(self)})
        if unknown:
            raise BadRequest(f"Unknown print option: {', '.join(unknown)}.")
        return replace(self, **changes)


def parse_page_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """Read "1-3,7" into ((1, 3), (7, 7)); an empty text is all pages. BadRequest says what was wrong."""
    ranges: list[tuple[int, int]] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = part.partition("-")
        low, high = first.strip(), last.strip() if dash else first.strip()
        if not (low.isascii() and low.isdigit() and high.isascii() and high.isdigit()) or len(low) + len(high) > 12:
            raise BadRequest(f'"{part[:40]}" is not a page range. Write for example 1-3,7.')
        if not 1 <= int(low) <= int(high):
            raise BadRequest(f'The page range "{part}" runs backwards or starts below 1.')
        ranges.append((int(low), int(high)))
    return tuple(ranges)
