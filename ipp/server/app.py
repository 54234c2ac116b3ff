"""The ASGI application: HTTP in and out, and nothing that IPP itself could say (RFC 8010 section 4).

POST of application/ipp to `/`, /ipp/print and /ipp/print/<name>; GET of the icons. A request is answered as soon as
its answer is known: a client that may not print hears so before it has sent its document.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_network
from typing import Any

from gateway.domain import description as said
from gateway.domain.job import Job
from gateway.domain.printer import Printer
from gateway.errors import NotFound
from gateway.services.fresh_sign_in import FreshSignIn
from gateway.services.identity import Identity
from gateway.services.intake import Intake
from gateway.services.notifications import Notifications
from gateway.services.personal_queues import PersonalQueues
from gateway.services.ports import Clock
from gateway.services.printers import Printers
from gateway.services.release import Release
from gateway.settings import Settings
from ipp.server.answer import IPP, Answer, Scope, Send, picture
from ipp.server.authentication import Authentication, Challenge
from ipp.server.body import Body, ClientGone, Receive
from ipp.server.description import Descriptions
from ipp.server.dispatch import Dispatcher, answer_version, operation_attributes
from ipp.server.operation import Identify, JobControl, NoJobControl, Services
from ipp.server.repeated import Repeated
from ipp.server.request import Call, Reply, encode_reply
from ipp.server.status import Refused
from ipp.server.table import POLICIES, build_table
from ipp.server.where import where_from
from ipp.wire import DecodeError, Message, Operation, Status

App = Callable[[Scope, Receive, Send], Awaitable[None]]

ENVELOPE = 256 * 1024  # octets that the message in front of a document may have
_PERSONAL = re.compile(r"/ipp/u/(?P<token>[A-Za-z0-9]{1,64})/print(?P<job>(?:/[0-9]{1,11})?)/?")
IGNORED_REST = 16 * 1024 * 1024  # above this the rest of a refused upload is not read: the connection is closed


def create_app(
    *,
    intake: Intake,
    release: Release,
    printers: Printers,
    identity: Identity,
    notifications: Notifications,
    settings: Settings,
    clock: Clock,
    trusted_operators: Iterable[str] = (),
    virtual_host: Callable[[str], str | None] = lambda _host: None,
    dns_sd_name: Callable[[Printer], str] = said.dns_sd_name,
    control: JobControl | None = None,
    identify: Identify | None = None,
    queues: PersonalQueues | None = None,
    label_of: Callable[[Job], str] | None = None,
    fresh: FreshSignIn | None = None,
) -> App:
    """The IPP server.

    `trusted_operators`: networks ("127.0.0.1/32") from which operator operations need no password. `virtual_host`:
    the Printer that /ipp/print means at a host name. `dns_sd_name`: the name under which a Printer is announced now.
    `control` and `identify` give powers that not every installation has; without them a message is told to listeners
    of printer events, and the order of jobs stands. `queues` are those at /ipp/u/<token>/print; `label_of` gives the
    words that a job without owner is claimed by; `fresh` knows which kept passwords are to be typed again.
    """

    async def tell_listeners(printer: Printer, _: tuple[str, ...], message: str) -> None:
        notifications.announce(printer.name, message or f"Identify: {printer.info}")

    services = Services(
        intake=intake,
        release=release,
        printers=printers,
        identity=identity,
        notifications=notifications,
        settings=settings,
        clock=clock,
        control=control or NoJobControl(),
        identify=identify or tell_listeners,
    )
    descriptions = Descriptions(
        printers=printers,
        settings=settings,
        clock=clock,
        operations=POLICIES,
        troubles=lambda: intake.health,
        dns_sd_name=dns_sd_name,
        software=_software(),
        label_of=label_of,
    )
    dispatcher = Dispatcher(
        table=build_table(services, descriptions),
        services=services,
        authentication=Authentication(
            identity=identity,
            trusted_operators=[ip_network(network) for network in trusted_operators],
            require_tls=settings.ipp.require_tls,
            fresh=fresh,
        ),
        virtual_host=virtual_host,
    )
    return _Server(dispatcher, Repeated(descriptions), intake, settings, queues)


def _software() -> str:
    try:
        return version("papertap")
    except PackageNotFoundError:
        return "0"


class _Server:
    """One request after the other; nothing is kept between them but what Repeated knows."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        repeated: Repeated,
        intake: Intake,
        settings: Settings,
        queues: PersonalQueues | None,
    ) -> None:
        self._queues = queues
        self._dispatcher = dispatcher
        self._repeated = repeated
        self._intake = intake
        self._limit = settings.ipp.max_document
        self._realm = settings.site.name.replace('"', "'").replace("\\", "/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("Only HTTP is spoken here.")
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        answer = Answer(send)
        with contextlib.suppress(ClientGone):
            if scope["method"] == "POST":
                await self._post(scope, headers, receive, answer)
            else:
                await picture(scope, answer)

    async def _post(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, answer: Answer) -> None:
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if kind != IPP:
            await answer.text(415, "Send IPP requests with the content type application/ipp.")
            return
        declared = _length(headers)
        if declared is not None and declared > self._limit + ENVELOPE:
            await answer.text(413, f"The document has more than {self._limit} octets.", close=True)
            return
        try:
            call = await self._personal(_call(scope, headers))
        except NotFound as error:
            await answer.text(404, error.message, close=True)
            return
        body = Body(receive, declared=declared, limit=self._limit)
        first = await body.next()
        if body.ended and len(first) > 8 and await self._known(first, call, answer):
            return
        await self._read(first, call, body, receive, answer)

    async def _personal(self, call: Call) -> Call:
        """A call of a personal queue as one of its owner to the Printer behind; NotFound for a wrong one."""
        match = _PERSONAL.fullmatch(call.path)
        if match is None:
            return call
        if self._queues is None:
            raise NotFound("There are no personal printers here.")
        opened = await self._queues.open(match["token"], address=call.address)
        return replace(
            call,
            path=f"/ipp/print/{opened.printer}{match['job']}",
            where=replace(call.where, root=f"ipp/u/{match['token']}/print"),
            personal=opened.actor,
        )

    async def _known(self, data: bytes, call: Call, answer: Answer) -> bool:
        try:
            octets = self._repeated.answer(data, call)
        except NotFound:  # the Printer is gone: the long way says so properly
            return False
        if octets is not None:
            await answer.ipp(octets)
        return octets is not None

    async def _read(self, first: bytes, call: Call, body: Body, receive: Receive, answer: Answer) -> None:
        whole = body.ended
        try:
            message = await body.message(first)
        except DecodeError as error:
            await self._malformed(error, answer, close=_close(body))
            return
        try:
            answering = self._dispatcher.answer(message, call, body)
            waits = whole and message.code == Operation.GET_NOTIFICATIONS
            reply = await (_while_connected(answering, receive) if waits else answering)
        except Challenge as challenge:
            await answer.challenge(challenge.message, self._realm, close=_close(body))
            return
        if whole and reply.status is Status.SUCCESSFUL_OK and message.code == Operation.GET_PRINTER_ATTRIBUTES:
            self._learn(first, call, message)
        await self._deliver(message, reply, body, receive, answer)

    def _learn(self, data: bytes, call: Call, message: Message) -> None:
        attributes = operation_attributes(message)
        self._repeated.learn(data, call, message, lambda: self._dispatcher.target(call, attributes)[0])

    async def _deliver(self, message: Message, reply: Reply, body: Body, receive: Receive, answer: Answer) -> None:
        """A job whose acceptance cannot be told is noted, so that the same submission again does not print twice."""
        octets = encode_reply(reply, version=answer_version(message.version), request_id=message.request_id)
        if reply.accepted is None:
            await answer.ipp(octets, close=_close(body))
            return
        gone = body.ended and _has_gone(receive)
        try:
            await answer.ipp(octets, close=_close(body))
        except OSError:
            gone = True
        if gone:
            self._intake.note_undelivered(reply.accepted)

    async def _malformed(self, error: DecodeError, answer: Answer, *, close: bool) -> None:
        if error.header is None:
            await answer.text(400, f"This is no IPP message: {error}", close=close)
            return
        refused = Refused(Status.CLIENT_ERROR_BAD_REQUEST, f"The message is damaged: {error}")
        version, _, request_id = error.header
        reply = Reply(status=refused.status, message=refused.message)
        octets = encode_reply(reply, version=answer_version(version), request_id=request_id)
        await answer.ipp(octets, close=close)


def _call(scope: Scope, headers: Mapping[bytes, bytes]) -> Call:
    client = scope.get("client")
    host = headers.get(b"host", b"").decode("latin-1")
    return Call(
        path=scope["path"],
        where=where_from(host, scope.get("server"), secure=scope.get("scheme") == "https"),
        # A listener for both families names IPv4 clients in IPv6; a sender must be the same on each listener.
        address=client[0].removeprefix("::ffff:") if client else "",
        authorization=headers.get(b"authorization", b"").decode("latin-1"),
    )


def _length(headers: Mapping[bytes, bytes]) -> int | None:
    given = headers.get(b"content-length", b"")
    return int(given) if given.isdigit() and b"transfer-encoding" not in headers else None


def _close(body: Body) -> bool:
    """Whether the rest of the request is too much to be swallowed after the answer."""
    left = body.left
    return left is not None and left > IGNORED_REST


async def _while_connected(answering: Coroutine[Any, Any, Reply], receive: Receive) -> Reply:
    """The reply; ClientGone, and nothing waits any longer, as soon as the client hangs up."""
    work, hanging_up = asyncio.ensure_future(answering), asyncio.ensure_future(receive())
    try:
        await asyncio.wait({work, hanging_up}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise ClientGone
        return work.result()
    finally:
        work.cancel()
        hanging_up.cancel()


def _has_gone(receive: Receive) -> bool:
    """Whether the client has hung up by now; asks without waiting, and without a turn of the event loop."""
    asking = receive().__await__()
    try:
        next(asking)
    except StopIteration as answered:
        return bool(answered.value["type"] == "http.disconnect")
    asking.close()
    return False
