"""Webhooks: what is news, how it is signed and carried, when it is given up; and what people do with them."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from gateway.domain.account import Receipt
from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.events import Event, Happening
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.domain.webhook import DELAYS, GIVE_UP_SECONDS, ROTATION_SECONDS, DeliveryState, Webhook
from gateway.errors import BadRequest, Conflict, NotFound
from gateway.services.ports import JobChange
from gateway.services.ports.webhooks import NotReached
from gateway.services.printers import Printers
from gateway.services.webhook_news import CATCH_UP_SECONDS, WebhookNews
from gateway.services.webhook_post import LEASE, WebhookPost
from gateway.services.webhooks import Webhooks
from tests.builders import a_device, a_held_job, a_job, a_printer
from tests.fake_rows import MemoryAttemptStore
from tests.fake_time import FakeClock
from tests.fakes import FakeKeyring, MemoryEventBus, MemoryJobStore, MemoryPrinterStore
from tests.fakes_administration import MemoryWhyStore
from tests.fakes_house import MemoryAuditStore, an_audit
from tests.fakes_webhooks import FakeCarrier, MemoryWebhookStore

ROOT = Actor(user="root", role=Role.ADMINISTRATOR, via="test")
URL = "https://hooks.example.org/papertap"
ALL = ("job-created", "job-state-changed", "job-stopped", "job-completed", "device-state-changed")


@dataclass(kw_only=True)
class Shop:
    clock: FakeClock = field(default_factory=FakeClock)
    store: MemoryWebhookStore = field(default_factory=MemoryWebhookStore)
    carrier: FakeCarrier = field(default_factory=FakeCarrier)
    keyring: FakeKeyring = field(default_factory=FakeKeyring)
    events: MemoryEventBus = field(default_factory=MemoryEventBus)
    jobs: MemoryJobStore = field(default_factory=MemoryJobStore)
    stopped: list[Webhook] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows = MemoryPrinterStore([a_printer("find-me")], [a_device("laser")])
        self.printers = Printers(store=rows, jobs=self.jobs, events=self.events, clock=self.clock)
        self.entries = MemoryAuditStore()
        self.audit = an_audit(self.clock, self.entries)
        self.kept = Webhooks(
            store=self.store, carrier=self.carrier, keyring=self.keyring, audit=self.audit, clock=self.clock
        )
        self.news = WebhookNews(
            store=self.store,
            jobs=self.jobs,
            printers=self.printers,
            receipts_of=MemoryWhyStore(self.jobs, MemoryAttemptStore()).receipts_of,
            audit=self.entries,
            events=self.events,
            clock=self.clock,
        )
        self.post = WebhookPost(
            store=self.store,
            carrier=self.carrier,
            keyring=self.keyring,
            clock=self.clock,
            name="w",
            stopped=self._stopped,
        )

    async def _stopped(self, webhook: Webhook) -> None:
        self.stopped.append(webhook)

    async def add(self, *kinds: str) -> tuple[str, Webhook]:
        return await self.kept.add(ROOT, "Counter", URL, kinds or ALL)

    async def happened(self, job: Job, event: Event = Event.JOB_STATE_CHANGED) -> None:
        self.news._touch(Happening(event=event, at=self.clock.now(), job_id=job.id))
        await self.news.look()

    async def move(self, job: Job, **fields: Any) -> Job:
        return await self.jobs.update(job.id, lambda row: JobChange(job=replace(row, **fields)))

    async def told(self, hook: Webhook) -> list[tuple[str, str]]:
        """(kind, state), oldest first."""
        rows = reversed(await self.store.deliveries(hook.id))
        return [(row.kind, json.loads(row.body)["data"].get("state", "")) for row in rows]


@pytest.fixture
async def shop() -> Shop:
    made = Shop()
    await made.printers.refresh()
    return made


# -- what is news


async def test_each_state_of_a_job_is_told_once(shop: Shop) -> None:
    _, hook = await shop.add()
    (job,) = await shop.jobs.add([a_job()])
    await shop.happened(job, Event.JOB_CREATED)
    await shop.happened(job)
    held = await shop.move(job, state=JobState.PENDING_HELD, reasons=(Reason.JOB_RELEASE_WAIT,))
    await shop.happened(held)
    await shop.happened(await shop.move(job, claimed_until=5.0, impressions_completed=1))  # no other state
    await shop.happened(await shop.move(job, state=JobState.PROCESSING_STOPPED, reasons=(Reason.PRINTER_STOPPED,)))
    await shop.happened(await shop.move(job, state=JobState.PENDING_HELD, reasons=(Reason.JOB_RELEASE_WAIT,)))
    await shop.happened(await shop.move(job, state=JobState.COMPLETED, reasons=(), ended_at=shop.clock.now()))
    assert await shop.told(hook) == [
        ("job-created", "pending"),
        ("job-state-changed", "pending-held"),
        ("job-stopped", "processing-stopped"),
        ("job-state-changed", "pending-held"),
        ("job-completed", "completed"),
    ]


async def test_what_no_event_told_is_found_in_the_rows(shop: Shop) -> None:
    (before,) = await shop.jobs.add([a_held_job(created_at=shop.clock.now() - 60)])
    _, hook = await shop.add()
    await shop.news.catch_up()
    assert await shop.told(hook) == []  # it was there before anybody wanted to know
    (after,) = await shop.jobs.add([a_held_job(created_at=shop.clock.now() + 1)])
    await shop.move(before, state=JobState.ABORTED, reasons=(), ended_at=shop.clock.now() + 2)
    await shop.news.catch_up()
    await shop.news.catch_up()
    assert sorted(await shop.told(hook)) == [("job-completed", "aborted"), ("job-created", "pending-held")]
    assert after.id != before.id


async def test_a_job_from_before_the_webhook_moves_on_and_is_not_new(shop: Shop) -> None:
    (job,) = await shop.jobs.add([a_job(created_at=shop.clock.now() - 1)])
    _, hook = await shop.add()
    await shop.happened(job)
    assert await shop.told(hook) == [("job-state-changed", "pending")]


async def test_a_webhook_hears_only_of_what_it_asked_for(shop: Shop) -> None:
    _, hook = await shop.add("job-completed")
    (job,) = await shop.jobs.add([a_job()])
    await shop.happened(job, Event.JOB_CREATED)
    await shop.happened(await shop.move(job, state=JobState.CANCELED, reasons=()))
    assert await shop.told(hook) == [("job-completed", "canceled")]


async def test_devices_and_printers_are_told_of_when_they_change(shop: Shop) -> None:
    kinds = ("device-state-changed", "printer-created", "printer-config-changed", "printer-deleted")
    _, hook = await shop.add(*kinds)
    await shop.news.catch_up()
    assert await shop.told(hook) == []
    await shop.printers.set_device_status("laser", DeviceStatus(state=DeviceState.STOPPED, reasons=("media-empty",)))
    await shop.printers.add_printer("new")
    shop.news._touch(Happening(event=Event.DEVICE_STATE_CHANGED, at=0.0, device="laser"))
    await shop.news.look()
    await shop.printers.change_printer("new", info="Newer")
    await shop.printers.delete_printer("find-me")
    await shop.news.catch_up()
    assert [kind for kind, _ in await shop.told(hook)] == [
        "printer-created",
        "device-state-changed",
        "printer-config-changed",
        "printer-deleted",
    ]


def a_receipt(job: Job, at: float, **fields: Any) -> Receipt:
    counts = {"impressions": 3, "media_sheets": 2, "color": False, "confirmed": True}
    money = {"amount": Decimal("0.15"), "currency": "EUR", "project": "CC-7"}
    plain = {
        "release_id": uuid4(),
        "job_id": job.id,
        "owner": "alice",
        "printer": "find-me",
        "device": "laser",
        "at": at,
    }
    return Receipt(**plain | counts | money | fields)


async def test_what_a_release_costs_is_told_once(shop: Shop) -> None:
    (job,) = await shop.jobs.add([a_held_job()])
    shop.jobs.ledger.append(a_receipt(job, shop.clock.now() - 1))
    _, hook = await shop.add("receipt")
    jammed, rest = a_receipt(job, shop.clock.now() + 1, impressions=1), a_receipt(job, shop.clock.now() + 2)
    shop.jobs.ledger.append(jammed)
    await shop.happened(await shop.move(job, impressions_completed=1))
    shop.jobs.ledger.append(rest)
    await shop.happened(await shop.move(job, state=JobState.COMPLETED, reasons=(), ended_at=shop.clock.now() + 2))
    await shop.news.catch_up()
    first, second = reversed(await shop.store.deliveries(hook.id))
    assert (first.event, second.event) == (jammed.release_id, rest.release_id)
    assert json.loads(second.body)["data"] == {
        "release": str(rest.release_id),
        "job": job.id,
        "owner": "alice",
        "printer": "find-me",
        "device": "laser",
        "impressions": 3,
        "media_sheets": 2,
        "color": False,
        "confirmed": True,
        "amount": "0.15",
        "currency": "EUR",
        "project": "CC-7",
    }


async def test_without_webhooks_nothing_is_kept(shop: Shop) -> None:
    (job,) = await shop.jobs.add([a_job()])
    await shop.happened(job, Event.JOB_CREATED)
    await shop.news.catch_up()
    assert await shop.store.marks([f"job:{job.id}", "printers"]) == {}


async def test_nothing_of_a_document_or_an_address_is_told(shop: Shop) -> None:
    _, hook = await shop.add()
    (job,) = await shop.jobs.add([a_job(address="192.0.2.77", password_hash="$argon2id$x", key=b"wrapped-key")])
    await shop.happened(job, Event.JOB_CREATED)
    (row,) = await shop.store.deliveries(hook.id)
    assert not any(text in row.body for text in ("192.0.2.77", "argon2", "wrapped-key"))


async def test_it_listens_for_as_long_as_it_runs(shop: Shop) -> None:
    import asyncio

    _, hook = await shop.add()
    running = asyncio.create_task(shop.news.run())
    await shop.clock.advance(1.0)
    (job,) = await shop.jobs.add([a_job()])
    shop.events.publish(Happening(event=Event.JOB_CREATED, at=shop.clock.now(), job_id=job.id))
    await shop.clock.advance(1.0)
    assert await shop.told(hook) == [("job-created", "pending")]
    await shop.jobs.add([a_job(created_at=shop.clock.now())])  # without an event
    await shop.clock.advance(CATCH_UP_SECONDS + 1)
    assert len(await shop.told(hook)) == 2
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_staff_did_is_told_from_the_audit_log_on_without_a_gap(shop: Shop) -> None:
    await shop.audit.note(ROOT, "user.added", "user ann")
    _, hook = await shop.add("audit")
    await shop.news.look_at_audit()
    assert await shop.told(hook) == []
    for number in range(120):
        await shop.audit.note(ROOT, "user.changed", f"user {number}", reason="x")
    await shop.news.look_at_audit()
    await shop.news.look_at_audit()
    rows = (await shop.store.deliveries(hook.id, limit=500))[::-1]
    assert [json.loads(row.body)["data"]["subject"] for row in rows] == [f"user {number}" for number in range(120)]
    assert len({row.event for row in rows}) == 120


async def test_what_people_do_with_webhooks_is_written_down_without_secrets(shop: Shop) -> None:
    secret, hook = await shop.add()
    await shop.kept.change(ROOT, hook.id, active=False)
    await shop.kept.rotate(ROOT, hook.id)
    await shop.kept.remove(ROOT, hook.id)
    assert [entry.action for entry in shop.entries.rows] == [
        "webhook.added",
        "webhook.changed",
        "webhook.secret-renewed",
        "webhook.removed",
    ]
    assert secret not in str(shop.entries.rows)


# -- carrying


def signed(secret: str, headers: dict[str, str], body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


async def test_what_is_sent_is_signed_and_can_be_checked_with_the_secret(shop: Shop) -> None:
    secret, hook = await shop.add()
    await shop.kept.ping(hook.id)
    assert await shop.post.run_once() == 1
    ((url, headers, body),) = shop.carrier.sent
    assert url == URL
    assert headers["webhook-signature"] == signed(secret, headers, body)
    told = json.loads(body)
    assert (told["type"], told["id"]) == ("ping", headers["webhook-id"])
    assert int(headers["webhook-timestamp"]) == int(shop.clock.now())
    assert secret not in str(await shop.store.webhook(hook.id))


async def test_after_a_rotation_both_secrets_sign_for_a_day(shop: Shop) -> None:
    old, hook = await shop.add()
    new, _ = await shop.kept.rotate(ROOT, hook.id)
    assert old != new
    for seconds, expected in ((0.0, [new, old]), (ROTATION_SECONDS, [new])):
        await shop.clock.advance(seconds)
        await shop.kept.ping(hook.id)
        await shop.post.run_once()
        _, headers, body = shop.carrier.sent[-1]
        assert headers["webhook-signature"].split() == [signed(secret, headers, body) for secret in expected]


async def test_it_is_tried_again_under_the_same_id_and_given_up_after_a_day(shop: Shop) -> None:
    _, hook = await shop.add()
    await shop.kept.ping(hook.id)
    shop.carrier.status = 503
    start, waits = shop.clock.now(), list[float]()
    while (await shop.store.deliveries(hook.id))[0].state is DeliveryState.WAITING:
        await shop.post.run_once()
        row = (await shop.store.deliveries(hook.id))[0]
        waits.append(row.due_at - shop.clock.now())
        await shop.clock.advance(max(0.0, row.due_at - shop.clock.now()))
    assert row.state is DeliveryState.GIVEN_UP
    assert tuple(waits[: len(DELAYS)]) == DELAYS
    assert shop.clock.now() - start <= GIVE_UP_SECONDS
    assert len({headers["webhook-id"] for _, headers, _ in shop.carrier.sent}) == 1
    assert row.status == 503


@pytest.mark.parametrize("status", [301, 302, 400, 404, 500])
async def test_only_a_2xx_counts(shop: Shop, status: int) -> None:
    _, hook = await shop.add()
    await shop.kept.ping(hook.id)
    shop.carrier.status = status
    await shop.post.run_once()
    (row,) = await shop.store.deliveries(hook.id)
    assert (row.state, row.status) == (DeliveryState.WAITING, status)
    assert ("redirect" in row.answer) is (status < 400)


async def test_who_cannot_be_reached_is_tried_again_and_stops_nobody_else(shop: Shop) -> None:
    _, dead = await shop.kept.add(ROOT, "Dead", "https://dead.example/", ALL)
    _, alive = await shop.add()

    def reply(url: str) -> int:
        if "dead" in url:
            raise NotReached(message="Nobody listens there.")
        return 200

    shop.carrier.reply = reply
    for hook in (dead, alive):
        await shop.kept.ping(hook.id)
        await shop.kept.ping(hook.id)
    while await shop.post.run_once():
        pass
    assert [row.state for row in await shop.store.deliveries(alive.id)] == [DeliveryState.DELIVERED] * 2
    assert (await shop.store.deliveries(dead.id))[-1].answer == "Nobody listens there."


async def test_one_that_fails_for_days_is_stopped_and_its_maker_told(shop: Shop) -> None:
    _, hook = await shop.add()
    shop.carrier.status = 500
    for _ in range(80):
        await shop.kept.ping(hook.id)
        await shop.post.run_once()
        await shop.clock.advance(3600.0)
    (stopped,) = shop.stopped
    assert "three days" in stopped.stopped
    assert (await shop.kept.get(hook.id)).active is False
    again = await shop.kept.change(ROOT, hook.id, active=True)
    assert (again.active, again.stopped, again.failing_since) == (True, "", None)


async def test_a_claim_of_a_process_that_died_lapses(shop: Shop) -> None:
    _, hook = await shop.add()
    await shop.kept.ping(hook.id)
    await shop.store.claim("dead", now=shop.clock.now(), lease=LEASE, limit=1)
    assert await shop.post.run_once() == 0
    await shop.clock.advance(LEASE)
    assert await shop.post.run_once() == 1
    await shop.kept.ping(hook.id)
    await shop.store.claim("dead", now=shop.clock.now(), lease=LEASE, limit=1)
    await shop.post.recover(alone=True)
    assert await shop.post.run_once() == 1


async def test_without_the_key_of_the_keys_nothing_is_sent(shop: Shop) -> None:
    _, hook = await shop.add()
    await shop.kept.ping(hook.id)
    shop.keyring.locked = True
    assert await shop.post.run_once() == 0
    assert shop.carrier.sent == []


# -- people


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x.example/",
        "https:///x",
        "https://user:pw@x.example/",
        "https://x.example:99999/",
        "https://x y/",
        "javascript:alert(1)",
        "https://x.example/" + "y" * 1000,
        "https://inside.example/",
        "https://exämple.org/\n",
    ],
)
async def test_an_address_that_cannot_be_asked_is_refused(shop: Shop, url: str) -> None:
    shop.carrier.forbidden = "inside"
    with pytest.raises(BadRequest):
        await shop.kept.add(ROOT, "x", url, ALL)
    _, hook = await shop.add()
    with pytest.raises(BadRequest):
        await shop.kept.change(ROOT, hook.id, url=url)


async def test_kinds_must_be_known_and_versions_seen(shop: Shop) -> None:
    for kinds in ((), ("job-eaten",)):
        with pytest.raises(BadRequest):
            await shop.kept.add(ROOT, "x", URL, kinds)
    _, hook = await shop.add()
    await shop.kept.change(ROOT, hook.id, name="Other", version=hook.version)
    with pytest.raises(Conflict):
        await shop.kept.change(ROOT, hook.id, name="Late", version=hook.version)


async def test_an_event_is_sent_again_under_its_own_id(shop: Shop) -> None:
    _, hook = await shop.add()
    first = await shop.kept.ping(hook.id)
    await shop.post.run_once()
    again = await shop.kept.replay(hook.id, first.id)
    await shop.post.run_once()
    assert (again.event, again.body) == (first.event, first.body)
    assert len({headers["webhook-id"] for _, headers, _ in shop.carrier.sent}) == 1
    _, other = await shop.kept.add(ROOT, "Other", URL, ALL)
    with pytest.raises(NotFound):
        await shop.kept.replay(other.id, first.id)
    await shop.kept.remove(ROOT, hook.id)
    with pytest.raises(NotFound):
        await shop.kept.ping(hook.id)
