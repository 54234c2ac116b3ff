"""Hostile files of each format: a typed error or a harmless result, within the limits, and the next document prints."""

import contextlib
import random
import socket
from collections.abc import Callable
from functools import partial

import pytest

from sandbox.client import Sandbox
from sandbox.errors import Broken, Crashed, Encrypted, FormatUnsupported, SandboxError, TimedOut, TooLarge
from sandbox.model import Thumbnails
from sandbox.settings import MIB, Limits, SandboxSettings
from tests.sandbox import samples
from tests.sandbox.formats import corpus, hostile
from tests.sandbox.formats.checks import text_of
from tests.sandbox.samples import Collected, page_count, stream

Make = Callable[[], bytes]


async def _prepared(sandbox: Sandbox, document: bytes, declared: str | None = None, batch: str | None = None) -> bytes:
    sink = Collected()
    await sandbox.prepare(stream(document), declared, sink, thumbnails=Thumbnails(count=0), batch=batch)
    return sink.data


async def _refused(sandbox: Sandbox, document: bytes, *kinds: type[SandboxError]) -> SandboxError:
    with pytest.raises(kinds) as caught:
        await _prepared(sandbox, document)
    assert page_count(await _prepared(sandbox, samples.pdf(1))) == 1
    return caught.value


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (hostile.zip_bomb, TooLarge),
        (hostile.overlapping, Broken),
        (partial(hostile.with_member, "m{number}", b"", times=20_001), TooLarge),
        (partial(hostile.with_member, "../../../tmp/evil", b"x"), Broken),
        (partial(hostile.with_member, "/etc/cron.d/evil", b"x"), Broken),
        (partial(hostile.with_member, "..\\..\\evil", b"x"), Broken),
        (partial(hostile.with_member, "word/link", b"/etc/passwd", link=True), Broken),
        (hostile.laughing_docx, Broken),
        (hostile.crc_broken_docx, Broken),
        (hostile.circular_compound, SandboxError),
        (partial(hostile.tiff_of, 10_000), TooLarge),
        (hostile.wide_tiff, TooLarge),
        (partial(hostile.wide_picture, "bmp"), TooLarge),
        (partial(hostile.wide_picture, "gif"), TooLarge),
        (partial(hostile.wide_picture, "heic"), (TooLarge, Broken)),
        (partial(hostile.nested_mail, 1_000), (TooLarge, Broken)),
        (partial(hostile.wide_mail, 100_000), TooLarge),
        (partial(hostile.wide_mail, 5_000), TooLarge),
        (hostile.flate_text, TooLarge),
        (hostile.encrypted_package, Encrypted),
        (hostile.encrypted_odt, Encrypted),
    ],
    ids=lambda value: getattr(value, "__name__", None) or getattr(getattr(value, "func", None), "__name__", ""),
)
async def test_what_is_refused_by_its_kind(sandbox: Sandbox, make: Make, kind: type[SandboxError]) -> None:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    error = await _refused(sandbox, make(), *kinds)
    assert not isinstance(error, Crashed), error.detail


@pytest.mark.parametrize(
    "make",
    [
        hostile.lying_zip,
        hostile.laughing_svg,
        hostile.huge_svg,
        hostile.tiff_in_a_ring,
        partial(hostile.mail_of_messages, 1_000),
        hostile.straying_xps,
        partial(hostile.png_with_text, 100),
        partial(hostile.deep_html, 100_000),
    ],
    ids=lambda value: getattr(value, "__name__", None) or getattr(getattr(value, "func", None), "__name__", ""),
)
async def test_what_may_go_either_way(sandbox: Sandbox, make: Make) -> None:
    found = ""
    with contextlib.suppress(Broken, TooLarge, FormatUnsupported):
        found = text_of(await _prepared(sandbox, make()))
    assert "root:" not in found
    assert page_count(await _prepared(sandbox, samples.pdf(1))) == 1


async def test_a_drawing_that_multiplies_is_stopped_by_the_watchdog() -> None:
    limits = Limits(wall_seconds=3, page_seconds=0, memory_bytes=400 * MIB, tmp_bytes=100 * MIB)
    sandbox = Sandbox(SandboxSettings(workers=1, ready=1, limits=limits))
    await sandbox.start()
    try:
        await _refused(sandbox, hostile.spinning_svg(), TimedOut, Broken, TooLarge)
    finally:
        await sandbox.close()


@pytest.mark.parametrize("make", [hostile.leaking_svg, hostile.leaking_html])
async def test_references_reach_no_listener_and_no_file(sandbox: Sandbox, make: Callable[[int], bytes]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        document = make(listener.getsockname()[1])
        try:
            found = text_of(await _prepared(sandbox, document))
        except Broken:
            found = ""
        assert "root:" not in found
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert page_count(await _prepared(sandbox, samples.pdf(1))) == 1


async def test_a_mails_names_are_text_and_nothing_else(sandbox: Sandbox) -> None:
    found = text_of(await _prepared(sandbox, hostile.sly_mail()))
    for shown in ("<img src=file:///etc/passwd>", "SHOWN", "<b>passwd</b>.pdf"):
        assert shown in found.replace("\r\n", ""), found


async def test_polyglots_are_what_their_head_says(sandbox: Sandbox) -> None:
    found = text_of(await _prepared(sandbox, hostile.polyglot_pdf_zip()))
    assert "TOKENPDF999X" in found
    assert "TOKENDOCX999X" not in found
    assert b"EVILMARK" not in await _prepared(sandbox, hostile.polyglot_gif_page(), "text/html")


_ONE_OF_EACH = list({sample.name.partition("-")[0]: sample for sample in corpus.light()}.values())


@pytest.mark.parametrize("sample", _ONE_OF_EACH, ids=lambda sample: sample.name)
async def test_damaged_files_of_each_format(sandbox: Sandbox, sample: corpus.Sample) -> None:
    """Cut off, and with noise in the middle: broken or printed as far as it goes, and never a crash."""
    whole = sample.make()
    noise = bytearray(whole)
    source = random.Random(len(whole))
    for _ in range(20):
        noise[source.randrange(len(noise))] = source.randrange(256)
    for document in (whole[: len(whole) // 10], whole[: len(whole) // 2], whole[: len(whole) * 9 // 10], bytes(noise)):
        try:
            await _prepared(sandbox, document, batch="damaged")
        except (Broken, FormatUnsupported, TooLarge, Encrypted):
            continue


@pytest.mark.parametrize("sample", _ONE_OF_EACH, ids=lambda sample: sample.name)
async def test_a_wrong_claim_changes_nothing_but_a_note(sandbox: Sandbox, sample: corpus.Sample) -> None:
    facts = await sandbox.inspect(stream(sample.make()), "video/mp4")
    assert (facts.format, facts.page_count) == (sample.format, sample.pages)
    assert any("video/mp4" in note for note in facts.notes) or facts.format in {"image/pwg-raster", "image/urf"}
