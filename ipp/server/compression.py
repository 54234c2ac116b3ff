"""compression (RFC 8011 section 5.4.32) undone while the document streams in, with caps against bombs."""

import zlib
from collections.abc import AsyncIterator

from gateway.errors import CompressionError, CompressionNotSupported, TooLarge

PIECE = 256 * 1024  # octets that one step may give: bounds memory whatever the input is
RATIO_FREE = 16 * 1024 * 1024  # below this much output the ratio does not matter: blank pages compress very well
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS, "raw": -zlib.MAX_WBITS}


def decompressed(
    body: AsyncIterator[bytes], compression: str, *, max_octets: int, max_ratio: int
) -> AsyncIterator[bytes]:
    """The plain octets of `body`; `compression` is none, gzip or deflate.

    Raises CompressionNotSupported at once, CompressionError for damaged or cut data and for more than `max_ratio`
    octets out for one in, TooLarge above `max_octets` of output.
    """
    if compression == "none":
        return body
    if compression not in {"gzip", "deflate"}:
        raise CompressionNotSupported(f'The compression "{compression[:40]}" is not known. Use gzip, deflate or none.')
    return _Inflation(compression, max_octets, max_ratio).run(body)


class _Inflation:
    """One document on its way through zlib."""

    def __init__(self, compression: str, max_octets: int, max_ratio: int) -> None:
        self._compression = compression
        self._max_octets = max_octets
        self._max_ratio = max_ratio
        self._inflater: zlib._Decompress | None = None
        self._octets_in = 0
        self._octets_out = 0

    async def run(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in body:
            self._octets_in += len(chunk)
            data = chunk
            while data:
                piece, data = self._step(data)
                if piece:
                    yield piece
        if self._inflater is not None and not self._inflater.eof:
            raise CompressionError("The compressed document ends in the middle. Send it again.")

    def _step(self, data: bytes) -> tuple[bytes, bytes]:
        """(some output, the input that is left)."""
        if self._inflater is None:
            self._inflater = zlib.decompressobj(_WINDOW[self._flavour(data)])
        try:
            piece = self._inflater.decompress(data, PIECE)
        except zlib.error as error:
            raise CompressionError(f"The document is not valid {self._compression} data.") from error
        self._count(len(piece))
        left = self._inflater.unconsumed_tail or self._inflater.unused_data
        if self._inflater.eof:
            return piece, self._next_member(left)
        return piece, left

    def _flavour(self, data: bytes) -> str:
        """`deflate` is RFC 1951, but most senders wrap it as RFC 1950: a zlib header tells them apart."""
        if self._compression == "gzip" or (data[0] & 0x0F == 8 and data[0] >> 4 <= 7):
            return self._compression
        return "raw"

    def _next_member(self, left: bytes) -> bytes:
        """A gzip file may have several members (RFC 1952 section 2.2); zeros behind the last are padding."""
        if not left.strip(b"\0"):
            return b""
        if self._compression != "gzip" or left[0] != 0x1F:
            raise CompressionError("Something follows the end of the compressed document.")
        self._inflater = None
        return left

    def _count(self, octets: int) -> None:
        self._octets_out += octets
        if self._octets_out > self._max_octets:
            raise TooLarge(f"The document has more than {self._max_octets} octets when it is unpacked.")
        if self._octets_out > RATIO_FREE and self._octets_out > self._max_ratio * self._octets_in:
            raise CompressionError(f"The document unpacks to more than {self._max_ratio} times its size.")
