"""Copying at a panel: nothing is unlocked that is not counted, and nobody is charged for a guess."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from gateway.domain.account import Receipt
from gateway.domain.copier import MOST_COUNTED, CopierSession, CopierState, CountedBy, Counter, made
from gateway.domain.credit import Entry, EntryKind
from gateway.domain.device import Device
from gateway.domain.price import Tariff
from gateway.domain.terminal import Terminal
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Forbidden, LimitReached, NotFound, NotPossible
from gateway.services.copier_dues import CopierDues
from gateway.services.copiers import GIVEN_UP_SECONDS, Copiers
from gateway.services.credit import Credit
from gateway.services.identity import Identity
from gateway.services.printers import Printers
from gateway.settings import Settings
from tests.fakes import (
    FakeClock,
    FakeHasher,
    MemoryEventBus,
    MemoryJobStore,
    MemoryPrinterStore,
    MemoryUserStore,
    a_device,
    a_printer,
)
from tests.fakes_house import an_audit
from tests.fakes_terminals import FakeMeter, MemoryCopierStore

D = Decimal

ANN, BOB = Actor(user="ann"), Actor(user="bob")
BOX = Terminal(name="box", uuid=uuid4(), station="tray")


class Room:
    def __init__(self, count: int | None = None) -> None:
        self.store, self.meter, self.clock = MemoryCopierStore(), FakeMeter(count), FakeClock()
        self.device = a_device("tray")
        self.copiers = Copiers(store=self.store, meter=self.meter, device_of=self.device_of, clock=self.clock)

    async def begin(self, key: str, actor: Actor = ANN, **counters: int) -> CopierSession:
        return await self.copiers.begin(BOX, self.device, actor, key, reading(counters))

    async def end(self, key: str, **counters: int) -> CopierSession:
        return await self.copiers.end(BOX, key, reading(counters))

    async def settle_left(self, *, there: bool = False) -> None:
        async def still_there(_session: CopierSession) -> bool:
            return there

        await self.copiers.settle_left(still_there)

    def device_of(self, name: str) -> Device:
        if name != self.device.name:
            raise NotFound("gone")
        return self.device

    def printed(self, impressions: int, device: str = "tray") -> None:
        self.store.receipts.append(
            Receipt(
                release_id=uuid4(),
                job_id=1,
                owner="ann",
                printer="find-me",
                device=device,
                impressions=impressions,
                media_sheets=impressions,
                color=False,
                confirmed=True,
                at=self.clock.now(),
                amount=Decimal(0),
            )
        )


def reading(counters: Mapping[str, int]) -> dict[Counter, int] | None:
    return {Counter(name.replace("_", "-")): count for name, count in counters.items()} or None


async def test_what_the_terminal_counted() -> None:
    room = Room()
    begun = await room.begin("a", copies=100, color_copies=7, scans=0)
    assert (begun.state, begun.counted_by, begun.owner) == (CopierState.OPEN, CountedBy.TERMINAL, "ann")
    room.clock.tick(60)
    ended = await room.end("a", copies=104, color_copies=8, scans=12)
    assert ended.state is CopierState.COUNTED
    assert ended.counts == {Counter.COPIES: 4, Counter.COLOR_COPIES: 1, Counter.SCANS: 12}
    assert ended.ended_at == begun.started_at + 60
    assert await room.copiers.of("Ann") == [ended]
    assert await room.copiers.of("bob") == []


async def test_what_the_device_tells_less_what_was_printed_on_it_meanwhile() -> None:
    room = Room(5000)
    room.printed(40)
    begun = await room.begin("a")
    assert begun.counted_by is CountedBy.SNMP
    room.printed(3)
    room.printed(50, device="another")
    room.meter.count = 5010
    assert (await room.end("a")).counts == {Counter.COPIES: 7}


async def test_sent_again_it_is_the_same_session_and_counted_once() -> None:
    room = Room()
    first = await room.begin("a", copies=1)
    assert await room.begin("a", copies=9) == first
    with pytest.raises(BadRequest, match="somebody else"):
        await room.begin("a", BOB, copies=9)
    ended = await room.end("a", copies=3)
    assert await room.end("a", copies=300) == ended
    assert len(room.store.rows) == 1


async def test_where_nothing_counts_nothing_is_unlocked() -> None:
    room = Room()
    with pytest.raises(NotPossible, match="stays locked"):
        await room.begin("a")
    with pytest.raises(Forbidden):
        await room.begin("a", Actor(user="guest:1"), copies=1)
    assert room.store.rows == {}
    with pytest.raises(NotFound):
        await room.end("a", copies=1)
    await room.begin("a", copies=1)
    with pytest.raises(BadRequest, match="Send the counters"):
        await room.end("a")


async def test_a_session_that_was_cut_off_is_settled_when_the_next_one_begins() -> None:
    room = Room()
    await room.begin("a", copies=10)
    await room.begin("b", BOB, copies=15)
    (left,) = await room.copiers.of("ann")
    assert (left.state, left.counts) == (CopierState.LATE, {Counter.COPIES: 5})
    assert (await room.end("b", copies=16)).counts == {Counter.COPIES: 1}
    late = await room.end("a", copies=16)
    assert late == left, "what comes after that is another's"


async def test_a_device_that_was_away_is_read_at_the_next_contact() -> None:
    room = Room(10)
    await room.begin("a")
    room.meter.count = None
    assert (await room.end("a")).state is CopierState.OPEN
    await room.settle_left()
    assert (await room.copiers.of("ann"))[0].state is CopierState.OPEN
    room.meter.count = 12
    await room.settle_left(there=True)
    assert (await room.copiers.of("ann"))[0].state is CopierState.OPEN, "whoever is there still copies"
    await room.settle_left()
    (left,) = await room.copiers.of("ann")
    assert (left.state, left.counts) == (CopierState.LATE, {Counter.COPIES: 2})


@pytest.mark.parametrize("counters", [{"copies": 1}, {}])
async def test_whose_end_nobody_ever_tells_is_given_up(counters: dict[str, int]) -> None:
    room = Room(None if counters else 10)
    await room.begin("a", **counters)
    room.device = replace(room.device, name="new-one")
    room.clock.tick(GIVEN_UP_SECONDS - 1)
    await room.settle_left()
    assert (await room.copiers.of("ann"))[0].state is CopierState.OPEN
    room.clock.tick(2)
    await room.settle_left()
    (left,) = await room.copiers.of("ann")
    assert (left.state, left.counts) == (CopierState.UNCLEAR, {})


async def test_another_way_of_counting_cannot_settle_what_was_left() -> None:
    room = Room(10)
    await room.begin("a")
    await room.begin("b", BOB, copies=1)
    assert (await room.copiers.of("ann"))[0].state is CopierState.UNCLEAR


@pytest.mark.parametrize(
    ("after", "printed", "counts"),
    [
        ({"impressions": 100}, 0, {"copies": 0}),
        ({"impressions": 103}, 2, {"copies": 1}),
        ({"impressions": 101}, 2, {"copies": 0}),  # counted before the printer had made all of it
        ({"impressions": 99}, 0, None),  # a new controller board
        ({"impressions": 100 + MOST_COUNTED}, 0, {"copies": MOST_COUNTED}),
        ({"impressions": 101 + MOST_COUNTED}, 0, None),
        ({"copies": 4}, 0, None),
        ({}, 0, None),
    ],
)
def test_readings(after: dict[str, int], printed: int, counts: dict[str, int] | None) -> None:
    session = CopierSession(
        key="a",
        terminal="box",
        device="tray",
        owner="ann",
        started_at=0.0,
        counted_by=CountedBy.SNMP,
        began={Counter.IMPRESSIONS: 100},
    )
    assert made(session, reading(after) or {}, printed=printed) == (None if counts is None else reading(counts))


CASH = Settings(credit={"enabled": True}, data="unused")


class PaidRoom(Room):
    """Whoever copies there has credit: five cents a copy at one Printer, four at another, none at a third."""

    async def furnished(self, *prices: str, settings: Settings = CASH) -> "PaidRoom":
        store = MemoryPrinterStore(
            [
                a_printer(f"p{n}", devices=("tray",), tariff=Tariff(grey=D(price), color=D(1), currency="EUR"))
                for n, price in enumerate(prices)
            ],
            [self.device],
        )
        printers = Printers(store=store, jobs=MemoryJobStore(), events=MemoryEventBus(), clock=self.clock)
        await printers.refresh()
        identity = Identity(users=MemoryUserStore(), hasher=FakeHasher(), clock=self.clock, settings=settings.identity)
        credit = Credit(
            store=self.store.credit, identity=identity, audit=an_audit(self.clock), clock=self.clock, settings=settings
        )
        self.copiers = Copiers(
            store=self.store,
            meter=self.meter,
            device_of=self.device_of,
            clock=self.clock,
            dues=CopierDues(printers=printers, credit=credit),
        )
        return self

    async def pay(self, amount: str) -> None:
        key = str(len(self.store.credit.rows))
        await self.store.credit.post(
            Entry(owner="ann", amount=D(amount), currency="EUR", kind=EntryKind.TOP_UP, key=key, at=0.0)
        )

    async def left(self) -> Decimal:
        return (await self.store.credit.balance("ann", "EUR")).amount


async def test_copies_are_charged_once_by_the_lowest_price_of_their_printers() -> None:
    room = await PaidRoom().furnished("0.05", "0.04")
    await room.pay("2")
    await room.begin("a", copies=10, color_copies=0, scans=0)
    for _ in range(2):
        await room.end("a", copies=13, color_copies=1, scans=5)
    assert await room.left() == D("0.88")
    (charge, _) = await room.store.credit.entries("ann")
    assert (charge.kind, charge.text, charge.job_id) == (EntryKind.CHARGE, "tray", None)


async def test_without_credit_a_device_with_a_price_stays_locked() -> None:
    room = await PaidRoom().furnished("0.05")
    with pytest.raises(LimitReached, match=r"Your credit is 0\.00 EUR"):
        await room.begin("a", copies=10)
    await room.pay("0.05")
    assert (await room.begin("a", copies=10)).state is CopierState.OPEN
    await room.end("a", copies=12)
    assert await room.left() == D("-0.05"), "what was made is charged, also beyond what was there"
    with pytest.raises(LimitReached, match=r"Your credit is -0\.05 EUR"):
        await room.begin("b", copies=12)


async def test_what_has_no_price_is_open_to_all_and_nobody_is_charged_for_a_guess() -> None:
    free = await PaidRoom().furnished()
    await free.begin("a", copies=10)
    await free.end("a", copies=12)
    assert await free.left() == 0
    off = await PaidRoom().furnished("0.05", settings=Settings(data="unused"))
    await off.begin("a", copies=10)
    await off.end("a", copies=12)
    assert await off.left() == 0
    unclear = await PaidRoom().furnished("0.05")
    await unclear.pay("1")
    await unclear.begin("a", copies=10)
    assert (await unclear.end("a", copies=3)).state is CopierState.UNCLEAR
    assert await unclear.left() == 1
