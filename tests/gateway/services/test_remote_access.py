"""Who may print from outside: a known browser, its own signature, for this gateway, now and once."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.domain.user import User
from gateway.errors import BadRequest, LimitReached, NotAuthenticated, NotFound, Throttled
from gateway.services.identity import Identity
from gateway.services.remote_access import FRESH_SECONDS, MOST_BROWSERS, RemoteAccess
from gateway.services.remote_messages import LONGEST, Wish, gateway_id, read_envelope, read_payload
from gateway.settings import Identity as IdentitySettings
from gateway.settings import Remote
from tests.fakes import FakeClock, FakeHasher, MemoryUserStore
from tests.fakes_remote import FakeRemoteKeys, MemoryRemoteBrowserStore, OutsideBrowser

KEY = b"key phone"


class Gate:
    """RemoteAccess with one user."""

    def __init__(self, **settings: object) -> None:
        self.clock, self.users, self.store = FakeClock(), MemoryUserStore(), MemoryRemoteBrowserStore()
        self.settings = Remote(relay="wss://relay.example", **settings)  # type: ignore[arg-type]  # reason: named by the caller
        self.user: User

    async def open(self) -> "Gate":
        self.start()
        self.user = await self.identity.add_user("alice")
        return self

    def start(self) -> None:
        self.identity = Identity(users=self.users, hasher=FakeHasher(), clock=self.clock, settings=IdentitySettings())
        self.access = RemoteAccess(
            store=self.store,
            users=self.users,
            identity=self.identity,
            keys=FakeRemoteKeys(),
            clock=self.clock,
            settings=self.settings,
        )

    async def phone(self) -> OutsideBrowser:
        browser = await self.access.add(self.user, KEY, name="Phone")
        return OutsideBrowser(browser, self.access.gateway, self.clock.now())


@pytest.fixture
async def gate() -> Gate:
    return await Gate().open()


async def test_a_message_of_a_known_browser_is_its_users(gate: Gate) -> None:
    phone = await gate.phone()
    admitted = await gate.access.admit(phone.says("offer", sdp="v=0", language="de"))
    assert (admitted.actor.user, admitted.actor.via, admitted.actor.address) == ("alice", "remote", "")
    assert (admitted.payload.wish, admitted.payload.sdp, admitted.payload.language) == (Wish.OFFER, "v=0", "de")
    assert (await gate.store.browsers_of(gate.user.uuid))[0].seen_at == gate.clock.now()


async def test_a_message_counts_once_also_after_a_restart(gate: Gate) -> None:
    phone = await gate.phone()
    message = phone.says("hello")
    await gate.access.admit(message)
    with pytest.raises(NotAuthenticated, match="used before"):
        await gate.access.admit(message)
    await gate.clock.advance(1)
    gate.start()
    with pytest.raises(NotAuthenticated, match="used before"):
        await gate.access.admit(message)


@pytest.mark.parametrize("off", [-FRESH_SECONDS - 1, FRESH_SECONDS + 1, float("inf"), float("nan")])
async def test_old_messages_and_wrong_clocks_are_refused(gate: Gate, off: float) -> None:
    await gate.clock.advance(1000)
    phone = await gate.phone()
    phone.now += off
    with pytest.raises((NotAuthenticated, BadRequest)):
        await gate.access.admit(phone.says("hello"))


async def test_a_nonce_is_remembered_for_as_long_as_its_message_is_fresh(gate: Gate) -> None:
    phone = await gate.phone()
    phone.now += FRESH_SECONDS - 1  # its clock is ahead
    message = phone.says("hello")
    await gate.access.admit(message)
    await gate.clock.advance(FRESH_SECONDS + 30)
    with pytest.raises(NotAuthenticated):
        await gate.access.admit(message)


async def test_a_forged_or_foreign_message_is_refused(gate: Gate) -> None:
    phone = await gate.phone()
    good = json.loads(phone.says("hello"))
    forged = phone.signed(good["payload"], key=b"key thief")
    changed = json.dumps(good | {"payload": good["payload"].replace("hello", "offer")})
    stranger = json.dumps(good | {"browser": "nobody"})
    for message in (forged, changed, stranger, phone.says("hello", gateway=gateway_id(b"key other"))):
        with pytest.raises(NotAuthenticated):
            await gate.access.admit(message)
    assert (await gate.access.admit(json.dumps(good))).actor.user == "alice", "what failed used nothing up"


async def test_nothing_is_left_of_a_removed_browser_or_a_disabled_user(gate: Gate) -> None:
    phone = await gate.phone()
    admitted = await gate.access.admit(phone.says("hello"))
    assert await gate.access.still(admitted)
    await gate.users.save_user(replace(await gate.identity.get("alice"), disabled=True))
    assert not await gate.access.still(admitted)
    with pytest.raises(NotAuthenticated):
        await gate.access.admit(phone.says("hello"))
    await gate.users.save_user(replace(await gate.identity.get("alice"), disabled=False))
    await gate.access.remove(gate.user, phone.browser.id)
    assert not await gate.access.still(admitted)
    with pytest.raises(NotAuthenticated):
        await gate.access.admit(phone.says("hello"))


async def test_another_users_browser_is_not_found(gate: Gate) -> None:
    phone, bob = await gate.phone(), await gate.identity.add_user("bob")
    with pytest.raises(NotFound):
        await gate.access.remove(bob, phone.browser.id)
    assert await gate.access.of(bob) == []


async def test_only_real_keys_and_so_many_browsers(gate: Gate) -> None:
    with pytest.raises(BadRequest):
        await gate.access.add(gate.user, b"no key", name="Phone")
    for _ in range(MOST_BROWSERS):
        await gate.phone()
    with pytest.raises(LimitReached):
        await gate.phone()


async def test_a_browser_that_asks_too_often_has_to_wait(gate: Gate) -> None:
    phone = await gate.phone()
    for _ in range(60):
        await gate.access.admit(phone.says("hello"))
    with pytest.raises(Throttled):
        await gate.access.admit(phone.says("hello"))


async def test_a_turn_server_gets_a_name_that_expires_and_its_hmac() -> None:
    gate = await Gate(stun=("stun:s.example",), turn=("turn:t.example",), turn_secret=SecretStr("shared")).open()
    stun, turn = gate.access.servers("browser")
    assert (stun.urls, stun.username) == (("stun:s.example",), "")
    ends, _, name = turn.username.partition(":")
    assert (int(ends), name) == (round(gate.clock.now() + 3600), "browser")
    assert base64.b64decode(turn.credential) == hmac.digest(b"shared", turn.username.encode(), hashlib.sha1)


async def test_without_servers_there_is_an_empty_list(gate: Gate) -> None:
    assert gate.access.servers("browser") == ()


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_anything_else_is_a_bad_request(raw: str | bytes) -> None:
    with pytest.raises(BadRequest):
        read_envelope(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "x" * (LONGEST + 1),
        "[" * 40_000,
        '{"browser": 1, "payload": "", "signature": ""}',
        '{"browser": "a", "payload": "p", "signature": "ä"}',
        '{"browser": "a", "payload": "p", "signature": "a"}',
    ],
)
def test_malformed_envelopes(raw: str) -> None:
    with pytest.raises(BadRequest):
        read_envelope(raw)


@pytest.mark.parametrize(
    "changes",
    [
        {"wish": "dance"},
        {"wish": "offer"},
        {"at": "now"},
        {"at": None},
        {"nonce": "short"},
        {"nonce": 5},
        {"sdp": ["v=0"]},
        {"candidate": "x"},
        {"candidate": {"candidate": "x" * 2000}},
        {"gateway": None},
    ],
)
def test_malformed_payloads(changes: dict[str, object]) -> None:
    plain = {"wish": "hello", "gateway": "g", "at": 1.0, "nonce": "n" * 22}
    assert read_payload(json.dumps(plain)).wish is Wish.HELLO
    with pytest.raises(BadRequest):
        read_payload(json.dumps(plain | changes))
