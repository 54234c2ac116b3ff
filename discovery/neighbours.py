"""Printers that announce themselves by DNS-SD, as proposals for devices; our own announcements are left out."""

from collections.abc import Callable, Collection
from urllib.parse import quote

from discovery.browse import Found, browse
from gateway.domain.discovered import Discovered, merged

TYPES = ("_ipps._tcp", "_ipp._tcp", "_pdl-datastream._tcp", "_printer._tcp")
_SCHEMES = {"_ipps._tcp": "ipps", "_ipp._tcp": "ipp", "_pdl-datastream._tcp": "socket", "_printer._tcp": "lpd"}
_MOST = 500  # whoever floods the network with names gets no further


class Neighbours:
    """gateway.services.ports.Announcements. `own` gives the UUIDs of this gateway's Printers."""

    def __init__(self, *, interfaces: tuple[str, ...] = (), own: Callable[[], Collection[str]] = tuple) -> None:
        self._interfaces, self._own = interfaces, own

    async def heard(self, seconds: float) -> tuple[Discovered, ...]:
        heard = await browse(*TYPES, seconds=seconds, wanted=self._interfaces)
        own = {uuid.lower() for uuid in self._own()}
        return merged(discovered(one) for one in heard[:_MOST] if one.txt.get("UUID", "").lower() not in own)


def discovered(found: Found) -> Discovered:
    """One announcement as a device; the host is told by its address, for our machine may not resolve its name."""
    txt = found.txt
    host = next((a for a in found.addresses if ":" not in a), next(iter(found.addresses), found.host))
    uri = _uri(_SCHEMES[found.type], f"[{host}]" if ":" in host else host, found.port, txt)
    return Discovered(
        name=_line(found.instance),
        model=_line(txt.get("ty", "") or txt.get("product", "").strip("()")),
        location=_line(txt.get("note", "")),
        identity=f"urn:uuid:{txt['UUID'].lower()}" if txt.get("UUID") else "",
        addresses=found.addresses,
        uris=(uri,),
        told_by=("mdns",),
    )


def _uri(scheme: str, host: str, port: int, txt: dict[str, str]) -> str:
    if scheme == "socket":
        return f"socket://{host}:{port}"
    path = quote(txt.get("rp", "").lstrip("/"), safe="/")[:200]
    return f"{scheme}://{host}:{port}/{path or ('ipp/print' if scheme != 'lpd' else 'lp')}"


def _line(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())[:200]
