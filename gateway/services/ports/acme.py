"""A public authority that signs by ACME, and where its certificate is kept."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.acme import LastTry


class NotIssued(Exception):
    """No certificate came. `kind` is the error type of RFC 8555 section 6.7, or one of ours:

    unreachable, untrusted (the authority's own certificate), late, unfit (what it sent) or refused (anything else).
    `name` is the host that it is about, `detail` what was said, `retry_after` seconds if the authority told them.
    """

    def __init__(self, kind: str, *, name: str = "", detail: str = "", retry_after: float = 0.0) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.name, self.detail, self.retry_after = kind, name, detail, retry_after


class Issuer(Protocol):
    async def issue(self, names: Sequence[str]) -> None:
        """Has these host names signed for the server's key, and puts what comes on the shelf; NotIssued says why not."""


class KeptCertificate(Protocol):
    """The public certificate; `begins` and `ends` in seconds since 1970; `late`: it is time for the next."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def issuer(self) -> str: ...
    @property
    def begins(self) -> float: ...
    @property
    def ends(self) -> float: ...
    @property
    def late(self) -> bool: ...


class PublicShelf(Protocol):
    """All of it blocks for as long as a disk takes."""

    def kept(self) -> KeptCertificate | None:
        """None while there is none for the server's key."""

    def last(self) -> LastTry | None: ...
    def note(self, last: LastTry) -> None: ...
