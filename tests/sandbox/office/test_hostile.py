"""Office documents that want something: nothing is fetched, nothing of the host is shown, and the next one prints."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.client import Sandbox
from sandbox.errors import SandboxError, TimedOut
from sandbox.settings import Limits, SandboxSettings
from tests.sandbox.office import documents as d
from tests.sandbox.office.test_convert import printed
from tests.sandbox.samples import Collected, stream

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("office-hostile")]

SECRET = "HOSTSECRET"


class Listener:
    def __init__(self) -> None:
        self.hits = 0
        self.url = ""


@pytest_asyncio.fixture(loop_scope="module")
async def listener() -> AsyncIterator[Listener]:
    found = Listener()

    async def hit(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.hits += 1
        writer.close()

    server = await asyncio.start_server(hit, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x.png"
    async with server:
        yield found


def _field(instruction: str) -> bytes:
    document = d.docx_with("FIELD")
    field = "".join(
        f"<w:r>{part}</w:r>"
        for part in (
            '<w:fldChar w:fldCharType="begin"/>',
            f'<w:instrText xml:space="preserve">{instruction}</w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>cached</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
        )
    )
    xml = d.part(document, "word/document.xml").replace("<w:r><w:t>FIELD</w:t></w:r>", field)
    return d.rezipped(document, {"word/document.xml": xml})


def _hostile(url: str, secret: str) -> dict[str, bytes]:
    image = '<text:p><draw:frame svg:width="2cm" svg:height="2cm"><draw:image xlink:href="{}"/></draw:frame>x</text:p>'
    section = '<text:section text:name="s"><text:section-source xlink:href="{}"/><text:p>x</text:p></text:section>'
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    plain = d.part(d.odt(), "content.xml").split("?>", 1)[1]
    xxe = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret}">]>' + plain.replace("hello odt", "&e;")
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>' + plain.replace("hello odt", "&l9;")
    return {
        "image": d.odt(image.format(url)),
        "image-file": d.odt(image.format(secret)),
        "section": d.odt(section.format(url)),
        "section-file": d.odt(section.format(secret)),
        "includetext": _field(f'INCLUDETEXT "{secret}"'),
        "includepicture": _field(f'INCLUDEPICTURE "{url}" \\d'),
        "dde": _field('DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"'),
        "webservice": d.xlsx_with({"A": [[f'=WEBSERVICE("{url}")', f'=WEBSERVICE("{secret}")', "x"]]}),
        "html": f'<html><body><img src="{url}"><iframe src="{secret}"></iframe><p>x</p></body></html>'.encode(),
        "xxe": d.rezipped(d.odt(), {"content.xml": xxe}),
        "laughs": d.rezipped(d.odt(), {"content.xml": bomb}),
        "zip-bomb": d.rezipped(d.docx_with("x"), {"word/document.xml": bytes(400_000_000)}),
        "truncated": d.docx_with("x")[:9000],
    }


@pytest.mark.parametrize("name", list(_hostile("", "")))
async def test_nothing_is_fetched_shown_or_left(
    sandbox: Sandbox, listener: Listener, tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    document = _hostile(listener.url, secret.as_uri())[name]
    try:
        _, found = await printed(sandbox, document, batch="hostile")
    except SandboxError as error:
        found = str(error)
    assert listener.hits == 0
    assert SECRET not in found
    _, after = await printed(sandbox, d.odt("<text:p>next one</text:p>"), batch="hostile")
    assert after == "next one"


async def test_what_takes_too_long_is_killed() -> None:
    settings = SandboxSettings(
        workers=1, ready=1, office_workers=1, office_ready=1, limits=Limits(wall_seconds=1, page_seconds=0)
    )
    sandbox = Sandbox(settings)
    await sandbox.start()
    try:
        sandbox.office.start()
        async with sandbox.office.worker("warm"):
            assert sandbox.office.pool is not None
            before = sandbox.office.pool.processes
        with pytest.raises(TimedOut):
            await sandbox.prepare(stream(d.xlsx_rows(10_000, 10)), None, Collected(), batch="warm")
    finally:
        await sandbox.close()
    assert before
    assert not any(Path(f"/proc/{pid}").exists() for pid in before)
