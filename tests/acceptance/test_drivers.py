"""Drivers that none of us wrote print by LPR and raw ports: CUPS' own two backends, and rlpr with rlpq and rlprm."""

import hashlib
import os
import re
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

from gateway.domain.job import Job, JobState, Reason
from ipp.virtual import Features
from tests.acceptance.test_cups import PAGE
from tests.peers.cups import Cups, cupsd
from tests.peers.ours import Instance, papertap
from tests.peers.paper import Paper, virtual_printer
from tests.peers.processes import free_port, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("drivers")]

UEL = b"\x1b%-12345X"


@cache
def lpd() -> int:
    """The port of LPR."""
    return free_port()


@cache
def raw() -> int:
    """That of `office`."""
    return free_port()


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    with virtual_printer(tmp_path_factory.mktemp("paper"), Features(speed=0)) as printer:
        yield printer


@pytest.fixture(scope="module")
def ours(paper: Paper) -> Iterator[Instance]:
    """At `office` names from this machine are believed, at `lobby` none."""
    settings = {"LPD__ENABLED": "true", "LPD__PORT": str(lpd()), "RAW__IDLE_SECONDS": "1"}
    with papertap(roles="front,prepare,deliver", **settings) as instance:
        for words in (
            ("device", "add", "tray", paper.uri("raw")),
            ("device", "set", "tray", "--format", "pdf", "--format", "pcl", "--format", "pclxl"),
            ("printer", "add", "office", "--device", "tray"),
            ("printer", "set", "office", "--name-network", "127.0.0.0/8", "--raw-port", str(raw()), "--pass-through"),
            ("printer", "add", "lobby", "--device", "tray"),
            ("user", "add", "ada", "--password", "correct horse battery"),
        ):
            instance.here(*words)
        wait_for(raw())
        yield instance


@pytest.fixture(scope="module")
def cups(ours: Instance) -> Iterator[Cups]:
    with cupsd() as instance:
        for name, uri in (
            ("office-lpr", f"lpd://127.0.0.1:{lpd()}/office?manual_copies=no"),
            ("office-raw", f"socket://127.0.0.1:{raw()}"),
        ):
            instance.run("lpadmin", "-p", name, "-E", "-v", uri, "-m", "raw")
        yield instance


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same two pages in three languages."""
    folder = tmp_path_factory.mktemp("documents")
    source = folder / "two.ps"
    source.write_text("%!PS\n" + PAGE.format(1) + PAGE.format(2))
    found = {}
    for name, device in (("pdf", "pdfwrite"), ("pcl", "ljet4"), ("pclxl", "pxlmono")):
        found[name] = folder / f"two.{name}"
        subprocess.run(
            ["gs", "-q", "-dBATCH", "-dNOPAUSE", f"-sDEVICE={device}", "-o", found[name], source], check=True
        )
    return found


def printed(ours: Instance, send: Callable[[], object]) -> Job:
    """The job that came of it."""
    before = {job.id for job in ours.jobs()}
    send()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if new := [job for job in ours.jobs() if job.id not in before]:
            return new[0]
        time.sleep(0.1)
    raise AssertionError(ours.data.with_suffix(".log").read_text()[-2000:])


def rlpr(program: str, queue: str, *words: str, status: int = 0) -> str:
    done = subprocess.run(
        [program, "-N", "-H", "127.0.0.1", f"--port={lpd()}", "-P", queue, "--timeout=20", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout


def backend(uri: str, file: Path, *, user: str = "ada", title: str = "Plan", copies: int = 1) -> None:
    """CUPS' own, as its scheduler calls it."""
    program = f"/usr/lib/cups/backend/{uri.partition(':')[0]}"
    words = [program, "7", user, title, str(copies), "", str(file)]
    subprocess.run(words, env={**os.environ, "DEVICE_URI": uri}, check=True, capture_output=True, timeout=60)


def released(ours: Instance, paper: Paper, job: Job) -> dict[str, object]:
    """What came out; its row ends."""
    ours.here("job", "release", str(job.id), "--device", "tray")
    ours.until(job.id, JobState.COMPLETED)
    return paper.received(job.name)


@pytest.mark.parametrize(
    "option",
    ["", "?order=data,control", "?mode=stream", "?banner=on&format=o"],
    ids=["plain", "data", "stream", "banner"],
)
def test_cups_sends_by_lpr_in_each_of_its_ways(ours: Instance, files: dict[str, Path], option: str) -> None:
    uri = f"lpd://127.0.0.1:{lpd()}/office{option}"
    job = printed(ours, lambda: backend(uri, files["pdf"], title=f"Plan {option}"))
    assert (job.owner, job.requested_name, job.source) == ("ada", "ada", "lpd")
    assert job.name.startswith("Plan")
    assert [document.sha256 for document in job.documents] == [sha256(files["pdf"])]
    assert ours.until(job.id, JobState.PENDING_HELD).impressions == 2


def test_a_queue_of_cups_prints_by_lpr_for_the_one_who_asked(
    cups: Cups, ours: Instance, paper: Paper, files: dict[str, Path]
) -> None:
    send = ("lp", "-U", "ada", "-d", "office-lpr", "-n", "2", "-t", "by lpr", str(files["pdf"]))
    job = printed(ours, lambda: cups.run(*send))
    held = ours.until(job.id, JobState.PENDING_HELD)
    assert (held.owner, held.ticket.copies, held.impressions) == ("ada", 2, 4)
    released(ours, paper, held)
    end = time.monotonic() + 60
    while paper.received("by lpr")["pictures"] < 4 and time.monotonic() < end:
        time.sleep(0.1)  # a raw device has closed before it draws
    assert paper.received("by lpr")["pictures"] == 4


@pytest.mark.parametrize("language", ["pcl", "pclxl"])
def test_a_print_file_goes_through_unchanged_and_counted(
    cups: Cups, ours: Instance, paper: Paper, files: dict[str, Path], language: str
) -> None:
    """As a driver wraps it, in job language that names its user and two copies; none of that goes on to the device."""
    words = b'@PJL JOB NAME="by raw %s"\r\n@PJL SET USERNAME="ada"\r\n@PJL SET COPIES=2\r\n' % language.encode()
    enter = b"@PJL ENTER LANGUAGE=%s\r\n" % language.upper().encode()
    plain = files[language].read_bytes()
    inside = plain[plain.index(b"\n", plain.rindex(b"@PJL")) + 1 :] if plain.startswith(UEL) else plain
    inside = inside.partition(UEL)[0]
    wrapped = files[language].with_suffix(".prn")
    wrapped.write_bytes(UEL + words + enter + inside + UEL)
    job = printed(ours, lambda: cups.run("lp", "-U", "eve", "-d", "office-raw", str(wrapped)))
    held = ours.until(job.id, JobState.PENDING_HELD)
    assert (held.owner, held.name, held.source) == ("ada", f"by raw {language}", "raw")
    assert (held.pages, held.ticket.copies, held.impressions) == (2, 2, 4)
    came = released(ours, paper, held)
    assert came["asked"]["COPIES"] == "2"  # type: ignore[index]
    assert "USERNAME" not in came["asked"]  # type: ignore[operator]
    assert came["documents"][0]["sha256"] == hashlib.sha256(inside).hexdigest()  # type: ignore[index]


def test_without_belief_a_job_is_nobodys_and_is_found_by_its_label(ours: Instance, files: dict[str, Path]) -> None:
    """rlprm speaks for whoever runs it, here root."""
    mine, other = (_letter(ours, files["pdf"], user) for user in ("root", "ada"))
    assert (other.owner, other.requested_name, other.name) == (None, "ada", "Letter of ada")
    ours.until(other.id, JobState.PENDING_HELD)
    ours.until(mine.id, JobState.PENDING_HELD)
    assert "Letter" not in rlpr("rlpq", "lobby")
    assert re.search(rf"{other.id} +Letter of ada", rlpr("rlpq", "lobby", "ada"))
    assert "no entries" in rlpr("rlpq", "lobby", "eve")
    assert re.search(r"Label: \w+ \w+", rlpr("rlpq", "lobby", "-l", "ada"))
    rlpr("rlprm", "lobby", str(other.id))
    rlpr("rlprm", "lobby", str(mine.id))
    assert ours.job(other.id).state is JobState.PENDING_HELD
    assert ours.job(mine.id).state is JobState.CANCELED


def _letter(ours: Instance, file: Path, user: str) -> Job:
    return printed(ours, lambda: rlpr("rlpr", "lobby", f"--user={user}", "-J", f"Letter of {user}", str(file)))


def test_rlpr_sends_data_first_and_learns_of_refusals(ours: Instance, files: dict[str, Path]) -> None:
    words = ("--send-data-first", "--user=ada", str(files["pdf"]))
    job = printed(ours, lambda: rlpr("rlpr", "office", *words))
    assert (job.owner, [one.sha256 for one in job.documents]) == ("ada", [sha256(files["pdf"])])
    rlpr("rlpr", "nowhere", str(files["pdf"]), status=1)
    rlpr("rlpr", "office", "--user=zoe", "/dev/null", status=1)
    told, end = "", time.monotonic() + 60
    while "empty" not in told and time.monotonic() < end:  # tries are written down each second
        with suppress(AssertionError):  # nothing is known of her yet
            told = ours.here("why", "zoe")
    assert "empty" in told


@pytest.mark.parametrize("how", ["silence", "reset"])
def test_a_raw_job_that_breaks_off_waits_for_a_word(ours: Instance, files: dict[str, Path], how: str) -> None:
    def half() -> None:
        with socket.create_connection(("127.0.0.1", raw())) as line:
            line.sendall(files["pdf"].read_bytes()[:-20])
            time.sleep(0.2 if how == "reset" else 1.5)
            if how == "reset":
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    job = printed(ours, half)
    assert (job.state, job.reasons) == (JobState.PENDING_HELD, (Reason.JOB_DATA_INSUFFICIENT,))
    ours.here("job", "take", str(job.id))
    ours.until(job.id, JobState.PENDING_HELD)


def test_check_tries_both(ours: Instance) -> None:
    told = ours.here("check", "--json")
    assert f"Port {lpd()} answers." in told
    assert f"Port {raw()} answers." in told


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
