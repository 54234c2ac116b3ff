"""Office documents under a password: asked for, checked, used for this document alone, and seen by nobody else."""

import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from sandbox.client import Sandbox
from sandbox.errors import Encrypted
from tests.sandbox.office import agile
from tests.sandbox.office import documents as d
from tests.sandbox.office.conftest import LOCKED, PASSWORD
from tests.sandbox.office.test_convert import printed, words
from tests.sandbox.samples import Collected, stream

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("office-convert")]


@pytest.mark.parametrize("name", LOCKED)
async def test_the_password_is_asked_for_checked_and_used(
    sandbox: Sandbox, made_by_office: Mapping[str, bytes], name: str
) -> None:
    document = made_by_office[f"locked.{name}"]
    assert b"hello office" not in document
    with pytest.raises(Encrypted):
        await printed(sandbox, document)
    with pytest.raises(Encrypted):
        await printed(sandbox, document, password=f"{PASSWORD}x")
    prepared, found = await printed(sandbox, document, password=PASSWORD)
    assert "hello office" in found
    assert prepared.facts.page_count == (2 if name.endswith("p") or name == "pptx" else 1)


@pytest.mark.parametrize(
    ("document", "pages"),
    [
        (d.docx_with("hello office"), 1),
        (d.xlsx_with({"A": [["hello office"]]}), 1),
        (d.pptx(12, "hello office"), 12),
    ],
    ids=["docx", "xlsx", "pptx"],
)
async def test_agile_encryption(sandbox: Sandbox, document: bytes, pages: int) -> None:
    """As Office writes since 2010; what LibreOffice writes above is the older, standard one."""
    made = agile.locked(document, PASSWORD)
    with pytest.raises(Encrypted):
        await printed(sandbox, made)
    with pytest.raises(Encrypted):
        await printed(sandbox, made, password=f"{PASSWORD}x")
    prepared, found = await printed(sandbox, made, password=PASSWORD)
    assert "hello office" in found
    assert prepared.facts.page_count == pages


async def test_what_a_password_opened_is_closed_for_the_next(
    sandbox: Sandbox, made_by_office: Mapping[str, bytes]
) -> None:
    """The same worker: neither of the two keeps it."""
    document = made_by_office["locked.docx"]
    await printed(sandbox, document, password=PASSWORD)
    with pytest.raises(Encrypted):
        await printed(sandbox, document)


async def test_a_password_too_many_does_no_harm(sandbox: Sandbox, made_by_office: Mapping[str, bytes]) -> None:
    _, found = await printed(sandbox, made_by_office["docm"], password=PASSWORD)
    assert "hello office" in found


def _showing(secret: bytes) -> list[str]:
    """The processes of this machine that show it to `ps`; another person's are read by root alone."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ", "comm"):
            try:
                shown = (process / name).read_bytes()
            except OSError:  # it has ended, or is somebody else's
                continue
            if secret in shown:
                found.append(f"{process.name}: {name}")
    return found


async def test_nobody_sees_the_password(
    sandbox: Sandbox, made_by_office: Mapping[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """While the document goes in, while its pages come out, and while the workers wait for another of this batch."""
    secret = PASSWORD.encode()
    looks: list[list[str]] = []

    async def source() -> AsyncIterator[bytes]:
        async for chunk in stream(made_by_office["locked.odt"], 4000):
            looks.append(_showing(secret))
            yield chunk

    class Looking(Collected):
        async def __call__(self, chunk: bytes) -> None:
            looks.append(_showing(secret))
            await super().__call__(chunk)

    sink = Looking()
    with caplog.at_level(logging.DEBUG):
        await sandbox.prepare(source(), None, sink, batch="secret", password=PASSWORD)
        with pytest.raises(Encrypted) as caught:
            await sandbox.prepare(stream(made_by_office["locked.odt"]), None, Looking(), password=f"{PASSWORD}x")
    looks.append(_showing(secret))
    assert "hello office" in words(sink.data)
    assert len(looks) > 3
    assert not any(looks)
    assert PASSWORD not in caplog.text
    assert PASSWORD not in f"{caught.value} {caught.value.detail}"


async def test_the_look_sees_what_is_shown() -> None:
    """That nothing was found means something: what a command line holds is found."""
    own = Path("/proc/self/cmdline").read_bytes().split(b"\0")[0]
    assert any(line.endswith(": cmdline") for line in _showing(own))
