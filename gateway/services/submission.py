"""What a front-end hands over: who wants what printed where, and the document on its way in."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from gateway.domain.document import Document
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor, is_guest
from gateway.services.ports import Stored
from gateway.settings import Settings

TEST_PAGE = "test"
"""The source of pages that only show whether a device prints."""
CUT_SHORT = "Its sender broke off, so that a part may be missing. Print it again, or take what came, on the job's page."
TEXT_SIZE = 255  # octets of a name (RFC 8011 section 5.1.3); longer ones are cut


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """`source` is the channel ("ipp", "web", ...); `password` makes a PIN job and is never logged."""

    printer: str
    name: str
    actor: Actor
    source: str
    ticket: JobTicket = field(default_factory=JobTicket)
    idempotency_key: str | None = None
    password: bytes | None = field(default=None, repr=False)

    @property
    def scoped_key(self) -> str | None:
        """The idempotency key as the row keeps it: a stranger's equal key is another key."""
        if self.idempotency_key is None:
            return None
        scope = f"user {self.actor.user}" if self.actor.user is not None else f"stranger {self.actor.claimed}"
        text = f"{self.source}\0{scope}\0{self.idempotency_key}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """`body` is already decompressed and `compression` says what it was; `format` is a media type.

    "application/octet-stream" asks us to find out what the document is. `password` opens an encrypted document; it is
    kept sealed until preparation has used it, and never logged.
    """

    body: AsyncIterator[bytes]
    format: str
    name: str = ""
    compression: str = "none"
    language: str | None = None
    password: bytes | None = field(default=None, repr=False)


def document_of(incoming: Incoming, stored: Stored, *, media_type: str, number: int) -> Document:
    """The Document as the row keeps it; `media_type` is the normalized one."""
    return Document(
        id=stored.object_id,
        number=number,
        format=media_type,
        declared_format=media_type,
        name=clean_text(incoming.name),
        size=stored.size,
        sha256=stored.sha256,
        compression=incoming.compression,
        language=incoming.language,
    )


def clean_text(text: str) -> str:
    """One printable line of at most TEXT_SIZE octets: what a client sends as a name may be anything."""
    plain = text if text.isprintable() else "".join(sign for sign in text if sign.isprintable())
    octets = plain.strip().encode()
    return octets[:TEXT_SIZE].decode("utf-8", "ignore")


def expiry(owner: str | None, printer: Printer, settings: Settings, now: float) -> float:
    """When the job's waiting ends, which begins `now`. Nobody may come for a job that is nobody's, or a guest's."""
    hold = printer.hold_seconds
    if owner is None and printer.holds:
        hold = min(hold, settings.jobs.hide_unclaimed_after)
    if is_guest(owner):
        hold = min(hold, settings.guests.hold_seconds)
    return now + hold
