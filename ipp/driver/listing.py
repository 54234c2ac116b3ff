"""What LPR's lpq and lprm see and do: jobs of the asker's own machine, under the names that it gives (RFC 1179 section 5).

Nobody signs in. Where names are trusted a name reaches that user's jobs from this machine; elsewhere it reaches those that
nobody owns yet, as the same sender is shown them by IPP. Without a name only numbers and sizes are told.
"""

from collections.abc import Callable, Sequence

from gateway.domain.job import OPEN, Job
from gateway.domain.printer import Printer
from gateway.errors import Refusal
from gateway.services.limits import same_client
from gateway.services.ports import JobQuery
from gateway.services.printers import Printers
from gateway.services.release import Release
from ipp.driver.desk import Desk

MOST_JOBS = 100
MOST_NAMES = 10


class Listing:
    """`label_of` tells by what its sender finds a job that nobody owns, at the printer."""

    def __init__(self, *, desk: Desk, printers: Printers, release: Release, label_of: Callable[[Job], str]) -> None:
        self._desk, self._printers, self._release, self._label_of = desk, printers, release, label_of

    async def state(self, printer: Printer, asked: Sequence[str], address: str, *, long: bool) -> bytes:
        """The text that lpq shows; `asked` are user names and job numbers."""
        numbers = {int(word) for word in asked if _is_number(word)}
        names = [word for word in asked if not _is_number(word)]
        jobs = [job for name in names[:MOST_NAMES] for job in await self._of(printer, name, address)]
        if not names:
            jobs = [job for job in await self._release.claimable((address,)) if job.printer == printer.name]
        jobs = sorted(
            {job.id: job for job in jobs if not numbers or job.id in numbers}.values(), key=lambda job: job.id
        )
        head = self._head(printer)
        if not jobs:
            return f"{head}\nno entries\n".encode()
        rows = self._long(jobs[:MOST_JOBS], told=bool(names)) if long else _short(jobs[:MOST_JOBS], told=bool(names))
        return "\n".join([head, *rows, ""]).encode()

    async def remove(self, printer: Printer, agent: str, asked: Sequence[str], address: str) -> bytes:
        """Cancels jobs of the agent alone: those asked for by number, all for its own name, else the first one."""
        own = await self._of(printer, agent, address)
        numbers = {int(word) for word in asked if _is_number(word)}
        every = any(word == agent for word in asked)
        chosen = own if every else [job for job in own if job.id in numbers] if asked else own[:1]
        actor = await self._desk.actor(printer, agent, address)
        lines = []
        for job in chosen:
            try:
                await self._release.cancel(job.id, actor, message="Deleted with lprm.")
            except Refusal as refusal:
                lines.append(f"{job.id}: {refusal.message}")
            else:
                lines.append(f"{job.id} dequeued")
        return "".join(f"{line}\n" for line in lines or ["no job of yours was found"]).encode()

    async def _of(self, printer: Printer, name: str, address: str) -> list[Job]:
        """Open jobs from this machine that the name reaches, oldest first."""
        actor = await self._desk.actor(printer, name, address)
        found = await self._release.find(JobQuery(printer=printer.name, states=OPEN, limit=MOST_JOBS), actor)
        return [job for job in found if same_client(job.address, address)]

    def _head(self, printer: Printer) -> str:
        status = self._printers.status(printer.name)
        said = f" ({status.message})" if status.message else ""
        return _line(f"{printer.name} is {status.state}{said}")

    def _long(self, jobs: Sequence[Job], *, told: bool) -> list[str]:
        rows = []
        for rank, job in enumerate(jobs, 1):
            who = f"{_who(job)}: " if told else ""
            rows.append(_line(f"{who}{_rank(rank)}  [job {job.id}]  {job.state.keyword}"))
            if told:
                rows.append(_line(f"        {job.name}  {job.size} bytes"))
            if told and job.owner is None:
                rows.append(_line(f"        Label: {self._label_of(job)}"))
        return rows


def _short(jobs: Sequence[Job], *, told: bool) -> list[str]:
    rows = [f"{'Rank':<7}{'Owner':<11}{'Job':<7}{'Files':<38}Total Size"]
    for rank, job in enumerate(jobs, 1):
        who, name = (_who(job), job.name) if told else ("-", "-")
        rows.append(_line(f"{_rank(rank):<7}{who[:10]:<11}{job.id:<7}{name[:37]:<38}{job.size} bytes"))
    return rows


def _who(job: Job) -> str:
    return job.owner or job.requested_name


def _rank(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _line(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 19
