"""One HTTP connection: uvicorn's protocol with the deadlines and the early refusals that it lacks.

No timers are set on the way of a request. A connection only notes when something happened; `check`, called about once
a second, finds out who is late.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.adapters.http.limits import Limits, Slot
from gateway.adapters.http.websocket import WebSocket
from gateway.services.ports import Clock

_JOINED = 64 * 1024  # a larger body is not copied behind the head
_FINAL = (b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4", b"HTTP/1.1 5")


class HeaderTooLarge(Exception):
    """Leaves the parser's callback; answered with 431."""


class Finished(Exception):
    """Leaves the parser's callback: the rest of a refused body has been read."""


class _Outlet:
    """Stands in for the transport of one request.

    The head of an answer waits for the body, if that comes in the same turn of the event loop: one packet, and one
    awakening of the client, instead of two. While a body is being read, closing waits for the client to hear the answer.
    """

    __slots__ = ("_connection", "_flushing", "_head", "is_closing")

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._head = b""
        self._flushing: asyncio.Handle | None = None
        self.is_closing = connection.transport.is_closing

    def write(self, data: bytes) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
            if len(data) <= _JOINED:
                data, self._head = self._head + data, b""
            else:
                self._flush()
            self._connection.transport.write(data)
        elif data.startswith(_FINAL):
            self._head = data
            self._flushing = self._connection.loop.call_soon(self._flush)
        else:
            self._connection.transport.write(data)

    def close(self) -> None:
        self._flush()
        self._connection.finish()

    def _flush(self) -> None:
        head, self._head, self._flushing = self._head, b"", None
        if head and not self.is_closing():
            self._connection.transport.write(head)


class Connection(HttpToolsProtocol):
    """See the module. `slot` is given back when the connection ends."""

    def __init__(
        self,
        *,
        config: Config,
        state: ServerState,
        slot: Slot,
        limits: Limits,
        clock: Clock,
        on_lost: Callable[[], None],
    ) -> None:
        super().__init__(config, state, {})
        self.access_log = False
        self.slot = slot
        self._limits = limits
        self._clock = clock
        self._on_lost = on_lost
        self._inner = self.app
        self.app = self._run
        self.ws_protocol_class = self._web_socket  # type: ignore[assignment]  # is only called
        self._refusal = (400, "This is not a valid HTTP/1.1 request.")
        self._arrived = clock.monotonic()
        self._header_since: float | None = self._arrived
        self._header_octets = 0
        self._in_body = False
        self._body_octets = 0
        self._ignored_octets = 0
        self._window_start = self._arrived
        self._window_octets = 0
        self._lingering_since: float | None = None
        self._unsent = 0
        self._unsent_since = self._arrived
        self._upgrading: bool | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        self.slot.release()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._on_lost()

    # --- reading -----------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._arrived = self._clock.monotonic()
        if not self._in_body:
            if self._header_since is None:
                self._header_since = self._arrived
            self._header_octets += len(data)
        super().data_received(data)
        if self._header_since is not None and self._header_octets > self._limits.max_header:
            self._refuse_header()
            self.send_400_response("")

    def on_message_begin(self) -> None:
        self._unset_keepalive_if_required()
        if self._header_since is None:
            self._header_since = self._arrived
        self._upgrading = None
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._header_octets > self._limits.max_header:  # may be a small header and much body in one read
            self._check_header_size()
        self._header_since = None
        self._in_body = True
        self._header_octets = self._body_octets = self._window_octets = self._ignored_octets = 0
        self._window_start = self._arrived
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        self._in_body = False
        super().handle_websocket_upgrade()

    def _should_upgrade(self) -> bool:
        """Asked several times a request, and always answered alike."""
        if self._upgrading is None:
            self._upgrading = self._may_upgrade() and super()._should_upgrade()
        return self._upgrading

    def _may_upgrade(self) -> bool:
        """Not behind a request that is still being answered, whose answer would get in between; never with a body."""
        free = self.cycle is None or self.cycle.response_complete
        body = any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)
        return free and not body and self.scope["method"] == "GET"

    def _web_socket(self, *, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> WebSocket:
        return WebSocket(
            config=config,
            server_state=server_state,
            app_state=app_state,
            slot=self.slot,
            limits=self._limits,
            clock=self._clock,
            on_lost=self._on_lost,
        )

    def on_body(self, body: bytes) -> None:
        self._body_octets += len(body)
        self._window_octets += len(body)
        super().on_body(body)
        if self.cycle.response_complete and self._lingering_since is None:
            self._ignored_octets += len(body)
            if self._ignored_octets > self._limits.linger_octets:
                self.finish()

    def on_message_complete(self) -> None:
        self._in_body = False
        if self._upgrading:
            return
        super().on_message_complete()
        if self.cycle.response_complete:
            self.cycle.more_body = False
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        if self._lingering_since is not None:
            raise Finished

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says what to do
        if self._lingering_since is not None:
            self.transport.close()
        elif not self.transport.is_closing():
            self._answer(*self._refusal)

    def _unsupported_upgrade_warning(self) -> None:
        # What follows an Upgrade in the stream is unclear, so that the answer must be the last one.
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _check_header_size(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._limits.max_header:
            self._refuse_header()
            raise HeaderTooLarge

    def _refuse_header(self) -> None:
        self._refusal = (431, f"The request header is larger than {self._limits.max_header} octets.")

    # --- answering ---------------------------------------------------------------------------------------------

    async def _run(self, scope: Any, receive: Any, send: Any) -> None:
        cycle: RequestResponseCycle = send.__self__
        cycle.transport = _Outlet(self)  # type: ignore[assignment]  # has all that a cycle uses
        if not cycle.more_body:
            await self._inner(scope, receive, send)
            return

        async def send_knowing_the_body(message: Any) -> None:
            if message["type"] == "http.response.start" and cycle.more_body and self._gives_up_body(cycle):
                cycle.keep_alive = False
            await send(message)

        await self._inner(scope, receive, send_knowing_the_body)

    def _gives_up_body(self, cycle: RequestResponseCycle) -> bool:
        """Whether the answer comes so early that the connection cannot be used again (RFC 9112 section 9.3).

        Behind a final answer to Expect: 100-continue nobody knows whether the body or the next request comes. A
        chunked body may well be complete but for its last chunk, which CUPS sends apart: time will tell.
        """
        if cycle.waiting_for_100_continue:
            return True
        declared = next((value for name, value in cycle.scope["headers"] if name == b"content-length"), b"0")
        return int(declared) - self._body_octets > self._limits.linger_octets

    def finish(self) -> None:
        """Close, but read what a refused client still sends: a reset would take the answer away from it."""
        if not self._in_body or self.transport.is_closing():
            self.transport.close()
            return
        self._lingering_since = self._clock.monotonic()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()

    def _answer(self, status: int, text: str) -> None:
        body = f"{text}\n".encode()
        lines = [name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers]
        length = f"content-length: {len(body)}\r\n".encode()
        kind = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
        self.transport.write(b"".join([STATUS_LINE[status], *lines, kind, length, b"\r\n", body]))
        self.transport.close()

    # --- deadlines ---------------------------------------------------------------------------------------------

    def check(self, now: float) -> str | None:
        """Ends the connection if it is overdue and says for what; None while it may live."""
        if self.transport.is_closing():
            return self._check_writing(now)
        if self._lingering_since is not None:
            if now - self._lingering_since <= self._limits.linger_seconds:
                return None
            self.transport.abort()
            return "linger"
        running = self.cycle is not None and not self.cycle.response_complete
        if self._header_since is not None and not running:
            if now - self._header_since <= self._limits.header_seconds:
                return None
            self._answer(408, f"No complete request header came within {self._limits.header_seconds:g} seconds.")
            return "header"
        return self._check_body(now) or self._check_writing(now)

    def _check_body(self, now: float) -> str | None:
        if not self._in_body:
            return None
        limits = self._limits
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:  # it is us who do not read
            self._window_start, self._window_octets = now, 0
        if now - self._window_start < limits.body_window:
            return None
        enough = limits.min_body_rate * (now - self._window_start)
        if self._window_octets >= enough:
            self._window_start, self._window_octets = now, 0
            return None
        if self.cycle.response_started or self.pipeline:
            self.transport.abort()
        else:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._answer(408, f"The document came slower than {limits.min_body_rate} octets a second.")
        return "body"

    def _check_writing(self, now: float) -> str | None:
        """A client that takes nothing of its answer, or nothing of the last octets before the end."""
        waiting = self.flow.write_paused or self.transport.is_closing()
        unsent = self.transport.get_write_buffer_size()
        if not waiting or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        if now - self._unsent_since <= self._limits.write_stall_seconds:
            return None
        self.transport.abort()
        return "write"

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self.transport.abort()


def tasks_of(state: ServerState) -> set[asyncio.Task[None]]:
    """The running requests."""
    return set(state.tasks)
