"""What a person may ask of the gateway about themselves: to have a copy of everything, and to be forgotten (row 107)."""

import json
import logging
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from io import RawIOBase
from typing import Any

from gateway.domain.job import Job, JobState
from gateway.domain.letter import Letter
from gateway.domain.rights import Role
from gateway.domain.user import Actor, User
from gateway.errors import BadRequest, NotPossible, PapertapError
from gateway.services.identity import Identity
from gateway.services.ports import (
    Clock,
    Hasher,
    JobChange,
    JobQuery,
    JobStore,
    Keyring,
    Mailer,
    PersonalData,
    Spool,
    UserStore,
)
from gateway.services.release import Release
from gateway.services.shredding import destroyed

PAGE = 500
_OPEN = (JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING, JobState.PROCESSING_STOPPED)
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first time that a ZIP file can say
README = """What this gateway keeps about you, as JSON: one file for each kind of data.

Times are seconds since 1970-01-01 00:00 UTC. Proofs (passwords, PINs, card numbers, passkeys) are kept as hashes
only, which are not in here. documents/ holds the documents of yours that still exist, as you sent them and as they
print; errors.json, if there is one, names those that could not be read.
"""

log = logging.getLogger(__name__)


class Privacy:
    def __init__(
        self,
        *,
        data: PersonalData,
        jobs: JobStore,
        users: UserStore,
        release: Release,
        identity: Identity,
        spool: Spool,
        keyring: Keyring,
        hasher: Hasher,
        mailer: Mailer,
        clock: Clock,
        keep_names: bool,
    ) -> None:
        self._data = data
        self._jobs = jobs
        self._users = users
        self._release = release
        self._identity = identity
        self._spool = spool
        self._keyring = keyring
        self._hasher = hasher
        self._mailer = mailer
        self._clock = clock
        self._keep_names = keep_names

    # -- a copy

    async def export(self, user: User, *, documents: bool) -> AsyncIterator[bytes]:
        """One ZIP file in pieces; memory stays flat, however much there is."""
        out = _Pieces()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_entry("README.txt"), README)
            for section in self._data.sections():
                async for piece in self._section(archive, out, section, user):
                    yield piece
            if documents:
                async for piece in self._documents(archive, out, user):
                    yield piece
        yield out.take()

    async def _section(
        self, archive: zipfile.ZipFile, out: "_Pieces", section: str, user: User
    ) -> AsyncIterator[bytes]:
        """A JSON list, written page by page."""
        with archive.open(_entry(f"{section}.json"), "w") as entry:
            after: int | None = 0
            between = b"[\n"
            while after is not None:
                rows, after = await self._data.page(section, user, after=after, limit=PAGE)
                for row in rows:
                    entry.write(between + json.dumps(row, ensure_ascii=False, default=str).encode())
                    between = b",\n"
                yield out.take()
            entry.write(b"[]\n" if between == b"[\n" else b"\n]\n")

    async def _documents(self, archive: zipfile.ZipFile, out: "_Pieces", user: User) -> AsyncIterator[bytes]:
        failed: list[dict[str, Any]] = []
        async for job in self._each(JobQuery(owner=user.name, with_key=True)):
            for name, object_id in _objects(job):
                try:
                    async for piece in self._document(archive, out, name, object_id, job):
                        yield piece
                except PapertapError as error:
                    failed.append({"job": job.id, "file": name, "error": str(error)})
        if failed:
            archive.writestr(_entry("errors.json"), json.dumps(failed, indent=1))

    async def _document(
        self, archive: zipfile.ZipFile, out: "_Pieces", name: str, object_id: str, job: Job
    ) -> AsyncIterator[bytes]:
        assert job.key is not None
        with archive.open(_entry(name, stored=True), "w", force_zip64=True) as entry:
            async for part in self._spool.read(object_id, self._keyring.unwrap(job.key)):
                entry.write(part)
                yield out.take()

    # -- forgetting

    async def erase(self, user: User, *, typed: str, language: str) -> str:
        """The pseudonym that totals are kept under. What was destroyed is gone for good.

        BadRequest unless the name was typed; NotPossible while a job of theirs is being printed, and for the last
        administrator. Each step may be repeated: an erasure that was interrupted is asked for again.
        """
        if typed.strip().casefold() != user.name.casefold():
            raise BadRequest("Type your name as it stands here, so that nothing is erased by mistake.")
        await self._check_administrators(user)
        await self._end_jobs(user)
        await self._identity.disable(user.name)
        await self._destroy_documents(user)
        pseudonym = f"erased-{self._hasher.lookup('pseudonym', str(user.uuid))[:12]}"
        await self._data.erase(user, pseudonym=pseudonym, keep_name=self._keep_names)
        if user.email and self._mailer.enabled:
            await self._mailer.send(Letter(kind="account-erased", to=user.email, language=language))
        return pseudonym

    async def _check_administrators(self, user: User) -> None:
        if user.role is not Role.ADMINISTRATOR:
            return
        others = await self._users.users(limit=1_000_000)
        if not any(o.role is Role.ADMINISTRATOR and not o.disabled and o.uuid != user.uuid for o in others):
            raise NotPossible("You are the only administrator. Make somebody else one first.")

    async def _end_jobs(self, user: User) -> None:
        actor = Actor(user=user.name, claimed=user.name, via="erase")
        open_jobs = [job async for job in self._each(JobQuery(owner=user.name, states=_OPEN))]
        if any(job.state is JobState.PROCESSING and job.output_device is not None for job in open_jobs):
            raise NotPossible("A job of yours is being printed. Wait until it has come out, then try again.")
        for job in open_jobs:
            await self._release.cancel(job.id, actor, message="Its owner's account was erased.")

    async def _destroy_documents(self, user: User) -> None:
        """Now, favourites and reprints too: the key goes with this commit, the files after it."""
        async for job in self._each(JobQuery(owner=user.name, with_key=True)):

            def change(row: Job) -> JobChange | None:
                return destroyed(row, self._clock.now(), by="erase") if row.key is not None else None

            row = await self._jobs.update(job.id, change)
            await self._spool.destroy([document.id for document in row.objects])

    async def _each(self, query: JobQuery) -> AsyncIterator[Job]:
        last = 0
        while jobs := await self._jobs.find(replace(query, after_id=last, limit=PAGE)):
            for job in jobs:
                yield job
            last = jobs[-1].id


class _Pieces(RawIOBase):
    """What a ZIP file was written to since somebody looked: never the whole of it."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        piece = bytes(self._written)
        self._written.clear()
        return piece


def _entry(name: str, *, stored: bool = False) -> zipfile.ZipInfo:
    """Names are ours alone: what a document is called is data, and stands in jobs.json."""
    entry = zipfile.ZipInfo(name, date_time=_EARLIEST)
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _objects(job: Job) -> list[tuple[str, str]]:
    """(name in the archive, object) of what was sent and of what prints."""
    sent = [(f"documents/{job.id}-{number}.{_suffix(d.format)}", d.id) for number, d in enumerate(job.documents, 1)]
    printed = [(f"documents/{job.id}-print.{_suffix(job.printable.format)}", job.printable.id)] if job.printable else []
    return sent + printed


_SUFFIXES = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "text/plain": "txt"}


def _suffix(media_type: str) -> str:
    return _SUFFIXES.get(media_type, "bin")
