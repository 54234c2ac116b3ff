"""Which proofs suffice at a station, whatever the printers in front of it ask for."""

import pytest

from gateway.domain.kiosk import ANY_PROOF, KioskProof, accepted, suffices

CARD, PIN, PASSWORD, CODE = KioskProof.CARD, KioskProof.PIN, KioskProof.PASSWORD, KioskProof.CODE
CARD_PIN, CARD_PASSWORD = KioskProof.CARD_PIN, KioskProof.CARD_PASSWORD


@pytest.mark.parametrize(
    ("rules", "offered"),
    [
        ([], ()),
        ([ANY_PROOF], (CARD, PIN, PASSWORD, CODE)),
        ([(CARD_PIN,)], (CARD_PIN,)),
        ([ANY_PROOF, (CARD_PIN,)], (CARD_PIN,)),
        ([ANY_PROOF, (CARD_PIN, PASSWORD)], (CARD_PIN, PASSWORD)),
        ([(CARD,), (PIN,)], (CARD_PIN,)),  # the card for one, its PIN for the other
        ([(CARD,), (PIN, PASSWORD)], (CARD_PIN, CARD_PASSWORD)),
        ([(CARD, CARD_PIN)], (CARD,)),  # nobody is asked for more than is needed
        ([(CARD_PIN,), (CARD_PASSWORD,)], ()),  # contradicting rules let nobody in
        ([(CODE,), (CARD,)], ()),
    ],
)
def test_what_all_rules_accept(rules: list[tuple[KioskProof, ...]], offered: tuple[KioskProof, ...]) -> None:
    assert accepted(rules) == (offered if rules else tuple(p for p in KioskProof if p not in {CARD_PIN, CARD_PASSWORD}))


def test_two_proofs_are_each_of_them_too() -> None:
    assert suffices(CARD_PIN, (PIN,))
    assert suffices(CARD_PIN, (CARD,))
    assert not suffices(CARD, (CARD_PIN,))
    assert not suffices(CARD_PIN, (PASSWORD,))
    assert not suffices(CARD_PIN, (CARD_PASSWORD,))
    assert not suffices(PIN, ())
