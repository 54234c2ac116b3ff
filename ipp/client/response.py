"""The answer to one POST, from octets to an IPP message, without a socket (RFC 9112, RFC 8010 section 4)."""

from http import HTTPStatus

import httptools

from ipp.client.errors import BadResponse, HttpRefused, NotAuthenticated
from ipp.wire import DecodeError, Decoder, Limits, Message

RESPONSE_LIMITS = Limits(attributes=65_536, header=4 * 1024 * 1024)
"""A Get-Jobs or media-col-database answer is far larger than any request; the bound is against runaway peers."""

_MAX_HEAD = 64 * 1024
_MAX_DOCUMENT = 1024 * 1024


class ResponseReader:
    """Feed it what arrives. Interim (1xx) responses are passed over; document octets are dropped.

    `final`: the head of the final response is in. `message`: the IPP response, once decoded. `complete`: nothing
    more is expected of this response. `reusable`: then, whether the connection can carry the next request.
    """

    def __init__(self, limits: Limits = RESPONSE_LIMITS) -> None:
        self.status = 0
        self.go_ahead = False
        self.final = False
        self.complete = False
        self.reusable = False
        self.message: Message | None = None
        self._fields: dict[str, str] = {}
        self._body: list[bytes] = []
        self._head_octets = 0
        self._document_octets = 0
        self._decoder = Decoder(limits)
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Read on. BadResponse for what is no HTTP or no IPP, HttpRefused for a status other than 200."""
        if self.complete:
            self.reusable = False
            return
        if not self.final:
            # Counted by pieces: the one that ends the head may hold much of the body.
            if self._head_octets > _MAX_HEAD:
                msg = f"the printer's HTTP head is longer than {_MAX_HEAD} octets"
                raise BadResponse(msg)
            self._head_octets += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            msg = f"the printer does not answer in HTTP: {error}"
            raise BadResponse(msg) from error
        if self.final:
            self._check_head()
        self._decode()

    def eof(self) -> None:
        """The peer closed its side: the end of a body that has no length, otherwise nothing that completes it."""
        self.reusable = False
        if self.final and not {"content-length", "transfer-encoding"} & self._fields.keys():
            self.complete = True
            self._decode()

    def _check_head(self) -> None:
        if self.status == HTTPStatus.UNAUTHORIZED:
            offered = self._fields.get("www-authenticate", "nothing")
            msg = f"the printer wants other credentials (HTTP 401, it offers {offered[:100]!r})"
            raise NotAuthenticated(msg, status=self.status)
        if self.status != HTTPStatus.OK:
            msg = f"the printer refuses with HTTP status {self.status}; check the path of its URI"
            raise HttpRefused(msg, status=self.status)
        media_type = self._fields.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/ipp":
            msg = f"the printer answers with {media_type[:100]!r} in place of application/ipp; check its URI"
            raise BadResponse(msg)

    def _decode(self) -> None:
        try:
            for octets in self._body:
                if self.message is None:
                    self.message = self._decoder.feed(octets)
                else:
                    self._document_octets += len(octets)
            if self.complete:
                self._decoder.eof()
        except DecodeError as error:
            msg = f"the printer's IPP response is malformed: {error}"
            raise BadResponse(msg) from error
        finally:
            self._body.clear()
        if self._document_octets > _MAX_DOCUMENT:
            self.complete = True

    # What httptools calls while it parses. A second answer to one question may follow in the same octets: it spoils
    # the connection and must not touch the first.

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.complete:
            self._fields[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        self.status = self._parser.get_status_code()
        if self.status >= 200:
            self.final = True
        else:
            self.go_ahead = self.go_ahead or self.status == HTTPStatus.CONTINUE
            self._fields.clear()

    def on_body(self, body: bytes) -> None:
        if not self.complete:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self.final and not self.complete:
            self.complete = True
            self.reusable = self._parser.should_keep_alive()

    def on_message_begin(self) -> None:
        if self.complete:
            self.reusable = False
