"""Answers, octet by octet, without a socket (RFC 9112 sections 4 to 7, RFC 8010 section 4)."""

from collections import deque
from itertools import repeat

import pytest

from ipp.client import BadResponse, HttpRefused, NotAuthenticated
from ipp.client.response import ResponseReader
from ipp.wire import Limits, Message, Status
from tests.ipp.client.peer import http, ipp

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def read(octets: bytes, size: int | None = None) -> ResponseReader:
    reader = ResponseReader()
    size = size or len(octets)
    for start in range(0, len(octets), size):
        reader.feed(octets[start : start + size])
    return reader


def found(reader: ResponseReader) -> Message:
    assert reader.complete
    assert reader.message is not None
    return reader.message


@pytest.mark.parametrize("size", [1, 10, 1000])
class TestPieces:
    def test_length(self, size: int) -> None:
        reader = read(http(ipp(Status.CLIENT_ERROR_GONE)), size)
        assert found(reader).code == Status.CLIENT_ERROR_GONE
        assert reader.reusable

    def test_interim_responses_come_before(self, size: int) -> None:
        reader = read(b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n" + CONTINUE + http(ipp()), size)
        assert found(reader).code == Status.SUCCESSFUL_OK
        assert reader.go_ahead

    def test_chunks(self, size: int) -> None:
        body = ipp()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp; x=y\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (body[:5], len(body) - 5, body[5:])
        reader = read(head + chunks, size)
        assert found(reader).code == Status.SUCCESSFUL_OK
        assert reader.reusable

    def test_until_the_connection_closes(self, size: int) -> None:
        reader = read(b"HTTP/1.0 200 OK\r\nContent-Type: application/ipp\r\n\r\n" + ipp(), size)
        assert not reader.complete
        reader.eof()
        assert found(reader).code == Status.SUCCESSFUL_OK
        assert not reader.reusable

    def test_document_octets_are_dropped(self, size: int) -> None:
        reader = read(http(ipp() + b"document"), size)
        assert found(reader).code == Status.SUCCESSFUL_OK
        assert reader.reusable


def test_go_ahead_alone_is_no_answer() -> None:
    reader = read(CONTINUE)
    assert reader.go_ahead
    assert not reader.final
    assert not reader.complete


def test_fields_of_an_interim_response_are_not_those_of_the_final_one() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nContent-Type: application/ipp\r\n\r\n"
    with pytest.raises(BadResponse, match="'' in place of"):
        read(hints + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")


def test_connection_close_is_heeded() -> None:
    assert not read(http(ipp(), "Connection: close")).reusable


def test_octets_after_the_answer_spoil_the_connection() -> None:
    reader = read(http(ipp()))
    reader.feed(b"HTTP/1.1 200 OK\r\n")
    assert not reader.reusable
    assert not read(http(ipp()) + http(ipp())).reusable


def test_a_document_without_end_is_not_awaited() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: 99999999999\r\n\r\n"
    reader = read(head + ipp())
    for _ in range(16):
        reader.feed(bytes(65536))
    assert not reader.complete
    reader.feed(b"x")
    assert found(reader).code == Status.SUCCESSFUL_OK
    assert not reader.reusable


def test_a_body_cut_off_stays_incomplete() -> None:
    reader = read(http(ipp())[:-3])
    reader.eof()
    assert not reader.complete


def test_a_head_cut_off_stays_incomplete() -> None:
    reader = read(b"HTTP/1.1 200 OK\r\nContent-")
    reader.eof()
    assert not reader.complete


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not answer in HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "does not answer in HTTP"),
        (http(b"<html>", media_type="text/html"), "'text/html' in place of application/ipp"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "'' in place of application/ipp"),
        (http(b""), "ends before its end-of-attributes tag at offset 0"),
        (http(ipp()[:-1]), "ends before its end-of-attributes tag at offset"),
        (http(b"\x02\x00\x00\x00\x00\x00\x00\x01\x00"), "the reserved tag 0 at offset 8"),
        (http(ipp(), "Transfer-Encoding: chunked"), "does not answer in HTTP"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc",
            "does not answer in HTTP",
        ),
    ],
)
def test_what_is_no_ipp(octets: bytes, reason: str) -> None:
    with pytest.raises(BadResponse, match=reason):
        read(octets)


@pytest.mark.parametrize("status", ["301 Moved", "404 Not Found", "426 Upgrade Required", "500 Oops"])
def test_other_statuses(status: str) -> None:
    with pytest.raises(HttpRefused, match=f"HTTP status {status[:3]}") as caught:
        read(http(b"", "Location: ipp://elsewhere/", status=status))
    assert caught.value.status == int(status[:3])


def test_credentials_wanted() -> None:
    with pytest.raises(NotAuthenticated, match="it offers 'Digest realm=x'") as caught:
        read(http(b"", "WWW-Authenticate: Digest realm=x", status="401 Unauthorized"))
    assert caught.value.status == 401


def test_a_head_without_end() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(BadResponse, match="longer than 65536 octets"):
        deque(map(reader.feed, (b"X-%d: y\r\n" % number for number in range(100_000))), maxlen=0)


def test_interim_responses_without_end() -> None:
    reader = ResponseReader()
    with pytest.raises(BadResponse, match="longer than 65536 octets"):
        deque(map(reader.feed, repeat(CONTINUE, 100_000)), maxlen=0)


def test_limits_of_the_message() -> None:
    reader = ResponseReader(Limits(header=20))
    with pytest.raises(BadResponse, match="more than 20 octets"):
        reader.feed(http(ipp()))
