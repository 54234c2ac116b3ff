"""`papertap reader` as a program of its own, over TLS, beside a whole Papertap that is killed and comes back."""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.domain.job import JobState
from ipp.virtual import Features
from mobile_api.reader.agent import REPEAT_SECONDS
from tests.benchmarks import messages
from tests.benchmarks.client import PASSWORD, Client, job_id
from tests.peers.ours import Instance, papertap
from tests.peers.paper import Paper, virtual_printer
from tests.peers.processes import stopped, wait_for

pytestmark = pytest.mark.acceptance

CARD, SECONDS, ROLES = "04A2197F", 60.0, "front,prepare,deliver"


class Reader:
    """Lines typed into it are cards; what it says comes back as (code, text)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._last = 0.0
        self._said: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def tap(self, card: str) -> tuple[str, str]:
        """Not too soon after the last one, or it is taken for the same."""
        time.sleep(max(0.0, self._last + REPEAT_SECONDS - time.monotonic()))
        assert self._process.stdin is not None
        self._process.stdin.write(f"{card}\n")
        self._process.stdin.flush()
        answer, self._last = self.said(), time.monotonic()
        return answer

    def said(self) -> tuple[str, str]:
        return self._said.get(timeout=SECONDS)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            _tone, code, text = line.rstrip("\n").split("\t")
            self._said.put((code, text))


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    with virtual_printer(tmp_path_factory.mktemp("paper"), Features(speed=0)) as printer:
        yield printer


@pytest.fixture
def ours(paper: Paper) -> Iterator[Instance]:
    with papertap(
        ("device", "add", "virtual", paper.uri("ipp")),
        ("printer", "add", "find-me", "--device", "virtual"),
        ("user", "add", "alice", "--card", CARD, "--password", PASSWORD),
        roles=ROLES,
        TERMINALS__OFFLINE_HOURS="8",
    ) as instance:
        yield instance


@contextmanager
def reading(ours: Instance, folder: Path) -> Iterator[Reader]:
    """Enrolled with the authority's fingerprint, as somebody at the box types it."""
    made = json.loads(ours.here("terminal", "add", "box", "--station", "virtual", "--on-tap", "release", "--json"))
    made = made[0] if isinstance(made, list) else made
    key, command = str(folder / "reader.json"), (sys.executable, "-m", "mobile_api.reader")
    url = f"https://localhost:{ours.https_port}"
    enrol = (*command, "enrol", url, made["code"], "--ca-sha256", made["ca_fingerprint"], "--key", key)
    subprocess.run(enrol, check=True, capture_output=True)
    process = subprocess.Popen(
        (*command, "run", "stdin", "--key", key),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ours.environment | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield Reader(process)
    finally:
        process.terminate()
        process.communicate(timeout=60)


@contextmanager
def back_again(ours: Instance) -> Iterator[None]:
    """The same gateway on the same data, after a kill."""
    with ours.data.with_suffix(".log").open("ab") as log:
        command = (sys.executable, "-m", "gateway", "serve", "--roles", ROLES)
        process = subprocess.Popen(command, env=ours.environment, stdout=log, stderr=log)
    with stopped(process):
        wait_for(ours.https_port, process)
        yield


@pytest.mark.timeout(180)
def test_a_tap_while_the_gateway_is_dead_prints_once_it_is_back(ours: Instance, tmp_path: Path) -> None:
    with reading(ours, tmp_path) as box:
        while (met := box.tap(CARD)[0]) == "offline":  # it has not connected yet
            pass
        assert met == "nothing-to-print"
        client = Client(ours.port, "/ipp/print/find-me", user="alice")
        uri = f"ipp://localhost:{ours.port}/ipp/print/find-me"
        job = job_id(client.post(messages.print_job(uri, 20_000)))
        client.close()
        ours.until(job, JobState.PENDING_HELD)
        ours.process.kill()
        ours.process.wait()
        code, text = box.tap(CARD)
        assert code == "wish-waiting", text
        assert "alice" in text
        with back_again(ours):
            assert box.said()[0] == "sent"
            assert ours.until(job, JobState.COMPLETED).output_device == "virtual"
            assert box.tap("04BEEF01")[0] == "unknown-card"
