"""Rules for what proves a person: names, passwords, PINs and card numbers, as pure functions."""

import re
import secrets
import unicodedata
from itertools import pairwise

from gateway.errors import BadRequest

PIN_SHORTEST, PIN_LONGEST = 4, 16
SECRET_LONGEST = 1024  # characters; longer ones only serve to keep the hash function busy
_CARD_SEPARATORS = re.compile(r"[\s:.\-_]+")
_CARD = re.compile(r"[0-9A-F]{4,64}")
_ADDRESS = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}")


def check_name(name: str) -> str:
    """The name without surrounding spaces; BadRequest unless it can be a login (no colon: RFC 7617 section 2)."""
    name = unicodedata.normalize("NFC", name.strip())
    if not name or len(name) > 100:
        raise BadRequest("A user name has 1 to 100 characters.")
    if ":" in name or any(unicodedata.category(c).startswith("C") for c in name):
        raise BadRequest("A user name contains no colon and no control characters.")
    return name


def check_email(address: str | None) -> str | None:
    if address is None or not address.strip():
        return None
    if not _ADDRESS.fullmatch(address.strip()):
        raise BadRequest(f'"{address[:60]}" is not a mail address. Write for example ann@example.org.')
    return address.strip()


def check_password(password: str) -> str:
    """The password in the one form that is hashed, so that it is the same from every keyboard."""
    if not password:
        raise BadRequest("The password is empty. Choose one.")
    if len(password) > SECRET_LONGEST:
        raise BadRequest(f"The password is longer than {SECRET_LONGEST} characters.")
    return normal_password(password)


def normal_password(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def shortest_pin(users: int) -> int:
    """How many digits a PIN needs that identifies alone, so that a guess hits somebody at most once in 1,000.

    Fewer than 10 users: 4 digits, 1,000 users: 7.
    """
    return min(PIN_LONGEST, PIN_SHORTEST - 1 + len(str(max(users, 1))))


def check_pin(pin: str, *, users: int) -> str:
    """The PIN; BadRequest says which rule it breaks. `users` counts all, its owner too."""
    if not (pin.isascii() and pin.isdigit()):
        raise BadRequest("A PIN consists of digits only.")
    shortest = shortest_pin(users)
    if not shortest <= len(pin) <= PIN_LONGEST:
        raise BadRequest(f"A PIN has {shortest} to {PIN_LONGEST} digits here.")
    if constant_step(pin):
        raise BadRequest("This PIN is too easy to guess: its digits repeat or follow each other evenly.")
    return pin


def constant_step(pin: str) -> bool:
    """True for 1111, 1234, 9876, 2468, 7890: each digit differs from the one before by the same amount."""
    return len({(int(b) - int(a)) % 10 for a, b in pairwise(pin)}) <= 1


def random_pin(digits: int) -> str:
    """Random digits that keep the rule of steps."""
    while True:
        pin = f"{secrets.randbelow(10**digits):0{digits}d}"
        if not constant_step(pin):
            return pin


def normal_card(number: str) -> str:
    """A card number as upper-case hexadecimal without separators; BadRequest for anything else."""
    card = _CARD_SEPARATORS.sub("", number).upper()
    if not _CARD.fullmatch(card):
        raise BadRequest("A card number has 4 to 64 hexadecimal digits, for example 04:A2:19:7F.")
    return card


def check_label(text: str) -> str:
    """What somebody calls a thing of theirs: one line without control characters, 1 to 60 characters."""
    label = " ".join(unicodedata.normalize("NFC", text).split())
    if not label or len(label) > 60:
        raise BadRequest("A name has 1 to 60 characters.")
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn"} for sign in label):
        raise BadRequest("A name contains no control characters.")
    return label
