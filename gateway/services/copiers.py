"""Unlocking a device for copying and scanning, and counting what was made there (row 88).

A terminal that hangs on the device sends its counters' readings at the start and at the end. One that cannot leaves the
reading to us: the device's own count by SNMP, less what we printed on it meanwhile. Where nothing can count, nothing is
unlocked. A session that was cut off, by a power cut or a broken line, is settled at the next contact: nobody else was
let in before that, so that what the counters grew by is still its user's.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from gateway.domain.copier import CopierSession, CopierState, CountedBy, Counter, made
from gateway.domain.credit import charge_for_copies
from gateway.domain.device import Device
from gateway.domain.terminal import Terminal
from gateway.domain.user import Actor, is_guest
from gateway.errors import BadRequest, Forbidden, NotFound, NotPossible
from gateway.services.copier_dues import CopierDues
from gateway.services.ports import Clock, CopierStore, Meter

GIVEN_UP_SECONDS = 7 * 86400.0  # a session whose end nobody tells for so long stays without a count
Reading = Mapping[Counter, int]


class Copiers:
    """`device_of` raises NotFound for a device that was removed. Without `dues` copies are counted and cost nothing."""

    def __init__(
        self,
        *,
        store: CopierStore,
        meter: Meter,
        device_of: Callable[[str], Device],
        clock: Clock,
        dues: CopierDues | None = None,
    ) -> None:
        self._dues = dues
        self._device_of = device_of
        self._store = store
        self._meter = meter
        self._clock = clock

    async def of(self, owner: str, *, limit: int = 50) -> list[CopierSession]:
        return await self._store.sessions_of(owner, limit=limit)

    async def open_at(self, terminal: str) -> list[CopierSession]:
        return [session for session in await self._store.open_sessions() if session.terminal == terminal]

    async def begin(
        self, terminal: Terminal, device: Device, actor: Actor, key: str, reading: Reading | None
    ) -> CopierSession:
        """Lets the actor copy there. NotPossible where nothing counts; Forbidden for guests, who have no account;
        LimitReached without any credit.
        """
        known = await self._store.session(terminal.name, key)
        if known is not None:
            if known.owner != actor.user:
                raise BadRequest("This key names somebody else's session. Use a new one for each.")
            return known
        if actor.user is None or is_guest(actor.user):
            raise Forbidden("Copying and scanning is for people with an account. Ask at the desk.")
        if self._dues is not None:
            await self._dues.check(actor.user, device)
        counted_by = CountedBy.SNMP if reading is None else CountedBy.TERMINAL
        reading = await self._read(device) if reading is None else reading
        if not reading:
            raise NotPossible(
                "The device's counters cannot be read now, so that copying stays locked. Try again in a moment."
            )
        for left in await self._store.open_sessions():
            if left.device == device.name:
                await self._settle(left, reading if left.counted_by is counted_by else None, CopierState.LATE)
        return await self._store.begin(
            CopierSession(
                key=key,
                terminal=terminal.name,
                device=device.name,
                owner=actor.user,
                started_at=self._clock.now(),
                counted_by=counted_by,
                began=reading,
            )
        )

    async def end(self, terminal: Terminal, key: str, reading: Reading | None) -> CopierSession:
        """Settles it, also when whoever it was has been signed out since. It stays open while nothing can be read."""
        session = await self._store.session(terminal.name, key)
        if session is None:
            raise NotFound("There is no copier session of that key at this terminal.")
        if session.state is not CopierState.OPEN:
            return session
        if session.counted_by is CountedBy.TERMINAL and reading is None:
            raise BadRequest("Send the counters as they are now: this session began with them.")
        if session.counted_by is CountedBy.SNMP:
            reading = await self._reading_of(session)
            if reading is None:
                return session
        await self._settle(session, reading, CopierState.COUNTED)
        return await self._store.session(terminal.name, key) or session

    async def settle_left(self, still_there: Callable[[CopierSession], Awaitable[bool]]) -> None:
        """Those whose user has gone without an end: by SNMP now; a terminal that counts is waited for, a week long."""
        for session in await self._store.open_sessions():
            if await still_there(session):
                continue
            reading = await self._reading_of(session) if session.counted_by is CountedBy.SNMP else None
            if reading is not None:
                await self._settle(session, reading, CopierState.LATE)
            elif self._clock.now() - session.started_at > GIVEN_UP_SECONDS:
                await self._settle(session, None, CopierState.UNCLEAR)

    async def _reading_of(self, session: CopierSession) -> Reading | None:
        try:
            return await self._read(self._device_of(session.device))
        except NotFound:  # the device was removed since
            return None

    async def _read(self, device: Device) -> Reading | None:
        count = await self._meter.impressions(device)
        return None if count is None else {Counter.IMPRESSIONS: count}

    async def _settle(self, session: CopierSession, reading: Reading | None, state: CopierState) -> None:
        printed = await self._store.printed(session) if Counter.IMPRESSIONS in session.began else 0
        counts = None if reading is None else made(session, reading, printed=printed)
        settled = replace(
            session,
            state=CopierState.UNCLEAR if counts is None else state,
            counts=counts or {},
            ended_at=self._clock.now(),
        )
        due = self._dues.of(settled.device, settled.counts) if self._dues is not None else None
        await self._store.settle(settled, None if due is None else charge_for_copies(settled, due))


__all__ = ["Copiers", "Reading"]
