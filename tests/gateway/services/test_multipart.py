"""Forms with files, octet by octet: whatever the pieces in which they arrive, nothing is lost and nothing is kept."""

from collections.abc import AsyncIterator

import pytest

from gateway.errors import BadRequest, Refusal, TooLarge
from gateway.services.multipart import FormReader, plain_name

BODY = (
    b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\ntoken\r\n'
    b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\n\xc3\xbc\xff\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="B\xc3\xbcro.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    b"%PDF\r\n--not the end\r\n--b\r\n"
    b'Content-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="2.txt"\r\n\r\ntwo\r\n--b--\r\n'
)


def reader_of(pieces: list[bytes]) -> FormReader:
    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return FormReader(content_type="multipart/form-data; boundary=b", chunks=chunks())


async def read(reader: FormReader) -> tuple[dict[str, list[str]], list[tuple[str, str, bytes]]]:
    fields = await reader.fields()
    files = [(one.name, one.format, b"".join([data async for data in one.body])) async for one in reader.files()]
    return fields, files


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
async def test_the_pieces_make_no_difference(size: int) -> None:
    fields, files = await read(reader_of([BODY[at : at + size] for at in range(0, len(BODY), size)]))
    assert fields == {"csrf": ["token"], "note": ["ü\ufffd"]}
    assert files == [
        ("Büro.pdf", "application/pdf", b"%PDF\r\n--not the end"),
        ("2.txt", "application/octet-stream", b"two"),
    ]


async def test_a_file_that_nobody_reads_is_passed_over() -> None:
    reader = reader_of([BODY])
    assert [one.name async for one in reader.files()] == ["Büro.pdf", "2.txt"]


@pytest.mark.parametrize("end", range(1, len(BODY) - 8, 23))
async def test_a_form_that_ends_early_is_refused_or_has_whole_files(end: int) -> None:
    try:
        _, files = await read(reader_of([BODY[:end]]))
    except BadRequest:
        return
    assert files in ([], [("Büro.pdf", "application/pdf", b"%PDF\r\n--not the end")])


def header(name: str) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (header("x") + b"y" * 20_000 + b"\r\n--b--\r\n", TooLarge),
        ((header("x") + b"y\r\n") * 300 + b"--b--\r\n", TooLarge),
        (b"--b\r\n" + b"X: " + b"y" * 50_000 + b"\r\n\r\n\r\n--b--\r\n", BadRequest),
        (b"--b\r\n" + b"X: y\r\n" * 5_000 + b"\r\n\r\n--b--\r\n", BadRequest),
        (b"no boundary at all", BadRequest),
        (b"--b\r\nno colon\r\n\r\n", BadRequest),
    ],
)
async def test_what_is_too_much_or_no_form(body: bytes, kind: type[Refusal]) -> None:
    with pytest.raises(kind):
        await read(reader_of([body]))


async def test_memory_stays_flat() -> None:
    """What was handed on is not kept: of a long file only the piece under way is here."""
    begin = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    reader = reader_of([begin, *[b"x" * 65536] * 100, b"\r\n--b--\r\n"])
    async for one in reader.files():
        async for _ in one.body:
            assert sum(len(data) for _, data in reader._events) <= 2 * 65536


@pytest.mark.parametrize(
    ("name", "kept"), [("../../x", "x"), ("C:\\a\\b.pdf", "b.pdf"), ("plain", "plain"), ("a/", ""), ("", "")]
)
def test_a_path_is_only_its_last_name(name: str, kept: str) -> None:
    assert plain_name(name) == kept
