"""The octets that go to a device: the printable as it is, or made over for it and sealed until it was sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from gateway.domain.device import Device
from gateway.domain.job import Job
from gateway.errors import NotPossible
from gateway.services.counting import Counts
from gateway.services.delivery_plan import Plan
from gateway.services.delivery_rows import Tools
from gateway.services.numbering import numbers_for
from gateway.services.particulars import particulars


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceDocument:
    """`read` once; `size` octets. `plan` has the counts of what was really made."""

    plan: Plan
    size: int
    body: AsyncIterator[bytes]


@asynccontextmanager
async def device_document(tools: Tools, job: Job, device: Device, plan: Plan) -> AsyncIterator[DeviceDocument]:
    """Refusals of the spool, the keyring and the converter pass through; what was made is destroyed at the end.

    A made document is sealed first, because LPD must say its size and because a converter that fails must not leave
    half a document at the device.
    """
    if job.key is None or job.printable is None:
        raise NotPossible("The document has been destroyed. Send it again to print it again.")
    key = tools.keyring.unwrap(job.key)
    source = tools.spool.read(job.printable.id, key)
    if not plan.render:
        yield DeviceDocument(plan=plan, size=job.printable.size, body=source)
        return
    bates = await numbers_for(job, tools.printers.of_job(job.printer), plan.ours, tools.numbers)
    writer = await tools.spool.create(key)
    try:
        rendered = await tools.converter.render(
            source,
            writer.write,
            ticket=plan.ours,
            capabilities=device.capabilities,
            format=plan.format,
            copies=plan.our_copies,
            particulars=particulars(job, at=job.released_at or job.created_at, bates=bates),
        )
        object_id, size, _ = await writer.commit()
    finally:
        await writer.abort()
    counts = Counts(
        impressions=rendered.impressions * plan.device_copies,
        media_sheets=rendered.media_sheets * plan.device_copies,
    )
    try:
        made = replace(plan, counts=counts, format=rendered.format)
        yield DeviceDocument(plan=made, size=size, body=tools.spool.read(object_id, key))
    finally:
        await tools.spool.destroy([object_id])
