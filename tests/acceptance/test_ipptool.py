"""The conformance suites of CUPS' ipptool, and our own files for it, against the IPP server over a real socket.

The totals are asserted too: a suite whose companion files are missing ends early and reports no failure.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
import trustme

from gateway.domain.job import JobState
from gateway.domain.printer import Authentication, ReleasePolicy
from gateway.domain.user import SYSTEM
from gateway.services.ports import JobQuery
from ipp.virtual import Features
from tests.acceptance.companions import make
from tests.fakes import a_printer
from tests.ipp.server.house import CAPABILITIES, House, WallClock, a_house, two_printers
from tests.peers.ours import papertap
from tests.peers.paper import virtual_printer

pytestmark = pytest.mark.acceptance

OWN = Path(__file__).parent.parent / "ipp" / "server"
TOTALS = {"1.1": 66, "2.0": 67, "2.1": 68, "2.2": 69, "everywhere": 500}
# What may be skipped at most, each with its reason: Print-URI and Send-URI (7), PostScript and banner pages, which are
# not taken (10), and five tests of print-quality whose conditions name attributes that no Printer has.
SKIPPED = 22
ENGLISH = {**os.environ, "LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="session")
def companions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.getbasetemp() / "companions")


async def ipptool(uri: str, suite: Path, document: Path, version: str = "2.0") -> tuple[dict[str, int], str]:
    """How many tests passed, failed and were skipped, and the whole report."""
    command = ["ipptool", "-tI", "-V", version, "-f", str(document), uri, suite.name]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=suite.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=ENGLISH,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 180)
    report = output.decode(errors="replace")
    return {word: len(re.findall(rf"\[{word}\]", report)) for word in ("PASS", "FAIL", "SKIP")}, report


@asynccontextmanager
async def somebody_releases(house: House) -> AsyncIterator[None]:
    """A user in front of the laser who releases whatever comes to wait."""

    async def stand_there() -> None:
        while True:
            waiting = await house.jobs.find(JobQuery(printer="find-me", states=(JobState.PENDING_HELD,)))
            ready = [job.id for job in waiting if job.prepared]
            await house.release.release(ready, SYSTEM, device="laser")
            await asyncio.sleep(0.05)

    task = asyncio.ensure_future(stand_there())
    try:
        yield
    finally:
        task.cancel()


def conforms(counts: dict[str, int], report: str, total: int, *, skipped: int = SKIPPED) -> None:
    failed = [line for line in report.splitlines() if "[FAIL]" in line]
    assert not failed, report[report.index(failed[0]) :][:3000]
    assert sum(counts.values()) == total, report[-2000:]
    assert counts["SKIP"] <= skipped, [line for line in report.splitlines() if "[SKIP]" in line]
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped")


@pytest.mark.parametrize("suite", TOTALS)
async def test_suite_on_a_printer_that_prints_at_once(suite: str, companions: Path) -> None:
    async with a_house(clock=WallClock()).serving() as port:
        uri = f"ipp://localhost:{port}/ipp/print/direct"
        version = suite if suite in {"1.1", "2.0", "2.1", "2.2"} else "2.0"
        done = await ipptool(uri, companions / f"ipp-{suite}.test", companions / "onepage-a4.pdf", version)
    conforms(*done, TOTALS[suite])


@pytest.mark.parametrize("suite", ["1.1", "2.2"])
async def test_suite_on_a_printer_that_holds(suite: str, companions: Path) -> None:
    house = a_house(clock=WallClock())
    async with house.serving() as port, somebody_releases(house):
        uri = f"ipp://localhost:{port}/ipp/print/find-me"
        done = await ipptool(uri, companions / f"ipp-{suite}.test", companions / "onepage-a4.pdf", suite)
    conforms(*done, TOTALS[suite])


async def test_suite_with_name_and_password_over_tls(companions: Path, tmp_path: Path) -> None:
    staff = a_printer(
        "staff",
        uuid=UUID(int=3),
        policy=ReleasePolicy.DIRECT,
        authentication=Authentication.BASIC,
        devices=("laser",),
        capabilities=CAPABILITIES,
    )
    house = a_house(clock=WallClock(), printer_rows=(*two_printers(), staff))
    await house.identity.add_user("alice", password="correct horse battery")
    certificate = trustme.CA().issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    async with house.serving(ssl_certfile=str(tmp_path / "server.pem")) as port:
        uri = f"ipps://alice:correct%20horse%20battery@localhost:{port}/ipp/print/staff"
        done = await ipptool(uri, companions / "ipp-1.1.test", companions / "onepage-a4.pdf", "1.1")
    counts, report = done
    # One more is skipped: it asks as another user, whom the password contradicts.
    counts["SKIP"] -= report.count("different user")
    owners = {job.owner for job in house.jobs.rows.values()}
    assert (owners, counts["FAIL"]) == ({"alice"}, 0), report[-3000:]
    assert counts["SKIP"] <= SKIPPED


@pytest.mark.parametrize("name", sorted(path.stem for path in OWN.glob("*.test")))
async def test_own_file(name: str, companions: Path) -> None:
    async with a_house(clock=WallClock()).serving() as port:
        uri = f"ipp://localhost:{port}/ipp/print/direct"
        counts, report = await ipptool(uri, OWN / f"{name}.test", companions / "onepage-a4.pdf")
    assert "Score: 100%" in report, report[-3000:]
    assert counts["PASS"] > 0


@pytest.fixture
def direct(tmp_path: Path) -> Iterator[str]:
    """The URI of a Printer of the whole system, in processes of its own, in front of a virtual printer."""
    tray = tmp_path / "paper"
    tray.mkdir()
    with (
        virtual_printer(tray, Features(speed=0)) as printer,
        papertap(
            ("device", "add", "virtual", printer.uri("ipp")),
            ("printer", "add", "direct", "--policy", "direct", "--device", "virtual"),
            roles="front,prepare,deliver",
            IPP__TRUSTED_OPERATORS='["127.0.0.1/32"]',
        ) as ours,
    ):
        yield f"ipp://127.0.0.1:{ours.port}/ipp/print/direct"


# The virtual printer has no 4x6 inch paper, which two more tests ask for.
@pytest.mark.parametrize("suite", ["2.2", "everywhere"])
async def test_suite_on_the_whole_system(suite: str, companions: Path, direct: str) -> None:
    done = await ipptool(direct, companions / f"ipp-{suite}.test", companions / "onepage-a4.pdf")
    conforms(*done, TOTALS[suite], skipped=SKIPPED + 2)


async def test_own_files_on_the_whole_system(companions: Path, direct: str) -> None:
    for name in sorted(path.stem for path in OWN.glob("*.test")):
        _, report = await ipptool(direct, OWN / f"{name}.test", companions / "onepage-a4.pdf")
        assert "Score: 100%" in report, report[-3000:]
