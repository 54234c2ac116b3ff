"""Several documents of one job as one."""

import subprocess

import pytest

from sandbox import model
from sandbox.client import Sandbox
from sandbox.errors import FormatUnsupported, NothingSelected, TooLarge
from sandbox.jail import pwg
from sandbox.jail.raster import RasterPage, Space
from tests.sandbox import samples
from tests.sandbox.samples import Collected, stream


async def test_documents_are_joined_in_order(sandbox: Sandbox) -> None:
    sink = Collected()
    facts = await sandbox.merge([stream(samples.pdf(2)), stream(samples.pdf(3, size=(300, 300)))], sink)
    assert [page.width for page in facts.pages] == [21000, 21000, 10583, 10583, 10583]
    done = subprocess.run(["pdftotext", "-", "-"], input=sink.data, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["page", "1", "page", "2", "page", "1", "page", "2", "page", "3"]
    assert facts.format == model.PDF


async def test_formats_may_differ(sandbox: Sandbox) -> None:
    page = RasterPage(width=72, height=36, dpi=(72, 72), space=Space.GRAY, bits=8)
    raster = pwg.SYNC + b"".join(pwg.write_page(page, pwg.PwgSheet(points=(72, 36)), [bytes(72)] * 36))
    sink = Collected()
    facts = await sandbox.merge([stream(raster), stream(samples.png()), stream(samples.pdf(1))], sink)
    assert [page.color for page in facts.pages] == [False, True, False]
    assert samples.page_count(sink.data) == 3


async def test_what_was_removed_is_told_for_all(sandbox: Sandbox) -> None:
    sink = Collected()
    facts = await sandbox.merge([stream(samples.pdf(1)), stream(samples.scripted())], sink)
    assert "JavaScript" in facts.removed
    assert b"EVILMARK" not in sink.data


async def test_the_limits_hold_for_the_sum(sandbox: Sandbox) -> None:
    with pytest.raises(TooLarge) as caught:
        await sandbox.merge([stream(samples.pdf(200)), stream(samples.pdf(101))], Collected())
    assert caught.value.limit == "pages"


async def test_one_bad_document_refuses_the_whole(sandbox: Sandbox) -> None:
    sink = Collected()
    with pytest.raises(FormatUnsupported):
        await sandbox.merge([stream(samples.pdf(1)), stream(b"\x7fELF"), stream(samples.pdf(1))], sink)
    assert sink.data == b""


async def test_nothing_to_merge(sandbox: Sandbox) -> None:
    with pytest.raises(NothingSelected):
        await sandbox.merge([], Collected())
