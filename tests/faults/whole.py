"""The whole system as processes that a test may kill, starve and lie to, and what is left of it afterwards.

`Site` is a data directory with its ports; `Server` is one `papertap serve` on it. What came out is asked of the
virtual printer's archive, what was kept of the rows and the spool: never of the process that is on trial.
"""

import asyncio
import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2

from gateway.adapters.db import open_database
from gateway.adapters.keyring import FileKeyring
from gateway.adapters.spool import open_spool
from gateway.app import build
from gateway.app.build import Gateway
from gateway.domain.account import Receipt
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.printer import ReleasePolicy
from gateway.domain.rights import Role
from gateway.errors import Refusal
from gateway.services.ports import JobQuery
from gateway.settings import Settings, load
from ipp.client import IppClient, Patience
from ipp.wire import GroupTag, Message, Status
from ipp.wire import build as made
from tests.ipp.virtual.samples import a_pdf, in_pieces
from tests.peers.processes import free_port
from tests.webprint.visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
OPERATOR, PASSWORD = "olga", "correct horse battery"
ALL = "front,prepare,deliver"
PATIENCE = 60.0  # seconds for anything that must happen
# Every back-off short, so that a test sees the end of each.
QUICK = {
    "DELIVERY__UNREACHABLE_DELAYS": "[0.3, 0.3, 0.3]",
    "DELIVERY__BUSY_FIRST": "0.3",
    "DELIVERY__BUSY_LONGEST": "1.0",
    "DELIVERY__BUSY_TRIES": "6",
    "DELIVERY__STALL_SECONDS": "2.0",
    "DELIVERY__POLL_SECONDS": "0.2",
    "DELIVERY__LEASE_SECONDS": "3.0",
    "SANDBOX__LEASE_SECONDS": "3.0",
}


def document(number: int, *, pages: int = 1, pad: int = 2000) -> bytes:
    """A PDF like no other: no two of them have the same SHA-256."""
    octets = a_pdf(pages, pad=max(pad, 40))
    return octets.replace(b"%" * 32, b"%%document %-21d" % number, 1)


def bulky(number: int) -> bytes:
    """A PDF with a picture of noise that nothing packs: more than all buffers on the way to a device hold."""
    side = 4000
    noise = random.Random(number).randbytes(side * side)
    picture = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray" % (side, side)
    bodies = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 72] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>",
        b"<< /Length 25 >>\nstream\n72 0 0 72 0 0 cm /I Do   \nendstream",
        picture + b" /BitsPerComponent 8 /Length %d >>\nstream\n%b\nendstream" % (len(noise), noise),
    )
    out, offsets = b"%PDF-1.4\n", []
    for index, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (index, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


def sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


class Server:
    """One running `papertap serve`; `seconds` is what it took from the start to its first healthy answer."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log
        self.seconds = 0.0

    def kill(self) -> None:
        """kill -9 of this one process: whatever it had started has to notice by itself."""
        self.process.kill()

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    def resident(self) -> int:
        """VmRSS in octets."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the process is gone")

    def left_behind(self) -> list[int]:
        """Processes of its session that still run."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == self.process.pid and fields[0] not in "ZX":
                found.append(int(stat.parent.name))
        return found


@dataclass(kw_only=True, slots=True)
class Site:
    """`environment` starts servers on the same data directory; `program` is what they run, perhaps with a defect."""

    data: Path
    port: int
    http_port: int
    environment: dict[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = ("gateway",)
    starts: int = 0

    @classmethod
    async def made(cls, data: Path, devices: Mapping[str, str], **settings: str) -> Self:
        """A pull Printer for each device under the device's own name, and the operator."""
        site = cls.bare(data, **settings)
        async with site.opened() as gateway:
            await site.furnish(gateway, devices)
        return site

    @classmethod
    def bare(cls, data: Path, **settings: str) -> Self:
        site = cls(data=data, port=free_port(), http_port=free_port())
        site.environment = {
            **os.environ,
            "PAPERTAP_DATA": str(data),
            "PAPERTAP_LISTEN__HOST": "127.0.0.1",
            "PAPERTAP_IPP__PORT": str(site.port),
            "PAPERTAP_HTTP__PORT": str(site.http_port),
            "PAPERTAP_HTTPS__ENABLED": "false",
            "PAPERTAP_MDNS__ENABLED": "false",
            "PAPERTAP_SMTP__ENABLED": "false",
            "PAPERTAP_LPD__ENABLED": "false",
            "PAPERTAP_SANDBOX__OFFICE_AT_START": "false",  # few tests need one, and a start takes seconds
            **{f"PAPERTAP_{name}": value for name, value in (QUICK | settings).items()},
        }
        return site

    async def furnish(self, gateway: Gateway, devices: Mapping[str, str], *, policy: str = "pull") -> None:
        for name, uri in devices.items():
            await gateway.printers.add_device(name, uri, info=name)
            await gateway.learn(name)
            await gateway.printers.add_printer(name, info=name, devices=(name,), policy=ReleasePolicy(policy))
        await gateway.identity.add_user(OPERATOR, password=PASSWORD, role=Role.OPERATOR)

    # -- processes

    @asynccontextmanager
    async def serving(self, roles: str = ALL, *, healthy: bool = True, **more: str) -> AsyncIterator[Server]:
        """A server that answers; with `healthy` also /healthz says so. It is stopped in the end, if it still runs."""
        self.starts += 1
        log = self.data.parent / f"{self.data.name}-{self.starts}.log"
        server = await self.launch(log, "serve", "--roles", roles, **more)
        began = time.monotonic()
        try:
            if "front" in roles:
                await self._answers(server, healthy=healthy)
            server.seconds = time.monotonic() - began
            yield server
        finally:
            await _stopped(server)

    async def launch(self, log: Path, *words: str, **more: str) -> Server:
        environment = self.environment | {f"PAPERTAP_{name}": value for name, value in more.items()}
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *self.program, *words),
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return Server(process, log)

    async def _answers(self, server: Server, *, healthy: bool) -> None:
        async with httpx2.AsyncClient(base_url=self.http, timeout=5) as client:
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                assert server.process.returncode is None, server.log.read_text()
                try:
                    answer = await client.get("/healthz")
                except httpx2.TransportError:
                    await asyncio.sleep(0.02)
                    continue
                if answer.status_code == 200 or not healthy:
                    return
                await asyncio.sleep(0.02)
        raise AssertionError(server.log.read_text())

    # -- clients

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @asynccontextmanager
    async def client(self, printer: str, *, seconds: float = 60.0) -> AsyncIterator[IppClient]:
        uri = f"ipp://127.0.0.1:{self.port}/ipp/print/{printer}"
        async with IppClient(uri, user="client", timeout=Patience(connect=seconds, answer=seconds)) as client:
            yield client

    async def submit(self, printer: str, name: str, octets: bytes, *, seconds: float = 60.0) -> Message:
        """The answer to a Print-Job; IppClientError when there was none."""
        operation = (made.name("job-name", name), made.mime("document-format", "application/pdf"))
        async with self.client(printer, seconds=seconds) as client:
            return await client.print_job(in_pieces(octets, 65_536), operation)

    async def accepted(self, printer: str, name: str, octets: bytes) -> int:
        """The job-id; AssertionError when the job is not taken."""
        answer = await self.submit(printer, name, octets)
        assert answer.code <= Status.SUCCESSFUL_OK_CONFLICTING_ATTRIBUTES, (hex(answer.code), said(answer))
        return job_id(answer)

    @asynccontextmanager
    async def visitor(self, *, seconds: float = 60.0) -> AsyncIterator[Visitor]:
        """Nobody yet: `sign_in` makes it the operator."""
        limits = httpx2.Limits(max_connections=200)
        async with httpx2.AsyncClient(base_url=self.http, timeout=seconds, limits=limits) as client:
            yield Visitor(client, self.http)

    # -- what there is

    def settings(self) -> Settings:
        """As the servers have them, without touching this process's environment."""
        database = {"url": self.environment.get("PAPERTAP_DATABASE__URL", "")}
        return load(
            data=self.data,
            database=database,
            https={"enabled": False},
            mdns={"enabled": False},
            smtp={"enabled": False},
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Gateway]:
        """What the command line has."""
        async with build(self.settings()) as gateway:
            yield gateway

    async def jobs(self) -> list[Job]:
        database = await open_database(self.settings())
        try:
            return await database.jobs.find(JobQuery(limit=None))
        finally:
            await database.close()

    async def waiting(self) -> list[int]:
        """Numbers of the jobs that somebody may release."""
        return [job.id for job in await self.jobs() if job.state is JobState.PENDING_HELD and job.prepared]

    async def ledger(self) -> list[Receipt]:
        database = await open_database(self.settings())
        try:
            return await database.jobs.receipts(limit=1_000_000)
        finally:
            await database.close()

    async def history(self, number: int) -> list[JobRecord]:
        database = await open_database(self.settings())
        try:
            return await database.jobs.records(number)
        finally:
            await database.close()

    async def until(self, number: int, *states: JobState, seconds: float = PATIENCE, **fields: Any) -> Job:
        """The job once it is in one of the states, and in its fields as said; with its history when it never is."""
        end = time.monotonic() + seconds
        database = await open_database(self.settings())
        try:
            while True:
                job = await database.jobs.get(number)
                if job is not None and job.state in states and all(getattr(job, f) == v for f, v in fields.items()):
                    return job
                assert time.monotonic() < end, (job, await database.jobs.records(number))
                await asyncio.sleep(0.05)
        finally:
            await database.close()

    async def held(self, number: int) -> Job:
        """Prepared and waiting for its release."""
        return await self.until(number, JobState.PENDING_HELD, reasons=WAITING)

    async def unreadable(self) -> list[str]:
        """Names of jobs that have not ended and whose documents are not, octet for octet, what the rows say."""
        keyring, spool = FileKeyring(self.data / "keys"), open_spool(self.settings())
        try:
            waiting = [job for job in await self.jobs() if not job.state.ended]
            return [job.name for job in waiting if not await _readable(job, keyring, spool)]
        finally:
            spool.close()

    def spooled(self) -> list[Path]:
        """Every file in the spool, finished or not."""
        return [path for path in (self.data / "spool").rglob("*") if path.is_file()]


WAITING = (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)


async def _readable(job: Job, keyring: FileKeyring, spool: Any) -> bool:
    for one in job.documents:
        assert job.key is not None
        digest = hashlib.sha256()
        try:
            async for chunk in spool.read(one.id, keyring.unwrap(job.key)):
                digest.update(chunk)
        except Refusal:
            return False
        if digest.hexdigest() != one.sha256:
            return False
    return True


async def _stopped(server: Server) -> None:
    if server.process.returncode is None:
        server.process.terminate()
        try:
            async with asyncio.timeout(60):
                await server.process.wait()
        except TimeoutError:
            server.process.kill()
    await server.process.wait()
    for pid in server.left_behind():
        os.kill(pid, signal.SIGKILL)


def job_id(answer: Message) -> int:
    group = answer.group(GroupTag.JOB)
    assert group is not None
    attribute = group.get("job-id")
    assert attribute is not None
    assert isinstance(attribute.value, int)
    return attribute.value


def said(answer: Message) -> str:
    """The status-message, "" without one."""
    group = answer.group(GroupTag.OPERATION)
    attribute = None if group is None else group.get("status-message")
    return "" if attribute is None else str(attribute.value)


async def sign_in(visitor: Visitor) -> None:
    """The operator, by password: may release anybody's job."""
    assert (await visitor.sign_in(OPERATOR, PASSWORD)).status_code == 303


async def release(visitor: Visitor, *numbers: int) -> httpx2.Response:
    """The release form of the web page."""
    return await visitor.post("/jobs/release", {"job": [str(number) for number in numbers]})


def went(answer: httpx2.Response) -> int:
    """How many jobs the page says are on their way."""
    return answer.text.count("on its way to")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """What the virtual printer has of one job that came to it. `name` is without the release id."""

    name: str
    protocol: str
    state: str
    impressions: int
    complete: bool


def tray(directory: Path) -> list[Sheet]:
    """Everything that ever arrived, also before the printer forgot it."""
    found = []
    for folder in sorted(directory.iterdir()):
        note = folder / "job.json"
        if note.exists():
            told = json.loads(note.read_text())
            found.append(
                Sheet(
                    name=told["name"].rpartition(" ")[0],
                    protocol=told["protocol"],
                    state=told["state"],
                    impressions=told["impressions_completed"],
                    complete=bool(told["documents"]) and all(one["complete"] for one in told["documents"]),
                )
            )
    return found


def tracebacks(log: Path) -> list[str]:
    """Lines of a server's log that tell of an exception nobody expected."""
    lines = log.read_text(errors="replace").splitlines()
    return [line[:3000] for line in lines if "Traceback" in line or '"exception"' in line or "never retrieved" in line]
