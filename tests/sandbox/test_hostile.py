"""Documents that want to break something: each ends in a typed error or a harmless result, and the next one prints."""

import contextlib
import io
import os
import random
import socket
import zlib
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from sandbox.client import Sandbox
from sandbox.errors import (
    Broken,
    Crashed,
    Encrypted,
    FormatUnsupported,
    PrintForbidden,
    SandboxError,
    TimedOut,
    TooLarge,
)
from sandbox.jail import pwg
from sandbox.jail.raster import RasterPage, Space
from sandbox.settings import MIB, Limits, SandboxSettings
from tests.sandbox import samples
from tests.sandbox.samples import page_count, prepare, stream


async def _refused(sandbox: Sandbox, document: bytes, *kinds: type[SandboxError]) -> SandboxError:
    """The error of a document, after which another one is prepared all the same."""
    with pytest.raises(kinds) as caught:
        await prepare(sandbox, document)
    _, sink = await prepare(sandbox, samples.pdf(1))
    assert page_count(sink.data) == 1
    return caught.value


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"", Broken),
        (b"\x7fELF\x02\x01\x01" + bytes(5000), FormatUnsupported),
        (random.Random(1).randbytes(100_000), FormatUnsupported),
        (b"%PDF-1.7\n" + random.Random(2).randbytes(100_000), Broken),
        (b"%PDF-1.7\n", Broken),
        (b"\xff\xd8\xff\xe0" + random.Random(3).randbytes(1000), Broken),
        (b"\x89PNG\r\n\x1a\n" + random.Random(4).randbytes(1000), Broken),
        (b"RaS2" + random.Random(5).randbytes(5000), Broken),
        (b"UNIRAST\0\0\0\0\1" + random.Random(6).randbytes(5000), Broken),
        (b"%!PS\n" + b"(" * 5000, Broken),
        (b"%!PS\n72 72 moveto 100 100 lineto stroke\n", Broken),
        (b"PK\x03\x04" + bytes(100), FormatUnsupported),
    ],
    ids=["empty", "elf", "random", "random-pdf", "pdf-head", "jpeg", "png", "pwg", "urf", "ps", "no-page", "zip"],
)
async def test_what_is_no_document(sandbox: Sandbox, document: bytes, kind: type[SandboxError]) -> None:
    await _refused(sandbox, document, kind)


async def test_a_truncated_pdf_is_repaired(sandbox: Sandbox) -> None:
    with Pdf.open(io.BytesIO(samples.pdf(5))) as made:
        whole = samples.saved(made, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    prepared, sink = await prepare(sandbox, whole[: whole.rindex(b"xref\n0 ") + 100])
    assert prepared.facts.repaired
    assert page_count(sink.data) == 5


@pytest.mark.parametrize("make", [samples.jpeg, samples.png])
async def test_a_truncated_picture_is_broken(sandbox: Sandbox, make: object) -> None:
    whole = make((400, 400))  # type: ignore[operator]  # one of two makers
    await _refused(sandbox, whole[: len(whole) // 2], Broken)


async def test_a_truncated_raster_names_its_page(sandbox: Sandbox) -> None:
    page = RasterPage(width=100, height=100, dpi=(72, 72), space=Space.GRAY, bits=8)
    one = b"".join(pwg.write_page(page, pwg.PwgSheet(points=(100, 100)), [bytes(range(100))] * 100))
    error = await _refused(sandbox, pwg.SYNC + one + one[:-50], Broken)
    assert error.page == 2
    assert "(page 2)" in str(error)


async def test_passwords(sandbox: Sandbox) -> None:
    document = samples.encrypted(user="secret")
    error = await _refused(sandbox, document, Encrypted)
    assert "password" in str(error)
    with pytest.raises(Encrypted) as caught:
        await prepare(sandbox, document, password="wrong")
    assert caught.value.detail == "the password is wrong"
    prepared, sink = await prepare(sandbox, document, password="secret")
    assert prepared.facts.encrypted
    with Pdf.open(io.BytesIO(sink.data)) as opened:
        assert not opened.is_encrypted


async def test_printing_that_the_author_forbids(sandbox: Sandbox) -> None:
    document = samples.encrypted(printing=False)
    await _refused(sandbox, document, PrintForbidden)
    facts = await sandbox.inspect(stream(document))
    assert (facts.encrypted, facts.print_permitted) == (True, False)
    prepared, _ = await prepare(sandbox, document, password="owner")
    assert prepared.facts.print_permitted


async def test_scripts_actions_and_attachments_are_gone(sandbox: Sandbox) -> None:
    document = samples.scripted()
    assert document.count(b"EVILMARK") >= 4
    prepared, sink = await prepare(sandbox, document)
    assert {"JavaScript", "actions", "embedded files", "launch actions"} <= set(prepared.facts.removed)
    with Pdf.open(io.BytesIO(sink.data)) as opened:
        plain = samples.saved(
            opened,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.all,
        )
    for mark in (b"EVILMARK", b"/JS", b"/JavaScript", b"/OpenAction", b"/Launch", b"/EmbeddedFile", b"/Annots", b"/AA"):
        assert mark not in plain


async def test_what_an_annotation_shows_stays_on_the_page(sandbox: Sandbox) -> None:
    with Pdf.open(io.BytesIO(samples.pdf(1))) as made:
        look = made.make_stream(b"1 0 0 rg 0 0 100 100 re f")
        look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 100, 100])
        stamp = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=[300, 300, 400, 400], F=4, AP=Dictionary(N=look))
        made.pages[0].obj.Annots = Array([made.make_indirect(stamp)])
        document = samples.saved(made)
    _, sink = await prepare(sandbox, document)
    assert samples.drawn(sink.data).getpixel((350, 842 - 350)) == (255, 0, 0)


async def test_a_pixel_bomb(sandbox: Sandbox) -> None:
    error = await _refused(sandbox, samples.pixel_bomb(), TooLarge)
    assert isinstance(error, TooLarge)
    assert error.limit == "pixels"


async def test_a_huge_pwg_header(sandbox: Sandbox) -> None:
    page = RasterPage(width=500_000, height=500_000, dpi=(600, 600), space=Space.RGB, bits=8)
    error = await _refused(sandbox, pwg.SYNC + pwg.pack_header(page, pwg.PwgSheet(points=(1, 1))), TooLarge)
    assert isinstance(error, TooLarge)
    assert error.limit == "pixels"


async def test_a_flate_bomb(sandbox: Sandbox) -> None:
    document = samples.flate_bomb(400)
    assert len(document) < 100_000
    await _refused(sandbox, document, TooLarge, Broken, Crashed, TimedOut)


async def test_a_png_that_inflates_without_end(sandbox: Sandbox) -> None:
    whole = bytearray(samples.png((9_000, 9_000), 1, "1"))
    squeeze = zlib.compressobj(9)
    bomb = b"".join(squeeze.compress(bytes(MIB)) for _ in range(300)) + squeeze.flush()
    head = whole[: whole.index(b"IDAT") - 4]
    chunk = len(bomb).to_bytes(4, "big") + b"IDAT" + bomb + zlib.crc32(b"IDAT" + bomb).to_bytes(4, "big")
    document = bytes(head + chunk) + b"\0\0\0\0IEND\xaeB`\x82"
    await _either_way(sandbox, document)


async def test_too_many_pages(sandbox: Sandbox) -> None:
    error = await _refused(sandbox, samples.pdf(301), TooLarge)
    assert isinstance(error, TooLarge)
    assert (error.limit, error.allowed) == ("pages", 300)
    assert "300" in str(error)


async def test_a_page_tree_that_multiplies(sandbox: Sandbox) -> None:
    await _either_way(sandbox, samples.page_tree_bomb())


async def test_a_form_that_draws_itself_exponentially(sandbox: Sandbox) -> None:
    limits = Limits(wall_seconds=3, page_seconds=0, memory_bytes=400 * MIB, tmp_bytes=100 * MIB)
    small = Sandbox(SandboxSettings(workers=1, ready=1, limits=limits))
    await small.start()
    try:
        await _either_way(small, samples.form_bomb())
    finally:
        await small.close()


async def test_postscript_that_loops_is_stopped_by_the_watchdog() -> None:
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1, limits=Limits(wall_seconds=1, page_seconds=0)))
    await sandbox.start()
    try:
        error = await _refused(sandbox, b"%!PS\n{} loop\n", TimedOut)
        assert "too long" in str(error)
    finally:
        await sandbox.close()


@pytest.mark.parametrize("attack", samples.POSTSCRIPT_FILES)
async def test_postscript_reads_and_writes_no_file(sandbox: Sandbox, attack: bytes) -> None:
    await _refused(sandbox, samples.postscript(attack), Broken)


async def test_a_document_can_reach_no_listener(sandbox: Sandbox) -> None:
    """A PDF with links and remote references, and PostScript that names a host: nobody calls."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        await _either_way(sandbox, samples.calling_pdf(url))
        with pytest.raises(BlockingIOError):
            listener.accept()


async def test_a_source_over_the_limit_is_refused_while_it_streams(sandbox: Sandbox) -> None:
    sent = 0

    async def endless() -> object:
        nonlocal sent
        yield b"%PDF-1.7\n"
        while True:
            sent += 1
            yield bytes(MIB)

    with pytest.raises(TooLarge) as caught:
        await sandbox.inspect(endless())  # type: ignore[arg-type]  # an async iterator of bytes
    assert (caught.value.limit, caught.value.allowed) == ("bytes", 40 * MIB)
    assert sent <= 52


async def test_a_raster_may_be_larger_than_what_is_stored(sandbox: Sandbox) -> None:
    """Noise, so that it takes more bytes than the limit for stored sources."""
    page = RasterPage(width=6000, height=2500, dpi=(600, 600), space=Space.RGB, bits=8)
    line = random.Random(7).randbytes(page.line_bytes)
    one = b"".join(
        pwg.write_page(page, pwg.PwgSheet(points=(720, 300)), (line[n % 8 :] + line[: n % 8] for n in range(2500)))
    )
    assert len(one) > 42 * MIB
    facts = await sandbox.inspect(stream(pwg.SYNC + one))
    assert facts.page_count == 1


async def test_an_error_of_the_source_is_the_callers_own(sandbox: Sandbox) -> None:
    async def failing() -> object:
        yield b"%PDF-1.7\n"
        raise ConnectionResetError("the spool went away")

    with pytest.raises(ConnectionResetError, match="spool"):
        await sandbox.inspect(failing())  # type: ignore[arg-type]  # an async iterator of bytes
    assert (await sandbox.inspect(stream(samples.pdf(2)))).page_count == 2


async def test_polyglots_are_what_their_head_says(sandbox: Sandbox) -> None:
    document = samples.jpeg() + samples.scripted()
    prepared, sink = await prepare(sandbox, document)
    assert prepared.facts.page_count == 1
    assert b"EVILMARK" not in sink.data


async def test_no_text_of_the_host_is_in_a_result(sandbox: Sandbox) -> None:
    prepared, sink = await prepare(sandbox, samples.pdf(1))
    for secret in (os.uname().nodename, str(Path(__file__).parent), str(Path.home())):
        if len(secret) > 4:
            assert secret.encode() not in sink.data
    assert prepared.size


async def _either_way(sandbox: Sandbox, document: bytes) -> None:
    """A harmless result or a typed error, and the next document prints."""
    with contextlib.suppress(SandboxError):
        await prepare(sandbox, document)
    _, sink = await prepare(sandbox, samples.pdf(1))
    assert page_count(sink.data) == 1
