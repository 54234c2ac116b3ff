"""What a card reader sends, made into the number that the card is known by: pure, step by step (row 79).

Readers print one and the same card as 04A2197F, 7F19A204, 0077701503 or 118,41599. A transform is a line of steps such
as "dec:8|reverse-bytes", read from left to right; the words are in STEPS, and FORMATS has lines for common readers.
A step that finds something else than it expects refuses the tap: a number cut or padded wrongly may be somebody else's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from gateway.errors import BadRequest

LONGEST_TAP: Final = 200
LONGEST_LINE: Final = 300
_HEX = re.compile(r"[0-9A-F]+")
_DEC = re.compile(r"[0-9]+")
_MOST_DIGITS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One word with its arguments, as it was written."""

    word: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join((self.word, *self.args))


class _Bad(Exception):
    """What a step finds wrong; the line's sentence is made around it."""


# --- steps: text in, text out


def _strip(text: str, signs: str = "") -> str:
    """Takes separators out: spaces, colons, dots and dashes, or the given signs."""
    unwanted = set(signs or " :.-_\t\r\n")
    return "".join(sign for sign in text if sign not in unwanted)


def _between(text: str, start: str, end: str) -> str:
    """What stands between two signs, as the number of a magnetic stripe between ; and =."""
    _, found, rest = text.partition(start)
    inner, ended, _ = rest.partition(end)
    if not found or not ended:
        raise _Bad(f"there is nothing between {start} and {end}")
    return inner


def _skip(text: str, count: str) -> str:
    number = _number(count, 0, LONGEST_TAP)
    if len(text) <= number:
        raise _Bad(f"it is not longer than {number}")
    return text[number:]


def _take(text: str, count: str) -> str:
    number = _number(count, 1, LONGEST_TAP)
    if len(text) < number:
        raise _Bad(f"it is shorter than {number}")
    return text[:number]


def _last(text: str, count: str) -> str:
    number = _number(count, 1, LONGEST_TAP)
    if len(text) < number:
        raise _Bad(f"it is shorter than {number}")
    return text[-number:]


def _dec(text: str, width: str = "0") -> str:
    """Decimal to hexadecimal, with leading zeros up to `width` digits."""
    return _wide(f"{_decimal(text):X}", width)


def _to_dec(text: str, width: str = "0") -> str:
    return _wide(str(int(_hexadecimal(text), 16)), width)


def _reverse_bytes(text: str) -> str:
    return bytes.fromhex(_octets(text))[::-1].hex().upper()


def _reverse_bits(text: str) -> str:
    """In each octet."""
    return "".join(f"{int(f'{octet:08b}'[::-1], 2):02X}" for octet in bytes.fromhex(_octets(text)))


def _reverse_nibbles(text: str) -> str:
    """The two digits of each octet change places."""
    return "".join(pair[::-1] for pair in re.findall("..", _octets(text)))


def _mask(text: str, mask: str) -> str:
    """Keeps the bits that are set in a hexadecimal mask; as many digits as the mask has."""
    return f"{int(_hexadecimal(text), 16) & int(_hexadecimal(mask), 16):0{len(mask)}X}"


def _bits(text: str, offset: str, length: str) -> str:
    """`length` bits from `offset`, counted from the lowest."""
    low, count = _number(offset, 0, 256), _number(length, 1, 256)
    value = int(_hexadecimal(text), 16) >> low & (1 << count) - 1
    return f"{value:0{-(-count // 4)}X}"


def _facility(text: str) -> str:
    """Facility code and number in decimal, "118,41599" or 3 and 5 digits together: 24 bits of both."""
    match = re.fullmatch(r"(\d{1,3})\s*[,:/-]\s*(\d{1,5})", text) or re.fullmatch(r"(\d{3})(\d{5})", text)
    if match is None:
        raise _Bad("it is no facility code and number")
    facility, number = int(match[1]), int(match[2])
    if facility > 0xFF or number > 0xFFFF:
        raise _Bad("its facility code or number is too large")
    return f"{facility:02X}{number:04X}"


def _drop_facility(text: str) -> str:
    """The number alone: the last 16 bits."""
    return _last(_hexadecimal(text).zfill(4), "4")


def _wiegand26(text: str) -> str:
    """26 bits, hexadecimal or as 0 and 1: parity is checked, 8 bits of facility and 16 of number are kept."""
    return _wiegand(text, 26)


def _wiegand34(text: str) -> str:
    """34 bits: parity is checked, 32 are kept."""
    return _wiegand(text, 34)


def _wiegand(text: str, size: int) -> str:
    bits = text if len(text) == size and set(text) <= {"0", "1"} else f"{int(_hexadecimal(text), 16):0{size}b}"
    if len(bits) != size:
        raise _Bad(f"it has more than {size} bits")
    half = size // 2
    if bits[:half].count("1") % 2 or not bits[half:].count("1") % 2:
        raise _Bad("its parity is wrong")
    return f"{int(bits[1:-1], 2):0{(size - 2) // 4}X}"


def _prefix(text: str, wanted: str) -> str:
    return wanted.upper() + text


def _suffix(text: str, wanted: str) -> str:
    return text + wanted.upper()


def _unprefix(text: str, wanted: str) -> str:
    """Takes a beginning off, which must be there."""
    if not text.startswith(wanted.upper()):
        raise _Bad(f"it does not begin with {wanted}")
    return text[len(wanted) :]


def _unsuffix(text: str, wanted: str) -> str:
    if not text.endswith(wanted.upper()):
        raise _Bad(f"it does not end with {wanted}")
    return text[: -len(wanted)]


def _checksum(text: str, kind: str) -> str:
    """Checks the end and takes it off: xor or sum of the octets before, or the Luhn digit of a decimal number."""
    if kind.lower() == "luhn":
        digits = [int(sign) for sign in _digits(text)]
        doubled = [digit if index % 2 == 0 else digit * 2 - 9 * (digit > 4) for index, digit in enumerate(digits[::-1])]
        if len(digits) < 2 or sum(doubled) % 10:
            raise _Bad("its check digit is wrong")
        return text[:-1]
    octets = bytes.fromhex(_octets(text))
    if len(octets) < 2:
        raise _Bad("it is too short for a checksum")
    wanted = 0
    for octet in octets[:-1]:
        wanted = wanted ^ octet if kind.lower() == "xor" else wanted + octet & 0xFF
    if kind.lower() not in {"xor", "sum"} or wanted != octets[-1]:
        raise _Bad("its checksum is wrong")
    return text[:-2]


STEPS: Final[dict[str, tuple[Callable[..., str], int, int]]] = {
    "strip": (_strip, 0, 1),
    "between": (_between, 2, 2),
    "skip": (_skip, 1, 1),
    "take": (_take, 1, 1),
    "last": (_last, 1, 1),
    "dec": (_dec, 0, 1),
    "to-dec": (_to_dec, 0, 1),
    "reverse-bytes": (_reverse_bytes, 0, 0),
    "reverse-bits": (_reverse_bits, 0, 0),
    "reverse-nibbles": (_reverse_nibbles, 0, 0),
    "mask": (_mask, 1, 1),
    "bits": (_bits, 2, 2),
    "facility": (_facility, 0, 0),
    "drop-facility": (_drop_facility, 0, 0),
    "wiegand26": (_wiegand26, 0, 0),
    "wiegand34": (_wiegand34, 0, 0),
    "prefix": (_prefix, 1, 1),
    "suffix": (_suffix, 1, 1),
    "unprefix": (_unprefix, 1, 1),
    "unsuffix": (_unsuffix, 1, 1),
    "checksum": (_checksum, 1, 1),
}
"""Word -> the function, the least and the most arguments."""

# Name -> (what sends this, the line). Hexadecimal UIDs as ISO 14443-3 orders their octets are what cards are known by.
FORMATS: Final[dict[str, tuple[str, str]]] = {
    "uid": ("Hexadecimal UID, with or without separators: MIFARE, NTAG, DESFire", "strip"),
    "uid-reversed": ("Hexadecimal UID, last octet first", "strip|reverse-bytes"),
    "uid-dec": ("UID of 4 octets as a decimal number of 10 digits", "strip|dec:8"),
    "uid-dec-reversed": ("UID of 4 octets as a decimal number, last octet first", "strip|dec:8|reverse-bytes"),
    "uid7-dec-reversed": ("UID of 7 octets as a decimal number, last octet first", "strip|dec:14|reverse-bytes"),
    "em-dec10": ("EM4100, 10 decimal digits (8H10D): the last 32 bits", "strip|dec:8"),
    "em-facility": ("EM4100, facility code and number: 118,41599 (3D5D)", "facility"),
    "em-serial": ("EM4100 on a serial line: 10 hexadecimal digits and their XOR", "strip|checksum:xor"),
    "wiegand26": ("Wiegand, 26 bits: facility code and number", "strip|wiegand26"),
    "wiegand26-number": ("Wiegand, 26 bits: the number alone", "strip|wiegand26|drop-facility"),
    "wiegand34": ("Wiegand, 34 bits", "strip|wiegand34"),
    "track2": ("Magnetic stripe, track 2: the number between ; and =", "between:;:="),
    "barcode-luhn": ("Barcode with a check digit (Luhn)", "strip|checksum:luhn"),
}


def parse(line: str) -> tuple[Step, ...]:
    """The steps of a line, or of a format's name; BadRequest names the step that is wrong. "" is no step."""
    line = FORMATS[line.strip()][1] if line.strip() in FORMATS else line.strip()
    if len(line) > LONGEST_LINE:
        raise BadRequest(f"A transform has at most {LONGEST_LINE} characters.")
    steps = []
    for part in line.split("|") if line else ():
        word, *args = part.strip().split(":")[:4]
        function = STEPS.get(word)
        if function is None:
            raise BadRequest(f'"{word[:40]}" is no step of a transform. Known are: {", ".join(STEPS)}.')
        if not function[1] <= len(args) <= function[2]:
            raise BadRequest(f'The step "{word}" has too many or too few values. Write for example dec:8 or strip.')
        steps.append(Step(word=word, args=tuple(args)))
    return tuple(steps)


_NO_NUMBER = "The reader sent nothing, or more than a card number."


def transformed(raw: str, steps: tuple[Step, ...]) -> str:
    """The card's number; BadRequest says which step could not go on, without repeating the number."""
    text = raw[: LONGEST_TAP + 1].strip().upper()
    if not text or len(text) > LONGEST_TAP:
        raise BadRequest(_NO_NUMBER)
    for step in steps:
        try:
            text = STEPS[step.word][0](text, *step.args)
        except _Bad as error:
            raise BadRequest(f'The reader\'s number does not fit the step "{step}": {error}.') from error
    if not text:  # separators alone
        raise BadRequest(_NO_NUMBER)
    return text


def in_sequence(values: list[int], *, least: int = 5, widest: int = 16) -> bool:
    """Whether the last `least` numbers run up or down evenly, as no pocket full of cards does."""
    tail = values[-least:]
    steps = {after - before for before, after in pairwise(tail)}
    return len(tail) == least and len(steps) == 1 and 0 < abs(steps.pop()) <= widest


def _number(text: str, least: int, most: int) -> int:
    if not _DEC.fullmatch(text) or not least <= int(text[:6]) <= most:
        raise _Bad(f"{text[:20]} is no number from {least} to {most}")
    return int(text)


def _digits(text: str) -> str:
    if not (text.isascii() and _DEC.fullmatch(text)) or len(text) > _MOST_DIGITS:
        raise _Bad("it is no decimal number")
    return text


def _decimal(text: str) -> int:
    return int(_digits(text))


def _hexadecimal(text: str) -> str:
    if not _HEX.fullmatch(text.upper()) or len(text) > _MOST_DIGITS:
        raise _Bad("it is no hexadecimal number")
    return text.upper()


def _octets(text: str) -> str:
    if len(_hexadecimal(text)) % 2:
        raise _Bad("it has an odd number of digits")
    return text


def _wide(text: str, width: str) -> str:
    wanted = _number(width, 0, _MOST_DIGITS)
    if wanted and len(text) > wanted:
        raise _Bad(f"it has more than {wanted} digits")
    return text.zfill(wanted or len(text) + len(text) % 2)
