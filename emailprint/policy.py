"""Who is believed to have written a mail, and what becomes of it: pure (rows 37 and 39).

A mail acts as somebody only when that is proved. What is not proved can at most be held for whoever reads the mailbox of
the address; what is proved to be forged goes nowhere and is answered by nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import ip_address, ip_network

from gateway.domain.mailbox import Strangers
from gateway.domain.printer import Printer


class Standing(Enum):
    """PROVEN: signed in, or the domain vouches for it, or the address's reader said so. UNPROVEN: nobody says anything.

    FORGED: the domain says that it is not from there, or nobody can tell whom it claims to be from.
    """

    PROVEN = auto()
    UNPROVEN = auto()
    FORGED = auto()


class Fate(Enum):
    """OWN: the owner's job. GUEST: held for whoever has the code. ASK: waits for a link in a mail to the address.

    TELL: refused with a mail. REFUSE: refused in silence.
    """

    OWN = auto()
    GUEST = auto()
    ASK = auto()
    TELL = auto()
    REFUSE = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """`address` of the From line; `known` whether it is the verified address of somebody here; `confirmed` once whoever
    reads its mail opened the link.
    """

    standing: Standing
    address: str | None
    known: bool
    confirmed: bool = False


def decide(writer: Writer, printer: Printer, *, mailer: bool) -> Fate:
    """What becomes of the mail at one Printer. Without a `mailer` nothing can be asked and no code can be sent."""
    if writer.standing is Standing.FORGED or writer.address is None:
        return Fate.REFUSE
    proven = writer.standing is Standing.PROVEN
    if writer.known and proven:
        return Fate.OWN
    if proven and mailer and writer.address.rpartition("@")[2] in printer.mail.allowed_domains:
        return Fate.GUEST
    if not mailer or printer.mail.strangers is Strangers.REFUSE:
        return Fate.REFUSE
    if writer.known:
        return Fate.ASK  # it may be theirs: they are asked at the address that is known to be theirs
    return _of_strangers(writer, printer)


def _of_strangers(writer: Writer, printer: Printer) -> Fate:
    wanted = printer.mail.strangers
    if wanted is Strangers.TELL:
        return Fate.TELL
    if wanted is Strangers.VERIFY:
        return Fate.GUEST if writer.confirmed else Fate.ASK
    # Where nothing waits for a code the address must prove itself first.
    return Fate.GUEST if printer.holds or writer.standing is Standing.PROVEN else Fate.ASK


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in ip_network(network, strict=False) for network in networks)
