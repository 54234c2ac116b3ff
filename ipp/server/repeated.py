"""Get-Printer-Attributes by heart: phones ask the same every few seconds, with nothing but the request-id changed.

A request that was understood once is recognised by its octets; its answer is put together from kept pieces without
decoding it again. The answer itself is never older than the Printer: it is looked up by its versions each time.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.domain.printer import Printer
from ipp.server.description import ALL, Descriptions, Requested
from ipp.server.dispatch import answer_version, operation_attributes
from ipp.server.request import Call, encode_plain_success
from ipp.wire import Message, Operation

LONGEST = 4096
MOST = 512
_CODE = Operation.GET_PRINTER_ATTRIBUTES.to_bytes(2, "big")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    version: tuple[int, int]
    requested: Requested
    target: Callable[[], Printer]


class Repeated:
    """Requests that came before; the oldest are forgotten first."""

    def __init__(self, descriptions: Descriptions) -> None:
        self._descriptions = descriptions
        self._known: dict[tuple[object, ...], _Known] = {}

    def answer(self, data: bytes, call: Call) -> bytes | None:
        """The response to `data`, a whole request; None when it has to be read. NotFound if the Printer is gone."""
        if data[2:4] != _CODE or len(data) > LONGEST:
            return None
        known = self._known.get(_key(data, call))
        if known is None or data[4] & 0x80 or data[4:8] == b"\0\0\0\0":
            return None
        group = self._descriptions.printer(known.target(), call.where, known.requested)
        return encode_plain_success(group, version=known.version, request_id=data[4:8])

    def learn(self, data: bytes, call: Call, message: Message, target: Callable[[], Printer]) -> None:
        """Remember a Get-Printer-Attributes request that was answered with successful-ok."""
        if data[2:4] != _CODE or len(data) > LONGEST:
            return
        asked = operation_attributes(message).get("requested-attributes")
        names = frozenset(value for value in asked.values if isinstance(value, str)) if asked else ALL
        if len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        known = _Known(version=answer_version(message.version), requested=names or ALL, target=target)
        self._known[_key(data, call)] = known


def _key(data: bytes, call: Call) -> tuple[object, ...]:
    return (call.path, call.where, data[:2], data[8:])
