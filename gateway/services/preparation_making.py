"""From the spooled documents of a job to one printable PDF, its pictures and what was found: a pure function of octets."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from gateway.domain.document import NOTHING_ASKED, Asks, Document, DocumentFacts
from gateway.domain.facts import kept
from gateway.domain.formats import is_language
from gateway.domain.job import Job
from gateway.errors import FormatError, FormatNotSupported
from gateway.services.particulars import batch_of
from gateway.services.ports import Converter, Keyring, Spool, SpoolWriter
from gateway.services.sealing import opened_password

PDF = "application/pdf"
Show = Callable[[Document], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What a job's documents became, all of it sealed in the spool; `facts` is the text for the row.

    `pages` None: of a print file whose pages could not be counted.
    """

    documents: tuple[Document, ...]
    printable: Document
    thumbnails: tuple[Document, ...]
    pages: int | None
    color: bool
    facts: str
    notes: tuple[str, ...]
    asks: Asks = NOTHING_ASKED


@dataclass(frozen=True, kw_only=True, slots=True)
class _One:
    """What one document became."""

    printable: Document
    facts: DocumentFacts
    thumbnails: tuple[Document, ...]


class Making:
    """The part of preparation that knows no state of a job. Refusals are about the documents."""

    def __init__(self, *, spool: Spool, keyring: Keyring, converter: Converter) -> None:
        self._spool = spool
        self._keyring = keyring
        self._converter = converter

    async def make(self, job: Job, *, raw: bool = False, first: Show | None = None) -> Made:
        """`raw`: whether print files may go on as they are. `first` gets the first page's picture as soon as it is made."""
        if job.key is None:
            raise FormatError("The document is gone.")
        key = self._keyring.unwrap(job.key)
        password = await opened_password(self._spool, key, job.unlocking)
        # A worker that was given a password sees no other document.
        batch = None if password else batch_of(job)
        made = [
            await self._one(job, document, key, password, batch, raw=raw, first=None if place else first)
            for place, document in enumerate(job.documents)
        ]
        if len(made) > 1 and any(is_language(one.facts.format) for one in made):
            raise FormatNotSupported("A print file cannot be joined with other documents: send it alone.")
        printable, facts = (made[0].printable, made[0].facts) if len(made) == 1 else await self._merge(made, key, batch)
        return Made(
            documents=tuple(
                replace(document, format=one.facts.format, pages=len(one.facts.pages) or None)
                for document, one in zip(job.documents, made, strict=True)
            ),
            printable=printable,
            thumbnails=_renumbered([one.thumbnails for one in made], [len(one.facts.pages) for one in made]),
            pages=len(facts.pages) or None,
            color=facts.color,
            facts=kept(facts.pages, [one.facts for one in made]),
            notes=tuple(dict.fromkeys(note for one in made for note in one.facts.notes)),
            asks=made[0].facts.asks if len(made) == 1 else NOTHING_ASKED,
        )

    async def _one(
        self,
        job: Job,
        document: Document,
        key: bytes,
        password: str | None,
        batch: str | None,
        *,
        raw: bool,
        first: Show | None,
    ) -> _One:
        """One document: its printable PDF and thumbnails sealed under the job's key."""
        thumbnails: list[Document] = []

        async def thumbnail(number: int, png: bytes) -> None:
            thumbnails.append(await self._sealed(key, png, number))
            if first is not None and len(thumbnails) == 1:
                await first(thumbnails[0])

        async with self._writer(key) as writer:
            prepared = await self._converter.prepare(
                self._spool.read(document.id, key),
                document.format,
                printable=writer.write,
                thumbnail=thumbnail,
                password=password,
                batch=batch,
                conversion=job.ticket.conversion,
                raw=raw,
            )
            object_id, size, sha256 = await writer.commit()
        found = prepared.facts.format
        made = found if is_language(found) else PDF
        printable = Document(id=object_id, format=made, size=size, sha256=sha256)
        return _One(printable=printable, facts=prepared.facts, thumbnails=tuple(thumbnails))

    async def _merge(self, made: list[_One], key: bytes, batch: str | None) -> tuple[Document, DocumentFacts]:
        async with self._writer(key) as writer:
            parts = [self._spool.read(one.printable.id, key) for one in made]
            facts = await self._converter.merge(parts, writer.write, batch=batch)
            object_id, size, sha256 = await writer.commit()
        await self._spool.destroy([one.printable.id for one in made])
        return Document(id=object_id, format=PDF, size=size, sha256=sha256), facts

    async def _sealed(self, key: bytes, octets: bytes, number: int) -> Document:
        async with self._writer(key) as writer:
            await writer.write(octets)
            object_id, size, sha256 = await writer.commit()
        return Document(id=object_id, number=number, format="image/png", size=size, sha256=sha256)

    @asynccontextmanager
    async def _writer(self, key: bytes) -> AsyncIterator[SpoolWriter]:
        writer = await self._spool.create(key)
        try:
            yield writer
        finally:
            await writer.abort()


def _renumbered(several: list[tuple[Document, ...]], pages: list[int]) -> tuple[Document, ...]:
    """Thumbnails of all documents, numbered through."""
    numbered: list[Document] = []
    before = 0
    for thumbnails, count in zip(several, pages, strict=True):
        numbered.extend(replace(t, number=t.number + before) for t in thumbnails)
        before += count
    return tuple(numbered)
