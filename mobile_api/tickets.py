"""Print options as the API takes and tells them: the names of RFC 8011 and PWG 5100, in snake case."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from gateway.domain.project import LONGEST_COMMENT
from gateway.domain.ticket import LAST_PAGE, JobTicket, parse_pages
from mobile_api.models import Body, Text

Sides = Literal["one-sided", "two-sided-long-edge", "two-sided-short-edge"]
Color = Literal["auto", "color", "monochrome"]
Copies = Annotated[int, Field(ge=1, le=9999)]
Pages = Annotated[Text, Field(max_length=500, examples=["1-3,7,odd,last"], description="Empty: all pages.")]
NumberUp = Literal[1, 2, 4, 6, 9, 16]


class Options(Body):
    """What is not named stays as the document's sender asked; `null` is the Printer's default."""

    copies: Copies = 1
    sides: Sides | None = None
    print_color_mode: Color | None = None
    media: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,100}$", examples=["iso_a4_210x297mm"])] | None = None
    print_quality: Literal[3, 4, 5] | None = None
    print_scaling: Literal["auto", "auto-fit", "fill", "fit", "none"] | None = None
    page_ranges: Pages = ""
    number_up: NumberUp = 1
    booklet: bool = False
    page_border: bool = False
    finishings: Annotated[list[Annotated[int, Field(ge=3, le=200)]], Field(max_length=10)] = Field(default_factory=list)
    output_bin: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,100}$")] | None = None
    toner_save: Literal["light", "outline"] | None = None
    as_image: bool = False
    job_account_id: Annotated[Text, Field(max_length=255, description="The code of a project; empty: none.")] | None = (
        None
    )
    account_comment: Annotated[Text, Field(max_length=LONGEST_COMMENT, description="For the project's bill.")] = ""

    def changes(self) -> dict[str, Any]:
        """Fields of a JobTicket, those that were named alone; BadRequest for pages that cannot be meant."""
        named = {name: getattr(self, name) for name in self.model_fields_set}
        found: dict[str, Any] = {}
        if "page_ranges" in named:
            found |= parse_pages(named.pop("page_ranges")).changes
        if "booklet" in named:
            found["imposition_template"] = "signature" if named.pop("booklet") else None
        if "finishings" in named:
            found["finishings"] = tuple(named.pop("finishings"))
        return found | named


class Asked(BaseModel):
    """What was asked, through whatever door: values that other clients send may be none of those that are taken here."""

    copies: int
    sides: str | None
    print_color_mode: str | None
    media: str | None
    print_quality: int | None
    print_scaling: str | None
    page_ranges: str
    number_up: int
    booklet: bool
    page_border: bool
    finishings: list[int]
    output_bin: str | None
    toner_save: str | None
    as_image: bool
    job_account_id: str | None
    account_comment: str


def told(ticket: JobTicket) -> Asked:
    ranges = [_range(low, high) for low, high in ticket.page_ranges]
    return Asked(
        copies=ticket.copies,
        sides=ticket.sides,
        print_color_mode=ticket.print_color_mode,
        media=ticket.media,
        print_quality=ticket.print_quality,
        print_scaling=ticket.print_scaling,
        page_ranges=",".join([*ranges, *ticket.page_words]),
        number_up=ticket.number_up,
        booklet=ticket.booklet,
        page_border=ticket.page_border,
        finishings=list(ticket.finishings),
        output_bin=ticket.output_bin,
        toner_save=ticket.toner_save,
        as_image=ticket.as_image,
        job_account_id=ticket.job_account_id,
        account_comment=ticket.account_comment,
    )


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{'last' if high == LAST_PAGE else high}"
