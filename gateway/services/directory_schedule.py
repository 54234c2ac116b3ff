"""When directories are read by themselves: every few minutes what has changed, once a day everything.

The rows say when each one is due, and a lease keeps two processes from doing the same. What fails is remembered with
the directory, and those who look after directories get one mail for each time that it begins to fail.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from gateway.domain.directory import Directory, RunEnd, RunRecord, RunState
from gateway.domain.letter import Letter
from gateway.domain.rights import Permission
from gateway.domain.user import User
from gateway.errors import Conflict, NotFound, PapertapError, Refusal
from gateway.services.directories import DirectoryBook
from gateway.services.pins import Pins
from gateway.services.ports import Clock, Mailer, UserRows

LOOK_SECONDS = 30.0
PINS_A_LOOK = 50  # letters with PINs: the mail server takes about so many in that time
FIRST_AFTER = 5.0  # seconds after a start

Staff = Callable[[Permission], Awaitable[list[User]]]

log = logging.getLogger(__name__)


class DirectorySchedule:
    """`time_zone` is the house's IANA name, for the hour of the daily full run; `base` begins links in letters."""

    def __init__(
        self,
        *,
        book: DirectoryBook,
        rows: UserRows,
        pins: Pins,
        mailer: Mailer,
        staff: Staff,
        clock: Clock,
        base: Callable[[], str],
        time_zone: str = "",
        language: str = "en",
    ) -> None:
        self._book = book
        self._rows = rows
        self._pins = pins
        self._mailer = mailer
        self._staff = staff
        self._clock = clock
        self._base = base
        self._zone: tzinfo = ZoneInfo(time_zone) if time_zone else UTC
        self._language = language

    async def run(self) -> None:
        """For as long as the process serves."""
        await self._clock.sleep(FIRST_AFTER)
        while True:
            await self.look()
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self) -> list[RunRecord]:
        """Runs what is due, and sends PINs to whoever waits for one."""
        done = []
        for directory in await self._book.all():
            if not directory.enabled:
                continue
            state = await self._book.state(directory)
            full = self._full_due(directory, state)
            if full or self._due(directory, state):
                record = await self._one(directory, state, full=full)
                done += [record] if record is not None else []
            if directory.pins:
                await self.give_pins(directory)
        return done

    async def give_pins(self, directory: Directory) -> int:
        """Some PINs by mail; how many."""
        if not self._mailer.enabled:
            return 0
        given = 0
        for user in await self._rows.without_pin(directory.name, limit=PINS_A_LOOK):
            try:
                await self._pins.mail(user.name)
                given += 1
            except Refusal as refusal:
                log.warning("%s gets no PIN: %s", user.name, refusal)
        return given

    # -- within

    def _due(self, directory: Directory, state: RunState) -> bool:
        """A clock that ran back makes nothing wait."""
        since = None if state.run_at is None else self._clock.now() - state.run_at
        return since is None or since < 0 or since >= directory.interval

    def _full_due(self, directory: Directory, state: RunState) -> bool:
        """Once after each time that the hour of the full run has come; a failed one is tried again when it is due."""
        if state.full_at is None:
            return self._due(directory, state)
        now = datetime.fromtimestamp(self._clock.now(), self._zone)
        last = now.replace(hour=directory.full_hour, minute=0, second=0, microsecond=0)
        if last > now:
            last -= timedelta(days=1)
        return state.full_at < last.timestamp() and self._due(directory, state)

    async def _one(self, directory: Directory, state: RunState, *, full: bool) -> RunRecord | None:
        try:
            record = await self._book.run(directory.name, by="schedule", full=full)
        except (Conflict, NotFound):
            return None  # another process does it, or it was removed at this moment
        except PapertapError as error:
            log.warning("the directory %s was not read: %s", directory.name, error)
            return None
        if record.end is not RunEnd.DONE and state.failing_since is None:
            await self._tell(directory, record)
        return record

    async def _tell(self, directory: Directory, record: RunRecord) -> None:
        values = {
            "name": directory.info or directory.name,
            "reason": record.message,
            "url": f"{self._base()}/admin/directories/{directory.name}",
        }
        letter = Letter(kind="directory-failed", to="", values=values)
        for user in await self._staff(Permission.DIRECTORIES) if self._mailer.enabled else []:
            one = replace(
                letter,
                to=user.email or "",
                language=user.language or self._language,
                key=f"directory:{directory.uuid}:{record.started_at}:{user.uuid}",
            )
            try:
                await self._mailer.send(one)
            except Refusal as refusal:
                log.warning("a failed directory is not told to %s: %s", user.name, refusal)
