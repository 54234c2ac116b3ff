"""What the pages that set devices up are given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.domain.queue import Queue
from gateway.services.intake import Intake
from gateway.services.ports import Profiles
from gateway.services.queues import Queues


@dataclass(frozen=True, kw_only=True, slots=True)
class NameFinding:
    """One question of the self-test: whether the answer is there, and what to do where it is not."""

    ok: bool
    asked: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SetUp:
    """`mark` tells this gateway's queues from others'; `authority` is DER, or empty.

    `bundle` makes the archive for device managements, of these queues as reached at that address. `check_names` asks
    what phones ask, of the resolver of that address too unless it is empty; None where there is no print zone.
    """

    queues: Queues
    profiles: Profiles
    intake: Intake
    mark: Callable[[], str]
    authority: Callable[[], bytes]
    bundle: Callable[[tuple[Queue, ...], str], Awaitable[bytes]]
    check_names: Callable[[str], Awaitable[list[NameFinding]]] | None
