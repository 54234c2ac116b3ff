"""Gives letters the pictures of pages that they show."""

from gateway.adapters.db import Database
from gateway.services.ports import Keyring, Spool


async def picture_of(name: str, *, database: Database, spool: Spool, keyring: Keyring) -> bytes:
    """PNG octets of "job/page" for a letter; empty once they were destroyed."""
    job_id, _, number = name.partition("/")
    if not (job_id.isdigit() and number.isdigit()):
        return b""
    job = await database.jobs.get(int(job_id))
    found = None if job is None else next((one for one in job.thumbnails if one.number == int(number)), None)
    if job is None or job.key is None or found is None or job.private:
        return b""
    return b"".join([chunk async for chunk in spool.read(found.id, keyring.unwrap(job.key))])
