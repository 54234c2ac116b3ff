"""Whatever a mail claims: nobody prints, or pays, as somebody else."""

import pytest

from gateway.domain.mailbox import Strangers
from gateway.domain.user import is_guest
from tests.emailprint.forgeries import BOB, SMTP_SETTINGS, Case, forged, honest, zone
from tests.emailprint.mail_house import ADA, FakeDns, MailHouse

CASES = (*honest(), *forged())


def test_there_are_enough_of_them() -> None:
    assert len(forged()) >= 28
    assert len({case.name for case in CASES}) == len(CASES)


async def a_house(strangers: Strangers) -> MailHouse:
    house = await MailHouse.built(**SMTP_SETTINGS)
    await house.house.identity.change_user("bob", email=BOB)
    house.dns.records = FakeDns(zone()).records
    await house.rules(strangers=strangers)
    return house


async def owners(house: MailHouse, case: Case) -> list[str | None]:
    envelope: dict[str, object] = {"address": case.address, "sender": case.sender}
    relay = case.address == "192.0.2.50"
    envelope |= {"direct": not relay, "authorities": SMTP_SETTINGS["authorities"] if relay else ()} | case.envelope
    await house.receive(case.octets, **envelope)
    await house.worked()
    return [job.owner for job in await house.jobs()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("strangers", [Strangers.GUEST, Strangers.TELL])
async def test_nobody_prints_as_somebody_else(case: Case, strangers: Strangers) -> None:
    house = await a_house(strangers)
    found = await owners(house, case)
    people = [owner for owner in found if not is_guest(owner)]
    assert people == ([case.owner] if case.owner else [])
    if case.owner is None:
        assert not any(letter.kind == "mail-answer" and letter.to == ADA for letter in house.letters)


async def test_without_dns_nothing_is_proved_and_nothing_lost() -> None:
    house = await a_house(Strangers.TELL)
    house.dns.away = True
    for case in honest()[:4]:
        assert await owners(house, case) == []
    assert {letter.kind for letter in house.letters} <= {"mail-confirm"}
