"""From a protocol into the machine: every sink hands its documents over here and nowhere else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from ipp.virtual.archive import Archive
from ipp.virtual.clock import Clock
from ipp.virtual.machine import Machine, PaperJob

Render = Callable[[Path, str, Path], Awaitable[int]]
"""render(document, media type, directory): writes page-0001.png and so on; gives the number of pages."""


class Reception:
    """Opens jobs, stores their documents, and tells the machine once all is in."""

    def __init__(self, archive: Archive, render: Render, clock: Clock) -> None:
        self._archive, self._render, self._clock = archive, render, clock
        self.machine: Machine

    async def open(
        self,
        *,
        protocol: str,
        name: str,
        user: str,
        asked: dict[str, object] | None = None,
        copies: int = 1,
        duplex: bool = False,
    ) -> PaperJob:
        job = PaperJob(
            id=self.machine.next_id(),
            protocol=protocol,
            name=name,
            user=user,
            folder=await self._archive.folder(name),
            created_at=self._clock.now(),
            asked=asked or {},
            copies=copies,
            duplex=duplex,
        )
        self.machine.jobs[job.id] = job
        return job

    async def store(self, job: PaperJob, chunks: AsyncIterator[bytes], media_type: str) -> None:
        """One document; when it breaks off, the job is aborted, nothing is printed and the error goes on."""
        try:
            job.documents.append(await job.folder.store(chunks, media_type, len(job.documents) + 1))
        except BaseException:
            self.machine.abort(job)
            await self.note(job)
            raise

    async def close(self, job: PaperJob) -> None:
        await self.note(job)
        self.machine.submit(job)

    async def render(self, job: PaperJob) -> int:
        pages = 0
        for document in job.documents:
            pages += await self._render(document.path, document.media_type, job.folder.path)
        return pages

    async def note(self, job: PaperJob) -> None:
        """Bring `job.json` up to date."""
        await job.folder.note(
            {
                "id": job.id,
                "uuid": job.uuid,
                "protocol": job.protocol,
                "name": job.name,
                "user": job.user,
                "state": job.state.keyword,
                "reasons": job.reasons,
                "asked": job.asked,
                "copies": job.copies,
                "pages": job.pages,
                "impressions_completed": job.impressions_completed,
                "sheets_completed": job.sheets_completed,
                "created_at": job.created_at,
                "ended_at": job.ended_at,
                "documents": [
                    {
                        "file": document.path.name,
                        "format": document.media_type,
                        "octets": document.octets,
                        "sha256": document.sha256,
                        "complete": document.complete,
                    }
                    for document in job.documents
                ],
            }
        )
