"""One HTTP/1.1 connection to a printer, carrying one request at a time, its document in chunks with back-pressure.

A protocol in place of streams, because an answer can arrive in the middle of the upload (a refusal) and must be seen
while the upload waits for the network.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from typing import cast

from ipp.client.errors import Interrupted, IppClientError, TlsFailure, Unreachable
from ipp.client.response import ResponseReader

_FIRST_ERROR_STATUS = 0x0400


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds.

    `connect`: for the connection with its TLS handshake. `answer`: for the response to a request without a document.
    `stall`: for the printer to take more of a document, and to answer after its end: a printer out of paper stops
    reading until somebody comes. `go_ahead`: for "100 Continue" after the attributes, before the document is sent all
    the same (RFC 9110 section 10.1.1), since some printers never say it.
    """

    connect: float = 10.0
    answer: float = 30.0
    stall: float = 300.0
    go_ahead: float = 1.0


class Connection(asyncio.Protocol):
    """Make one with `Connection.open`; call `exchange` as long as `usable`; then `close`."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._transport: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self._wake = asyncio.Event()
        self._writable = True
        self._closed = False
        self._cause: Exception | None = None
        self._failure: IppClientError | None = None
        self._body_begun = False
        self._bytes_sent = 0

    @classmethod
    async def open(
        cls, address: str, port: int, patience: Patience, *, context: ssl.SSLContext | None, name: str
    ) -> "Connection":
        """Connect, with TLS when there is a context; Unreachable or TlsFailure.

        `name` is the host name to ask for and to check the certificate against.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(patience.connect):
                _, connection = await loop.create_connection(
                    lambda: cls(patience), address, port, ssl=context, server_hostname=name if context else None
                )
        except ssl.SSLError as error:
            detail = getattr(error, "verify_message", None) or error.reason or error
            msg = f"no trusted TLS connection to {name} port {port}: {detail}"
            raise TlsFailure(msg) from error
        except TimeoutError as error:
            msg = f"no connection to {name} port {port} within {patience.connect:g} s"
            raise Unreachable(msg) from error
        except (OSError, UnicodeError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            msg = f"no connection to {name} port {port}: {reason}"
            raise Unreachable(msg) from error
        return connection

    @property
    def usable(self) -> bool:
        """Whether the next request can go out on this connection."""
        return not self._closed and self._reader is None

    @property
    def certificate(self) -> bytes:
        """The peer's certificate (DER); only with TLS."""
        assert self._transport is not None
        tls = cast("ssl.SSLObject", self._transport.get_extra_info("ssl_object"))
        return tls.getpeercert(binary_form=True) or b""

    def close(self) -> None:
        """Drop the connection at once; a document that was under way is cut off, not ended."""
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    async def exchange(self, head: bytes, body: bytes, document: AsyncIterable[bytes] | None) -> ResponseReader:
        """Send a request and wait for its response; the errors of `ipp.client.errors`, with `bytes_sent`.

        `head` ends with the empty line and announces chunks and "Expect: 100-continue" when there is a document.
        Any failure, and cancellation, closes the connection.
        """
        assert self.usable
        reader = self._reader = ResponseReader()
        self._body_begun, self._bytes_sent = False, 0
        ended, limit = True, self._patience.answer
        try:
            self._raise_if_lost()
            self._body_begun = True
            self._write(head, body if document is None else _chunk(body))
            if document is not None:
                await self._await_go_ahead(reader)
                ended, limit = await self._upload(reader, document), self._patience.stall
            await self._until(lambda: reader.complete, limit, "did not answer")
        except BaseException:
            self.close()
            raise
        self._reader = None
        if not (reader.reusable and ended):
            self.close()
        return reader

    async def _await_go_ahead(self, reader: ResponseReader) -> None:
        # The attributes went out with the head, as CUPS does it: some printers say "100 Continue" only to those.
        try:
            async with asyncio.timeout(self._patience.go_ahead):
                await self._wait(lambda: reader.go_ahead or reader.message is not None)
        except TimeoutError:
            return

    async def _upload(self, reader: ResponseReader, document: AsyncIterable[bytes]) -> bool:
        """Send the document and the end of the body; False when the printer refused before that."""
        # Only a refusal ends this early: success before the document can't be meant and must not pass for a print.
        if _is_refusal(reader):
            return False
        async for octets in document:
            if not octets:
                continue  # A chunk of no length would end the document.
            # The network must get its turn even when neither the document nor the socket ever waits.
            await asyncio.sleep(0)
            self._raise_if_lost()
            if _is_refusal(reader):
                return False
            self._bytes_sent += len(octets)
            self._write(_chunk(octets))
            await self._until(lambda: self._writable or _is_refusal(reader), self._patience.stall, "takes no more data")
        if _is_refusal(reader):
            return False
        self._write(b"0\r\n\r\n")
        return True

    async def _until(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wait(ready)
        except TimeoutError as error:
            msg = f"the printer {what} for {seconds:g} s"
            raise Interrupted(msg, bytes_sent=self._bytes_sent) from error

    async def _wait(self, ready: Callable[[], bool]) -> None:
        while not ready():
            self._raise_if_lost()
            self._wake.clear()
            await self._wake.wait()
        if self._failure is not None:
            self._raise_if_lost()

    def _raise_if_lost(self) -> None:
        if self._failure is not None:
            self._failure.bytes_sent = self._bytes_sent
            raise self._failure
        if self._closed:
            reason = f"the printer broke the connection: {self._cause or 'closed by the printer'}"
            kind = Interrupted if self._body_begun else Unreachable
            raise kind(reason, bytes_sent=self._bytes_sent) from self._cause

    def _write(self, *octets: bytes) -> None:
        self._raise_if_lost()
        assert self._transport is not None
        try:
            self._transport.write(b"".join(octets))
        except RuntimeError as error:
            # What uvloop raises between the loss of a connection and telling of it; asyncio is silent then.
            if not self._transport.is_closing():
                raise
            self._closed, self._cause = True, self._cause or error
            self._raise_if_lost()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            self.close()  # Nobody asked: whatever it is, the next answer could not be told from it.
            return
        try:
            self._reader.feed(data)
        except IppClientError as error:
            self._failure = error
        self._wake.set()

    def eof_received(self) -> None:
        if self._reader is not None and self._failure is None:
            try:
                self._reader.eof()
            except IppClientError as error:
                self._failure = error

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self._cause = exc
        self._wake.set()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._wake.set()


def _is_refusal(reader: ResponseReader) -> bool:
    return reader.message is not None and reader.message.code >= _FIRST_ERROR_STATUS


def _chunk(octets: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(octets), octets)
