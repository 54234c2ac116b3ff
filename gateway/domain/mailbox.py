"""What a Printer does with mail: its further addresses, who may send, what of a mail is printed, how much (rows 31-41)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import BadRequest

MIB = 1024 * 1024
_LOCAL = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")


class Strangers(StrEnum):
    """What becomes of a mail from an address that is nobody's here, or that nothing proves."""

    REFUSE = "refuse"  # in silence
    TELL = "tell"  # refused with a mail that says what to do
    VERIFY = "verify"  # held until the link in a mail to the address was opened
    GUEST = "guest"  # printed by whoever reads the mailbox, with a code


class MailParts(StrEnum):
    """What of a mail is printed. AUTO: the attachments, and the text of a mail that has none."""

    AUTO = "auto"
    ATTACHMENTS = "attachments"
    BODY = "body"
    BOTH = "both"


@dataclass(frozen=True, kw_only=True, slots=True)
class MailRules:
    """A Printer's mailbox. Its address is the Printer's name; `aliases` are further local parts, in lower case.

    `allowed_domains`: their proven senders are taken as guests whatever `strangers` says. `separate`: each file becomes a
    job of its own, so that a damaged one spoils no other. `max_size` octets of all files of a mail together, `max_pages` of each job.
    """

    enabled: bool = True
    aliases: tuple[str, ...] = ()
    strangers: Strangers = Strangers.TELL
    allowed_domains: tuple[str, ...] = ()
    parts: MailParts = MailParts.AUTO
    separate: bool = True
    max_size: int = 25 * MIB
    max_files: int = 10
    max_pages: int = 200


DEFAULT_MAIL = MailRules()


def checked(rules: MailRules) -> MailRules:
    """The rules in normal form; BadRequest says what cannot be."""
    aliases = tuple(dict.fromkeys(alias.strip().lower() for alias in rules.aliases if alias.strip()))
    domains = tuple(
        dict.fromkeys(domain.strip().lower().lstrip("@") for domain in rules.allowed_domains if domain.strip())
    )
    for alias in aliases:
        if not _LOCAL.fullmatch(alias):
            raise BadRequest(
                f'"{alias[:60]}" cannot be in front of the @: use letters, digits, dots and dashes, and no plus sign.'
            )
    for domain in domains:
        if not _DOMAIN.fullmatch(domain):
            raise BadRequest(f'"{domain[:80]}" is not a mail domain. Write for example example.org.')
    if min(rules.max_size, rules.max_files, rules.max_pages) < 1:
        raise BadRequest("The limits of a mailbox must be at least 1.")
    return MailRules(
        enabled=rules.enabled,
        aliases=aliases,
        strangers=rules.strangers,
        allowed_domains=domains,
        parts=rules.parts,
        separate=rules.separate,
        max_size=rules.max_size,
        max_files=rules.max_files,
        max_pages=rules.max_pages,
    )
