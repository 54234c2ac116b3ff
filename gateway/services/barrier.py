"""The acceptance barrier (docs: reliability). Every document of every channel comes in through `cross`.

1. The octets go into a sealed file, hashed on the way.     Spool.create, SpoolWriter.write
2. File, name and directory are on the disk.               SpoolWriter.commit
3. One durable transaction writes the row.                 `record`, or begun by `at_once` and awaited by `record`
4. Only then does the caller learn of it, and may reply.

The file comes before the row: a crash leaves at worst a file that no row knows, never a row without its data.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from gateway.domain.job import Job
from gateway.errors import FormatError, Refusal, StorageFailed, TooLarge, Unavailable
from gateway.services.ports import Clock, Spool, SpoolWriter, Stored

RecordStep = Callable[[Stored], Awaitable[Job]]

# The store broke off, perhaps after it had written the row: whether the document is needed only the sweep can tell
# later, from the rows. All other refusals say that nothing was kept.
UNCERTAIN = (Unavailable, StorageFailed)


class EmptyDocument(FormatError):
    """Not one octet came."""


async def cross(
    *,
    spool: Spool,
    key: bytes,
    body: AsyncIterator[bytes],
    limit: int,
    record: RecordStep,
    clock: Clock,
    observe: Callable[[float], None],
    at_once: Callable[[Stored], None] | None = None,
) -> Job:
    """The job as `record` made it durable. `at_once` may be called before it, in the spool's thread, to begin with that.

    What `keep` raises, and whatever `record` raises; then nothing stays that a row does not know. `observe` gets the
    seconds from the last octet to the durable row.
    """
    stored, ended = await keep(spool=spool, key=key, body=body, limit=limit, clock=clock, at_once=at_once)
    job = await recorded(spool, [stored], lambda: record(stored))
    observe(clock.monotonic() - ended)
    return job


async def keep(
    *,
    spool: Spool,
    key: bytes,
    body: AsyncIterator[bytes],
    limit: int,
    clock: Clock,
    at_once: Callable[[Stored], None] | None = None,
) -> tuple[Stored, float]:
    """Steps 1 and 2: a document on the disk, and when its last octet came, by the monotonic clock.

    TooLarge over `limit` octets, EmptyDocument, StorageFull, StorageFailed, whatever `body` raises.
    """
    writer = await spool.create(key)
    try:
        await _stream(body, writer, limit)
        ended = clock.monotonic()
        return await writer.commit(at_once), ended
    except BaseException:
        await writer.abort()
        raise


async def recorded(spool: Spool, stored: Sequence[Stored], record: Callable[[], Awaitable[Job]]) -> Job:
    """Step 3: the job that `record` made durable. What no row knows afterwards is destroyed, where that is certain."""
    ids = [one.object_id for one in stored]
    try:
        job = await record()
    except Refusal as refusal:
        if type(refusal) not in UNCERTAIN:
            await spool.destroy(ids)
        raise
    if not {document.id for document in job.documents} & set(ids):
        await spool.destroy(ids)  # a repeated submission: the first one's documents stay
    return job


async def _stream(body: AsyncIterator[bytes], writer: SpoolWriter, limit: int) -> None:
    size = 0
    async for data in body:
        size += len(data)
        if size > limit:
            raise TooLarge(f"The document is larger than the {limit // (1024 * 1024)} MiB that are taken. Split it.")
        await writer.write(data)
    if not size:
        raise EmptyDocument("The document is empty: not one octet of it arrived. Send it again.")
