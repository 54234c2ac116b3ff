"""A client behind a router, where no multicast comes: its queues are kept by the script, it prints, it finds names.

CUPS, curl, openssl, dig and avahi run in a network namespace of their own; this machine is the gateway.
"""

import asyncio
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.domain.job import JobState
from ipp.virtual import Features
from tests.acceptance.avahi import avahi, unescape
from tests.peers.cups import Cups, cupsd
from tests.peers.name_servers import dig
from tests.peers.ours import Instance, papertap
from tests.peers.paper import Paper, virtual_printer
from tests.peers.processes import free_port
from tests.peers.subnets import Subnets, two_subnets

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("cups")]
ZONE = "print.example.org"
HOSTILE = 'Hall\'s $(reboot) `id`; "1st" papertap-mark=x'


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    nets: Subnets
    ours: Instance
    cups: Cups
    dns: int
    further: int

    def at_client(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        words = [*self.nets.within, *command]
        environment = {"CUPS_SERVER": f"127.0.0.1:{self.cups.port}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=120, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def queues(self) -> set[str]:
        return set(self.cups.run("lpstat", "-e", check=False).split())

    def show(self, *printers: str) -> None:
        """In the client's network, once the server knows."""
        options = [word for name in printers for word in ("--printer", name)]
        self.ours.here("site", "zone", "set", "north", "far", "--network", self.nets.network, *options)
        end = time.monotonic() + 60
        while True:
            listed = self.at_client(
                "curl", "-ksf", f"https://{self.nets.server}:{self.ours.https_port}/api/v1/queues.txt"
            )
            if [line.split("\x1f")[0] for line in listed.stdout.splitlines()[1:-1]] == list(printers):
                return
            assert time.monotonic() < end, listed.stdout
            time.sleep(0.2)


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paper]:
    with virtual_printer(tmp_path_factory.mktemp("paper"), Features(speed=0)) as printer:
        yield printer


@pytest.fixture(scope="module")
def world(paper: Paper) -> Iterator[World]:
    dns, further = free_port(), free_port()
    settings = {
        "LISTEN__HOST": "",
        "DNS__ENABLED": "true",
        "DNS__PORT": str(dns),
        "DNS__ZONE": ZONE,
        "HTTPS__FURTHER_PORTS": f"[{further}]",
    }
    device = ("device", "add", "virtual", paper.uri("ipp"))
    with two_subnets() as nets, papertap(device, roles="front,prepare,deliver", **settings) as ours:
        for words in (
            ("printer", "add", "hall", "--policy", "direct", "--device", "virtual", "--info", HOSTILE),
            ("printer", "add", "find-me", "--info", "Find me", "--location", "2nd floor"),
            ("printer", "add", "staff-only"),
            ("site", "add", "north"),
        ):
            ours.here(*words)
        with cupsd(nets.within) as cups:
            yield World(nets=nets, ours=ours, cups=cups, dns=dns, further=further)


@pytest.fixture(scope="module")
def script(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a computer loads it from the page."""
    world.show("hall")
    path = tmp_path_factory.mktemp("script") / "papertap-queues.sh"
    base = f"https://{world.nets.server}:{world.ours.https_port}"
    world.at_client("curl", "-ksf", "-o", str(path), f"{base}/setup/papertap-queues.sh")
    return path


def test_the_script_keeps_the_queues_of_a_computer_equal_to_its_zone(world: World, script: Path) -> None:
    world.cups.run("lpadmin", "-p", "mine", "-E", "-v", "file:///dev/null", "-D", f"x papertap-mark={script}")
    told = world.at_client("sh", str(script)).stdout
    assert told == "papertap-queues: set hall\n"
    assert world.queues() == {"mine", "hall"}
    uri = f"ipps://{world.nets.server}:{world.ours.port}/ipp/print/hall"
    assert uri in world.cups.run("lpstat", "-v", "hall")
    assert HOSTILE in world.cups.run("lpstat", "-l", "-p", "hall")
    assert world.at_client("sh", str(script)).stdout == "", "run again, it changes nothing"
    world.show("find-me", "hall")
    assert world.at_client("sh", str(script)).stdout == "papertap-queues: set find-me\n"
    world.show("find-me")
    assert world.at_client("sh", str(script)).stdout == "papertap-queues: removed hall\n"
    assert world.queues() == {"mine", "find-me"}


def test_what_somebody_else_made_stays(world: World, script: Path) -> None:
    world.cups.run("lpadmin", "-p", "staff-only", "-E", "-v", "file:///dev/null")
    world.show("staff-only")
    done = world.at_client("sh", str(script))
    assert "was not made by this script; left alone" in done.stderr
    assert "/dev/null" in world.cups.run("lpstat", "-v", "staff-only")
    world.show("find-me")
    world.at_client("sh", str(script))
    assert "staff-only" in world.queues()


def test_without_an_answer_nothing_is_changed(world: World, script: Path) -> None:
    world.show("find-me")
    world.at_client("sh", str(script))
    before = world.queues()
    text = script.read_text()
    broken = script.with_name("broken.sh")
    for old, new in (
        (f":{world.ours.https_port}/", ":9/"),  # nobody listens
        ("queues.txt", "nothing"),  # an error page
        ("queues.txt", "queues"),  # another kind of list
        ("-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA"),  # not our authority
    ):
        assert old in text
        broken.write_text(text.replace(old, new, 1))
        done = world.at_client("sh", str(broken), check=False)
        assert done.returncode == 1
        assert "nothing was changed" in done.stderr
    assert world.queues() == before


def test_it_prints_over_the_router(world: World, script: Path) -> None:
    world.show("hall")
    world.at_client("sh", str(script))
    page = script.with_name("page.txt")
    page.write_text("From the other side of a router\n")
    page.chmod(0o644)
    world.at_client("lp", "-d", "hall", str(page))
    end = time.monotonic() + 60
    while not (jobs := world.ours.jobs()):
        assert time.monotonic() < end, world.cups.run("lpstat", "-o")
        time.sleep(0.2)
    assert world.ours.until(jobs[0].id, JobState.COMPLETED, seconds=60).printer == "hall"


def test_a_printer_is_a_host_of_its_own_with_a_certificate(world: World) -> None:
    """As Android looks for one: a host name, one of its ports, /ipp/print."""
    world.show("hall")
    name = f"hall.{ZONE}"
    assert dig(world.dns, "+short", name, "A", address=world.nets.server).splitlines().count(world.nets.server) == 1
    ca = world.ours.data / "tls/ca.crt"
    for port in (world.ours.port, world.ours.https_port, world.further):
        checked = ("-CAfile", str(ca), "-verify_return_error", "-verify_hostname", name, "-servername", name)
        world.at_client("openssl", "s_client", "-connect", f"{world.nets.server}:{port}", *checked, "-brief")
    where = ("--connect-to", f"{name}:{world.further}:{world.nets.server}:{world.further}", "--cacert", str(ca))
    request = bytes.fromhex("0200000b00000001") + b"\x01" + _attribute(0x47, "attributes-charset", "utf-8")
    request += _attribute(0x48, "attributes-natural-language", "en")
    request += _attribute(0x45, "printer-uri", f"ipps://{name}:{world.further}/ipp/print")
    request += (
        _attribute(0x44, "requested-attributes", "printer-name")
        + _attribute(0x44, "", "printer-uri-supported")
        + b"\x03"
    )
    body = world.ours.data.with_suffix(".request")
    body.write_bytes(request)
    try:
        sent = ("--data-binary", f"@{body}", "-H", "Content-Type: application/ipp")
        answer = world.at_client("curl", "-sf", *where, *sent, f"https://{name}:{world.further}/ipp/print").stdout
    finally:
        body.unlink()
    assert "hall" in answer
    assert f"ipps://{name}:{world.further}/ipp/print/hall" in answer


async def test_avahi_lists_the_printers_of_another_network(world: World) -> None:
    """It lists them, and cannot resolve them: it asks with 512 octets and never by TCP (avahi/avahi issue 239).

    That it is the length of the text and nothing else of ours shows an instance beside them with a short text, whose
    SRV record leads to a host of our zone: avahi resolves that one.
    """
    await asyncio.to_thread(world.show, "find-me", "hall")
    short = (
        "_ipp._tcp.short.example.org PTR Short._ipp._tcp.short.example.org",
        f"Short._ipp._tcp.short.example.org SRV 0 0 {world.ours.port} find-me.{ZONE}",
        'Short._ipp._tcp.short.example.org TXT "rp=ipp/print/find-me"',
    )
    with world.nets.resolver(ZONE, world.dns, *short), avahi(world.nets.within) as desktop:
        browse = (*world.nets.within, "avahi-browse", "-rtp")
        listed = await desktop.until_output("Find", *browse, "-d", ZONE, "_ipp._tcp")
        resolved = await desktop.until_output("=;", *browse, "-d", "short.example.org", "_ipp._tcp")
    names = {unescape(line.split(";")[3]) for line in listed.splitlines() if line.startswith("+")}
    assert names == {"Find me", HOSTILE.replace(".", "-")}
    assert not [line for line in listed.splitlines() if line.startswith("=")]
    (whole,) = [line.split(";") for line in resolved.splitlines() if line.startswith("=")]
    assert (whole[6], whole[8]) == (f"find-me.{ZONE}", str(world.ours.port))
    assert whole[7] in dig(world.dns, "+short", f"find-me.{ZONE}", "A", address=world.nets.server).split()
    text = (f"Find\\032me._ipp._tcp.{ZONE}", "TXT")
    as_avahi = dig(world.dns, "+noedns", "+ignore", *text, address=world.nets.server)
    assert re.search(r"flags: qr aa tc rd; QUERY: 1, ANSWER: 0", as_avahi), as_avahi
    as_phones = dig(world.dns, "+bufsize=1232", "+ignore", *text, address=world.nets.server)
    assert "ANSWER: 1," in as_phones
    assert 512 < int(re.findall(r"MSG SIZE  rcvd: (\d+)", as_phones)[0]) <= 1232


def _attribute(tag: int, name: str, value: str) -> bytes:
    parts = (name.encode(), value.encode())
    return bytes((tag,)) + b"".join(len(part).to_bytes(2, "big") + part for part in parts)
