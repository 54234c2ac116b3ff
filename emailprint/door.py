"""The door in front of a mail session: who may come in, and a greeting. Most who come and say nothing get no further.

A session of aiosmtpd costs a millisecond to make, which is a lot when thousands knock: it is made for whoever speaks.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

AWAY = b"421 4.7.0 Too many connections, or none from your network. Try again later.\r\n"
SILENT = b"421 4.4.2 You were silent while others waited. Come again.\r\n"


class Session(Protocol):
    """What stands behind the door; see emailprint.session."""

    @property
    def idle(self) -> bool: ...
    def connection_made(self, transport: asyncio.BaseTransport) -> None: ...
    def data_received(self, data: bytes) -> None: ...


class Door(asyncio.Protocol):
    """`opened` says whether it may come in and counts it, `closed` is told of its end, `make` makes its session."""

    def __init__(
        self,
        *,
        make: Callable[["Door"], asyncio.BaseProtocol],
        opened: Callable[["Door"], bool],
        closed: Callable[["Door"], None],
        greeting: bytes,
        seconds: float,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._make = make
        self._opened = opened
        self._closed = closed
        self._greeting = greeting
        self._seconds = seconds
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._inside = False
        self.session: Session | None = None
        self.address = ""
        self.seen = 0.0

    @property
    def idle(self) -> bool:
        """Neither a mail nor the beginning of one."""
        return self.session is None or self.session.idle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast("asyncio.Transport", transport)  # uvloop's are of no class of asyncio
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        self.seen = self._loop.time()
        if not self._opened(self):
            transport.write(AWAY)
            transport.close()
            return
        self._inside = True
        self._timer = self._loop.call_later(self._seconds, transport.close)
        transport.write(self._greeting)

    def data_received(self, data: bytes) -> None:
        """The first words: from now on the session hears them itself."""
        if self._transport is None or not self._inside or self._transport.is_closing():
            return
        self._stop_timer()
        made = self._make(self)
        self.session = made  # type: ignore[assignment]  # reason: a protocol that is a Session, too
        self._transport.set_protocol(made)
        made.connection_made(self._transport)
        made.data_received(data)  # type: ignore[attr-defined]  # reason: as above

    def connection_lost(self, _error: Exception | None) -> None:
        self.gone()

    def gone(self) -> None:
        """Of the door or of the session behind it; once."""
        self._stop_timer()
        if self._inside:
            self._inside = False
            self._closed(self)

    def drop(self) -> None:
        """It waits for nothing, and somebody else needs its place."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(SILENT)
            self._transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
