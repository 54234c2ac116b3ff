"""Octets or keys of a reader made into taps: pure."""

from collections.abc import Iterator

LONGEST = 200
_ENDS = frozenset(b"\r\n\x03")
_STX = 0x02

# Key codes of Linux (input-event-codes.h) that readers type: key -> (plain, with shift).
_ROWS = {
    2: ("1234567890-=", "!@#$%^&*()_+"),
    16: ("qwertyuiop[]", "QWERTYUIOP{}"),
    30: ("asdfghjkl;'`", 'ASDFGHJKL:"~'),
    43: ("\\zxcvbnm,./", "|ZXCVBNM<>?"),
    57: (" ", " "),
}
KEYS: dict[int, tuple[str, str]] = {
    first + index: (plain[index], shifted[index])
    for first, (plain, shifted) in _ROWS.items()
    for index in range(len(plain))
} | {
    code: (sign, sign)
    for code, sign in zip((*range(71, 74), *range(75, 78), *range(79, 83)), "7894561230", strict=True)
}
ENTER = frozenset({28, 96})
SHIFT = frozenset({42, 54})
PRESSED, RELEASED = 1, 0


class Lines:
    """Ends are CR, LF and ETX; a line that is too long is dropped whole, up to its end."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> Iterator[str]:
        for octet in data:
            if octet in _ENDS:
                yield from self.flush()
            elif octet == _STX:
                self._line.clear()
                self._dropping = False
            elif not self._dropping:
                self._line.append(octet)
                self._dropping = len(self._line) > LONGEST

    def flush(self) -> Iterator[str]:
        """What came, for readers that end their numbers by silence."""
        text = "" if self._dropping else self._line.decode("latin-1").strip()
        self._line.clear()
        self._dropping = False
        if text:
            yield text

    @property
    def pending(self) -> bool:
        return bool(self._line)


class Keys:
    """A reader that types as a keyboard does."""

    def __init__(self) -> None:
        self._text = ""
        self._shift = False

    def feed(self, code: int, value: int) -> str | None:
        """A whole tap once Enter was pressed."""
        if code in SHIFT:
            self._shift = value != RELEASED
            return None
        if value != PRESSED:
            return None
        if code in ENTER:
            text, self._text = self._text.strip(), ""
            return text if 0 < len(text) <= LONGEST else None
        if code in KEYS and len(self._text) <= LONGEST:
            self._text += KEYS[code][self._shift]
        return None
