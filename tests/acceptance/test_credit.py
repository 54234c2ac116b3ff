"""Prepaid credit end to end: a job from CUPS' ipptool, a refusal, a top-up, paper, and one charge for what came out."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.job import SHORT_OF_CREDIT, Job, JobState
from ipp.virtual import Features
from tests.peers.ours import Instance, papertap
from tests.peers.paper import Paper, virtual_printer
from tests.peers.sink import Sink, sink_beside
from tests.sandbox.samples import pdf

pytestmark = pytest.mark.acceptance

D = Decimal
PASSWORD = "correct horse battery"
PAGES, PRICE = 3, D("0.15")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """Five cents a page on every Printer, whose only device is a virtual printer; `document` has three pages."""

    ours: Instance
    paper: Paper
    document: Path
    told: Sink

    def sends(self, printer: str) -> Job:
        uri = f"ipps://alice:{PASSWORD.replace(' ', '%20')}@localhost:{self.ours.port}/ipp/print/{printer}"
        command = ["ipptool", "-t", "-f", str(self.document), uri, "print-job.test"]
        subprocess.run(command, check=True, capture_output=True)
        return self.ours.jobs()[0]

    def papertap(self, *words: str) -> Any:
        return json.loads(self.ours.here(*words, "--json"))

    def has(self) -> tuple[Decimal, Decimal]:
        found = self.papertap("credit", "show", "alice")
        return D(found["balance"]), D(found["reserved"])

    def receipts(self) -> list[tuple[int, str, str]]:
        """What a webhook was told: (job, amount, currency)."""
        told = {headers["webhook-id"]: json.loads(body)["data"] for _, headers, body in self.told.seen}
        return sorted((one["job"], one["amount"], one["currency"]) for one in told.values())

    def figures(self) -> set[str]:
        address = f"http://127.0.0.1:{self.ours.http_port}/metrics"
        return set(
            subprocess.run(["curl", "-sS", address], check=True, capture_output=True, text=True).stdout.split("\n")
        )

    def charges(self) -> list[tuple[int, Decimal]]:
        rows = self.papertap("credit", "history", "alice")
        return [(row["job"], D(row["amount"])) for row in rows if row["kind"] == "charge"]


def shop(tray: Path, *misbehave: str) -> Iterator[Shop]:
    paper_tray, document = tray / "paper", tray / "report.pdf"
    paper_tray.mkdir()
    document.write_bytes(pdf(PAGES))
    setup: list[tuple[str, ...]] = []
    with virtual_printer(paper_tray, Features(speed=0), *misbehave) as paper, sink_beside() as told:
        setup.append(("device", "add", "virtual", paper.uri("ipp")))
        setup.append(("user", "add", "alice", "--password", PASSWORD))
        for name, policy in (("find-me", "pull"), ("direct", "direct")):
            setup.append(
                ("printer", "add", name, "--policy", policy, "--device", "virtual", "--authentication", "basic")
            )
            setup.append(("printer", "price", name, "--grey", "0.05", "--colour", "0.05"))
        setup.append(("webhook", "add", "books", f"http://127.0.0.1:{told.port}/ok", "--kind", "receipt"))
        credit = {"CREDIT__ENABLED": "true", "CREDIT__RETRY_SECONDS": "0.2", "WEBHOOKS__NETWORKS": '["127.0.0.0/8"]'}
        with papertap(*setup, roles="front,prepare,deliver", **credit) as ours:
            yield Shop(ours=ours, paper=paper, document=document, told=told)


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield from shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def jamming_shop(tmp_path: Path) -> Iterator[Shop]:
    yield from shop(tmp_path, "jam:2")


def test_what_cannot_be_paid_is_held_and_prints_after_a_top_up(open_shop: Shop) -> None:
    shop = open_shop
    shop.papertap("credit", "add", "alice", "0.10")
    job = shop.sends("find-me")
    shop.ours.until(job.id, JobState.PENDING_HELD)
    release = [sys.executable, "-m", "gateway", "job", "release", str(job.id), "--device", "virtual"]
    refused = subprocess.run(release, check=False, capture_output=True, text=True, env=shop.ours.environment)
    assert refused.returncode == 1
    sentence = "0.05 EUR are missing to print this for 0.15 EUR: ask at the desk to add credit."
    assert sentence in " ".join((refused.stdout + refused.stderr).split())
    assert (shop.ours.job(job.id).state, shop.has()) == (JobState.PENDING_HELD, (D("0.10"), 0))
    shop.papertap("credit", "add", "alice", "0.30")
    shop.ours.here("job", "release", str(job.id), "--device", "virtual")
    shop.ours.until(job.id, JobState.COMPLETED)
    assert shop.paper.received(job.name)["pictures"] == PAGES
    assert (shop.has(), shop.charges()) == ((D("0.25"), 0), [(job.id, -PRICE)])

    # What goes to a Printer that prints at once has nobody to be told: it waits for credit by itself.
    first = shop.sends("direct")
    shop.ours.until(first.id, JobState.COMPLETED)
    second = shop.sends("direct")
    held = shop.ours.until(second.id, JobState.PENDING_HELD)
    assert held.reasons == SHORT_OF_CREDIT
    assert held.message.startswith("0.05 EUR are missing")
    shop.papertap("credit", "add", "alice", "0.05")
    shop.ours.until(second.id, JobState.COMPLETED)
    assert (shop.has(), len(shop.charges())) == ((0, 0), 3)
    paid = [(number, str(PRICE), "EUR") for number in (job.id, first.id, second.id)]
    counted = {'papertap_charged_total{currency="EUR"} 0.45', "papertap_impressions_printed_total 9.0"}
    end = time.monotonic() + 60
    while not (shop.receipts() == paid and counted <= shop.figures()):
        assert time.monotonic() < end, (shop.receipts(), shop.figures())
        time.sleep(0.1)


def test_a_jam_after_two_pages_charges_two_pages(jamming_shop: Shop) -> None:
    shop = jamming_shop
    shop.papertap("credit", "add", "alice", "1")
    job = shop.sends("direct")
    shop.ours.until(job.id, JobState.PROCESSING_STOPPED)
    assert shop.has() == (1, PRICE)
    shop.ours.here("job", "cancel", str(job.id))
    shop.ours.until(job.id, JobState.CANCELED)
    end = time.monotonic() + 60
    while not shop.charges():
        assert time.monotonic() < end
        time.sleep(0.1)
    assert (shop.has(), shop.charges()) == ((D("0.90"), 0), [(job.id, D("-0.10"))])
