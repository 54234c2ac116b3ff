"""House rules: what a Printer does to every job, whatever was asked for (rows 53 and 54)."""

from dataclasses import dataclass, replace

from gateway.domain.ticket import JobTicket, Stamp, TonerSave
from gateway.errors import BadRequest

GREY = frozenset({"monochrome", "auto-monochrome", "process-monochrome", "bi-level", "process-bi-level"})
LONGEST_TEXT = 200
BATES_DIGITS = 6
LONGEST_PREFIX = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class HouseRules:
    """The default is none. Texts may hold the variables of a Stamp.

    `force_duplex` prints two-sided what asks for one side, where the device can. `remove_graphics` leaves of each page
    its text; a page without any stays as it is. `cover` is a sheet before each job that says whose it is. `trace_mark`
    is a small code that tells the job's number. `bates` is the prefix of a number on each printed side that runs on from
    job to job, None for no number.
    """

    force_grey: bool = False
    force_duplex: bool = False
    remove_graphics: bool = False
    toner_save: TonerSave | None = None
    watermark: str = ""
    header: str = ""
    footer: str = ""
    trace_mark: bool = False
    cover: bool = False
    bates: str | None = None

    def __post_init__(self) -> None:
        if any(len(text) > LONGEST_TEXT for text in (self.watermark, self.header, self.footer)):
            raise BadRequest(f"A watermark, header or footer has at most {LONGEST_TEXT} characters.")
        if self.bates is not None and (len(self.bates) > LONGEST_PREFIX or not self.bates.isprintable()):
            raise BadRequest(f"The prefix of Bates numbers has at most {LONGEST_PREFIX} printable characters.")

    def greyed(self, ticket: JobTicket) -> JobTicket:
        """The ticket without the colour that nobody gets here, and that a device therefore need not have."""
        if not self.force_grey or ticket.print_color_mode in GREY:
            return ticket
        return replace(ticket, print_color_mode="monochrome")

    def applied(self, ticket: JobTicket) -> JobTicket:
        """The ticket as this house prints it; its own stamps stand beside those that were asked for."""
        ticket, changes = self.greyed(ticket), dict[str, object]()
        if self.force_duplex and ticket.printed_sides in {None, "one-sided"}:
            changes["sides"] = "two-sided-short-edge" if ticket.booklet else "two-sided-long-edge"
        if self.toner_save is not None and ticket.toner_save is None:
            changes["toner_save"] = self.toner_save
        if self.remove_graphics:
            changes["remove_graphics"] = True
        if self.trace_mark:
            changes["trace_mark"] = True
        if self.cover:
            changes["job_sheets"] = "standard"
        stamps = self._stamps()
        if stamps:
            changes["stamps"] = (*ticket.stamps, *stamps)
        return replace(ticket, **changes) if changes else ticket  # type: ignore[arg-type]  # the names are the ticket's own

    def _stamps(self) -> tuple[Stamp, ...]:
        stamps = [Stamp(text=self.watermark, position="center", angle=45, opacity=20)] if self.watermark else []
        stamps += [Stamp(text=self.header, position="top")] if self.header else []
        stamps += [Stamp(text=self.footer, position="bottom")] if self.footer else []
        stamps += [Stamp(text="{bates}", position="bottom-right")] if self.bates is not None else []
        return tuple(stamps)


NO_RULES = HouseRules()


@dataclass(frozen=True, kw_only=True, slots=True)
class Bates:
    """The numbers of one printing: `prefix` and, padded to six digits, `first` on the first side, one more on each."""

    prefix: str = ""
    first: int = 1
    digits: int = BATES_DIGITS
