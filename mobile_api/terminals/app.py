"""The addresses of the terminal protocol: enrolment, the socket, and long polling for networks that take none.

A key is told and sent over TLS only, or on this machine itself; over anything else it is refused, and was not looked up.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_address

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.domain.terminal import CodeFor, Terminal
from gateway.errors import BadRequest, Forbidden, NotAuthenticated, Refusal, TooLarge
from gateway.services.limits import Kind, Limit, subscriber
from mobile_api.problems import problem, status_of
from mobile_api.terminals.hub import TerminalHub
from mobile_api.terminals.line import Hangup, Line, dumped
from mobile_api.terminals.messages import SUBPROTOCOL, Message, refused

PREFIX = "/terminals/"
LONGEST_BODY = 64 * 1024
LONGEST_WAIT = 25.0  # seconds of one poll
MOST_AT_ONCE = 20  # messages of one poll
REPLACED = 4409
READER = ("papertap-reader", "__Host-papertap-reader")  # cookies of a paired browser, over HTTP and HTTPS
_LOCAL_NAME = "localhost"

Handler = Callable[[Request], Awaitable[Response]]


def create_terminals(hub: TerminalHub) -> Starlette:
    pages = Terminals(hub)
    return Starlette(
        routes=[
            Route("/terminals/v1/enrol", _answering(pages.enrol), methods=["POST"]),
            Route("/terminals/v1/messages", _answering(pages.messages), methods=["POST"]),
            WebSocketRoute("/terminals/v1/socket", pages.socket),
            WebSocketRoute("/terminals/v1/screen", pages.screen),
        ]
    )


class Terminals:
    def __init__(self, hub: TerminalHub) -> None:
        self._hub = hub

    async def enrol(self, request: Request) -> Response:
        """The code of an administrator against the terminal's key, once."""
        _check_private(request)
        found = await _body(request)
        code = found.get("code") if isinstance(found, dict) else None
        if not isinstance(code, str):
            raise BadRequest('Send the code that the administrator was shown as {"code": "..."}.')
        key, terminal = await self._hub.desk.terminals.enrol(code, CodeFor.KEY, address=_address(request))
        return JSONResponse(
            {"key": key, "terminal": terminal.name, "station": terminal.station}, headers={"Cache-Control": "no-store"}
        )

    async def socket(self, socket: WebSocket) -> None:
        try:
            self._count(socket)
            terminal = await self._known(socket)
        except Refusal as refusal:
            await socket.send_denial_response(problem(status_of(refusal), refusal.kind, refusal.message))
            return
        offered = SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None
        await socket.accept(subprotocol=offered)
        line = self._hub.open(terminal, socket, address=_address(socket))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_telling(socket, line))
                group.create_task(_hearing(socket, line))
        except* (WebSocketDisconnect, Hangup) as ended:
            await _closed(socket, ended)
        finally:
            self._hub.leave(line, socket)

    async def screen(self, socket: WebSocket) -> None:
        """The page of a station that was paired with its reader: tickets of taps, and a sign when to look for news."""
        try:
            self._count(socket)
            _check_private(socket)
            secure = socket.url.scheme == "wss"
            terminal = await self._hub.desk.terminals.by_screen(socket.cookies.get(READER[secure], ""))
            if terminal is None:
                raise NotAuthenticated("This screen is not paired. Ask the administrator for a code.")
            self._hub.desk.kiosk.check_network(_address(socket))
        except Refusal as refusal:
            await socket.send_denial_response(problem(status_of(refusal), refusal.kind, refusal.message))
            return
        await socket.accept()
        with self._hub.desk.screens.watching(terminal.uuid, terminal.station) as tickets:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(_ticketing(socket, tickets))
                    group.create_task(_until_gone(socket))
            except* WebSocketDisconnect:
                pass

    async def messages(self, request: Request) -> Response:
        """Takes messages and gives those for the terminal: at once, or within `wait` seconds."""
        self._count(request)
        terminal, found = await self._known(request), await _body(request)
        if not isinstance(found, dict) or not isinstance(found.get("messages", []), list):
            raise BadRequest('Send {"messages": [...], "wait": seconds}.')
        wait, incoming = found.get("wait", 0), found.get("messages", [])
        if not isinstance(wait, int | float) or isinstance(wait, bool) or len(incoming) > MOST_AT_ONCE:
            raise BadRequest(f"Send at most {MOST_AT_ONCE} messages at once, and wait as a number of seconds.")
        line = self._hub.open(terminal, connection := object(), address=_address(request))
        try:
            for message in incoming:
                await line.hear_value(message)
            answers = await _within(line, connection, 0 if incoming else min(max(wait, 0), LONGEST_WAIT))
        except Hangup as ended:
            raise NotAuthenticated(ended.reason) from ended
        finally:
            self._hub.leave(line, connection)
        return JSONResponse({"messages": answers}, headers={"Cache-Control": "no-store"})

    async def _known(self, connection: HTTPConnection) -> Terminal:
        scheme, _, key = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise NotAuthenticated('A terminal sends its key as "Authorization: Bearer ...". Enrol it first.')
        _check_private(connection)
        return await self._hub.desk.terminals.by_key(key.strip(), address=_address(connection))

    def _count(self, connection: HTTPConnection) -> None:
        self._hub.limits.take(Limit(kind=Kind.TERMINAL_CONNECT, key=(subscriber(_address(connection)),)))


async def _telling(socket: WebSocket, line: Line) -> None:
    while line.connection is socket:
        for message in line.taken():
            await socket.send_text(dumped(message))
        await line.stirred()
    raise Hangup(REPLACED, "this terminal has connected anew")


async def _ticketing(socket: WebSocket, tickets: AsyncIterator[str]) -> None:
    async for ticket in tickets:
        await socket.send_text(dumped({"type": "tap", "ticket": ticket} if ticket else {"type": "state"}))


async def _until_gone(socket: WebSocket) -> None:
    while True:
        await socket.receive_text()


async def _hearing(socket: WebSocket, line: Line) -> None:
    while True:
        try:
            text = await socket.receive_text()
        except KeyError as error:
            raise Hangup(1003, "messages are texts") from error
        await line.hear(text)


async def _closed(socket: WebSocket, ended: BaseExceptionGroup[BaseException]) -> None:
    hangups = [error for error in ended.exceptions if isinstance(error, Hangup)]
    if hangups and socket.client_state.name == "CONNECTED":
        await socket.close(hangups[0].code, hangups[0].reason)


async def _within(line: Line, connection: object, seconds: float) -> list[Message]:
    try:
        async with asyncio.timeout(seconds):
            while line.connection is connection:
                if messages := line.taken():
                    return messages
                await line.stirred()
    except TimeoutError:
        pass
    return line.taken() if line.connection is connection else []


def _answering(handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            wait = refused(refusal).get("retry_after")
            headers = {} if wait is None else {"Retry-After": str(max(1, round(wait)))}
            return problem(status_of(refusal), refusal.kind, refusal.message, headers=headers)

    return answer


async def _body(request: Request) -> object:
    octets = bytearray()
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > LONGEST_BODY:
            raise TooLarge("A terminal sends at most 64 KiB at once.")
    try:
        return json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is no JSON.") from error


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


def _check_private(connection: HTTPConnection) -> None:
    """TLS, or both ends on this machine: a proxy here makes everybody look local, but not the host asked for."""
    if connection.url.scheme in {"https", "wss"}:
        return
    if not (_is_local(_address(connection)) and _is_local(connection.url.hostname or "")):
        raise Forbidden("A terminal's key is sent over https and wss only. Revoke it, since others may have read it.")


def _is_local(host: str) -> bool:
    if host.lower() == _LOCAL_NAME:
        return True
    try:
        return ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return False
