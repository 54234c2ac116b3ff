"""Copying and scanning at a device's own panel: who was let in, and what the device's counters say was made (row 88)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MOST_COUNTED = 20_000  # between two readings of one session; more than any tray or feeder holds is no count


class Counter(StrEnum):
    """What only ever grows in a device. IMPRESSIONS are all sides that it marked, prints among them."""

    COPIES = "copies"
    COLOR_COPIES = "color-copies"
    SCANS = "scans"
    IMPRESSIONS = "impressions"


class CountedBy(StrEnum):
    """Whose word the readings are: the terminal's, which hangs on the device, or the device's own by SNMP."""

    TERMINAL = "terminal"
    SNMP = "snmp"


class CopierState(StrEnum):
    """OPEN: unlocked, or not read yet. LATE: read at a later contact. UNCLEAR: the readings do not fit each other."""

    OPEN = "open"
    COUNTED = "counted"
    LATE = "late"
    UNCLEAR = "unclear"


@dataclass(frozen=True, kw_only=True, slots=True)
class CopierSession:
    """One unlocking. `key` is the terminal's own name for it: sent again, it is the same session.

    `began` is the reading at the start; `counts` what was made. `after_receipt` is the newest receipt at the start:
    impressions of later ones on this device are prints, and no copies.
    """

    id: int = 0
    key: str
    terminal: str
    device: str
    owner: str
    started_at: float
    counted_by: CountedBy
    began: Mapping[Counter, int]
    after_receipt: int = 0
    state: CopierState = CopierState.OPEN
    counts: Mapping[Counter, int] = field(default_factory=dict)
    ended_at: float | None = None


def made(session: CopierSession, reading: Mapping[Counter, int], *, printed: int) -> Mapping[Counter, int] | None:
    """What the counters grew by; None when they went back, jumped, or one is missing: nobody is charged for a guess.

    Of impressions the `printed` ones are taken off, which have receipts of their own; what is left was copied.
    """
    if not session.began.keys() <= reading.keys():
        return None
    grown = {counter: reading[counter] - before for counter, before in session.began.items()}
    if any(not 0 <= count <= MOST_COUNTED + printed for count in grown.values()):
        return None
    if Counter.IMPRESSIONS in grown:
        copied = max(0, grown.pop(Counter.IMPRESSIONS) - printed)
        return {Counter.COPIES: copied} | grown
    return grown
