"""The agent's port, octet by octet: what it answers, and what it says nothing to."""

import asyncio
import logging
import random
import socket
from pathlib import Path

import pytest

from ipp.virtual import Features, Misbehaviour, SnmpAccess, VirtualPrinter, count_only
from ipp.virtual.agent import Agent
from ipp.wire import PrinterState
from tests.ipp.virtual.samples import until
from tests.ipp.virtual.test_printer import print_pdf

# RFC 3416 in BER: a message of v2c, community "public", GetRequest 7 of sysName.0, and the answer to it.
ASKED = bytes.fromhex("3026 020101 0406 7075626c6963 a019 020107 020100 020100 300e 300c 0608 2b06010201010500 0500")
TOLD = bytes.fromhex(
    "302d 020101 0406 7075626c6963 a220 020107 020100 020100 3015 3013 0608 2b06010201010500 0407 7669727475616c"
)


class Asker(asyncio.DatagramProtocol):
    """Somebody who sends datagrams and keeps what comes back."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def datagram_received(self, data: bytes, _address: object) -> None:
        self.heard.append(data)

    async def ask(self, port: int, *datagrams: bytes) -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, remote_addr=("127.0.0.1", port)
        )
        try:
            for datagram in datagrams:
                transport.sendto(datagram)
            await until(lambda: self.heard and self.heard[-1] == TOLD, 60)
        finally:
            transport.close()


def _printer(path: Path, **ports: int) -> VirtualPrinter:
    return VirtualPrinter(path, snmp_port=0, features=Features(speed=0), render=count_only, **ports)


async def test_a_request_and_its_answer(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        assert printer.uri("snmp") == f"snmp://127.0.0.1:{printer.port('snmp')}"
        asker = Asker()
        await asker.ask(printer.port("snmp"), ASKED)
        assert asker.heard == [TOLD]


async def test_nonsense_does_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(173)

    def damaged() -> bytes:
        octets = bytearray(ASKED)
        for _ in range(dice.randint(1, 4)):
            octets[dice.randrange(len(octets))] = dice.randrange(256)
        return bytes(octets[: dice.randint(1, len(octets))])

    nonsense = [dice.randbytes(dice.randint(0, 200)) for _ in range(100)] + [damaged() for _ in range(300)]
    nonsense += [b"\x30\x80" * 700, ASKED.replace(b"public", b"guess!"), ASKED + b"\0" * 2000]
    with caplog.at_level(logging.INFO):
        async with _printer(tmp_path) as printer:
            asker = Asker()
            for start in range(0, len(nonsense), 50):
                # Between two good ones, so that the socket's buffer never runs over.
                await asker.ask(printer.port("snmp"), *nonsense[start : start + 50], ASKED)
                asker.heard.clear()
    assert caplog.records == []


async def test_who_refuses_everybody_says_nothing_until_it_behaves(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        port = printer.port("snmp")
        await Asker().ask(port, ASKED)
        agent = printer._listeners["snmp"]
        assert isinstance(agent, Agent)
        await printer.misbehave(Misbehaviour(refuse=True))
        assert not agent._responder._taken(ASKED)
        await printer.behave()
        await Asker().ask(port, ASKED)
        assert printer.port("snmp") == port


async def test_the_life_goes_on_where_an_earlier_one_ended(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        await print_pdf(printer, 3)
    async with _printer(tmp_path) as printer:
        await printer.misbehave(Misbehaviour(jam=1))
        await print_pdf(printer, 2, wait=False)
        await until(lambda: printer.machine.state is PrinterState.STOPPED)
    (tmp_path / "0009-note").mkdir()
    (tmp_path / "0009-note" / "job.json").write_text("[]")
    async with _printer(tmp_path) as printer:
        await print_pdf(printer, 2)
        told = printer._objects()
    assert told[1, 3, 6, 1, 2, 1, 43, 10, 2, 1, 4, 1, 1].value == 3 + 1 + 2
    assert told[1, 3, 6, 1, 2, 1, 43, 10, 2, 1, 5, 1, 1].value == 2


async def test_a_port_that_is_taken_is_told_and_one_that_was_left_is_free(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match="in use"):
            async with VirtualPrinter(
                tmp_path, ipp_port=None, raw_port=None, lpd_port=None, snmp_port=taken.getsockname()[1]
            ):
                pass
    async with _printer(tmp_path) as printer:
        port = printer.port("snmp")
        await Asker().ask(port, ASKED)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", port))


async def test_it_can_end_before_and_while_the_library_is_loaded(tmp_path: Path) -> None:
    async with _printer(tmp_path):
        pass
    async with _printer(tmp_path) as printer:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.sendto(ASKED, ("127.0.0.1", printer.port("snmp")))
        agent = printer._listeners["snmp"]
        assert isinstance(agent, Agent)
        await until(lambda: agent._loading)


@pytest.mark.parametrize(
    ("access", "why"),
    [
        ({"user": "auditor"}, "needs an authentication passphrase"),
        ({"authentication": "sign-it-please"}, "Name the user"),
        ({"user": "auditor", "authentication": "short"}, "8 characters"),
        ({"user": "auditor", "authentication": "sign-it-please", "privacy": "short"}, "8 characters"),
    ],
)
def test_an_access_that_cannot_be_is_refused(access: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        SnmpAccess(**access)


def test_an_access_keeps_its_secrets() -> None:
    access = SnmpAccess(community="c-secret", user="auditor", authentication="a-secret", privacy="p-secret")
    assert "secret" not in repr(access)
