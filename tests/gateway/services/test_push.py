"""Notices on phones: sent to each of somebody's browsers, again where that helps, and never more than was allowed."""

import base64
import json
from typing import Any
from uuid import uuid4

import pytest

from gateway.domain.personal import NoticeKind, Preferences
from gateway.domain.user import User
from gateway.errors import BadRequest, NotFound
from gateway.services.ports import PushAnswer
from gateway.services.push import MOST, Push, PushText
from gateway.services.push_texts import of_job
from tests.fakes import FakeClock, a_held_job
from tests.fakes_phone import MemoryPushStore
from tests.phone_house import FakePushSender

KEYS = {
    "p256dh": base64.urlsafe_b64encode(b"\x04" + b"k" * 64).rstrip(b"=").decode(),
    "auth": base64.urlsafe_b64encode(b"a" * 16).rstrip(b"=").decode(),
}
TEXT = PushText(title="Ready", body="A document waits.", url="/jobs/7", tag="job-7")
ALICE, BOB = User(name="alice", uuid=uuid4()), User(name="bob", uuid=uuid4())


class Post:
    def __init__(self) -> None:
        self.clock, self.store, self.sender = FakeClock(), MemoryPushStore(), FakePushSender()
        self.push = Push(store=self.store, sender=self.sender, clock=self.clock)

    async def add(self, user: User = ALICE, endpoint: str = "https://push.example/a", **fields: Any) -> Any:
        return await self.push.subscribe(
            user, **{"endpoint": endpoint, "name": "Chrome", "language": "", **KEYS, **fields}
        )


@pytest.fixture
def post() -> Post:
    return Post()


async def test_each_browser_of_the_user_is_told(post: Post) -> None:
    await post.add()
    await post.add(endpoint="https://push.example/b")
    await post.add(BOB, "https://push.example/c")
    assert await post.push.tell(ALICE, TEXT) == 2
    await post.push.send_due()
    assert {to.endpoint for to, _payload, _topic in post.sender.sent} == {
        "https://push.example/a",
        "https://push.example/b",
    }
    told = json.loads(post.sender.sent[0][1])
    assert told == {"title": "Ready", "body": "A document waits.", "url": "/jobs/7", "tag": "job-7"}
    assert len(post.sender.sent[0][2]) == 32
    await post.push.send_due()
    assert len(post.sender.sent) == 2


async def test_a_browser_that_is_gone_is_forgotten(post: Post) -> None:
    await post.add()
    post.sender.answers = [PushAnswer.GONE]
    await post.push.tell(ALICE, TEXT)
    await post.push.send_due()
    assert await post.push.of(ALICE) == []


async def test_what_cannot_be_taken_now_is_sent_again_a_few_times(post: Post) -> None:
    await post.add()
    post.sender.answers = [PushAnswer.LATER] * 10
    await post.push.tell(ALICE, TEXT)
    for seconds in (0, 20, 120, 1000, 1000):
        post.clock.tick(seconds)
        await post.push.send_due()
    assert len(post.sender.sent) == 3
    assert len(await post.push.of(ALICE)) == 1


async def test_what_is_refused_is_let_go(post: Post) -> None:
    await post.add()
    post.sender.answers = [PushAnswer.REFUSED]
    await post.push.tell(ALICE, TEXT)
    for _ in range(3):
        post.clock.tick(200)
        await post.push.send_due()
    assert len(post.sender.sent) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"endpoint": "http://push.example/a"},
        {"endpoint": "https:///a"},
        {"endpoint": "https://user:pw@push.example/a"},
        {"endpoint": "https://push.example:99999/a"},
        {"endpoint": "https://push.example/\n"},
        {"endpoint": "https://push.example/" + "a" * 1000},
        {"endpoint": "javascript:alert(1)"},
        {"p256dh": ""},
        {"p256dh": KEYS["auth"]},
        {"p256dh": "ü"},
        {"auth": "AA"},
    ],
)
async def test_what_no_browser_gives_is_refused(post: Post, fields: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        await post.add(**fields)
    assert post.store.rows == {}


async def test_a_browser_belongs_to_who_used_it_last_and_there_are_not_too_many(post: Post) -> None:
    await post.add()
    row = await post.add(BOB)
    assert await post.push.of(ALICE) == []
    with pytest.raises(NotFound):
        await post.push.unsubscribe(ALICE, row.id)
    await post.push.unsubscribe(BOB, row.id)
    for number in range(MOST + 2):
        await post.add(endpoint=f"https://push.example/{number}")
        post.clock.tick(1)
    kept = await post.push.of(ALICE)
    assert len(kept) == MOST
    assert kept[0].endpoint == "https://push.example/2"
    await post.push.unsubscribe_endpoint(ALICE, "https://push.example/2")
    await post.push.unsubscribe_endpoint(BOB, "https://push.example/3")
    assert len(await post.push.of(ALICE)) == MOST - 1
    await post.push.revoke_all(ALICE)
    assert await post.push.of(ALICE) == []


@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_locked_screen_shows_no_name_unless_its_owner_wants_that(kind: NoticeKind, language: str) -> None:
    job = a_held_job(id=7, name="Kündigung.pdf")
    text = of_job(kind, job, Preferences(), language=language)
    assert "Kündigung" not in text.payload.decode()
    assert b"K\\u00fcndigung" not in text.payload
    assert text.title
    assert text.url == "/jobs/7"
    named = of_job(kind, job, Preferences(push_names=True), language=language)
    assert "Kündigung.pdf" in named.body
