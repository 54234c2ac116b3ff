"""The barrier for mails: the raw message and its row are on the disk before anybody is told that it was taken.

What is in it is found out later, by a worker that may die at any point and begins again from the row; each job that it
makes carries a key of the mail's own, so that none is made twice.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

from gateway.domain.mail import Envelope, Mail
from gateway.errors import FormatError, Refusal, TooLarge
from gateway.services.barrier import UNCERTAIN
from gateway.services.intake import Intake
from gateway.services.ports import Clock, Keyring, MailStore, Spool, SpoolWriter


class IncomingMail:
    """Every way in calls `accept`. `arrived` is set with each mail that was taken in this process."""

    def __init__(
        self, *, mails: MailStore, intake: Intake, spool: Spool, keyring: Keyring, clock: Clock, largest: int
    ) -> None:
        self._mails = mails
        self._intake = intake
        self._spool = spool
        self._keyring = keyring
        self._clock = clock
        self._largest = largest
        self.arrived = asyncio.Event()
        self.taken = 0

    async def check(self) -> None:
        """StorageFailed, Locked, StorageFull: whether a mail could be kept now."""
        await self._intake.check_storage()

    async def accept(self, envelope: Envelope, body: AsyncIterator[bytes], identity: Callable[[], bytes]) -> Mail:
        """The row, durable with its message: whoever has it may say 250. One that came before gives its first row.

        `identity` says, once the body was read, what makes this message the same as another. TooLarge, FormatError for an
        empty one, StorageFull, StorageFailed, Locked, and whatever the body raises; then nothing was kept.
        """
        await self.check()
        key, wrapped = self._keyring.new_key()
        writer = await self._spool.create(key)
        try:
            await self._stream(body, writer)
            stored = await writer.commit()
        except BaseException:
            await writer.abort()
            raise
        now = self._clock.now()
        mail = Mail(
            uuid=uuid4(),
            digest=_digest(envelope, identity()),
            envelope=envelope,
            object_id=stored.object_id,
            key=wrapped,
            size=stored.size,
            received_at=now,
            due_at=now,
        )
        try:
            row = await self._mails.add(mail)
        except Refusal as refusal:
            if type(refusal) not in UNCERTAIN:
                await self._spool.destroy([stored.object_id])
            raise
        if row.uuid != mail.uuid:
            await self._spool.destroy([stored.object_id])  # it came before: the first one's message stays
            return row
        self.taken += 1
        self.arrived.set()
        return row

    async def _stream(self, body: AsyncIterator[bytes], writer: SpoolWriter) -> None:
        size = 0
        async for data in body:
            size += len(data)
            if size > self._largest:
                raise TooLarge(f"The mail is larger than the {self._largest // (1024 * 1024)} MiB that are taken.")
            await writer.write(data)
        if not size:
            raise FormatError("The mail is empty.")


def _digest(envelope: Envelope, identity: bytes) -> str:
    """Of message and envelope. A mail that two recipients get one by one is two mails."""
    told = "\0".join((envelope.sender, *sorted(envelope.recipients))).casefold()
    return hashlib.sha256(b"mail\0" + told.encode("utf-8", "surrogatepass") + b"\0" + identity).hexdigest()
