"""Every refusal the gateway can give, one class a kind, so that each front-end maps them in one table.

PapertapError
├── Refusal                      the caller gets an answer and can do something about it
│   ├── BadRequest               the request itself makes no sense
│   ├── NotAuthenticated         nobody is signed in, or the proof was wrong
│   ├── Forbidden                signed in, but not allowed
│   │   └── PresenceRequired     first show that you stand in front of the device
│   ├── NotFound                 no such thing, or none that the caller may know of
│   ├── NotPossible              exists, but not in a state that allows it
│   │   └── ProjectRequired      first choose the project that pays
│   ├── Conflict                 somebody else was faster
│   │   ├── KeyReused            the same idempotency key came with other content
│   │   └── Outdated             the caller has seen an older version of what it wants to change
│   ├── Throttled                too many tries; `retry_after` seconds
│   ├── LimitReached             a quota, a credit, a number of jobs
│   ├── AttributesNotSupported   names the attributes that cannot be honoured
│   ├── FormatNotSupported       the document's format
│   ├── FormatMismatch           the document is not what the sender said it was
│   ├── FormatError              the document is damaged
│   ├── DocumentPasswordRequired the document is encrypted
│   ├── PrintForbidden           the document's author forbids printing
│   ├── CompressionNotSupported / CompressionError
│   ├── TooLarge                 over a limit of bytes, pages or pixels
│   ├── MultipleDocumentsNotSupported
│   └── Unavailable              try again later; nothing was kept
│       ├── NotAccepting         the Printer takes no jobs now
│       ├── Busy                 overload
│       ├── StorageFull          disk low or full
│       ├── StorageFailed        a write did not reach the disk; every channel refuses until restart
│       └── Locked               the key-encryption key is missing
└── StartupError                 the process cannot start; the message says what to do
"""

from typing import ClassVar


class PapertapError(Exception):
    """Root of all errors that are raised on purpose."""


class StartupError(PapertapError):
    """The process cannot start; the message says what to do."""


class Refusal(PapertapError):
    """A typed no. `str(error)` is a sentence for people; `kind` is stable and for machines."""

    kind: ClassVar[str] = "refusal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(Refusal):
    kind = "bad-request"


class NotAuthenticated(Refusal):
    kind = "not-authenticated"


class Forbidden(Refusal):
    kind = "forbidden"


class PresenceRequired(Forbidden):
    kind = "presence-required"


class NotFound(Refusal):
    kind = "not-found"


class NotPossible(Refusal):
    kind = "not-possible"


class ProjectRequired(NotPossible):
    kind = "project-required"


class Conflict(Refusal):
    kind = "conflict"


class KeyReused(Conflict):
    kind = "idempotency-key-reused"


class Outdated(Conflict):
    kind = "outdated"


class Throttled(Refusal):
    kind = "throttled"

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LimitReached(Refusal):
    kind = "limit-reached"


class AttributesNotSupported(Refusal):
    kind = "attributes-not-supported"

    def __init__(self, message: str, names: tuple[str, ...]) -> None:
        super().__init__(message)
        self.names = names


class FormatNotSupported(Refusal):
    kind = "document-format-not-supported"


class FormatMismatch(Refusal):
    kind = "document-format-mismatch"


class FormatError(Refusal):
    kind = "document-format-error"


class DocumentPasswordRequired(Refusal):
    kind = "document-password-required"


class PrintForbidden(Refusal):
    kind = "document-print-forbidden"


class CompressionNotSupported(Refusal):
    kind = "compression-not-supported"


class CompressionError(Refusal):
    kind = "compression-error"


class TooLarge(Refusal):
    kind = "too-large"


class MultipleDocumentsNotSupported(Refusal):
    kind = "multiple-documents-not-supported"


class Unavailable(Refusal):
    kind = "unavailable"
    retry_after: float = 30.0


class NotAccepting(Unavailable):
    kind = "not-accepting-jobs"


class Busy(Unavailable):
    kind = "busy"


class StorageFull(Unavailable):
    kind = "storage-full"


class StorageFailed(Unavailable):
    kind = "storage-failed"


class Locked(Unavailable):
    kind = "locked"
