"""What of a mail is printed: pure, from the list of its parts and a Printer's rules (rows 32 and 33)."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.formats import AUTO_SENSE, normalized
from gateway.domain.mailbox import MIB, MailParts, MailRules
from gateway.errors import FormatError, FormatNotSupported, TooLarge
from gateway.services.formats import check_format
from gateway.services.ports import MailPart

LOGO = 10_000  # octets: a smaller picture is part of somebody's signature
# What mail programs add by themselves.
_UNSEEN = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-keys",
        "message/delivery-status",
        "message/disposition-notification",
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
        "text/x-amp-html",
    }
)
_BY_ENDING = {"md": "text/markdown", "csv": "text/csv", "heic": "image/heic", "eml": "message/rfc822"}
_NEVER = ("audio/", "video/")
_OUTLOOK = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})  # and the sandbox got nothing out of it


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """`place` in the list of parts; `refusal` says why it is not printed."""

    place: int
    name: str
    format: str = AUTO_SENSE
    refusal: str = ""


def choose(parts: Sequence[MailPart], rules: MailRules) -> list[Chosen]:
    """In the order in which they are printed: the text first, then the files. Empty: there is nothing to print."""
    files = [place for place, part in enumerate(parts) if _is_file(part)]
    bodies = [place for place, part in enumerate(parts) if part.kind == "body" and part.depth == 0 and part.size]
    wanted = {
        MailParts.AUTO: files or bodies,
        MailParts.ATTACHMENTS: files,
        MailParts.BODY: bodies,
        MailParts.BOTH: [*bodies, *files],
    }[rules.parts]
    chosen: list[Chosen] = []
    left = rules.max_size
    for place in wanted:
        one = _judged(place, parts[place], rules, left=left, taken=sum(not each.refusal for each in chosen))
        left -= 0 if one.refusal else parts[place].size
        chosen.append(one)
    return chosen


def _is_file(part: MailPart) -> bool:
    if part.kind == "body":
        return part.depth > 0  # a mail that was attached as one
    small_picture = part.format.lower().startswith("image/") and part.size < LOGO
    return not (part.inline or small_picture or normalized(part.format) in _UNSEEN)


def _judged(place: int, part: MailPart, rules: MailRules, *, left: int, taken: int) -> Chosen:
    try:
        found = declared_format(part.name, part.format)
    except FormatNotSupported as unknown:
        return Chosen(place=place, name=part.name, refusal=unknown.message)
    refusal = ""
    if taken >= rules.max_files:
        refusal = TooLarge(
            f"At most {rules.max_files} files of one mail are printed. Send the others in another mail."
        ).message
    elif not part.size:
        refusal = FormatError("The file is empty.").message
    elif part.size > rules.max_size or part.size > left:
        most = max(1, rules.max_size // MIB)
        refusal = TooLarge(f"The files of one mail may have {most} MiB together. Send it in another mail.").message
    return Chosen(place=place, name=part.name, format=found, refusal=refusal)


def declared_format(name: str, claimed: str) -> str:
    """What mail programs call a file is a hint: what is not known is found out in the sandbox."""
    plain = normalized(claimed)
    if plain in _OUTLOOK:
        raise FormatNotSupported(
            "What was sent is packed in a way that only Outlook reads. Ask its sender to send the mail as HTML or plain "
            "text, or the files as a PDF."
        )
    if plain.startswith(_NEVER):
        return check_format(plain)  # says no, and what to send instead
    if plain in {AUTO_SENSE, "text/plain"} or not plain:
        plain = _BY_ENDING.get(name.rpartition(".")[2].lower(), plain)
    try:
        return check_format(plain or AUTO_SENSE)
    except FormatNotSupported:
        return AUTO_SENSE
