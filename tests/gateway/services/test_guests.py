"""Guests: codes that nobody shares, cookies that reach one guest, and guesses that lead nowhere."""

from collections import Counter

import pytest

from gateway.domain.guest import Guest
from gateway.errors import Forbidden, NotAuthenticated, Throttled
from gateway.services.guests import GRACE, Guests
from gateway.services.limits import Limits, policies
from gateway.settings import Guests as GuestSettings
from gateway.settings import Identity
from tests.fakes import FakeClock, FakeHasher, a_printer
from tests.fakes_upload import MemoryGuestStore

HERE = "192.0.2.7"
OPEN = a_printer(guests=True)


class Desk:
    def __init__(self, **settings: object) -> None:
        self.clock, self.store = FakeClock(), MemoryGuestStore()
        self.settings = GuestSettings.model_validate(settings)
        self.guests = Guests(
            guests=self.store,
            hasher=FakeHasher(),
            clock=self.clock,
            limits=Limits(clock=self.clock, table=policies(Identity())),
            settings=self.settings,
        )

    async def arrive(self, address: str = HERE, label: str = "") -> tuple[str, Guest, str]:
        cookie, guest = await self.guests.open(OPEN, address=address, label=label)
        return cookie, guest, self.guests.code(guest, cookie)


async def test_a_code_reaches_the_jobs_of_one_guest() -> None:
    desk = Desk()
    cookie, guest, code = await desk.arrive(label="Zoë\n")
    assert len(code) == 6
    assert code not in repr(guest)
    actor = await desk.guests.by_code(f"{code[:3]} {code[3:]}", address="198.51.100.1")
    assert (actor.user, actor.claimed, actor.is_staff) == (guest.name, "Zoë", False)
    found = await desk.guests.session(cookie, address=HERE)
    assert found is not None
    assert found[1].user == guest.name
    assert await desk.guests.session(cookie + "x", address=HERE) is None
    assert desk.guests.code(found[0], cookie) == code, "lost and shown again in the same browser"


async def test_only_printers_that_take_guests() -> None:
    with pytest.raises(Forbidden, match="Sign in"):
        await Desk().guests.open(a_printer(), address=HERE)


async def test_no_two_guests_share_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, drawn = Desk(), iter([7, 7, 7, 8])
    monkeypatch.setattr("gateway.services.guests.secrets.randbelow", lambda _: next(drawn))
    assert [(await desk.arrive())[2] for _ in range(2)] == ["000007", "000008"]


async def test_ten_thousand_guesses_from_one_address_are_five() -> None:
    desk = Desk()
    *_, code = await desk.arrive()
    outcomes = Counter[str]()
    for number in range(10_000):
        guess = f"{number:06d}"
        if guess != code:
            outcomes[await _guess(desk, guess, HERE)] += 1
    assert outcomes["not-authenticated"] == 5
    assert await _guess(desk, code, HERE) == "throttled", "the right one would not be heard now either"
    await desk.clock.advance(901)
    assert (await desk.guests.by_code(code, address=HERE)).user


async def test_many_addresses_together_have_fifty_and_stations_still_work() -> None:
    desk = Desk()
    *_, code = await desk.arrive()
    outcomes = Counter([await _guess(desk, "x", f"2001:db8:0:{n:x}::1") for n in range(1_000)])
    assert outcomes == {"not-authenticated": 50, "throttled": 950}
    assert (await desk.guests.by_code(code, address=HERE, terminal="lobby")).via == "code"


async def test_a_right_code_costs_no_try() -> None:
    desk = Desk()
    *_, code = await desk.arrive()
    for _ in range(40):
        await desk.guests.by_code(code, address=HERE)


@pytest.mark.parametrize("nonsense", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345'"])
async def test_nonsense_is_answered_like_a_wrong_code(nonsense: str) -> None:
    with pytest.raises(NotAuthenticated, match="No document waits"):
        await Desk().guests.by_code(nonsense, address=HERE)


async def test_an_address_opens_so_many_guests_an_hour() -> None:
    desk = Desk(jobs_per_hour=3)
    for _ in range(3):
        await desk.arrive()
    with pytest.raises(Throttled):
        await desk.arrive()
    await desk.arrive("192.0.2.8")


async def test_a_guest_is_forgotten_after_the_last_job() -> None:
    desk = Desk(hold_seconds=100)
    cookie, guest, code = await desk.arrive()
    await desk.clock.advance(90)
    await desk.guests.keep(guest.name)
    await desk.clock.advance(GRACE + 99)
    assert await desk.guests.named(guest.name) == await desk.store.guest(guest.name)
    assert await desk.guests.session(cookie, address=HERE) is not None
    assert await desk.guests.purge() == 0
    await desk.clock.advance(60)
    assert await desk.guests.session(cookie, address=HERE) is None
    with pytest.raises(NotAuthenticated):
        await desk.guests.by_code(code, address=HERE)
    assert await desk.guests.purge() == 1
    assert await desk.guests.named("alice") is None


async def _guess(desk: Desk, code: str, address: str) -> str:
    try:
        await desk.guests.by_code(code, address=address)
    except (NotAuthenticated, Throttled) as refusal:
        return refusal.kind
    return "in"
