"""Who is told which queues, and by which name of the gateway."""

import plistlib
import zipfile
from io import BytesIO

import pytest

from gateway.domain.queue import Destination
from gateway.domain.user import Actor
from gateway.errors import NotAuthenticated, NotPossible
from gateway.services.host_names import HostNames
from gateway.services.queue_bundle import bundle
from gateway.services.queues import Queues, Reach
from gateway.settings import Dns, Http, Settings, Site
from gateway.settings import Queues as QueueSettings
from tests.gateway.services.house import ALICE
from tests.gateway.services.test_sites import Places, a_zone

HOSTS = ("print.example.org", "*.print.example.org", "10.0.0.1", "2001:db8::1", "localhost", "127.0.0.1")


class PlainProfiles:
    """gateway.services.ports.Profiles without a signature: what a test wants to look into."""

    async def air_print(self, destinations: list[Destination], *, key: str, name: str, text: str) -> bytes:
        return plistlib.dumps({"key": key, "uris": [one.uri for one in destinations], "name": name, "text": text})


async def some(settings: Settings | None = None, reach: Reach | None = None) -> tuple[Places, Queues]:
    places = await Places.built()
    assert isinstance(places, Places)
    await places.with_places()
    queues = Queues(
        sites=places.sites,
        host_names=HostNames(places.printers, zone="print.example.org"),
        settings=settings or Settings(),
        reach=lambda: reach or Reach(ipp=8631, https=8443),
        hosts=lambda: HOSTS,
        own_host=lambda: "192.0.2.1",
    )
    return places, queues


async def test_a_visitor_gets_the_queues_of_its_zone_with_the_first_as_default() -> None:
    _, queues = await some()
    found = queues.of(Actor(address="10.1.2.3"), "print.example.org")
    assert [(q.printer.name, q.default) for q in found] == [("secure", True), ("find-me", False)]
    assert found[0].destination.uri == "ipps://print.example.org:8631/ipp/print/secure"
    assert found[0].host_name == "secure.print.example.org"
    assert queues.destination_of(found[0]).uri == "ipps://secure.print.example.org:8631/ipp/print"


async def test_elsewhere_the_marked_printer_is_the_default() -> None:
    places, queues = await some()
    assert not any(queue.default for queue in queues.of(Actor(address="203.0.113.1"), "print.example.org"))
    await places.printers.change_printer("find-me", is_default=True)
    found = queues.of(Actor(address="203.0.113.1"), "print.example.org")
    assert [queue.printer.name for queue in found if queue.default] == ["find-me"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("print.example.org", "print.example.org"),
        ("PRINT.example.org.", "print.example.org"),
        ("hall.print.example.org", "hall.print.example.org"),
        ("10.0.0.1", "10.0.0.1"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("localhost", "192.0.2.1"),
        ("127.0.0.1", "192.0.2.1"),
        ("evil.example", "192.0.2.1"),
        ("a.b.print.example.org", "192.0.2.1"),
        ("x'; reboot; '", "192.0.2.1"),
        ("", "192.0.2.1"),
    ],
)
async def test_only_names_of_ours_are_told(asked: str, told: str) -> None:
    _, queues = await some()
    assert queues.host(asked) == told
    assert queues.base_url(asked) == f"https://{told}:8443"


async def test_addresses_follow_what_is_listened_on() -> None:
    _, queues = await some(reach=Reach(ipp=None, https=443))
    assert queues.of(ALICE, "10.0.0.1")[0].destination.uri.startswith("ipps://10.0.0.1:443/ipp/print/")
    _, none = await some(Settings(http=Http(port=8080)), reach=Reach(ipp=None, https=None))
    assert none.base_url("10.0.0.1") == "http://10.0.0.1:8080"
    with pytest.raises(NotPossible):
        none.of(ALICE, "10.0.0.1")
    _, named = await some(Settings(site=Site(base_url="https://print.example/")))
    assert named.base_url("10.0.0.1") == "https://print.example"


async def test_strangers_sign_in_where_the_house_wants_it() -> None:
    _, queues = await some(Settings(queues=QueueSettings(sign_in=True), dns=Dns()))
    for stranger in (Actor(address="10.1.2.3"), Actor(user="guest:1", address="10.1.2.3")):
        with pytest.raises(NotAuthenticated):
            queues.of(stranger, "10.0.0.1")
    assert queues.of(ALICE, "10.0.0.1")


async def test_groups_hide_what_a_person_may_not_use() -> None:
    places, queues = await some()
    await places.printers.change_printer("secure", groups=("staff",))
    found = queues.of(Actor(user="alice", address="10.1.2.3"), "10.0.0.1")
    assert [queue.printer.name for queue in found] == ["find-me"]
    await places.sites.put_zone("north", a_zone("reading", "10.1.2.0/24", groups=("staff",)))
    assert queues.of(Actor(user="alice", address="10.1.2.3"), "10.0.0.1") == ()


async def test_an_archive_holds_what_each_platform_takes() -> None:
    places, queues = await some()
    several = queues.to(places.printers.all(), "print.example.org")
    octets = await bundle(
        several,
        profiles=PlainProfiles(),
        base_url="https://print.example.org:8443",
        authority_pem=b"-----BEGIN CERTIFICATE-----",
        authority_der=b"\x30\x82",
        mark="abc",
    )
    archive = zipfile.ZipFile(BytesIO(octets))
    names = set(archive.namelist())
    assert {"ios-macos/papertap.mobileconfig", "windows/papertap-queues.ps1", "chromeos/Printers.json"} <= names
    assert {"linux-macos/papertap-queues.sh", "papertap-ca.cer", "README.txt"} <= names
    profile = plistlib.loads(archive.read("ios-macos/papertap.mobileconfig"))
    assert len(profile["uris"]) == 3
    keeper = archive.read("linux-macos/papertap-queues.sh").decode()
    assert "address=https://print.example.org:8443/api/v1/queues.txt" in keeper
    assert "@" not in "".join(line for line in keeper.splitlines() if line.startswith(("address", "mark")))
    assert "find-me  ipps://print.example.org:8631/ipp/print/find-me" in archive.read("README.txt").decode()
    assert archive.getinfo("linux-macos/papertap-queues.sh").external_attr >> 16 == 0o755
    without = await bundle(
        (), profiles=PlainProfiles(), base_url="https://x", authority_pem=b"", authority_der=b"", mark="abc"
    )
    assert "papertap-ca.cer" not in zipfile.ZipFile(BytesIO(without)).namelist()
