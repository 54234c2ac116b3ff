"""A name server for the records of a test, on UDP and TCP, by dnslib."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from dnslib import AAAA, MX, QTYPE, RCODE, RR, TXT, A  # type: ignore[import-untyped]  # dnslib ships no types
from dnslib.server import BaseResolver, DNSLogger, DNSServer  # type: ignore[import-untyped]  # dnslib ships no types

from tests.peers.processes import free_port

Records = Mapping[tuple[str, str], Sequence[str]]


class _Zone(BaseResolver):  # type: ignore[misc]  # dnslib ships no types
    def __init__(self, records: Records) -> None:
        self._records = records

    def resolve(self, request: object, _handler: object) -> object:
        reply = request.reply()  # type: ignore[attr-defined]
        name, kind = str(request.q.qname).rstrip(".").lower(), QTYPE[request.q.qtype]  # type: ignore[attr-defined]
        for text in self._records.get((name, kind), ()):
            reply.add_answer(RR(name, request.q.qtype, rdata=_data(kind, text), ttl=60))  # type: ignore[attr-defined]
        if not any(known == name for known, _ in self._records):
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


def _data(kind: str, text: str) -> object:
    if kind == "TXT":
        octets = text.encode()
        return TXT([octets[at : at + 250] for at in range(0, len(octets), 250)])
    return {"A": A, "AAAA": AAAA, "MX": MX}[kind](text)


@contextmanager
def name_server(records: Records) -> Iterator[int]:
    """Yields its port on 127.0.0.1."""
    port = free_port()
    servers = [
        DNSServer(_Zone(records), address="127.0.0.1", port=port, tcp=tcp, logger=DNSLogger("-request,-reply"))
        for tcp in (False, True)
    ]
    for server in servers:
        server.start_thread()
    try:
        yield port
    finally:
        for server in servers:
            server.stop()
            server.server.server_close()
