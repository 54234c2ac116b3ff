"""An asynchronous IPP client (RFC 8010 section 4: IPP over HTTP), made to know exactly how far a request got.

A print gateway must not print twice nor lose a page in silence, so that each failure here says whether the printer can
have received anything.
"""

from ipp.client.connection import Patience
from ipp.client.errors import (
    BadResponse,
    HttpRefused,
    Interrupted,
    IppClientError,
    NotAuthenticated,
    TlsFailure,
    Unreachable,
)
from ipp.client.session import IppClient, Resolve
from ipp.client.tls import TlsPolicy

__all__ = [
    "BadResponse",
    "HttpRefused",
    "Interrupted",
    "IppClient",
    "IppClientError",
    "NotAuthenticated",
    "Patience",
    "Resolve",
    "TlsFailure",
    "TlsPolicy",
    "Unreachable",
]
