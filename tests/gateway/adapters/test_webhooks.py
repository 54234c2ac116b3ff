"""Webhooks over real sockets: bounded answers, no redirects, and no way to what is inside, whatever names say."""

import asyncio
import socket
import ssl
import time
from typing import Any

import pytest
import trustme

from gateway.adapters.devices.egress import PRIVATE, REFUSED, Egress
from gateway.adapters.webhooks import HttpCarrier
from gateway.domain.site import parse_network
from gateway.services.ports.webhooks import NotReached
from tests.peers.sink import sink

LOOPBACK = (parse_network("127.0.0.0/8"), parse_network("::1/128"))


def inside(**given: Any) -> HttpCarrier:
    """One that may ask this machine."""
    return HttpCarrier(allowed=LOOPBACK, **given)


class Names:
    """Answers for names, one after the other; the last again and again."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def getaddrinfo(self, host: str, port: int, **_: object) -> list[Any]:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        family = socket.AF_INET6 if ":" in answer else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (answer, port))]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Any:
    def name(*answers: str) -> Names:
        names = Names(*answers)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo)
        return names

    return name


async def test_it_is_delivered_with_its_headers_and_its_host(named: Any) -> None:
    async with sink() as receiver:
        named("127.0.0.1")
        url = f"http://hooks.example.org:{receiver.port}/ok?x=1"
        answer = await inside().post(url, {"webhook-id": "7", "content-type": "application/json"}, b'{"a": 1}')
    assert answer.status == 200
    ((path, headers, body),) = receiver.seen
    assert (path, body) == ("/ok?x=1", b'{"a": 1}')
    assert headers["host"] == f"hooks.example.org:{receiver.port}"
    assert (headers["webhook-id"], headers["accept-encoding"]) == ("7", "identity")


@pytest.mark.parametrize(("path", "status"), [("/fail", 500), ("/gone", 410), ("/redirect", 307)])
async def test_a_no_is_told_and_a_redirect_is_not_followed(path: str, status: int) -> None:
    async with sink() as receiver:
        answer = await inside().post(f"http://127.0.0.1:{receiver.port}{path}", {}, b"{}")
    assert answer.status == status
    assert len(receiver.seen) == receiver.connections == 1
    assert "secret" not in repr(answer)


@pytest.mark.parametrize("path", ["/endless", "/packed", "/hangup", "/nonsense"])
async def test_whoever_lies_or_talks_without_end_is_left(path: str) -> None:
    async with sink() as receiver:
        with pytest.raises(NotReached):
            await inside().post(f"http://127.0.0.1:{receiver.port}{path}", {}, b"{}")


async def test_whoever_is_slow_is_left_in_time() -> None:
    async with sink() as receiver:
        before = time.monotonic()
        with pytest.raises(NotReached, match="did not answer"):
            await inside(seconds=0.2).post(f"http://127.0.0.1:{receiver.port}/slow", {}, b"{}")
    assert time.monotonic() - before < 10


async def test_where_nobody_listens_it_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NotReached, match="nobody listens"):
            await inside().post(f"http://127.0.0.1:{taken.getsockname()[1]}/", {}, b"{}")


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "localhost",
            "0.0.0.0",
            "10.1.2.3",
            "192.168.1.1",
            "172.16.9.9",
            "169.254.169.254",
            "100.64.0.1",
        ),
        *(
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[fe80::1]",
            "[fd00::1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[::127.0.0.1]",
        ),
        *("2130706433", "0x7f000001", "127.1", "255.255.255.255", "224.0.0.1", "[ff02::1]"),
    ],
)
async def test_nothing_inside_is_asked_unless_the_settings_name_it(host: str) -> None:
    async with sink() as receiver:
        carrier, url = HttpCarrier(), f"http://{host}:{receiver.port}/ok"
        with pytest.raises(NotReached):
            await carrier.check(url)
        with pytest.raises(NotReached):
            await carrier.post(url, {}, b"{}")
    assert receiver.connections == 0


async def test_a_name_that_leads_inside_is_not_followed(named: Any) -> None:
    async with sink() as receiver:
        named("127.0.0.1")
        with pytest.raises(NotReached, match="no address that may be asked"):
            await HttpCarrier().post(f"http://hooks.example.org:{receiver.port}/ok", {}, b"{}")
    assert receiver.connections == 0


async def test_a_name_that_changes_its_mind_leads_nowhere_else(named: Any) -> None:
    """DNS rebinding: good when the webhook is saved, inside when it is told; and asked once a try."""
    async with sink() as receiver:
        names = named("198.51.100.7", "127.0.0.1")
        url = f"http://hooks.example.org:{receiver.port}/ok"
        carrier = HttpCarrier()
        await carrier.check(url)
        with pytest.raises(NotReached):
            await carrier.post(url, {}, b"{}")
        assert names.asked == 2
        # Good when it is checked: then that very address is connected to, and the name is not asked again.
        names = named("127.0.0.1", "127.9.9.9")
        answer = await HttpCarrier(allowed=(parse_network("127.0.0.1/32"),)).post(url, {}, b"{}")
        assert (answer.status, names.asked) == (200, 1)
    assert receiver.connections == 1


async def test_tls_proves_the_name_and_not_the_address(named: Any) -> None:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("hooks.example.org").configure_cert(server)
    authority.configure_trust(client)
    async with sink(tls=server) as receiver:
        named("127.0.0.1")
        carrier = inside(tls=client)
        assert (await carrier.post(f"https://hooks.example.org:{receiver.port}/ok", {}, b"{}")).status == 200
        with pytest.raises(NotReached, match="certificate"):
            await carrier.post(f"https://other.example.org:{receiver.port}/ok", {}, b"{}")
        with pytest.raises(NotReached, match="certificate"):
            await inside().post(f"https://hooks.example.org:{receiver.port}/ok", {}, b"{}")
    assert len(receiver.seen) == 1


async def test_an_address_of_ipv6_is_asked() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    async with sink(host="::1") as receiver:
        assert (await inside().post(f"http://[::1]:{receiver.port}/ok", {}, b"{}")).status == 200


def test_what_is_excepted_is_asked_and_nothing_beside_it() -> None:
    egress = Egress(refused=(*REFUSED, *PRIVATE), excepted=(parse_network("10.9.0.0/16"),))
    assert egress.permits("10.9.1.2")
    assert not egress.permits("10.8.1.2")
    assert egress.permits("198.51.100.1")
    assert egress.permits("2a00::1")
