"""One's own touch, "It's me", at the screen: a release that waits for it (row 166).

What waits is in memory alone and for a minute: after a restart nothing is released by itself.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from gateway.domain.user import Actor
from gateway.errors import LimitReached, NotFound, NotPossible
from gateway.services.ports import Clock
from gateway.services.release import Outcome, Release

WAIT_SECONDS = 60.0
KEPT_SECONDS = 300.0  # how long the phone can read what came of it
MOST_AT_ONE = 5  # waiting at one screen: more is nothing that somebody can choose from
MOST = 1000


class Turn(StrEnum):
    """WAITING for the touch, DONE when it came, OVER when it did not."""

    WAITING = "waiting"
    DONE = "done"
    OVER = "over"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """One person's release at one screen. `who` is how the screen calls them; `at` is monotonic."""

    id: str
    place: str
    who: str
    number: int
    actor: Actor
    jobs: tuple[int, ...]
    device: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    at: float
    turn: Turn = Turn.WAITING
    outcomes: tuple[Outcome, ...] = ()


class Panel:
    def __init__(self, *, release: Release, clock: Clock) -> None:
        self._release = release
        self._clock = clock
        self._rows: dict[str, Waiting] = {}

    def ask(
        self, place: str, actor: Actor, who: str, jobs: Sequence[int], *, device: str, changes: Mapping[str, Any]
    ) -> Waiting:
        """LimitReached when too many wait there already. A new question takes the place of one's own older one."""
        self._forget()
        mine = [row.id for row in self._rows.values() if row.actor.user == actor.user and row.turn is Turn.WAITING]
        for one in mine:
            del self._rows[one]
        if len(self.waiting(place)) >= MOST_AT_ONE or len(self._rows) >= MOST:
            raise LimitReached("Too many people wait for this screen. Try again in a minute.")
        row = Waiting(
            id=secrets.token_urlsafe(16),
            place=place,
            who=who,
            number=secrets.randbelow(90) + 10,
            actor=actor,
            jobs=tuple(jobs),
            device=device,
            changes=dict(changes),
            at=self._clock.monotonic(),
        )
        self._rows[row.id] = row
        return row

    def waiting(self, place: str) -> list[Waiting]:
        """What a screen offers now, the oldest first."""
        return [row for row in map(self._now, self._rows.values()) if row.place == place and row.turn is Turn.WAITING]

    def of(self, wait: str, actor: Actor) -> Waiting:
        """For the phone that asked; another's answers as not found."""
        row = self._rows.get(wait)
        if row is None or row.actor.user != actor.user:
            raise NotFound("This is over. Scan the printer's code again.")
        return self._now(row)

    async def touch(self, place: str, wait: str) -> Waiting:
        """Somebody said "It's me" at the screen: what waits is released, once."""
        row = self._rows.get(wait)
        if row is None or row.place != place:
            raise NotFound("This is over. Start again on your phone.")
        if self._now(row).turn is not Turn.WAITING:
            raise NotPossible("That took too long. Start again on your phone.")
        self._rows[wait] = replace(row, turn=Turn.DONE)  # first, so that a second touch finds nothing to do
        actor = replace(row.actor, present_at=row.device)
        outcomes = await self._release.release(row.jobs, actor, device=row.device, changes=row.changes)
        self._rows[wait] = replace(row, turn=Turn.DONE, outcomes=tuple(outcomes))
        return self._rows[wait]

    def _now(self, row: Waiting) -> Waiting:
        late = self._clock.monotonic() - row.at >= WAIT_SECONDS
        return replace(row, turn=Turn.OVER) if late and row.turn is Turn.WAITING else row

    def _forget(self) -> None:
        now = self._clock.monotonic()
        self._rows = {key: row for key, row in self._rows.items() if now - row.at < KEPT_SECONDS}
