"""What an address tells by IPP: its first Printer among the paths that manufacturers use."""

from gateway.domain.discovered import Discovered
from ipp.client import IppClient, IppClientError, Patience, TlsPolicy
from ipp.wire import Group, GroupTag, Message

PATHS = ("/ipp/print", "/ipp", "/")
ANSWER_SECONDS = 4.0
_REQUESTED = ("printer-info", "printer-name", "printer-make-and-model", "printer-location", "printer-uuid")
_OK = 0x0100


async def ask_ipp(address: str, port: int, connect: float) -> Discovered | None:
    """Over TLS first: who offers it is driven over it."""
    host = f"[{address}]" if ":" in address else address
    for scheme in ("ipps", "ipp"):
        for path in PATHS:
            uri = f"{scheme}://{host}:{port}{path}"
            answer = await _attributes(uri, connect)
            if answer is None:
                break  # nothing listens, or not in this scheme
            if answer.code < _OK and (group := answer.group(GroupTag.PRINTER)) is not None:
                return _discovered(group, address, uri)
    return None


async def _attributes(uri: str, connect: float) -> Message | None:
    patience = Patience(connect=connect, answer=ANSWER_SECONDS, stall=ANSWER_SECONDS)
    # Any certificate: this is a look, and what is added later pins the one it then sees.
    policy = TlsPolicy(on_first_use=lambda _sha256: None)
    try:
        async with IppClient(uri, tls=policy, timeout=patience) as client:
            return await client.get_printer_attributes(_REQUESTED)
    except (IppClientError, ValueError):
        return None


def _discovered(group: Group, address: str, uri: str) -> Discovered:
    def text(name: str) -> str:
        attribute = group.get(name)
        return "" if attribute is None or not attribute.values else str(attribute.value)[:200]

    return Discovered(
        name=text("printer-info") or text("printer-name"),
        model=text("printer-make-and-model"),
        location=text("printer-location"),
        identity=text("printer-uuid"),
        addresses=(address,),
        uris=(uri,),
        told_by=("ipp",),
    )
