"""Where a client reached us: every URI in an answer starts with the name that the client itself used.

A client on another subnet, behind a tunnel or with a `.local` name must get URIs that work for it, so that the Host
header is mirrored and never compared with a list (it decides nothing but these texts).
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.domain import description as said
from gateway.domain.job import Job
from gateway.domain.printer import Printer
from gateway.settings import Settings

_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]{2,64}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """Host name (an IPv6 address in brackets) and port as the client wrote them; `secure` when over TLS.

    `root` is the path of a personal queue, which then stands in every URI; "" is the Printer's own path.
    """

    host: str
    port: int
    secure: bool
    root: str = ""

    @property
    def web(self) -> str:
        """The very listener that was reached, as an http or https URI without a path."""
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}"

    def printer_uri(self, printer: Printer) -> str:
        return self._uri(self.secure, self.port, self._path(printer))

    def job_uri(self, printer: Printer, job: Job) -> str:
        return f"{self.printer_uri(printer)}/{job.id}"

    def printer_uris(self, printer: Printer, settings: Settings) -> tuple[tuple[str, bool], ...]:
        """(URI, whether over TLS): the one in use first, then the other scheme on the IPP port, which speaks both.

        A Printer that asks for a password is offered over TLS alone.
        """
        ipp_port = settings.ipp.port or self.port
        own = (self.printer_uri(printer), self.secure)
        other = (self._uri(not self.secure, ipp_port, self._path(printer)), not self.secure)
        uris = (own, other) if settings.ipp.enabled else (own,)
        tls_only = settings.ipp.require_tls or self.asks_password(printer)
        return tuple(entry for entry in uris if entry[1] or not tls_only) or (own,)

    def asks_password(self, printer: Printer) -> bool:
        """A personal queue says by its address whose it is."""
        return not self.root and said.authentication_needed(printer)

    def web_pages(self, settings: Settings) -> str:
        """The base URL of the web pages: the site's own if it has one, else this host at the web port."""
        if settings.site.base_url:
            return settings.site.base_url
        if not settings.http.enabled and settings.https.enabled:
            return f"https://{self.host}:{settings.https.port or self.port}"
        return f"http://{self.host}:{settings.http.port or self.port}"

    def _path(self, printer: Printer) -> str:
        return self.root or said.resource_path(printer)

    def _uri(self, secure: bool, port: int, path: str) -> str:
        return f"{'ipps' if secure else 'ipp'}://{self.host}:{port}/{path}"


def where_from(host_header: str, server: tuple[str, int | None] | None, *, secure: bool) -> Where:
    """Read the Host header; without a usable one the address that the client connected to speaks for us."""
    address, port = (server[0], server[1] or 0) if server else ("localhost", 0)
    match = _HOST.fullmatch(host_header)
    if match is None:
        return Where(host=f"[{address}]" if ":" in address else address, port=port or 631, secure=secure)
    given = match["port"]
    return Where(host=match["host"], port=int(given) if given else port or 631, secure=secure)


def names_in_uri(uri: str) -> tuple[str, ...]:
    """The path of a printer-uri or job-uri in its parts; () when it is no URI at all."""
    try:
        return tuple(part for part in urlsplit(uri).path.split("/") if part)
    except ValueError:
        return ()
