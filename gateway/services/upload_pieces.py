"""The octets of an upload while they rest: sealed pieces, each on the disk and in its row before the next."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from gateway.domain.document import Document
from gateway.domain.ticket import JobTicket
from gateway.domain.upload import Upload
from gateway.errors import BadRequest, Busy, Conflict, TooLarge
from gateway.services.intake import Intake
from gateway.services.ports import Clock, Keyring, Spool, SpoolWriter, UploadStore
from gateway.services.upload_turns import measured, until

PIECE = 16 * 1024 * 1024  # octets: at most so much is sent anew after a crash of the machine
SEAM = 64 * 1024  # octets before the offset, by which a file is known again
OTHER_FILE = "This is not the file that was begun: choose the same one again, or upload this one as a new file."


class ChecksumMismatch(BadRequest):
    """A piece is not what its checksum says; nothing of it was kept."""

    kind = "checksum-mismatch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """One file to come. Files of one `batch` (any text of the client's) become one job; `last` closes it."""

    printer: str
    name: str
    format: str
    size: int
    batch: str = ""
    last: bool = True
    ticket: JobTicket = field(default_factory=JobTicket)


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What a request brings: octets from `offset` on. `size` is what the client believes the whole to be.

    `seam` is the SHA-256 of the up to 64 KiB before the offset; `checksum` the name of a hash and that of the body.
    """

    offset: int
    body: AsyncIterator[bytes]
    size: int | None = None
    seam: bytes | None = None
    checksum: tuple[str, bytes] | None = None


class Pieces:
    """Writes them, reads them back, and knows a file again by its last octets. `kept`: seconds until they may go."""

    def __init__(
        self, *, uploads: UploadStore, intake: Intake, spool: Spool, keyring: Keyring, clock: Clock, kept: float
    ) -> None:
        self._uploads = uploads
        self._intake = intake
        self._spool = spool
        self._keyring = keyring
        self._clock = clock
        self._kept = kept

    async def stream(self, upload: Upload, piece: Piece, stop: asyncio.Event) -> Upload:
        """Pieces of at most PIECE octets, each durable before the next; with a checksum all or nothing."""
        body = measured(until(piece.body, stop), upload.size - upload.received)
        digest = hashlib.new(piece.checksum[0] if piece.checksum else "sha256", usedforsecurity=False)
        writer: SpoolWriter | None = None
        held = 0
        try:
            async for data in body:
                writer = writer or await self._spool.create(self._keyring.unwrap(upload.key))
                await writer.write(data)
                digest.update(data)
                held += len(data)
                if held >= PIECE and piece.checksum is None:
                    upload = await self._keep(upload, writer, held)
                    writer, held = None, 0
        except (TooLarge, Busy):
            raise
        except (BadRequest, Conflict, asyncio.CancelledError):
            if writer is not None and held and piece.checksum is None:
                await asyncio.shield(self._keep(upload, writer, held))
            raise
        else:
            if piece.checksum is not None and not hmac.compare_digest(piece.checksum[1], digest.digest()):
                raise ChecksumMismatch("This piece arrived damaged. Send it again.")
            return await self._keep(upload, writer, held) if writer is not None else upload
        finally:
            if writer is not None:
                await writer.abort()

    async def _keep(self, upload: Upload, writer: SpoolWriter, octets: int) -> Upload:
        object_id, size, sha256 = await writer.commit()
        document = Document(id=object_id, format=upload.format, size=size, sha256=sha256)
        longer = replace(
            upload,
            received=upload.received + octets,
            pieces=(*upload.pieces, document),
            expires_at=self._clock.now() + self._kept,
        )
        await self._uploads.save(longer)
        if not upload.rehearsal:
            await self._intake.keep_open(upload.job_id)
        return longer

    async def seam(self, upload: Upload) -> bytes:
        """SHA-256 of the last octets that are here, read back from the disk."""
        key, tail = self._keyring.unwrap(upload.key), b""
        for piece in reversed(upload.pieces):
            if len(tail) >= SEAM:
                break
            end = b""
            async for data in self._spool.read(piece.id, key):
                end = (end + data)[-SEAM:]
            tail = end + tail
        return hashlib.sha256(tail[-SEAM:]).digest()

    async def whole(self, upload: Upload) -> AsyncIterator[bytes]:
        key = self._keyring.unwrap(upload.key)
        for piece in upload.pieces:
            async for data in self._spool.read(piece.id, key):
                yield data
