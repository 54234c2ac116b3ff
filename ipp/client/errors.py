"""How a request to a printer can fail, one class for each thing that the caller should do next.

IppClientError
├── Unreachable              nothing of the request body was written: try again later, nothing was printed
├── TlsFailure               the printer did not prove who it is: a person must look; nothing was written
├── Interrupted              part of the request body was written and no answer came: the outcome is unknown
└── BadResponse              the peer answered, but not in IPP
    └── HttpRefused          ... with an HTTP status other than 200
        └── NotAuthenticated ... with 401: credentials are missing, wrong, or not sent over plain ipp://
"""


class IppClientError(Exception):
    """A request that has no IPP response. `bytes_sent`: octets of the document given to the network until then."""

    def __init__(self, reason: str, *, bytes_sent: int = 0) -> None:
        super().__init__(reason)
        self.bytes_sent = bytes_sent


class Unreachable(IppClientError):
    """No connection, or it broke before the request body began."""


class TlsFailure(IppClientError):
    """The handshake failed, the certificate is not trusted, or it is not the pinned one."""


class Interrupted(IppClientError):
    """Reset, closed or timed out after the request body began; ask the printer before sending again.

    `bytes_sent` counts what was handed to the network: the printer has received that much of the document or less.
    With 0 it has the attributes at most, hence perhaps a Job, but nothing to print.
    """


class BadResponse(IppClientError):
    """What came back is no HTTP, no IPP, or beyond the limits."""


class HttpRefused(BadResponse):
    """`status` is the HTTP status code. Redirects (3xx) are refusals too: they are never followed."""

    def __init__(self, reason: str, *, status: int, bytes_sent: int = 0) -> None:
        super().__init__(reason, bytes_sent=bytes_sent)
        self.status = status


class NotAuthenticated(HttpRefused):
    """HTTP 401."""
