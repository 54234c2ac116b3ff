"""What a computer or a phone is to have installed: the queue that it calls a Printer, and how it is reached."""

from dataclasses import dataclass

from gateway.domain.printer import Printer


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where a Printer is reached; `host` is a name or an address (IPv6 in brackets), `path` begins with a slash."""

    host: str
    port: int
    path: str
    secure: bool

    @property
    def uri(self) -> str:
        return f"{'ipps' if self.secure else 'ipp'}://{self.host}:{self.port}{self.path}"

    @property
    def http_uri(self) -> str:
        """The same, as Windows wants it."""
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}{self.path}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """`host_name` is one at which /ipp/print is this Printer, "" where it has none."""

    printer: Printer
    destination: Destination
    host_name: str = ""
    default: bool = False
