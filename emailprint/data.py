r"""Takes the content of a mail out of what follows DATA (RFC 5321 section 4.5.2), block by block and in constant memory.

Line by line a 1 MB mail is 13,000 turns of the loop, which no Python server does a hundred times a second. Only <CRLF>.<CRLF> ends
a mail. A bare CR or LF could end it for some other program, and then what follows would be commands to one and text to
the other (SMTP smuggling): such a mail is read to its true end and refused.
"""

END = b"\r\n.\r\n"
MAX_LINE = 1024 * 1024  # RFC 5321 allows 1,000; programs that never heard of it put whole pages on one line


class Content:
    """`feed` gives what is sure to be content; `rest` is what came after the end, once `done`."""

    def __init__(self) -> None:
        self._held = bytearray(b"\r\n")  # as if a line had just ended: the content may be a lone dot at once
        self._first = True
        self.done = False
        self.rest = b""
        self.bare = False
        self.too_long = False

    @property
    def refused(self) -> bool:
        return self.bare or self.too_long

    def feed(self, block: bytes) -> bytes:
        sought = max(0, len(self._held) - len(END) + 1)
        self._held += block
        end = self._held.find(END, sought)
        if end >= 0:
            self.done = True
            self.rest = bytes(self._held[end + len(END) :])
            whole, self._held = bytes(self._held[: end + 2]), bytearray()
            return self._content(whole)
        # A cut right before a CRLF splits neither the end, nor a pair, nor a dot from its line.
        cut = self._held.rfind(b"\r\n")
        if cut <= 0:
            self._bound()
            return b""
        whole = bytes(self._held[:cut])
        del self._held[:cut]
        self._bound()
        return self._content(whole)

    def _bound(self) -> None:
        if len(self._held) > MAX_LINE:
            self.too_long = True
            del self._held[: -len(END)]

    def _content(self, whole: bytes) -> bytes:
        pairs = whole.count(b"\r\n")
        if whole.count(b"\r") != pairs or whole.count(b"\n") != pairs:
            self.bare = True
        plain = whole.replace(b"\r\n.", b"\r\n")
        if self._first and plain:
            self._first = False
            plain = plain[2:]
        return b"" if self.refused else plain
