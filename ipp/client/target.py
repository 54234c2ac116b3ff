"""Where a printer URI leads (RFC 3510 ipp, RFC 7472 ipps), checked before any of it reaches a request line."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

_PRINTABLE = re.compile(r"[!-~]+")
_DEFAULT_PORT = 631


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`uri` as given; `path` with the query; `host` without brackets."""

    uri: str
    host: str
    port: int
    path: str
    tls: bool

    @classmethod
    def parse(cls, uri: str) -> Self:
        """Take an ipp:// or ipps:// URI apart; ValueError says what is wrong with it."""
        if not _PRINTABLE.fullmatch(uri):
            msg = f"{uri!r} is no URI: it has blanks or characters that must be percent-encoded"
            raise ValueError(msg)
        parts = urlsplit(uri)
        if parts.scheme not in {"ipp", "ipps"} or not parts.hostname:
            msg = f"{uri!r} must look like ipp://host/path or ipps://host/path"
            raise ValueError(msg)
        if "@" in parts.netloc:
            msg = "credentials do not belong into a printer URI; give user and password apart"
            raise ValueError(msg)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        port = _DEFAULT_PORT if parts.port is None else parts.port
        return cls(uri=uri, host=unquote(parts.hostname), port=port, path=path, tls=parts.scheme == "ipps")

    @property
    def authority(self) -> str:
        """The value of the Host field: always with the port, because HTTP's default is not IPP's."""
        host = self.host.partition("%")[0]  # An IPv6 zone means something on this machine alone.
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{self.port}"
