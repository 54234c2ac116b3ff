"""CUPS as a client: it installs our Printers without a driver, prints, holds, cancels, over ipp and ipps."""

import asyncio
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from gateway.app import build
from gateway.domain.job import JobState, Reason
from gateway.settings import Settings, load
from ipp.virtual import Features
from tests.peers.cups import Cups, cupsd
from tests.peers.ours import Instance, papertap
from tests.peers.paper import Paper, virtual_printer

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("cups")]

PAGE = "/Helvetica findfont 40 scalefont setfont 100 600 moveto (Page {}) show showpage\n"


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    with virtual_printer(tmp_path_factory.mktemp("paper"), Features(speed=0)) as printer:
        yield printer


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    with virtual_printer(tmp_path_factory.mktemp("slow"), Features(speed=0.05)) as printer:
        yield printer


@pytest.fixture(scope="module")
def ours(paper: Paper, slow: Paper) -> Iterator[Instance]:
    with papertap(
        ("device", "add", "virtual", paper.uri("ipp")),
        ("printer", "add", "find-me", "--device", "virtual"),
        ("printer", "add", "direct", "--policy", "direct", "--device", "virtual"),
        ("device", "add", "snail", slow.uri("ipp")),
        ("printer", "add", "slow", "--policy", "direct", "--device", "snail"),
        ("printer", "add", "locked", "--device", "virtual", "--authentication", "basic"),
        ("user", "add", "ada", "--password", "correct horse battery"),
        roles="front,prepare,deliver",
    ) as instance:
        yield instance


@pytest.fixture(scope="module")
def cups(ours: Instance) -> Iterator[Cups]:
    with cupsd() as instance:
        for scheme in ("ipp", "ipps"):
            for name in ("find-me", "direct"):
                instance.add_queue(f"{name}-{scheme}", f"{scheme}://localhost:{ours.port}/ipp/print/{name}")
        instance.add_queue("slow", f"ipp://localhost:{ours.port}/ipp/print/slow")
        yield instance


@pytest.fixture(scope="module")
def two_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    (folder / "two.ps").write_text("%!PS\n" + PAGE.format(1) + PAGE.format(2))
    pdf = folder / "two.pdf"
    subprocess.run(["gs", "-q", "-sDEVICE=pdfwrite", "-o", str(pdf), str(folder / "two.ps")], check=True)
    return pdf


def printed(cups: Cups, ours: Instance, queue: str, file: Path, *options: str) -> int:
    """The number our gateway gave to a job that `lp` sent."""
    before = {job.id for job in ours.jobs()}
    number = re.search(r"request id is \S+-(\d+)", cups.run("lp", "-d", queue, *options, str(file)))
    assert number
    end = time.monotonic() + 60
    while time.monotonic() < end:
        new = {job.id for job in ours.jobs()} - before
        if new:
            return new.pop()
        time.sleep(0.1)
    raise AssertionError(cups.run("lpstat", "-W", "all", "-o", queue, "-l"))


@pytest.mark.parametrize("scheme", ["ipp", "ipps"])
def test_lp_on_a_direct_printer_makes_paper(
    cups: Cups, ours: Instance, paper: Paper, two_pages: Path, scheme: str
) -> None:
    job = printed(cups, ours, f"direct-{scheme}", two_pages, "-t", f"by {scheme}")
    done = ours.until(job, JobState.COMPLETED)
    assert done.impressions_completed == 2
    received = paper.received(f"by {scheme}")
    assert received["documents"][0]["format"] == "application/pdf"
    assert received["pictures"] == 2


def test_lp_on_a_pull_printer_waits_for_its_release(cups: Cups, ours: Instance, paper: Paper, two_pages: Path) -> None:
    job = printed(cups, ours, "find-me-ipps", two_pages, "-t", "waits")
    held = ours.until(job, JobState.PENDING_HELD)
    assert held.reasons == (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)
    assert (held.impressions, held.name) == (2, "waits")
    ours.papertap("job", "release", str(job), "--device", "virtual")
    ours.until(job, JobState.COMPLETED)
    assert paper.received("waits")["pictures"] == 2


def test_options_of_the_print_dialog_survive_to_the_printer(
    cups: Cups, ours: Instance, paper: Paper, two_pages: Path
) -> None:
    options = ("-n", "2", "-o", "sides=two-sided-long-edge", "-o", "media=iso_a4_210x297mm", "-t", "options")
    job = printed(cups, ours, "find-me-ipp", two_pages, *options)
    held = ours.until(job, JobState.PENDING_HELD)
    assert (held.ticket.copies, held.impressions, held.media_sheets) == (2, 4, 2)
    ours.papertap("job", "release", str(job), "--device", "virtual")
    ours.until(job, JobState.COMPLETED)
    received = paper.received("options")
    assert received["asked"]["sides"] == ["two-sided-long-edge"]
    assert (received["copies"], received["impressions_completed"]) == (2, 4)


def test_cancel_by_cups_reaches_the_job_that_prints(cups: Cups, ours: Instance, two_pages: Path) -> None:
    """While it waits for its release, CUPS takes a job for done: it asks no further about one that is held."""
    job = printed(cups, ours, "slow", two_pages, "-t", "canceled")
    ours.until(job, JobState.PROCESSING)
    cups.run("cancel", "-a", "slow")
    assert ours.until(job, JobState.CANCELED).reasons == (Reason.JOB_CANCELED_BY_USER,)


def test_a_job_that_cups_holds_comes_when_it_is_resumed(cups: Cups, ours: Instance, two_pages: Path) -> None:
    before = len(ours.jobs())
    answer = cups.run("lp", "-d", "direct-ipp", "-o", "job-hold-until=indefinite", "-t", "resumed", str(two_pages))
    request = re.search(r"request id is (\S+)", answer)
    assert request
    assert len(ours.jobs()) == before
    cups.run("lp", "-i", request[1], "-H", "resume")
    end = time.monotonic() + 60
    while time.monotonic() < end and len(ours.jobs()) == before:
        time.sleep(0.1)
    assert ours.until(ours.jobs()[0].id, JobState.COMPLETED).name == "resumed"


def test_a_printer_that_asks_for_a_password_installs_and_prints_over_tls(
    cups: Cups, ours: Instance, two_pages: Path
) -> None:
    cups.add_queue("locked", f"ipps://ada:correct%20horse%20battery@localhost:{ours.port}/ipp/print/locked")
    job = printed(cups, ours, "locked", two_pages, "-t", "signed in")
    assert ours.until(job, JobState.PENDING_HELD).owner == "ada"


async def _own_queue(settings: Settings, name: str, printer: str) -> str:
    """The token of a printer of `name`'s own, made as the account page makes it."""
    async with build(settings) as gateway:
        user = await gateway.identity.get(name)
        return (await gateway.phone.queues.add(user, "Laptop", printer))[0]


def test_a_personal_queue_prints_as_its_user_without_a_password(cups: Cups, ours: Instance, two_pages: Path) -> None:
    """Behind it stands a Printer that asks everybody else for a password."""
    token = asyncio.run(_own_queue(load(data=ours.data), "ada", "locked"))
    for scheme in ("ipp", "ipps"):
        uri = f"{scheme}://localhost:{ours.port}/ipp/u/{token}/print"
        subprocess.run(["ipptool", "-t", uri, "get-printer-attributes.test"], check=True, capture_output=True)
        cups.add_queue(f"own-{scheme}", uri)
        job = ours.job(printed(cups, ours, f"own-{scheme}", two_pages))
        assert (job.owner, job.printer) == ("ada", "locked")
    log = ours.data.with_suffix(".log").read_text()
    assert token not in log


ASKS = """{
 OPERATION Get-Job-Attributes
 GROUP operation-attributes-tag
 ATTR charset attributes-charset utf-8
 ATTR naturalLanguage attributes-natural-language en
 ATTR uri printer-uri $uri
 ATTR integer job-id %d
 ATTR name requesting-user-name $user
 ATTR keyword requested-attributes job-state-message
 STATUS successful-ok
}
"""


def test_what_was_printed_without_a_login_is_claimed_by_its_label_and_printed(
    cups: Cups, ours: Instance, paper: Paper, two_pages: Path, tmp_path: Path
) -> None:
    """The label is read where it was printed; the phone is a page of the same address that is signed in."""
    job = printed(cups, ours, "find-me-ipps", two_pages, "-t", "claimed")
    assert ours.until(job, JobState.PENDING_HELD).owner is None
    asks = tmp_path / "label.test"
    asks.write_text(ASKS % job)
    uri = f"ipp://localhost:{ours.port}/ipp/print/find-me"
    told = subprocess.run(["ipptool", "-tv", uri, str(asks)], check=True, capture_output=True, text=True).stdout
    label = re.search(r"Label: (\w+ \w+)", told)
    assert label, told
    with httpx2.Client(base_url=f"http://127.0.0.1:{ours.http_port}") as phone:
        csrf = _signed_in(phone, "ada", "correct horse battery")
        at = "/api/v1/places/find-me"
        (found,) = [one for one in phone.get(f"{at}/claims").json() if one["job"] == job]
        assert label[1] in found["labels"]
        headers = {"X-CSRF": csrf, "Origin": str(phone.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        claimed = phone.post(f"{at}/claims", json={"job": job, "label": label[1]}, headers=headers)
        assert claimed.json()["owner"] == "ada", claimed.text
        (sent,) = phone.post(f"{at}/release", json={"jobs": [job]}, headers=headers).json()
        assert sent["job"]["device"] == "virtual"
    ours.until(job, JobState.COMPLETED)
    assert paper.received("claimed")["pictures"] == 2


def _signed_in(phone: httpx2.Client, name: str, password: str) -> str:
    """What the page's scripts send with each change."""
    token = re.compile(r'name="csrf" value="([^"]+)"')
    before = token.search(phone.get("/signin").text)
    assert before
    phone.post("/signin", data={"csrf": before[1], "with": "password", "name": name, "password": password})
    after = token.search(phone.get("/jobs").text)
    assert after
    return after[1]
