"""One WebSocket (RFC 6455) on a connection of the listener: uvicorn's protocol with the limits that it lacks.

It keeps the connection's slot, so that the limits on connections hold for sockets too. There is no compression: what a
packed message tells by its length, and what a small one may unpack to, is worth more than the octets saved.
"""

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame

from gateway.adapters.http.limits import Limits, Slot
from gateway.services.ports import Clock

_BAD_HANDSHAKE = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 36\r\n"
    b"connection: close\r\n\r\nThis is no valid WebSocket request.\n"
)

log = logging.getLogger(__name__)
log.setLevel(logging.WARNING)  # uvicorn's tells of each socket that opens


class WebSocket(WebSocketsSansIOProtocol):
    """Once a second `check` finds who has gone silent, or takes nothing of what is sent."""

    def __init__(
        self,
        *,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        slot: Slot,
        limits: Limits,
        clock: Clock,
        on_lost: Callable[[], None],
    ) -> None:
        super().__init__(config, server_state, app_state)
        self.logger = log
        self.ping_interval = None  # `check` does it
        self.slot = slot
        self._limits = limits
        self._clock = clock
        self._on_lost = on_lost
        self._began = self._arrived = clock.monotonic()
        self._asked = False
        self._unsent = 0
        self._unsent_since = self._began

    def connection_lost(self, exc: Exception | None) -> None:
        self.slot.release()
        super().connection_lost(exc)
        self._on_lost()

    # --- reading -----------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._arrived = self._clock.monotonic()
        self._asked = False
        super().data_received(data)
        if not self.handshake_initiated and not self.close_sent:  # the request came whole, and is none
            self.handshake_complete = self.close_sent = True
            self.transport.write(_BAD_HANDSHAKE)
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        """Empty pieces cost nothing of a message's size, and would fill memory all the same."""
        if len(self.frames) >= self._limits.max_waiting:
            self._refuse("Too many pieces.")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """What came in one read is queued before reading can be paused."""
        if self.queue.qsize() >= self._limits.max_waiting:
            self._refuse("Too many messages at once.")
            return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """The application must not find out by sending into what is closed."""
        super().handle_parser_exception()
        self.disconnected = True

    def pause_writing(self) -> None:
        """Who does not read its pongs is not read any more."""
        super().pause_writing()
        if not self.read_paused:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def _refuse(self, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.frames = []
        self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.POLICY_VIOLATION, "reason": reason})
        self.conn.send_close(CloseCode.POLICY_VIOLATION, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = self.disconnected = True
        self.transport.close()

    async def send(self, message: Any) -> None:
        """A refusal in HTTP is the end of the handshake, too."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    # --- deadlines ---------------------------------------------------------------------------------------------

    def check(self, now: float) -> str | None:
        """Ends the connection if it is overdue and says for what; None while it may live."""
        if self.transport.is_closing():
            return self._check_writing(now)
        if not self.handshake_complete and now - self._began > self._limits.header_seconds:
            self.abort()
            return "handshake"
        silent = now - self._arrived
        # Who is not read cannot be heard: that is not silence.
        if silent > self._limits.idle_seconds and not self.read_paused and self.writable.is_set():
            self.abort()
            return "idle"
        if silent > self._limits.idle_seconds / 2 and not self._asked:
            self._ping()
        return self._check_writing(now)

    def _ping(self) -> None:
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            self._asked = True
            self.conn.send_ping(b"")
            self.transport.write(b"".join(self.conn.data_to_send()))

    def _check_writing(self, now: float) -> str | None:
        waiting = not self.writable.is_set() or self.transport.is_closing()
        unsent = self.transport.get_write_buffer_size()
        if not waiting or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        if now - self._unsent_since <= self._limits.write_stall_seconds:
            return None
        self.abort()
        return "write"

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self.transport.abort()
