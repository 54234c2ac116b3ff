"""One terminal's line: its messages in their order, each done once, and what is to be told to it.

It outlives the connection for two minutes, so that a terminal that lost it sends again what was not answered, gets the
very answer that was given, and finds whoever was signed in still there.
"""

import asyncio
import json
import logging
from collections import OrderedDict, deque
from collections.abc import Mapping
from typing import Any

from gateway.domain.copier import Counter
from gateway.domain.kiosk import KioskProof
from gateway.domain.terminal import Terminal
from gateway.errors import BadRequest, NotAuthenticated, NotPossible, Refusal
from gateway.services.limits import Kind, Limit, Limits
from gateway.services.ports import Clock
from gateway.services.terminal_answers import Answer, Feedback, Shown, SignedIn, SignedOut, Told, told
from gateway.services.terminal_desk import TerminalDesk
from gateway.services.wishes import Wish
from mobile_api.terminals.messages import VERSION, Incoming, Message, checked, read, refused, written

MOST_WAITING = 64  # messages to a terminal that does not fetch them; then the oldest goes
MOST_ANSWERED = 32
MOST_MALFORMED = 10
HEARTBEAT_SECONDS = 25.0
PROOFS = frozenset({"card", "pin", "password", "code"})
COPYING = frozenset({"copier-begin", "copier-end"})
BROKEN = "Something went wrong on our side. Your jobs are safe. Try again in a moment."

log = logging.getLogger(__name__)


class Hangup(Exception):
    """The connection ends: the key is void, or what comes is no protocol of ours."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Line:
    def __init__(self, *, terminal: Terminal, address: str, desk: TerminalDesk, limits: Limits, clock: Clock) -> None:
        self.terminal = terminal
        self.address = address
        self.signed_in = ""
        self.left_at: float | None = None
        self._desk = desk
        self._limits = limits
        self._clock = clock
        self._outgoing: deque[Message] = deque(maxlen=MOST_WAITING)
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._answered: OrderedDict[str, list[Message]] = OrderedDict()
        self._malformed = 0
        self._phone: asyncio.Task[None] | None = None
        self.connection: object | None = None

    # -- to the terminal

    def push(self, *messages: Message) -> None:
        self._outgoing.extend(messages)
        self._wake.set()

    async def stirred(self) -> None:
        """Until there is something to tell, or the line has changed hands."""
        if not self._outgoing:
            self._wake.clear()
            await self._wake.wait()

    def taken(self) -> list[Message]:
        messages = list(self._outgoing)
        self._outgoing.clear()
        return messages

    def wake(self) -> None:
        self._wake.set()

    # -- from the terminal

    async def hear(self, text: str) -> None:
        """Answers one message. Hangup when the terminal may not go on."""
        try:
            incoming = read(text)
        except BadRequest as refusal:
            self._misheard(refusal)
            return
        await self.answer(incoming)

    async def hear_value(self, value: object) -> None:
        """The same for what came as JSON already."""
        try:
            incoming = checked(value)
        except BadRequest as refusal:
            self._misheard(refusal)
            return
        await self.answer(incoming)

    async def answer(self, incoming: Incoming) -> None:
        async with self._turn:
            known = self._answered.get(incoming.id)
            if known is not None:
                self.push(*known)
                return
            messages = [message | {"re": incoming.id} for message in await self._messages(incoming)]
            self._answered[incoming.id] = messages
            while len(self._answered) > MOST_ANSWERED:
                self._answered.popitem(last=False)
            self.push(*messages)

    async def state(self) -> Message:
        """Where the terminal stands and who is there."""
        station = self._desk.kiosk.station(self.terminal.station)
        device = station.device
        return {
            "type": "state",
            "version": VERSION,
            "terminal": self.terminal.name,
            "station": {"name": station.name, "title": station.title, "location": station.location},
            "ready": any(one.status.can_print for one in station.devices),
            "device": device.status.state.value if device is not None else "",
            "message": device.status.message if device is not None else "",
            "proofs": [proof.value for proof in station.proofs],
            "on_tap": self.terminal.on_tap.value,
            "locked": self.terminal.locked_at is not None,
            "signed_in": await self._desk.who(self.terminal, address=self.address),
            "heartbeat": HEARTBEAT_SECONDS,
        }

    async def look(self) -> None:
        """Tells when whoever was there has been away for too long."""
        if self.signed_in and await self._desk.who(self.terminal, address=self.address) is None:
            self.signed_in = ""
            self.push(written(SignedOut(text="Signed out, since nobody touched it for a while.")))

    def end(self) -> None:
        if self._phone is not None:
            self._phone.cancel()
            self._phone = None
        self.wake()

    # -- within

    def _misheard(self, refusal: Refusal) -> None:
        self._malformed += 1
        if self._malformed > MOST_MALFORMED:
            raise Hangup(1008, "too many messages that are none")
        self.push(refused(refusal))

    async def _messages(self, incoming: Incoming) -> list[Message]:
        try:
            self.terminal = await self._desk.terminals.still(self.terminal)
        except NotAuthenticated as refusal:
            raise Hangup(4401, "this terminal's key was taken back") from refusal
        except Refusal as refusal:
            return [refused(refusal)]
        kinds = [Kind.TERMINAL_MESSAGE, *([Kind.TERMINAL_PROOF] if incoming.type in PROOFS else [])]
        try:
            self._limits.take(*(Limit(kind=kind, key=(self.terminal.name,)) for kind in kinds))
            return await self._done(incoming)
        except Refusal as refusal:
            if incoming.type in PROOFS:
                return [written(told(refusal))]
            return [refused(refusal)]
        except Exception:
            log.exception("terminal message failed: %s", incoming.type)
            return [{"type": "error", "kind": "internal-error", "text": BROKEN}]

    async def _done(self, incoming: Incoming) -> list[Message]:
        values = incoming.values
        if incoming.type == "hello":
            if values["version"] != VERSION:
                raise NotPossible(f"This gateway speaks version {VERSION} of the terminal protocol.")
            left = await self._desk.copiers.open_at(self.terminal.name)
            return [await self.state() | {"copiers": [session.key for session in left]}]
        if incoming.type == "ping":
            return [{"type": "pong"}]
        if incoming.type == "sync":
            return [await self._sync(values["stamps"])]
        return self._kept(await self._act(incoming.type, values))

    async def _sync(self, stamps: list[str]) -> Message:
        settings = self._desk.offline.settings
        return {
            "type": "sync",
            "keep": await self._desk.offline.good(stamps),
            "hours": settings.offline_hours,
            "days": settings.offline_days,
            "next": settings.sync_seconds,
            "wish_seconds": self._desk.offline.wish_seconds(self.terminal),
        }

    async def _act(self, kind: str, values: Mapping[str, Any]) -> list[Answer]:
        if kind in PROOFS or kind == "sign-out":
            self._forget_phone()
        if kind == "wish":
            proof, at = KioskProof(values["proof"]), float(values["at"])
            wish = Wish(key=values["key"], stamp=values["stamp"], at=at, proof=proof)
            return await self._desk.wish(self.terminal, wish, address=self.address)
        if kind == "keep-card":
            replaces = bool(values["replace"])
            return await self._desk.keep_card(
                self.terminal, days=values["days"], replace_oldest=replaces, address=self.address
            )
        if kind == "phone":
            return [self._desk.show(self.terminal)]
        if kind in COPYING:
            return await self._copy(kind, values["key"], values["counters"])
        return await self._come(kind, values) if kind in PROOFS else await self._use(kind, values)

    async def _come(self, kind: str, values: Mapping[str, Any]) -> list[Answer]:
        desk, terminal, address = self._desk, self.terminal, self.address
        match kind:
            case "card":
                return await desk.tap(terminal, values["raw"], address=address)
            case "pin":
                return await desk.pin(terminal, values["pin"].strip(), address=address)
            case "password":
                name = (values["name"] or "").strip()
                return await desk.password(terminal, name, values["password"], address=address)
            case _:
                return await desk.code(terminal, "".join(values["code"].split())[:20], address=address)

    async def _use(self, kind: str, values: Mapping[str, Any]) -> list[Answer]:
        desk, terminal, address = self._desk, self.terminal, self.address
        match kind:
            case "list":
                return await desk.listed(terminal, address=address)
            case "select":
                return await desk.select(terminal, values["jobs"], address=address)
            case "release":
                return await desk.release(terminal, values["jobs"], address=address, charge=_charge(values))
            case "projects":
                return await desk.projects(terminal, values["text"] or "", address=address)
            case "cancel":
                return await desk.cancel(terminal, values["jobs"], address=address)
            case _:
                return await desk.sign_out(terminal)

    async def _copy(self, kind: str, key: str, counters: Mapping[str, int] | None) -> list[Answer]:
        reading = None if counters is None else {Counter(name): count for name, count in counters.items()}
        if kind == "copier-begin":
            return await self._desk.begin_copying(self.terminal, key, reading, address=self.address)
        return await self._desk.end_copying(self.terminal, key, reading)

    def _kept(self, answers: list[Answer]) -> list[Message]:
        """Notes who is in, and waits for a phone where a code is shown."""
        for answer in answers:
            match answer:
                case SignedIn():
                    self.signed_in = answer.user
                case SignedOut():
                    self.signed_in = ""
                case Shown() if self._phone is None or self._phone.done():
                    self._phone = asyncio.create_task(self._await_phone())
                case _:
                    pass
        return [written(answer) for answer in answers]

    async def _await_phone(self) -> None:
        try:
            answers = await self._desk.phone(self.terminal, address=self.address)
        except Refusal as refusal:
            self.push(written(told(refusal)))
        except Exception:
            log.exception("signing in by phone failed")
            self.push(written(Told(feedback=Feedback.WRONG, text=BROKEN)))
        else:
            self._phone = None
            self.push(*self._kept(answers))

    def _forget_phone(self) -> None:
        if self._phone is not None:
            self._phone.cancel()
            self._phone = None


def _charge(values: Mapping[str, Any]) -> dict[str, object]:
    """What a release says of its project, as changes of a ticket."""
    named = {"job_account_id": values["project"], "account_comment": values["comment"]}
    return {name: value for name, value in named.items() if value is not None}


def dumped(message: Message) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


__all__ = ["HEARTBEAT_SECONDS", "Hangup", "Line", "dumped"]
