"""Sign-in by passwords that a RADIUS server knows, against FreeRADIUS; and servers that are silent, or forge a yes."""

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.adapters.radius import LONGEST, RadiusServers
from gateway.app import build
from gateway.app.connection_checks import connection_checks
from gateway.domain.group import Group
from gateway.errors import NotAuthenticated, StartupError, Unavailable
from gateway.services.health import looked
from gateway.settings import Identity, Radius, Settings
from tests.peers.radius import SECRET, FreeRadius, free_udp_port, freeradius

pytest.importorskip("pyrad", reason="signing in by RADIUS needs pyrad")
pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("radius")]

PASSWORD = "Grüße from the mountain"
HERE = "192.0.2.7"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeRadius]:
    with freeradius(tmp_path_factory.mktemp("radius"), alice=PASSWORD, bob="hunter2 hunter2") as running:
        yield running


def asking(*servers: str, **more: object) -> Radius:
    given = {"servers": servers, "secret": SECRET, "seconds": 2.0, "tries": 1}
    return Radius(**given | more)  # type: ignore[arg-type]  # reason: the caller names fields


async def test_right_and_wrong_passwords(server: FreeRadius) -> None:
    radius = RadiusServers(asking(server.address))
    assert await radius.accepts("alice", PASSWORD)
    for name, password in (
        ("alice", "wrong"),
        ("alice", ""),
        ("alice", PASSWORD + "\x00"),
        ("alice", "x" * (LONGEST + 1)),
        ("bob", PASSWORD),
        ("nobody", PASSWORD),
        ("further", PASSWORD),
        ('alice" Auth-Type := Accept', "x"),
    ):
        assert not await radius.accepts(name, password), (name, password)
    assert await radius.check() == f"{server.address} answers."


async def test_the_next_server_is_asked_and_silence_is_no_answer(server: FreeRadius) -> None:
    away = f"127.0.0.1:{free_udp_port()}"
    assert await RadiusServers(asking(away, server.address, seconds=0.3)).accepts("alice", PASSWORD)
    for settings in (asking(away, seconds=0.3), asking(server.address, secret="another", seconds=0.3)):
        with pytest.raises(Unavailable, match="does not answer now"):
            await RadiusServers(settings).accepts("alice", PASSWORD)


@pytest.fixture
def forger() -> Iterator[int]:
    """Says yes to everything, with an authenticator that is right only for who knows no secret (RFC 2865 section 3)."""
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.1)
        ended = threading.Event()

        def lie() -> None:
            while not ended.is_set():
                try:
                    asked, sender = listener.recvfrom(4096)
                except OSError:
                    continue
                head = b"\x02" + asked[1:2] + b"\x00\x14"
                listener.sendto(head + hashlib.md5(head + asked[4:20]).digest(), sender)

        thread = threading.Thread(target=lie)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        thread.join()


@pytest.fixture
def babbler() -> Iterator[int]:
    """Answers with the right identifier and nonsense behind it, of every length."""
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.1)
        ended = threading.Event()

        def babble() -> None:
            while not ended.is_set():
                try:
                    asked, sender = listener.recvfrom(4096)
                except OSError:
                    continue
                for size in (0, 1, 4, 19, 20, 21, 22, 60, 4096):
                    head = b"\x02" + asked[1:2] + size.to_bytes(2, "big")
                    listener.sendto((head + b"\x50\x00\x01" + b"\xff" * size)[:size], sender)

        thread = threading.Thread(target=babble)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        thread.join()


async def test_nonsense_is_no_answer_and_no_defect(babbler: int) -> None:
    with pytest.raises(Unavailable):
        await RadiusServers(asking(f"127.0.0.1:{babbler}", seconds=0.3)).accepts("alice", PASSWORD)


@pytest.mark.parametrize("required", [True, False])
async def test_a_yes_that_nobody_with_the_secret_has_said_is_none(forger: int, required: bool) -> None:
    settings = asking(f"127.0.0.1:{forger}", seconds=0.3, require_message_authenticator=required)
    with pytest.raises(Unavailable):
        await RadiusServers(settings).accepts("alice", PASSWORD)


async def test_people_sign_in_by_it_unless_they_have_a_password_here(server: FreeRadius, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, identity=Identity(radius=asking(server.address)))
    async with build(settings) as gateway:
        identity = gateway.identity
        await identity.add_user("alice", pin="271828")
        await identity.add_user("bob", password="a password of our own")
        assert (await identity.sign_in_password("ALICE", PASSWORD, address=HERE)).name == "alice"
        assert (await identity.sign_in_password("bob", "a password of our own", address=HERE)).name == "bob"
        for name, password in (("alice", "wrong"), ("bob", "hunter2 hunter2"), ("nobody", PASSWORD)):
            with pytest.raises(NotAuthenticated):
                await identity.sign_in_password(name, password, address=HERE)
        alice = await identity.get("alice")
        await gateway.database.users.save_user(replace(alice, disabled=True))
        with pytest.raises(NotAuthenticated):
            await identity.sign_in_password("alice", PASSWORD, address=HERE)
        [check] = [check for check in connection_checks(gateway) if check.key == "radius"]
        assert (await looked(check)).ok


async def test_only_members_of_named_groups_are_asked_for_there(server: FreeRadius, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, identity=Identity(radius=asking(server.address, groups=("Staff",))))
    async with build(settings) as gateway:
        await gateway.database.groups.save_group(Group(name="teachers", uuid=uuid4(), parent="staff"))
        await gateway.database.groups.save_group(Group(name="staff", uuid=uuid4()))
        await gateway.identity.add_user("alice")
        with pytest.raises(NotAuthenticated):
            await gateway.identity.sign_in_password("alice", PASSWORD, address=HERE)
        await gateway.identity.change_user("alice", groups=("teachers",))
        assert (await gateway.identity.sign_in_password("alice", PASSWORD, address=HERE)).name == "alice"


async def test_while_no_server_answers_nobody_is_let_in_and_no_try_is_counted(tmp_path: Path) -> None:
    away = asking(f"127.0.0.1:{free_udp_port()}", seconds=0.1)
    async with build(Settings(data=tmp_path, identity=Identity(radius=away, tries=2))) as gateway:
        await gateway.identity.add_user("alice", pin="271828")
        begun = time.monotonic()
        for _ in range(4):
            with pytest.raises(Unavailable):
                await gateway.identity.sign_in_password("alice", PASSWORD, address=HERE)
        assert time.monotonic() - begun < 10
        assert (await gateway.identity.sign_in_pin("271828", address=HERE)).name == "alice"
        [check] = [check for check in connection_checks(gateway) if check.key == "radius"]
        assert (await looked(check)).text == "No RADIUS server answers."


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (asking("radius.example", secret=""), "needs the secret"),
        (asking("radius.example:0x"), "is none"),
        (asking("radius.example:99999"), "is none"),
        (asking("user@radius.example"), "is none"),
        (asking("http://radius.example"), "is none"),
        (asking(""), "is none"),
        (asking("radius.example", secret_file=Path("/nowhere/secret")), "cannot be read"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(settings: Radius, said: str) -> None:
    with pytest.raises(StartupError, match=said):
        RadiusServers(settings)
