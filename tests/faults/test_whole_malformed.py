"""Damaged messages without end against the real listener: an IPP status or a 4xx each, and nothing else happens."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipp.wire import Operation, Status, build
from tests.faults.raw import Answer, Healthy, Wire, connected, message, request
from tests.faults.whole import Site, document, tracebacks
from tests.ipp.wire.mutations import mutations
from tests.ipp.wire.samples import SAMPLES

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

MIB = 1024 * 1024
GROWTH = 16 * MIB  # a quarter of the long form adds 1,450 jobs and their events
CONNECTIONS = 4
NAMES = build.name("job-name", "damaged")
NUMBER = build.integer("job-id", 1)
PDF = build.mime("document-format", "application/pdf")
_SUBSCRIPTION = (build.keyword("notify-pull-method", "ippget"), build.keyword("notify-events", "job-completed"))

REQUESTS = (
    message(Operation.PRINT_JOB, NAMES, PDF) + document(1),
    message(Operation.PRINT_JOB, NAMES, PDF, build.keyword("compression", "gzip")) + document(2),
    message(Operation.PRINT_JOB, NAMES, PDF, job=(build.integer("copies", 2),)) + document(3),
    message(Operation.VALIDATE_JOB, NAMES, PDF, job=(build.keyword("sides", "two-sided-long-edge"),)),
    message(Operation.CREATE_JOB, NAMES, job=(build.keyword("job-hold-until", "indefinite"),)),
    message(Operation.SEND_DOCUMENT, NUMBER, PDF, build.boolean("last-document", True)) + document(4),
    message(Operation.GET_JOBS, build.keyword("which-jobs", "all"), build.integer("limit", 10)),
    message(Operation.GET_JOB_ATTRIBUTES, NUMBER, build.keyword("requested-attributes", "all")),
    message(Operation.GET_PRINTER_ATTRIBUTES, build.keyword("requested-attributes", "all", "media-col-database")),
    message(Operation.SET_JOB_ATTRIBUTES, NUMBER, job=(build.integer("copies", 3),)),
    message(Operation.CREATE_PRINTER_SUBSCRIPTIONS, job=_SUBSCRIPTION),
    message(Operation.GET_SUBSCRIPTIONS),
    message(Operation.GET_NOTIFICATIONS, build.integer("notify-subscription-ids", 1, 2)),
    message(Operation.CANCEL_JOB, NUMBER),
    message(Operation.HOLD_JOB, NUMBER),
    message(Operation.RELEASE_JOB, NUMBER),
    *(octets for octets, _ in SAMPLES.values()),
)


def damaged(count: int, seed: int) -> Iterator[bytes]:
    """A third with the code of any operation that there is, so that each of them meets each kind of damage."""
    chance = random.Random(seed)
    codes = [operation.value for operation in Operation]
    for octets in mutations(count, seed, REQUESTS):
        if chance.random() < 0.33 and len(octets) > 4:
            yield octets[:2] + chance.choice(codes).to_bytes(2, "big") + octets[4:]
        else:
            yield octets


def fine(answer: Answer | None) -> str:
    """What it was, in a word; AssertionError when it may not be."""
    assert answer is not None, "no answer at all"
    if answer.status == 200:
        assert answer.ipp_status != Status.SERVER_ERROR_INTERNAL_ERROR, answer
        return f"0x{answer.ipp_status:04x}"
    assert 400 <= answer.status < 500 or answer.status == 503, answer
    return str(answer.status)


async def sends(port: int, messages: Iterator[bytes], told: Counter[str]) -> None:
    """One connection after the other, each as long as the server keeps it."""
    ended = False
    while not ended:
        async with connected(port) as wire:
            while not ended:
                octets = next(messages, None)
                if octets is None:
                    ended = True
                    break
                answer = await _exchange(wire, octets)
                told[fine(answer)] += 1
                assert answer is not None
                if answer.headers.get("connection") == "close":
                    break


async def _exchange(wire: Wire, octets: bytes) -> Answer | None:
    await wire.send(request(octets))
    return await wire.answer()


async def test_damaged_messages(tmp_path: Path, long: bool) -> None:
    """Some survive their damage and become jobs, which are kept in memory up to a limit: so the last quarter counts."""
    quarter = 25_000 if long else 750
    site = await Site.made(tmp_path / "data", {"ipp": "socket://127.0.0.1:9"})
    told: Counter[str] = Counter()
    resident = []
    async with site.serving("front") as server, Healthy(site.port) as healthy:
        for seed in range(4):
            resident.append(server.resident())
            messages = damaged(quarter, seed)
            async with asyncio.TaskGroup() as clients:
                for _ in range(CONNECTIONS):
                    clients.create_task(sends(site.port, messages, told))
        resident.append(server.resident())
    sizes = [f"{size / MIB:.1f}" for size in resident]
    print(f"{dict(told.most_common())}, resident {sizes} MiB, others waited at most {healthy.slowest:.3f} s")
    assert told.total() == 4 * quarter
    assert tracebacks(server.log) == []
    assert resident[4] - resident[3] < GROWTH
    assert healthy.slowest < 1.0
    assert await site.unreadable() == []
