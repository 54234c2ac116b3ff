"""The request's body as one stream: a message, then a document, never all of it at once."""

from typing import Any

import pytest

from gateway.errors import TooLarge
from ipp.server.body import Body, ClientGone
from ipp.wire import DecodeError, Operation, encode
from tests.ipp.server.house import a_request

MESSAGE = encode(a_request(Operation.PRINT_JOB))


def a_body(*chunks: bytes, cut: bool = False, declared: int | None = None, limit: int = 10**6) -> Body:
    events: list[dict[str, Any]] = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]
    if events and not cut:
        events[-1]["more_body"] = False
    if cut:
        events.append({"type": "http.disconnect"})

    async def receive() -> dict[str, Any]:
        return events.pop(0)

    return Body(receive, declared=declared, limit=limit)


async def document(body: Body) -> list[bytes]:
    return [chunk async for chunk in body.document()]


@pytest.mark.parametrize(
    ("chunks", "found"),
    [
        ((MESSAGE,), []),
        ((MESSAGE, b""), []),
        ((MESSAGE + b"abc",), [b"abc"]),
        ((MESSAGE[:20], MESSAGE[20:] + b"abc", b"", b"def"), [b"abc", b"def"]),
    ],
)
async def test_the_document_is_what_follows_the_message(chunks: tuple[bytes, ...], found: list[bytes]) -> None:
    body = a_body(*chunks)
    assert (await body.message()).code == Operation.PRINT_JOB
    assert await document(body) == found


async def test_the_document_may_be_looked_for_first() -> None:
    body = a_body(MESSAGE, b"", b"abc", b"def")
    await body.message()
    assert not body.surely_empty
    assert await body.has_document()
    assert await document(body) == [b"abc", b"def"]
    empty = a_body(MESSAGE)
    await empty.message()
    assert empty.surely_empty
    assert not await empty.has_document()


async def test_a_cut_body_is_never_taken_for_a_short_one() -> None:
    for body in (a_body(MESSAGE, b"abc", cut=True), a_body(MESSAGE, b"abc", declared=len(MESSAGE) + 4)):
        await body.message()
        with pytest.raises(ClientGone):
            await document(body)
    with pytest.raises(ClientGone):
        await a_body(MESSAGE[:9], cut=True).message()


async def test_a_message_that_ends_early_is_an_error_with_its_header() -> None:
    body = a_body(MESSAGE[:30])
    with pytest.raises(DecodeError):
        await body.message()
    assert body.header == ((2, 0), Operation.PRINT_JOB, 1)


async def test_the_limit_counts_octets_of_the_document() -> None:
    for limit, fits in ((6, True), (5, False)):
        body = a_body(MESSAGE + b"abc", b"def", limit=limit)
        await body.message()
        if fits:
            assert await document(body) == [b"abc", b"def"]
        else:
            with pytest.raises(TooLarge):
                await document(body)


async def test_what_is_left_is_known_only_when_it_was_promised() -> None:
    promised, chunked = a_body(MESSAGE, b"abc", declared=len(MESSAGE) + 3), a_body(MESSAGE, b"abc")
    for body, left in ((promised, 3), (chunked, None)):
        await body.message()
        assert body.left == left
        await document(body)
        assert body.left == 0
