"""A data channel's documents: through Uploads, in order, resumable, and never called sent before the barrier."""

import asyncio
import hashlib
from typing import Any

import pytest

from gateway.domain.job import JobState
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor
from gateway.errors import BadRequest, NotAuthenticated
from gateway.services.release import Release
from gateway.services.remote_messages import text64
from gateway.services.remote_session import Channel, RemoteSession
from gateway.services.sites import Sites
from tests.fakes import FakeHasher
from tests.fakes_sites import MemorySiteStore
from tests.gateway.services.upload_house import Dock

ALICE = Actor(user="alice", via="remote")
PDF = b"%PDF-1.7 " + bytes(range(256)) * 40


class Outside:
    """The other end of a channel."""

    def __init__(self, dock: Dock, actor: Actor = ALICE) -> None:
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.taken = 0
        self.barred = False
        sites = Sites(store=MemorySiteStore(), printers=dock.printers, events=dock.events, clock=dock.clock)
        release = Release(
            jobs=dock.jobs,
            printers=dock.printers,
            spool=dock.spool,
            keyring=dock.keyring,
            hasher=FakeHasher(),
            events=dock.events,
            clock=dock.clock,
            settings=dock.settings.jobs,
        )
        channel = Channel(actor=actor, tell=self._tell, took=self._took, allowed=self._allowed, said=str)
        self.session = RemoteSession(channel, uploads=dock.uploads, release=release, sites=sites)
        self._next = 0

    async def _tell(self, message: Any) -> None:
        self.heard.put_nowait(dict(message))

    async def _took(self, octets: int) -> None:
        self.taken += octets

    async def _allowed(self) -> None:
        if self.barred:
            raise NotAuthenticated("Not any more.")

    async def ask(self, do: str, **values: Any) -> dict[str, Any]:
        self._next += 1
        await self.session.hear(_json({"id": self._next, "do": do, **values}))
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        async with asyncio.timeout(60):
            return await self.heard.get()

    async def begin(self, **changes: Any) -> dict[str, Any]:
        plain = {"printer": "find-me", "name": "Report.pdf", "type": "application/pdf", "size": len(PDF), "batch": "b"}
        return await self.ask("begin", **plain | changes)

    async def start(self, upload: str, offset: int = 0, **values: Any) -> None:
        self._next += 1
        await self.session.hear(
            _json({"id": self._next, "do": "send", "upload": upload, "offset": offset, "size": len(PDF), **values})
        )

    async def octets(self, data: bytes) -> None:
        for at in range(0, len(data), 1000):
            await self.session.take(data[at : at + 1000])


def _json(value: object) -> str:
    import json

    return json.dumps(value)


@pytest.fixture
async def dock() -> Dock:
    return await Dock().open()


async def test_a_document_goes_in_and_is_answered_behind_the_barrier(dock: Dock) -> None:
    outside = Outside(dock)
    assert [one["name"] for one in (await outside.ask("printers"))["printers"]] == ["find-me", "open"]
    begun = await outside.begin()
    await outside.start(begun["upload"])
    await outside.octets(PDF)
    answer = await outside.answer()
    assert (answer["received"], answer["done"]) == (len(PDF), True)
    assert outside.taken == len(PDF)
    job = await dock.jobs.get(answer["job"])
    assert job is not None
    assert (job.owner, job.state) == ("alice", JobState.PENDING)
    assert await dock.content(job.id) == PDF
    assert (await outside.ask("job", job=job.id))["ready"] is False


async def test_it_goes_on_after_a_break(dock: Dock) -> None:
    first = Outside(dock)
    begun = await first.begin()
    await first.start(begun["upload"])
    await first.octets(PDF[:4000])
    await first.session.close()
    second = Outside(dock)
    resumed = await second.ask("resume", upload=begun["upload"])
    assert (resumed["received"], resumed["done"]) == (4000, False)
    await second.start(begun["upload"], 4000, seam=text64(hashlib.sha256(PDF[:4000]).digest()))
    await second.octets(PDF[4000:])
    assert (await second.answer())["done"]
    assert await dock.content(begun["job"]) == PDF


async def test_another_file_than_the_one_begun_is_refused_and_what_follows_is_let_go(dock: Dock) -> None:
    first = Outside(dock)
    begun = await first.begin()
    await first.start(begun["upload"])
    await first.octets(PDF[:4000])
    await first.session.close()
    second = Outside(dock)
    await second.start(begun["upload"], 4000, seam=text64(hashlib.sha256(b"other").digest()))
    await second.octets(PDF[4000:8000])
    refused = await second.answer()
    assert refused["refused"] == "conflict"
    await second.octets(PDF[8000:9000])
    assert await second.ask("stop") == {"id": 2}
    assert second.taken == 5000, "the sender's window opens again"
    assert (await second.ask("resume", upload=begun["upload"]))["received"] == 4000


async def test_another_users_upload_is_not_found(dock: Dock) -> None:
    begun = await Outside(dock).begin()
    bob = Outside(dock, Actor(user="bob", via="remote"))
    for do in ("resume", "drop"):
        assert (await bob.ask(do, upload=begun["upload"]))["refused"] == "not-found"
    assert (await bob.ask("job", job=begun["job"]))["refused"] == "not-found"


async def test_whoever_was_removed_sends_nothing_more(dock: Dock) -> None:
    outside = Outside(dock)
    outside.barred = True
    assert (await outside.begin())["refused"] == "not-authenticated"
    assert not dock.rows.rows


async def test_a_printer_that_prints_at_once_holds_what_comes_from_outside(dock: Dock) -> None:
    from gateway.domain.printer import ReleasePolicy

    await dock.printers.add_printer("direct", policy=ReleasePolicy.DIRECT, devices=("laser",))
    begun = await Outside(dock).begin(printer="direct")
    job = await dock.jobs.get(begun["job"])
    assert job is not None
    assert job.ticket == JobTicket(job_hold_until="indefinite")


async def test_refusals_are_sentences(dock: Dock) -> None:
    outside = Outside(dock)
    assert (await outside.begin(printer="nowhere"))["refused"] == "not-found"
    assert (await outside.begin(size=0))["message"] == "The file is empty. Choose another."
    assert (await outside.ask("dance"))["refused"] == "bad-request"
    begun = await outside.begin()
    await outside.start(begun["upload"])
    await outside.start(begun["upload"])
    assert "One file after the other" in (await outside.answer())["message"]
    await outside.session.close()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": "1"}', "x" * 20_000, "[" * 9000])
async def test_what_is_no_message_closes_the_channel(dock: Dock, text: str) -> None:
    with pytest.raises(BadRequest):
        await Outside(dock).session.hear(text)


@pytest.mark.parametrize(
    "changes", [{"name": 5}, {"size": "many"}, {"size": -1}, {"size": True}, {"size": 1 << 60}, {"batch": "b" * 100}]
)
async def test_malformed_fields_are_refused(dock: Dock, changes: dict[str, Any]) -> None:
    assert (await Outside(dock).begin(**changes))["refused"] == "bad-request"


async def test_octets_without_a_file_or_beyond_its_end_close_the_channel(dock: Dock) -> None:
    outside = Outside(dock)
    with pytest.raises(BadRequest):
        await outside.session.take(b"x")
    begun = await outside.begin()
    await outside.start(begun["upload"])
    with pytest.raises(BadRequest):
        await outside.session.take(PDF + b"x")
    await outside.session.close()
