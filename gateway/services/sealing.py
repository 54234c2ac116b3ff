"""Small secrets of a job in the spool, under the job's own key: they die with it, if not before."""

from gateway.domain.document import Document
from gateway.services.ports import Spool

PASSWORD_MAX = 1023  # document-password-supported (PWG 5100.13 section 6.1)
_TEXT = "text/plain"


async def sealed_password(spool: Spool, key: bytes, password: bytes | None) -> Document | None:
    """None for none. What no row takes in is swept as an orphan."""
    if not password:
        return None
    writer = await spool.create(key)
    try:
        await writer.write(password)
        object_id, size, _ = await writer.commit()
    finally:
        await writer.abort()
    return Document(id=object_id, format=_TEXT, size=size, sha256="")


async def opened_password(spool: Spool, key: bytes, sealed: Document | None) -> str | None:
    if sealed is None:
        return None
    return b"".join([part async for part in spool.read(sealed.id, key)]).decode("utf-8", "replace")
