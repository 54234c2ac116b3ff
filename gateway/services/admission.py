"""What is asked of a submission before one octet of its document is read (RFC 8011 section 4.2.3, Validate-Job)."""

from contextlib import suppress

from gateway.domain.printer import Authentication, Printer
from gateway.domain.rights import Permission
from gateway.domain.user import Actor, in_one_of
from gateway.errors import Forbidden, Locked, NotAccepting, NotAuthenticated, Refusal, StorageFailed, StorageFull
from gateway.services.formats import check_format
from gateway.services.ports import Clock, Keyring, Space, Spool
from gateway.services.printers import Printers

WATCH_SECONDS = 5.0  # so often room is looked for while nobody prints: health must tell the truth then too


class Admission:
    """Whether this actor may send this kind of document to this Printer now, and whether we could keep it."""

    def __init__(self, *, spool: Spool, keyring: Keyring, printers: Printers, clock: Clock) -> None:
        self._spool = spool
        self._keyring = keyring
        self._printers = printers
        self._clock = clock
        self._space: Space | None = None
        self._failed = False

    @property
    def health(self) -> tuple[str, ...]:
        """Why new work is refused now: storage-failed, storage-low, locked. Empty is healthy."""
        found = {
            "storage-failed": self._failed or self._spool.failed,
            "storage-low": self._space is not None and self._space.low,
            "locked": self._keyring.locked,
        }
        return tuple(reason for reason, holds in found.items() if holds)

    async def check(self, printer: str, actor: Actor | None, media_type: str | None, *, test: bool = False) -> Printer:
        """None is somebody who will be known later. A test page goes to its device's own Printer, which nothing else reaches.

        NotFound, NotAccepting, NotAuthenticated, Forbidden, FormatNotSupported, or what `check_storage` raises.
        """
        found = self._printers.of_job(printer) if test else self._printers.get(printer)
        if actor is not None:
            _check_access(found, actor)
        if not found.is_accepting_jobs:
            raise NotAccepting(f"{found.info} takes no new jobs at the moment. {found.operator_message}".strip())
        if media_type is not None:
            check_format(media_type, found)
        await self.check_storage()
        return found

    async def check_storage(self) -> None:
        """StorageFailed, Locked, StorageFull."""
        if self._failed or self._spool.failed:
            raise StorageFailed(
                "A document could not be written safely to the disk. Nothing is accepted until the administrator "
                "has looked at the disk and started Papertap again."
            )
        if self._keyring.locked:
            raise Locked("Documents cannot be taken: the key-encryption key is missing. Tell the administrator.")
        self._space = await self._spool.space()
        if self._space.low:
            raise StorageFull("The gateway's disk is nearly full. Try again later, or tell the administrator.")

    def mark_failed(self) -> None:
        """A write did not reach the disk, in the spool or in the database: final."""
        self._failed = True

    async def watch(self) -> None:
        """Keeps `health` true. Runs until cancelled."""
        while True:
            with suppress(Refusal):  # a disk that does not answer is `failed` by now
                self._space = await self._spool.space()
            await self._clock.sleep(WATCH_SECONDS)


def _check_access(printer: Printer, actor: Actor) -> None:
    if actor.user is None and (printer.authentication is not Authentication.NONE or printer.groups):
        raise NotAuthenticated(f"{printer.info} takes jobs from known users only. Sign in with your name and password.")
    if not printer.groups or actor.may(Permission.PRINTERS, printer.site):
        return
    if not in_one_of(printer.groups, actor):
        raise Forbidden(f"You may not print on {printer.info}. Ask the administrator to add you to one of its groups.")
