"""When a public authority is asked, how long it is left alone, and what people are told."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.acme import Asked, LastTry
from gateway.errors import Throttled
from gateway.services.ports.acme import NotIssued
from gateway.services.renewals import MENDS, SAYINGS, Renewals, sentences, told
from tests.fakes import FakeClock
from tests.fakes_administration import FakeIssuer, MemoryPublicShelf

HOUR, DAY = 3600.0, 86400.0
ASKED = Asked(directory="https://acme.example/directory", names=("print.example",))
NO = NotIssued("connection", name="print.example", detail="192.0.2.1: Connection refused")


class House:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.shelf = MemoryPublicShelf(self.clock)
        self.issuer = FakeIssuer(self.shelf, self.clock)
        self.renewals = self.asking(ASKED)

    def asking(self, asked: Asked) -> Renewals:
        """As after a start with other settings."""
        return Renewals(asked=asked, issuer=self.issuer, shelf=self.shelf, clock=self.clock)

    async def hours_until_asked(self, renewals: Renewals | None = None) -> int:
        before = len(self.issuer.asked)
        for hours in range(24 * 100):
            await (renewals or self.renewals).run_once()
            if len(self.issuer.asked) > before:
                return hours
            self.clock.tick(HOUR)
        raise AssertionError("it was never asked")


@pytest.fixture
def house() -> House:
    return House()


async def test_the_first_is_asked_for_at_once_and_the_next_when_a_third_of_its_time_is_left(house: House) -> None:
    assert await house.hours_until_asked() == 0
    assert await house.hours_until_asked() == 60 * 24 + 1
    assert house.issuer.asked == [("print.example",)] * 2
    assert (await house.renewals.standing()).finding.text == "It is good for 90 more days."


async def test_failures_wait_longer_and_longer_up_to_a_day_also_over_a_restart(house: House) -> None:
    house.issuer.refusal = NO
    waited = [await house.hours_until_asked(house.asking(ASKED)) for _ in range(8)]
    assert waited == [0, 1, 2, 4, 8, 16, 24, 24]
    house.issuer.refusal = None
    await house.hours_until_asked()
    assert house.shelf.noted == LastTry(asked=ASKED, at=house.clock.now())


async def test_the_authority_says_how_long_it_wants_to_be_left_alone(house: House) -> None:
    house.issuer.refusal = NotIssued("rateLimited", detail="too many certificates", retry_after=40 * HOUR)
    await house.renewals.run_once()
    with pytest.raises(Throttled) as refused:
        await house.renewals.try_now()
    assert refused.value.retry_after == 40 * HOUR
    assert await house.hours_until_asked() == 40


async def test_another_question_waits_for_nothing(house: House) -> None:
    house.issuer.refusal = NotIssued("rateLimited", detail="slowly", retry_after=9 * DAY)
    await house.renewals.run_once()
    for asked in (
        replace(ASKED, names=("other.example",)),
        replace(ASKED, directory="https://other.example"),
        replace(ASKED, customer="kid"),
    ):
        assert await house.hours_until_asked(house.asking(asked)) == 0


async def test_another_authority_or_a_further_name_is_asked_for_at_once(house: House) -> None:
    await house.renewals.run_once()
    assert await house.hours_until_asked(house.asking(replace(ASKED, directory="https://other.example"))) == 0
    assert await house.hours_until_asked(house.asking(replace(ASKED, names=("print.example", "b.example")))) == 0
    await house.asking(ASKED).run_once()
    assert len(house.issuer.asked) == 3, "for fewer names the one that is there will do"


async def test_a_certificate_that_is_old_when_it_is_made_is_no_loop(house: House) -> None:
    await house.renewals.run_once()
    assert house.shelf.certificate is not None
    house.shelf.certificate = replace(
        house.shelf.certificate, begins=house.clock.now() - 9 * DAY, ends=house.clock.now() + 60
    )
    await house.renewals.run_once()
    assert len(house.issuer.asked) == 1


async def test_a_clock_that_was_set_back_stops_nothing(house: House) -> None:
    house.issuer.refusal = NO
    await house.renewals.run_once()
    house.clock.jump(-400 * DAY)
    assert await house.hours_until_asked() == 0
    assert await house.hours_until_asked() == 2


async def test_a_try_by_hand_waits_for_no_back_off_and_two_are_one(house: House) -> None:
    house.issuer.refusal = NO
    await house.renewals.run_once()
    house.issuer.refusal, house.issuer.gate = None, asyncio.Event()
    both = asyncio.gather(house.renewals.try_now(), house.renewals.try_now())
    while len(house.issuer.asked) < 2:
        await asyncio.sleep(0)
    assert (await house.renewals.standing()).running
    house.issuer.gate.set()
    await both
    standing = await house.renewals.standing()
    assert (len(house.issuer.asked), standing.running, standing.finding.ok) == (2, False, True)


async def test_it_goes_on_by_itself_and_ends_with_the_process(house: House) -> None:
    running = asyncio.create_task(house.renewals.run())
    await house.clock.until_sleeping()
    assert house.issuer.asked == [ASKED.names]
    house.issuer.gate = asyncio.Event()
    house.clock.tick(61 * DAY)
    while len(house.issuer.asked) < 2:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await house.clock.settle()
    assert not (await house.renewals.standing()).running


async def test_what_ended_is_told_until_the_next_comes(house: House) -> None:
    assert told(ASKED, None, None, house.clock.now()).ok
    await house.renewals.run_once()
    house.clock.tick(91 * DAY)
    finding = (await house.renewals.standing()).finding
    assert (finding.ok, finding.needed) == (False, False)
    assert finding.text == "It has ended, and the gateway's own certificate is served in its place."
    house.issuer.refusal = NO
    await house.renewals.run_once()
    finding = (await house.renewals.standing()).finding
    assert finding.text.endswith("It says: 192.0.2.1: Connection refused.")
    assert "port 80" in finding.mend
    other = house.asking(replace(ASKED, names=("other.example",)))
    assert (await other.standing()).finding.ok, "what another name had to say is past"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotIssued("tls", name="a.example", detail="x"), "did not get through to a.example at port 80. It says: x."),
        (NotIssued("incorrectResponse", name="a.example", detail="x"), "At a.example somebody else answered"),
        (NotIssued("unauthorized", detail="account is closed."), "refuses. It says: account is closed."),
        (NotIssued("neverHeardOf", detail=""), "refuses. It says: neverHeardOf."),
        (NotIssued("refused", detail="a\nb\x1b[31m\u202e{name}"), "It says: a b [31m {name}."),
        (NotIssued("late"), "was not ready in time."),
    ],
)
def test_sentences(error: NotIssued, text: str) -> None:
    assert text in sentences(error)[0]
    assert len(sentences(NotIssued("refused", detail="x" * 9000))[0]) < 500


def test_every_saying_has_something_to_do() -> None:
    assert set(SAYINGS) == set(MENDS)
