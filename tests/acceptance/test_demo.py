"""What a newcomer does: start the demo, print, sign in on the page, release, look at the paper."""

import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from gateway.adapters.hasher import Argon2Hasher
from gateway.domain.label import label_of
from gateway.settings import load
from tests.peers.ours import jobs_of
from tests.peers.processes import free_port, stopped, wait_for

pytestmark = pytest.mark.acceptance

PAGE = "%!PS\n/Helvetica findfont 40 scalefont setfont 100 600 moveto (Hello) show showpage\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    data: Path
    ipp: int
    https: int
    said: Path

    @property
    def sign_in(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.data / "demo-sign-in.json").read_text())
        return found

    def browser(self) -> httpx2.Client:
        """Trusts the demo's own authority, as a phone that has installed it."""
        context = ssl.create_default_context(cafile=str(self.data / "tls" / "ca.crt"))
        origin = f"https://localhost:{self.https}"
        return httpx2.Client(base_url=origin, verify=context, headers={"origin": origin}, follow_redirects=True)

    def print(self, file: Path, printer: str) -> None:
        uri = f"ipp://127.0.0.1:{self.ipp}/ipp/print/{printer}"
        subprocess.run(["ipptool", "-t", "-f", str(file), uri, "print-job.test"], check=True, capture_output=True)


@contextmanager
def demo(data: Path) -> Iterator[Demo]:
    ipp, http, https = free_port(), free_port(), free_port()
    ports = {"IPP__PORT": ipp, "HTTP__PORT": http, "HTTPS__PORT": https}
    environment = {
        **os.environ,
        **{f"PAPERTAP_{name}": str(port) for name, port in ports.items()},
        "PAPERTAP_LISTEN__HOST": "127.0.0.1",
        "PAPERTAP_MDNS__ENABLED": "false",
        "PAPERTAP_SMTP__ENABLED": "false",
        "PAPERTAP_LPD__ENABLED": "false",
    }
    said = data.with_suffix(".out")
    with said.open("wb") as out:
        command = [sys.executable, "-m", "gateway", "--data", str(data), "demo"]
        with stopped(subprocess.Popen(command, env=environment, stdout=out, stderr=out)) as process:
            wait_for(ipp, process, seconds=60)
            end = time.monotonic() + 60
            while "Stop with" not in said.read_text():  # the greeting comes once all of it listens
                assert time.monotonic() < end, said.read_text()
                time.sleep(0.05)
            yield Demo(data=data, ipp=ipp, https=https, said=said)


@pytest.fixture
def one_page(tmp_path: Path) -> Path:
    (tmp_path / "page.ps").write_text(PAGE)
    subprocess.run(["gs", "-q", "-sDEVICE=pdfwrite", "-o", tmp_path / "page.pdf", tmp_path / "page.ps"], check=True)
    return tmp_path / "page.pdf"


def pictures(running: Demo, count: int, *, seconds: float = 60.0) -> list[Path]:
    """The pages that came out, once there are `count`."""
    end = time.monotonic() + seconds
    found: list[Path] = []
    while time.monotonic() < end and len(found) < count:
        found = sorted((running.data / "paper").rglob("page-*.png"))
        time.sleep(0.1)
    assert len(found) == count, running.said.read_text()
    return found


def token_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_from_start_to_paper_and_once_more(tmp_path: Path, one_page: Path) -> None:
    data = tmp_path / "data"
    with demo(data) as running:
        words = running.said.read_text()
        first = running.sign_in
        assert all(first[proof] in words for proof in ("user", "password", "pin", "card"))
        running.print(one_page, "direct")
        (png,) = pictures(running, 1)
        assert png.read_bytes().startswith(b"\x89PNG")
        running.print(one_page, "find-me")
        with running.browser() as browser:
            release_all(running, browser)
        pictures(running, 2)
        counted(running, 2)
    with demo(data) as again:
        assert again.sign_in == first
        assert life_count(again) == 2, "a machine's life goes on"
        with again.browser() as browser:
            assert "demo" in signed_in(again, browser).text


def counted(running: Demo, pages: int) -> None:
    """Drawn at once, printed a moment later."""
    end = time.monotonic() + 60
    while (found := life_count(running)) != pages:
        assert time.monotonic() < end, found
        time.sleep(0.1)


def life_count(running: Demo) -> int:
    """As Net-SNMP is told it, where the greeting says."""
    said = re.search(r"(127\.0\.0\.1:\d+) 1\.3\.6\.1\.2\.1\.43", running.said.read_text())
    assert said, running.said.read_text()
    command = ["snmpget", "-v2c", "-c", "public", "-t", "30", "-Oqv", said[1], "1.3.6.1.2.1.43.10.2.1.4.1.1"]
    return int(subprocess.run(command, check=True, capture_output=True, env={**os.environ, "MIBS": ""}).stdout)


def signed_in(running: Demo, browser: httpx2.Client) -> httpx2.Response:
    form = {
        "csrf": token_of(browser.get("/signin").text),
        "name": running.sign_in["user"],
        "password": running.sign_in["password"],
    }
    answer = browser.post("/signin", data=form)
    assert answer.url.path == "/jobs", answer.text
    return answer


def release_all(running: Demo, browser: httpx2.Client) -> None:
    """Claims what came without sign-in from this address, then releases it, as the page's own forms do."""
    page = signed_in(running, browser).text
    end = time.monotonic() + 60
    while "/claim" not in page and time.monotonic() < end:
        page = browser.get("/jobs").text
    at = re.search(r"/p/[a-z-]+/claim", page)
    assert at, page
    page = browser.get(at[0]).text
    job = re.search(r'name="job" value="(\d+)"', page)
    assert job, page
    form = {"csrf": token_of(page), "job": job[1], "label": label(running.data, int(job[1]))}
    page = browser.post(at[0], data=form).text
    answer = browser.post("/jobs/release", data={"csrf": token_of(page), "job": job[1], "device": "virtual"})
    assert answer.status_code == 200, answer.text


def label(data: Path, job_id: int) -> str:
    """The two words of the job, as the screen beside the printer and the phone's print queue show them."""
    row = next(job for job in asyncio.run(jobs_of(load(data=data))) if job.id == job_id)
    return label_of(Argon2Hasher(data / "keys").lookup("job-label", row.uuid.hex))
