"""A network in memory: one printer as it should be, and whatever a test makes of it; and what is seen from its places."""

from dataclasses import dataclass, field, replace
from typing import Any

from gateway.domain.printer import Printer
from gateway.errors import NotPossible, Unavailable
from gateway.services.audit import Audit
from gateway.services.network_doctor import NetworkDoctor
from gateway.services.network_view import View, Wanted
from gateway.services.ports.surroundings import Announced, Described, Sampled, TlsSeen
from gateway.services.sites import Sites
from tests.fakes import FakeClock
from tests.fakes_administration import MemoryHouseStore

UUID = "0aa2a3a8-32ea-5fee-8a64-1e1b0a3a0b11"
URI = "ipps://papertap.local:8631/ipp/print/find-me"

NAMES = (
    "printer-name",
    "xprinter-name",
    "uri-security-supported",
    "ipp-versions-supported",
    "operations-supported",
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "media-default",
    "copies-supported",
    "document-format-preferred",
    "document-format-default",
    "mopria-certified",
    "printer-dns-sd-name",
    "printer-device-id",
    "media-type-supported",
    "ipp-features-supported",
    "pwg-raster-document-resolution-supported",
    "printer-resolution-supported",
    "pwg-raster-document-type-supported",
)
TEXTS: dict[str, tuple[str, ...]] = dict.fromkeys(NAMES, ("x",)) | {
    "job-hold-until-supported": ("no-hold", "indefinite"),
    "printer-uri-supported": ("ipp://papertap.local:8631/ipp/print/find-me", URI),
    "uri-authentication-supported": ("none", "none"),
    "document-format-supported": ("application/pdf", "image/urf", "image/pwg-raster", "image/jpeg"),
    "media-supported": ("iso_a4_210x297mm",),
    "media-ready": ("iso_a4_210x297mm",),
    "sides-supported": ("one-sided", "two-sided-long-edge"),
    "print-color-mode-supported": ("auto", "color", "monochrome"),
    "printer-make-and-model": ("Papertap",),
    "printer-more-info": ("https://papertap.local/",),
    "printer-uuid": (f"urn:uuid:{UUID}",),
    "urf-supported": ("V1.4", "W8", "SRGB24", "CP1", "RS300", "DM1", "IS1"),
}
READY = {"media-size": "210x297", "media-source": "tray-1"}
TXT = {
    "UUID": UUID,
    "rp": "ipp/print/find-me",
    "URF": "V1.4,W8,SRGB24,CP1,RS300,DM1",
    "pdl": "application/pdf,image/urf",
    "Color": "T",
    "Duplex": "T",
    "adminurl": "https://papertap.local/",
    "ty": "Papertap",
    "air": "none",
    "TLS": "1.2",
}


TAKEN = Sampled(taken=True, status="successful-ok", canceled=True)


@dataclass(kw_only=True)
class FakeSurroundings:
    described: Described = field(
        default_factory=lambda: Described(
            status="successful-ok",
            attributes=dict(TEXTS),
            collections={"media-col-ready": (READY,), "media-col-default": (READY,), "media-col-database": (READY,)},
        )
    )
    txt: dict[str, str] = field(default_factory=lambda: dict(TXT))
    announced: bool = True
    known: tuple[str, ...] = ("192.0.2.10",)
    shown: TlsSeen = field(
        default_factory=lambda: TlsSeen(
            version="TLS 1.3",
            names=("papertap.local",),
            chain=("papertap.local", "Papertap CA"),
            expires_at=FakeClock().now() + 90 * 86400,
            key="secp256r1",
            trusted=True,
        )
    )
    result: Sampled = TAKEN
    breaks: str = ""
    samples: list[tuple[str, bytes, bool]] = field(default_factory=list)

    def without(self, *names: str) -> None:
        """The printer leaves attributes out."""
        kept = {name: values for name, values in self.described.attributes.items() if name not in names}
        self.described = replace(self.described, attributes=kept)

    def said(self, **values: Any) -> None:
        """Attributes by their names with _ for -."""
        changed = {name.replace("_", "-"): value for name, value in values.items()}
        self.described = replace(self.described, attributes=dict(self.described.attributes) | changed)

    async def browse(self, type_: str) -> tuple[Announced, ...]:
        if self.breaks == "browse":
            raise Unavailable("No such network.")
        other = Announced(instance="Somebody's", type=type_, host="other.local", port=631, txt={"UUID": "other"})
        base = type_.partition("._sub.")[2] or type_
        own = Announced(instance="Find me", type=base, host="papertap.local", port=8631, txt=self.txt)
        return (other, own) if self.announced else (other,)

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        del host, port
        return self.known

    async def tls(self, host: str, port: int) -> TlsSeen:
        del host, port
        return self.shown

    async def describe(self, uri: str) -> Described:
        if self.breaks == "describe":
            raise Unavailable(f"{uri} says nothing.")
        return self.described

    async def sample(self, uri: str, format_: str, document: bytes, *, prints: bool, holds: bool) -> Sampled:
        assert holds == ("indefinite" in self.described.attributes["job-hold-until-supported"])
        if self.breaks == "sample":
            raise Unavailable(f"{uri} broke off.")
        self.samples.append((format_, document, prints))
        return self.result


@dataclass(kw_only=True)
class FakeNetwork:
    """What the network doctor is given: `views` from each interface; `codes` are those that it wrote into programs."""

    sites: Sites
    audit: Audit
    clock: FakeClock
    house: MemoryHouseStore = field(default_factory=MemoryHouseStore)
    views: list[View] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    without_https: bool = False

    def doctor(self) -> NetworkDoctor:
        return NetworkDoctor(
            sites=self.sites,
            house=self.house,
            audit=self.audit,
            clock=self.clock,
            zone="print.example.org",
            announced=self._announced,
            wanted=lambda printers: tuple(wanted_of(printer) for printer in printers),
            views=self._views,
            program=self._program,
        )

    async def _announced(self) -> tuple[Printer, ...]:
        return self.sites.printers_at("")

    async def _views(self) -> tuple[View, ...]:
        return tuple(self.views)

    def _program(self, code: str, host: str) -> str:
        if self.without_https:
            raise NotPossible("A probe reports by HTTPS.")
        self.codes.append(code)
        return f"program for {host}"


def wanted_of(printer: Printer) -> Wanted:
    return Wanted(title=printer.info, uuid=str(printer.uuid), ports={"_ipp._tcp": 8631})


def heard_of(printer: Printer, *addresses: str) -> tuple[Announced, ...]:
    """As it should be heard."""
    return tuple(
        Announced(
            instance=printer.info,
            type=type_,
            host="gw.local",
            port=8631,
            addresses=addresses,
            txt={"UUID": str(printer.uuid)},
        )
        for type_ in ("_ipp._tcp", "_universal._sub._ipp._tcp")
    )
