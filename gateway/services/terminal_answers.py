"""What a terminal is told, as values; mobile_api makes messages of them."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from gateway.domain.copier import CopierSession
from gateway.domain.kiosk import KioskProof
from gateway.domain.project import Project
from gateway.errors import Forbidden, LimitReached, NotAuthenticated, ProjectRequired, Refusal, Throttled


class Feedback(StrEnum):
    """What somebody in front of a box without a screen hears and sees; the words are in the texts."""

    SIGNED_IN = "signed-in"
    SENT = "sent"
    NOTHING_TO_PRINT = "nothing-to-print"
    NOT_SENT = "not-sent"
    PROJECT_NEEDED = "project-needed"
    OVER_LIMIT = "over-limit"
    UNKNOWN_CARD = "unknown-card"
    CARD_ADDED = "card-added"
    SECOND_PROOF = "second-proof"
    LOOK_AT_SCREEN = "look-at-screen"
    WRONG = "wrong"
    WAIT = "wait"
    LOCKED = "locked"
    SIGNED_OUT = "signed-out"
    TOO_LATE = "too-late"

    @property
    def tone(self) -> str:
        """good, ask or bad: what sound and light follow."""
        if self in {Feedback.SIGNED_IN, Feedback.SENT, Feedback.CARD_ADDED, Feedback.SIGNED_OUT}:
            return "good"
        asking = {Feedback.SECOND_PROOF, Feedback.LOOK_AT_SCREEN, Feedback.NOTHING_TO_PRINT, Feedback.WAIT}
        asking.add(Feedback.PROJECT_NEEDED)
        return "ask" if self in asking else "bad"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """`text` is a sentence for people; `retry_after` seconds until another try makes sense.

    `remember` is what an offline cache keeps `name` under, of somebody who was let in and has left already.
    """

    feedback: Feedback
    text: str
    retry_after: float | None = None
    name: str = ""
    remember: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    user: str
    name: str
    seconds: float
    remember: str = ""
    """What an offline cache keeps its entry under; "" says not to keep any."""
    new_card: bool = False
    """The unknown card that was held before may become this person's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedOut:
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    second: KioskProof


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A code for a phone: `what` is sign-in or card."""

    what: str
    link: str
    number: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingJob:
    """`here`: it can come out at this station now; else `why` says what is in the way.

    `project` is the code of what it is charged to; with `needs_project` its release is refused until one is chosen.
    """

    id: int
    name: str
    sheets: int | None
    impressions: int | None
    color: bool
    created_at: float
    here: bool
    why: str = ""
    price: Decimal | None = None
    project: str = ""
    needs_project: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    jobs: tuple[WaitingJob, ...]
    currency: str
    total: Decimal | None = None
    credit: Decimal | None = None
    """What may be spent here now; None where nothing is paid by credit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Projects:
    """What whoever is there may charge jobs to: favourites and the last used first, or what a search found."""

    projects: tuple[Project, ...]
    favourites: frozenset[str] = frozenset()
    preset: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What the chosen jobs are together."""

    jobs: tuple[int, ...]
    sheets: int
    price: Decimal | None
    currency: str
    credit_after: Decimal | None = None
    """What may be spent after them; below 0, so much is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    job: int
    refusal: Refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    sent: tuple[int, ...]
    refused: tuple[Refused, ...] = ()
    canceled: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Queued:
    """How many jobs the device has before and with what was sent: 1 is next."""

    position: int
    device: str


class WishState(StrEnum):
    """What became of a wish. DONE: what could come out is on its way. BEFORE: it was done, or tried, already."""

    DONE = "done"
    BEFORE = "before"
    TOO_LATE = "too-late"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wished:
    """The terminal keeps this wish no longer."""

    key: str
    state: WishState


@dataclass(frozen=True, kw_only=True, slots=True)
class CopierTold:
    """How a copier session stands: the device may be unlocked while it is open."""

    session: CopierSession


Answer = (
    Told | SignedIn | SignedOut | Asked | Shown | Listed | Projects | Chosen | Result | Queued | CopierTold | Wished
)


def told(refusal: Refusal, *, otherwise: Feedback = Feedback.WRONG) -> Told:
    """A refusal as somebody at a box hears it."""
    if isinstance(refusal, Throttled):
        return Told(feedback=Feedback.WAIT, text=refusal.message, retry_after=refusal.retry_after)
    if isinstance(refusal, LimitReached):
        return Told(feedback=Feedback.OVER_LIMIT, text=refusal.message)
    if isinstance(refusal, ProjectRequired):
        return Told(feedback=Feedback.PROJECT_NEEDED, text=refusal.message)
    if isinstance(refusal, NotAuthenticated):
        return Told(feedback=Feedback.WRONG, text=refusal.message)
    if isinstance(refusal, Forbidden):
        return Told(feedback=Feedback.LOCKED, text=refusal.message)
    return Told(feedback=otherwise, text=refusal.message)
