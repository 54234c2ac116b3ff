"""The network doctor at work: our own interface, a neighbour in the same network, and a network behind a router.

Each is a network namespace with the probe as a person loads it from the page and runs it: `python3 papertap-probe.py`.
"""

import html
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

import httpx2
import pytest

from discovery import probe
from tests.peers.ours import Instance, papertap
from tests.peers.processes import free_port
from tests.peers.subnets import Subnets, two_subnets

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("cups")]
ZONE = "print.example.org"
PASSWORD = "a good long password"


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    nets: Subnets
    ours: Instance
    dns: int
    browser: httpx2.Client

    def page(self, path: str = "/admin/doctor", **fields: str) -> httpx2.Response:
        """The page, or what its form gives; the token of the page before goes along."""
        if not fields:
            return self.browser.get(path)
        token = re.search(r'name="csrf" value="([^"]+)"', self.browser.get("/admin/doctor").text)
        assert token
        return self.browser.post(path, data={"csrf": token[1], **fields})

    def probe(self, folder: Path) -> Path:
        answer = self.page("/admin/doctor/probe", load="1")
        assert answer.status_code == 200, answer.text
        file = folder / "papertap-probe.py"
        file.write_text(answer.text)
        return file


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    if shutil.which("python3") is None:
        pytest.skip("there is no python3 beside our own")
    dns = free_port()
    with two_subnets() as nets:
        settings = {
            "LISTEN__HOST": "",
            "MDNS__ENABLED": "true",
            "MDNS__INTERFACES": json.dumps([nets.server, nets.server_6]),
            "HTTPS__NAMES": json.dumps([nets.server, nets.server_6]),
            "DNS__ENABLED": "true",
            "DNS__PORT": str(dns),
            "DNS__ZONE": ZONE,
            "DNS__ADDRESSES": json.dumps([nets.server]),
        }
        setup = (
            ("printer", "add", "hall", "--info", "Hall; 1st floor"),
            ("printer", "add", "lab", "--info", "Lab"),
            ("user", "add", "ada", "--password", PASSWORD, "--role", "administrator"),
        )
        with (
            papertap(*setup, **settings) as ours,
            signed_in(f"https://{nets.server}:{ours.https_port}") as browser,
        ):
            yield World(nets=nets, ours=ours, dns=dns, browser=browser)


@contextmanager
def signed_in(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url, verify=False) as browser:
        token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/signin").text)
        assert token
        form = {"csrf": token[1], "with": "password", "name": "ada", "password": PASSWORD}
        assert browser.post("/signin", data=form).status_code == 303
        yield browser


def run(within: tuple[str, ...], file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """By the system's Python, which knows nothing of us."""
    command = [*within, "/usr/bin/python3", "-I", str(file), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


def test_the_own_interface_is_well_once_it_is_announced(world: World) -> None:
    end = time.monotonic() + 60
    while True:
        told = html.unescape(world.page("/admin/doctor/network", look="1").text)
        if "A phone here sees all printers: 2." in told:
            break
        assert time.monotonic() < end, told
    assert f"({world.nets.server})" in told
    findings = json.loads(world.ours.here("doctor", "--network", "--json"))["findings"]
    for address in (world.nets.server, world.nets.server_6):
        assert [one["text"] for one in findings if f"({address})" in one["client"]] == [
            "A phone here sees all printers: 2."
        ]


def test_an_interface_hears_nothing_of_another(world: World) -> None:
    """The gateway announces on one of them alone; a socket that heard all of this machine would find every one well."""
    rows = json.loads(world.ours.here("printer", "list", "--json"))
    ours = {row["uuid"] for row in rows}
    end = time.monotonic() + 60
    while not {one["txt"].get("UUID") for one in probe.browse(world.nets.server, 3.0)} >= ours:
        assert time.monotonic() < end, "not heard at its own interface"
    assert not {one["txt"].get("UUID") for one in probe.browse("127.0.0.1", 3.0)} & ours


def test_a_neighbour_sees_them_by_multicast(world: World, tmp_path: Path) -> None:
    done = run(world.nets.beside, world.probe(tmp_path), "--address", world.nets.neighbour, "--resolver", "")
    assert done.returncode == 0, done.stderr
    told = html.unescape(world.page().text)
    assert "A phone here sees all printers: 2." in told.partition("From other networks")[2]


def test_a_neighbour_without_ipv4_sees_them_too(world: World, tmp_path: Path) -> None:
    """Browsing, addresses and connections by IPv6 alone: the neighbour's IPv4 address is gone meanwhile."""
    rows = json.loads(subprocess.run(
        [*world.nets.beside, "ip", "-j", "-4", "addr", "show", "dev", "lan0"], capture_output=True, text=True, check=True,
    ).stdout)  # fmt: skip
    four = f"{world.nets.neighbour}/{rows[0]['addr_info'][0]['prefixlen']}"
    with signed_in(f"https://[{world.nets.server_6}]:{world.ours.https_port}") as browser:
        file = replace(world, browser=browser).probe(tmp_path)
    subprocess.run([*world.nets.beside, "ip", "addr", "del", four, "dev", "lan0"], check=True)
    try:
        done = run(world.nets.beside, file, "--resolver", "", "--show")
    finally:
        subprocess.run([*world.nets.beside, "ip", "addr", "add", four, "dev", "lan0"], check=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Looking around from {world.nets.neighbour_6};" in done.stdout
    network = str(ip_network(f"{world.nets.neighbour_6}/64", strict=False))
    told = html.unescape(world.page().text).partition(network)[2]
    assert "A phone here sees all printers: 2." in told
    assert f"({world.nets.server_6}), port {world.ours.port}, answers by TLSv1.3." in told


def test_behind_a_router_dns_does_it(world: World, tmp_path: Path) -> None:
    file = world.probe(tmp_path)
    with world.nets.resolver(ZONE, world.dns):
        done = run(world.nets.within, file)
        assert done.returncode == 0, done.stderr
        again = run(world.nets.within, file)
    assert again.returncode == 1
    assert "reported already" in again.stderr
    told = html.unescape(world.page().text)
    network = told.partition(world.nets.network)[2]
    assert "By multicast nothing comes here, as behind most routers. DNS does it instead." in network
    assert "By DNS a phone here finds all printers: 2." in network
    assert f"The printer at {world.nets.server}, port {world.ours.port}, answers by TLSv1.3." in network
    assert f"The printer at hall.{ZONE} ({world.nets.server}), port {world.ours.port}, answers by TLSv1.3." in network


def test_what_is_shut_and_unknown_there_is_told_with_its_mend(world: World, tmp_path: Path) -> None:
    """No resolver that knows the zone, and the IPP port is closed on the way: HTTPS alone passes."""
    file = world.probe(tmp_path)
    rule = ("ipproto", "tcp", "dport", str(world.ours.port), "prohibit")
    subprocess.run([*world.nets.within, "ip", "rule", "add", *rule], check=True)
    try:
        done = run(world.nets.within, file, "--resolver", f"{world.nets.server}#9")
    finally:
        subprocess.run([*world.nets.within, "ip", "rule", "del", *rule], check=True)
    assert done.returncode == 0, done.stderr
    network = html.unescape(world.page().text).partition(world.nets.network)[2]
    assert f"The resolver {world.nets.server}#9 does not answer" in network
    assert "is seen here, as behind most routers" in network
    assert f"No connection to {world.nets.server} at port {world.ours.port}: " in network
    assert "Let this TCP port pass from that network to the gateway." in network


def test_a_gateway_that_cannot_prove_itself_gets_no_report(world: World, tmp_path: Path) -> None:
    """Whoever stands between: the program trusts the authority that came with it, and nobody else."""
    file = world.probe(tmp_path)
    text = file.read_text()
    other = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
         "-keyout", str(tmp_path / "key"), "-days", "2"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    ours = (world.ours.data / "tls" / "ca.crt").read_text()
    quoted = [json.dumps(pem)[1:-1].replace("\\", "\\\\") for pem in (ours, other)]
    assert quoted[0] in text
    file.write_text(text.replace(*quoted))
    done = run(world.nets.within, file, "--resolver", f"{world.nets.server}#9")
    assert done.returncode == 1
    assert "certificate verify failed" in done.stderr.lower()
