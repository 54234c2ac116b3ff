"""Passwords that a device keeps: when they are to be typed again (row 14).

A tablet that goes from hand to hand sends the last person's password with each job, and never asks. Where a Printer is
strict, a kept password is refused once: the device then asks whoever holds it. An answer that comes at once was not typed
and does not count. All of it is in memory: after a restart everybody is asked once.
"""

from collections import OrderedDict

from gateway.domain.printer import Printer
from gateway.services.ports import Clock

TYPING_SECONDS = 1.5  # nobody types a password faster
ANSWER_SECONDS = 300.0  # what comes later was asked for by nobody any more
JOB_SECONDS = 60.0  # from Validate-Job to the job itself
MOST = 20_000


class FreshSignIn:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._opened: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._forgotten: OrderedDict[str, float] = OrderedDict()

    def note_asked(self, printer: Printer, address: str) -> None:
        """The device sent no password, and was asked for one."""
        key, now = (printer.name, address), self._clock.monotonic()
        if now - self._asked.get(key, -ANSWER_SECONDS) >= ANSWER_SECONDS:
            _put(self._asked, key, now)

    def forget(self, user: str) -> None:
        """Every device of this user is to ask once more, whatever it has kept."""
        _put(self._forgotten, user.casefold(), self._clock.monotonic())

    def accepts(self, printer: Printer, user: str, address: str, *, job: bool) -> bool:
        """Whether a right password may count now; when not, the device is to ask. `job`: one comes with it."""
        key, now = (user.casefold(), address), self._clock.monotonic()
        if not self._is_due(printer, key, now):
            if job and printer.ask_again_minutes == 0:
                self._opened.pop(key, None)
            return True
        asked = self._asked.pop((printer.name, address), None)
        if asked is None or not TYPING_SECONDS <= now - asked <= ANSWER_SECONDS:
            _put(self._asked, (printer.name, address), now)
            return False
        if not (job and printer.ask_again_minutes == 0):
            _put(self._opened, key, now)
        elif key[0] in self._forgotten:  # this device has asked; the others still have to
            _put(self._opened, key, now - JOB_SECONDS)
        return True

    def _is_due(self, printer: Printer, key: tuple[str, str], now: float) -> bool:
        opened, forgotten = self._opened.get(key), self._forgotten.get(key[0])
        if forgotten is not None and (opened is None or opened < forgotten):
            return True
        minutes = printer.ask_again_minutes
        if minutes is None:
            return False
        return opened is None or now - opened >= (minutes * 60.0 or JOB_SECONDS)


def _put(table: OrderedDict[tuple[str, str], float] | OrderedDict[str, float], key: object, at: float) -> None:
    table[key] = at  # type: ignore[index]  # reason: each table has keys of one kind
    table.move_to_end(key)  # type: ignore[arg-type]  # reason: as above
    while len(table) > MOST:
        table.popitem(last=False)
