"""From an empty data directory to a page: the link that serving prints, six steps in Chromium, and real peers.

ippeveprinter and snmpd are found by the search; the page that the wizard prints goes to ippeveprinter.
"""

import asyncio
import json
import re
import time
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from gateway.adapters.probing import NetworkProber
from gateway.services.ports import SnmpAccess
from tests.peers.axe import violations
from tests.peers.ippeve import ippeveprinter
from tests.peers.manners import ARGUMENTS
from tests.peers.ours import Instance, papertap
from tests.peers.snmp import CIPHERING, SIGNING, USER, snmp_printer

pytestmark = pytest.mark.acceptance

STEPS = 6


async def _answer(port: int, access: SnmpAccess) -> str:
    """The model, once the daemon has come up."""
    prober, end = NetworkProber(ipp_port=1, snmp_port=port), time.monotonic() + 60
    try:
        while time.monotonic() < end:
            found = await prober.probe("127.0.0.1", access)
            if found is not None and found.model:
                return f"{found.model} {found.identity}"
        return ""
    finally:
        prober.close()


async def test_snmp_of_each_version_tells_name_model_and_serial_number() -> None:
    with snmp_printer() as agent:
        port = agent.port
        accesses = [SnmpAccess(version="2c"), SnmpAccess(version="1")]
        accesses.append(SnmpAccess(version="3", user=USER, authentication=SIGNING, privacy=CIPHERING))
        for access in accesses:
            assert await _answer(port, access) == "Bench LaserPro 9 serial:SN-4711", access.version
        wrong = SnmpAccess(version="2c", community="guess")
        prober = NetworkProber(ipp_port=1, snmp_port=port)
        assert await prober.probe("127.0.0.1", wrong) is None
        prober.close()


def _link(ours: Instance) -> str:
    log = ours.data.with_suffix(".log")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := re.search(r"http://localhost:\d+/welcome/\S+", log.read_text("utf-8")):
            return found[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8"))


async def test_six_steps_from_an_empty_machine_to_a_page() -> None:
    with ippeveprinter() as port, snmp_printer() as snmp:
        settings = {"DEVICES__LOCAL": "true", "DEVICES__IPP_PORT": str(port), "DEVICES__SNMP_PORT": str(snmp.port)}
        with papertap(roles="front,prepare,deliver", **settings) as ours:
            await _walk(ours, await asyncio.to_thread(_link, ours))
            assert (ours.data / "setup-closed").is_file()
            words = ("device", "find", "127.0.0.1", "--community", "public", "--json")
            found = json.loads(await asyncio.to_thread(ours.here, *words))
    assert [(one["name"], one["uris"]) for one in found] == [("Bench", [f"ipps://127.0.0.1:{port}/ipp/print"])]


async def _walk(ours: Instance, link: str) -> None:
    steps = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = await browser.new_page(locale="en-GB")
        page.set_default_timeout(60_000)

        async def on(step: str) -> None:
            nonlocal steps
            steps += 1
            await expect(page.locator(".w-steps [aria-current]")).to_have_text(step)
            assert await violations(page) == []

        await page.goto(link)
        await on("Administrator")
        await page.fill("input[name=name]", "ada")
        for field in ("password", "again"):
            await page.fill(f"input[name={field}]", "a long sentence")
        await page.get_by_role("button", name="Continue").click()
        await on("Site")
        await page.fill("input[name=name]", "Library")
        await page.get_by_role("button", name="Continue").click()
        await on("Find printers")
        await page.fill("input[name=ranges]", "127.0.0.1")
        await page.get_by_role("button", name="Search the network").click()
        await expect(page.get_by_text("1 address was asked.")).to_be_visible()
        found = page.locator("#found li").filter(has_text="127.0.0.1")
        await expect(found).to_contain_text("IPP, SNMP")
        await found.get_by_role("button", name="Add").click()
        await on("Test page")
        await page.get_by_role("button", name="Print the test page").click()
        await expect(page.locator("#test .notice")).to_contain_text("Printed")
        await page.get_by_role("button", name="Yes, continue").click()
        await on("Printer")
        await page.get_by_role("button", name="Continue").click()
        await on("Done")
        await page.get_by_role("button", name="Finish").click()
        await expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
        assert (await page.goto(link)).status == 404  # type: ignore[union-attr]  # reason: it answers
        await browser.close()
    assert steps == STEPS
    assert [job.source for job in await asyncio.to_thread(ours.jobs)] == ["test"]
    assert Path(ours.data / "keys" / "setup-link").exists() is False
