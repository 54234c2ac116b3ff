"""The kinds of refusal the sandbox knows, each with a sentence for whoever sent the document.

SandboxError
├── Broken             the file is damaged beyond repair
├── Encrypted          a password is needed, or the given one is wrong
├── PrintForbidden     the author does not permit printing
├── FormatUnsupported  not a format that is printed here
├── NothingSelected    the chosen pages are not in the document
├── TooLarge           a limit is passed: pages, pixels, bytes, memory, output
├── TimedOut           the wall-clock limit passed
├── Crashed            the worker ended or misbehaved
└── Unavailable        this machine gives no jail, so nothing is opened at all
"""

from typing import ClassVar

_WITHOUT_OFFICE = (
    "Office documents and web pages are not printed on this server, because LibreOffice is not installed on it. Save the "
    "document as PDF and send that."
)
_LANGUAGE = (
    "This is a print file for printers of a certain kind, and this printer takes only documents that can be opened. Print "
    "it again with the driverless (IPP) printer, or send the document itself, for example as PDF."
)
_LIMITS = {
    "pages": "has more pages than are printed in one job here (at most {allowed}). Print it in parts",
    "pixels": "has a picture with more pixels than are printed here (at most {allowed}). Make it smaller and send it again",
    "bytes": "is larger than what is prepared here (at most {allowed} bytes). Send a smaller file",
    "memory": "needs more memory than one document gets here. Save it as a simpler PDF, or print it in parts",
    "output": "grows too large for the printer when it is prepared (over {allowed} bytes). Print fewer pages or copies at once",
}


class SandboxError(Exception):
    """A document was not prepared.

    `str()` is a sentence for the sender; `detail` is for the log (bounded, printable, but made from foreign input);
    `page` is the 1-based page where it happened, when that is known.
    """

    kind: ClassVar[str] = "error"
    sentence: ClassVar[str] = "The document could not be prepared. Save it as PDF and send it again."

    def __init__(self, detail: str = "", *, limit: str = "", allowed: int = 0, page: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.limit = limit
        self.allowed = allowed
        self.page = page

    def __str__(self) -> str:
        where = f" (page {self.page})" if self.page else ""
        return f"{self.sentence.removesuffix('.')}{where}."


class Broken(SandboxError):
    kind = "broken"
    sentence = "The file is damaged and could not be repaired. Open it, save it again as PDF and send that."


class Encrypted(SandboxError):
    kind = "encrypted"
    sentence = "The file is protected by a password. Send it again with its password, or save it without one."


class PrintForbidden(SandboxError):
    kind = "print-forbidden"
    sentence = "The author of this file does not permit printing. Ask for a copy that may be printed."


class FormatUnsupported(SandboxError):
    kind = "format-unsupported"
    sentence = "This kind of file is not printed here. Send a PDF, JPEG or PNG."

    def __str__(self) -> str:
        sentences = {"office": _WITHOUT_OFFICE, "language": _LANGUAGE}
        return sentences.get(self.limit) or super().__str__()


class NothingSelected(SandboxError):
    kind = "nothing-selected"
    sentence = "None of the chosen pages is in the document. Choose pages that it has and send it again."


class TooLarge(SandboxError):
    kind = "too-large"
    sentence = "The document is too large. Print it in parts."

    def __str__(self) -> str:
        if self.limit not in _LIMITS:
            return self.sentence
        return f"The document {_LIMITS[self.limit].format(allowed=f'{self.allowed:,}')}."


class TimedOut(SandboxError):
    kind = "timed-out"
    sentence = "Preparing the document took too long. Print it in parts, or save it as a simpler PDF."


class Crashed(SandboxError):
    kind = "crashed"
    sentence = "The document could not be processed. Save it again as PDF, or print it as an image."


class Unavailable(SandboxError):
    kind = "unavailable"
    sentence = (
        "Documents cannot be opened safely on this server at the moment. Try again later; the administrator finds "
        "the reason with `papertap check`."
    )


KINDS: dict[str, type[SandboxError]] = {
    cls.kind: cls
    for cls in (
        Broken,
        Encrypted,
        PrintForbidden,
        FormatUnsupported,
        NothingSelected,
        TooLarge,
        TimedOut,
        Crashed,
        Unavailable,
    )
}


def from_wire(header: dict[str, object]) -> SandboxError:
    """Rebuild an error that a worker reported. The worker may be hostile: only known kinds, bounded printable text."""
    cls = KINDS.get(str(header.get("kind")), Crashed)
    if cls is Unavailable:
        cls = Crashed
    limit, allowed, page = header.get("limit"), header.get("allowed"), header.get("page")
    return cls(
        printable(str(header.get("detail", ""))),
        limit=limit if isinstance(limit, str) and limit in {*_LIMITS, "office", "language"} else "",
        allowed=allowed if isinstance(allowed, int) and 0 <= allowed < 2**63 else 0,
        page=page if isinstance(page, int) and 0 < page < 10**6 else None,
    )


def to_wire(error: SandboxError) -> dict[str, object]:
    return {
        "event": "error",
        "kind": error.kind,
        "detail": printable(error.detail),
        "limit": error.limit,
        "allowed": error.allowed,
        "page": error.page,
    }


def printable(text: str, length: int = 300) -> str:
    """The text on one line, without control characters, cut to `length`."""
    return "".join(character if character.isprintable() else " " for character in text[:length]).strip()
