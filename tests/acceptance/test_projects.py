"""A project from end to end: sent by ipptool, held, refused at its release, chosen on the phone in Chromium, printed, summed."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from gateway.domain.job import JobState, Reason
from gateway.domain.project import NEEDED
from ipp.virtual import Features
from tests.ipp.virtual.samples import a_pdf
from tests.peers.manners import ARGUMENTS
from tests.peers.ours import Instance, papertap
from tests.peers.paper import virtual_printer

pytestmark = pytest.mark.acceptance

PASSWORD = "correct horse battery"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
PRINT = """{
  NAME "Print for %(code)s"
  OPERATION Print-Job
  GROUP operation-attributes-tag
  ATTR charset attributes-charset utf-8
  ATTR language attributes-natural-language en
  ATTR uri printer-uri $uri
  ATTR name requesting-user-name $user
  ATTR name job-name Plans
  ATTR mimeMediaType document-format application/pdf
  GROUP job-attributes-tag
  ATTR name job-account-id "%(code)s"
  FILE $filename
  STATUS %(status)s
  EXPECT job-id OF-TYPE integer COUNT 1
}
"""


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Instance]:
    tray = tmp_path / "paper"
    tray.mkdir()
    with (
        virtual_printer(tray, Features(speed=0)) as printer,
        papertap(
            ("user", "add", "alice", "--password", PASSWORD),
            ("device", "add", "lobby", printer.uri("ipp")),
            ("printer", "add", "find-me", "--device", "lobby", "--authentication", "basic"),
            # Before it starts: a server looks for changes of its printers only now and then.
            ("printer", "set", "find-me", "--projects", "required"),
            roles="front,prepare,deliver",
        ) as instance,
    ):
        instance.here("project", "add", "P-2041", "--title", "Harbour Bridge")
        instance.here("project", "add", "T-7", "--title", "Merger", "--user", "bob")
        yield instance


def printed(ours: Instance, folder: Path, code: str, status: str) -> int:
    """The job's id, after ipptool sent it as alice over TLS and saw that status."""
    test, document = folder / "print.test", folder / "plans.pdf"
    test.write_text(PRINT % {"code": code, "status": status})
    document.write_bytes(a_pdf(2))
    uri = f"ipps://alice:{PASSWORD.replace(' ', '%20')}@localhost:{ours.port}/ipp/print/find-me"
    done = subprocess.run(
        ["ipptool", "-tv", "-V", "2.0", "-f", str(document), uri, str(test)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    assert done.returncode == 0, done.stdout
    found = re.search(r"job-id \(integer\) = (\d+)", done.stdout)
    assert found is not None, done.stdout
    return int(found[1])


async def test_a_job_waits_for_its_project_and_its_receipt_names_it(ours: Instance, tmp_path: Path) -> None:
    job_id = await asyncio.to_thread(printed, ours, tmp_path, "T-7", "successful-ok-ignored-or-substituted-attributes")
    job = await asyncio.to_thread(ours.until, job_id, JobState.PENDING_HELD)
    assert (job.owner, job.project, job.has(Reason.ACCOUNT_INFO_NEEDED)) == ("alice", "", True)
    with pytest.raises(AssertionError, match=NEEDED):
        await asyncio.to_thread(ours.here, "job", "release", str(job_id))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = await (await browser.new_context(**PHONE)).new_page()
        page.set_default_timeout(60_000)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
        await _chosen_on_the_phone(page, f"http://127.0.0.1:{ours.http_port}")
        assert wrong == []
        await browser.close()
    done = await asyncio.to_thread(ours.until, job_id, JobState.COMPLETED)
    assert (done.project, done.ticket.account_comment) == ("P-2041", "Sheet 4")
    again = await asyncio.to_thread(printed, ours, tmp_path, "p-2041", "successful-ok")
    await asyncio.to_thread(ours.until, again, JobState.PENDING_HELD)
    await asyncio.to_thread(ours.here, "job", "release", str(again))
    await asyncio.to_thread(ours.until, again, JobState.COMPLETED)
    (total,) = json.loads(await asyncio.to_thread(ours.here, "report", "projects", "--json"))
    told = {name: total[name] for name in ("project", "title", "jobs", "impressions")}
    assert told == {"project": "P-2041", "title": "Harbour Bridge", "jobs": 2, "impressions": 4}


async def _chosen_on_the_phone(page: Page, url: str) -> None:
    """Refused without one, found by a word of its title, printed; the next time it is one tap away."""
    await page.goto(f"{url}/signin")
    await page.get_by_label("Name").fill("alice")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url("**/jobs")
    await page.goto(f"{url}/p/lobby")
    await page.get_by_role("button", name="Print 1 job").click()
    await expect(page.locator("#notes")).to_contain_text(NEEDED)
    field = page.locator("[data-find]")
    await field.press_sequentially("harb")
    option = page.locator("#charge-found option")
    await expect(option).to_have_count(1)
    await expect(option).to_have_attribute("value", "P-2041")
    assert "Merger" not in await page.content()
    await page.get_by_label("Comment for the bill").fill("Sheet 4")
    await page.get_by_role("button", name="Print 1 job").click()
    await expect(page.locator("#notes")).to_contain_text("on its way to")
    await page.goto(f"{url}/upload")
    await expect(page.get_by_role("radio", name="P-2041 Harbour Bridge")).to_have_count(1)
