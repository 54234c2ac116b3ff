"""The page that sets devices up: the right platform, the right list, nothing of a lying host, and a page on paper."""

import html
import json
import plistlib
from contextlib import AbstractAsyncContextManager
from ipaddress import ip_network

import pytest
from tree_sitter import Language, Node, Parser
from tree_sitter_powershell import language

from gateway.domain.site import Zone
from gateway.domain.user import is_guest
from gateway.services.ports import JobQuery
from gateway.settings import Settings
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import PASSWORD, House
from webprint.setup_platforms import Platform, platform_of
from webprint.start import qr_svg

SITE = "https://print.example:8443"
HOSTILE = "Hall'; Stop-Computer \u2019; $(reboot) `id` \"<b>&\n@MARK@"
AGENTS = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1": Platform.IOS,
    "Mozilla/5.0 (iPad; CPU OS 19_1 like Mac OS X) AppleWebKit/605.1.15": Platform.IOS,
    "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/150 Mobile Safari/537.36": Platform.ANDROID,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150 Safari/537.36": Platform.WINDOWS,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19 Safari/605.1.15": Platform.MACOS,
    "Mozilla/5.0 (X11; CrOS x86_64 16000.0.0) AppleWebKit/537.36 Chrome/150 Safari/537.36": Platform.CHROMEOS,
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": Platform.LINUX,
    "curl/8": Platform.LINUX,
    "": Platform.LINUX,
}


def visitor_of(house: House, site: str = SITE, address: str = "192.0.2.9") -> AbstractAsyncContextManager[Visitor]:
    return visiting(house.app(), site=site, address=address)


async def text_of(visitor: Visitor, path: str = "/setup", **headers: str) -> str:
    answer = await visitor.get(path, **headers)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


@pytest.mark.parametrize(("agent", "platform"), AGENTS.items())
async def test_the_platform_is_recognised_and_every_other_is_one_tap_away(
    house: House, agent: str, platform: Platform
) -> None:
    assert platform_of(agent) is platform
    async with visitor_of(house) as visitor:
        text = await text_of(visitor, **{"user-agent": agent})
    assert f'href="/setup?for={platform.key}" aria-current="page"' in text
    assert all(f'href="/setup?for={one.key}"' in text for one in Platform)


async def test_each_platform_is_handed_what_it_takes(house: House) -> None:
    uri = "ipps://print.example:8631/ipp/print/find-me"
    expected = {
        "ios": 'href="/setup/papertap.mobileconfig"',
        "android": "find-me.print.example",
        "windows": "Add-Printer -IppURL 'https://print.example:8631/ipp/print/find-me'",
        "macos": f"lpadmin -p find-me -E -v {uri} -m everywhere",
        "chromeos": "print.example:8631",
        "linux": f"lpadmin -p find-me -E -v {uri} -m everywhere",
    }
    async with visitor_of(house) as visitor:
        for key, words in expected.items():
            assert words in await text_of(visitor, f"/setup?for={key}")
        assert 'aria-current="page"' in await text_of(visitor, "/setup?for=nothing")


async def test_files_are_what_their_names_say(house: House) -> None:
    async with visitor_of(house) as visitor:
        profile = await visitor.get("/setup/papertap.mobileconfig")
        assert profile.headers["content-type"] == "application/x-apple-aspen-config"
        assert "ipps://print.example:8631/ipp/print/find-me" in plistlib.loads(profile.content)["uris"]
        one = plistlib.loads((await visitor.get("/setup/papertap.mobileconfig?printer=find-me")).content)
        assert one["uris"] == ["ipps://print.example:8631/ipp/print/find-me"]
        policy = (await visitor.get("/setup/chromeos-printers.json")).json()
        assert json.loads(policy["Printers"][0])["uri"].startswith("ipps://print.example:8631/")
        assert (await visitor.get("/setup/papertap-printers.sh")).text.startswith("#!/bin/sh")
        keeper = await visitor.get("/setup/papertap-queues.sh")
        assert 'filename="papertap-queues.sh"' in keeper.headers["content-disposition"]
        assert "address=https://print.example:8443/api/v1/queues.txt" in keeper.text
        code = await visitor.get("/setup/host.svg?printer=find-me")
        assert code.content == qr_svg("find-me.print.example")
        assert (await visitor.get("/setup/qr.svg")).content == qr_svg("https://print.example:8443/setup")
        for missing in ("/setup/other.exe", "/setup/papertap.mobileconfig?printer=other", "/setup/..%2fca.pem"):
            assert (await visitor.get(missing)).status_code == 404


@pytest.mark.parametrize("site", ["https://evil.example:8443", "https://192.0.2.66", "https://localhost:8443"])
async def test_a_lying_host_is_not_repeated(house: House, site: str) -> None:
    async with visitor_of(house, site) as visitor:
        for path in ("/setup?for=linux", "/setup/papertap-queues.sh", "/setup/papertap-printers.ps1"):
            answer = await visitor.get(path)
            assert answer.status_code == 200
            assert site.removeprefix("https://") not in answer.text
            assert "192.0.2.10" in answer.text


async def test_a_host_that_is_none_is_refused(house: House) -> None:
    async with visitor_of(house) as visitor:
        for host in ("a b", "x'; reboot", "", "print.example:99999999", "<script>"):
            answer = await visitor.get("/setup", host=host)
            assert answer.status_code == 400


async def test_a_visitor_sees_the_printers_of_its_network(house: House) -> None:
    await house.sites.add("north")
    zone = Zone(name="reading", networks=(ip_network("10.1.2.0/24"),), printers=("direct",))
    await house.sites.put_zone("north", zone)
    async with visitor_of(house, address="10.1.2.3") as visitor:
        text = await text_of(visitor, "/setup?for=linux")
        assert "lpadmin -p direct " in text
        assert "lpadmin -p find-me " not in text
        assert (await visitor.get("/setup/papertap-printers.sh?printer=find-me")).status_code == 404
    await house.sites.put_zone("north", Zone(name="empty", networks=(ip_network("10.9.0.0/16"),), groups=("staff",)))
    async with visitor_of(house, address="10.9.0.1") as visitor:
        await visitor.sign_in("alice", PASSWORD)
        assert "No printer is shown in this network" in await text_of(visitor)


async def test_where_the_house_wants_it_people_sign_in_first(house: House) -> None:
    house.settings = Settings(data="unused", queues={"sign_in": True})
    house.setup.queues._settings = house.settings
    async with visitor_of(house) as visitor:
        for path in ("/setup", "/setup/papertap-queues.sh", "/setup/papertap.mobileconfig"):
            answer = await visitor.get(path)
            assert (answer.status_code, answer.headers["location"][:20]) == (303, "/signin?next=%2Fsetu")
        await visitor.sign_in("alice", PASSWORD)
        assert "Set up this device" in await text_of(visitor)


async def test_a_test_page_goes_through_the_one_door(house: House) -> None:
    async with visitor_of(house) as visitor:
        await visitor.sign_in("alice", PASSWORD)
        text = await text_of(visitor, "/setup?for=linux")
        assert "Print a test page" in text
        answer = await visitor.post("/setup/test", {"printer": "find-me", "for": "linux"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/setup?for=linux&done=test")
        assert "The test page is on its way." in await text_of(visitor, "/setup?for=linux&done=test")
        refused = await visitor.post("/setup/test", {"printer": "nothing", "for": "linux"})
        assert refused.status_code == 404
    jobs = await house.jobs.find(JobQuery(owner="alice", newest_first=True, limit=1))
    assert (jobs[0].name, jobs[0].printer, jobs[0].documents[0].format) == ("Test page", "find-me", "text/plain")


async def test_a_stranger_signs_in_first_where_printers_take_no_guests(house: House) -> None:
    async with visitor_of(house) as visitor:
        text = await text_of(visitor)
        assert "documents of known people only" in text
        assert 'href="/signin?next=/setup"' in text
        assert "Print a test page" not in text
        assert (await visitor.client.post("/setup/test", data={"printer": "find-me"})).status_code == 403, "no token"
    assert house.jobs.rows == {}


async def test_a_stranger_is_a_guest_where_guests_may_print(house: House) -> None:
    await house.printers.change_printer("find-me", guests=True)
    async with visitor_of(house) as visitor:
        text = await text_of(visitor)
        assert '<option value="find-me"' in text
        assert '<option value="direct"' not in text
        answer = await visitor.post("/setup/test", {"printer": "find-me"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/guest")
        waiting = await text_of(visitor, "/guest")
        assert "Test page" in waiting
        assert await text_of(visitor), "a guest sees the same page again"
        assert (await visitor.post("/setup/test", {"printer": "direct"})).headers["location"] == "/signin?next=/setup"
    (job,) = house.jobs.rows.values()
    assert is_guest(job.owner)


async def test_strangers_who_want_many_test_pages_wait(house: House) -> None:
    await house.printers.change_printer("find-me", guests=True)
    seen = set()
    for _ in range(house.settings.guests.jobs_per_hour + 1):
        async with visitor_of(house) as visitor:
            await text_of(visitor)
            seen.add((await visitor.post("/setup/test", {"printer": "find-me"})).status_code)
    assert seen == {303, 429}
    assert len(house.jobs.rows) == house.settings.guests.jobs_per_hour


async def test_scripts_of_windows_are_powershell_whatever_a_printer_is_called(house: House) -> None:
    await house.printers.change_printer("find-me", info=HOSTILE, location=HOSTILE)
    async with visitor_of(house) as visitor:
        for path in ("/setup/papertap-printers.ps1", "/setup/papertap-queues.ps1"):
            script = (await visitor.get(path)).text
            assert script.startswith("\ufeff")
            assert errors(script) == []
            assert "Stop-Computer" not in script, "names of people are in no command line of Windows"
        assert "<b>&" not in (await visitor.get("/setup?for=windows")).text


def test_the_parser_would_notice() -> None:
    assert errors("Add-Printer -IppURL 'a' 'b\r\n if ( {") != []


def errors(script: str) -> list[str]:
    """What a grammar of PowerShell does not understand."""
    tree = Parser(Language(language())).parse(script.removeprefix("\ufeff").encode())
    found, nodes = [], [tree.root_node]
    while nodes:
        node: Node = nodes.pop()
        if node.is_error or node.is_missing:
            found.append(f"{node.start_point}: {node.text!r}")
        nodes += node.children
    return found
