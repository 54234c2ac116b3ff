"""What proves a person at a release station, and which of it suffices where (rows 76 and 82), as pure rules."""

from collections.abc import Iterable
from enum import StrEnum


class KioskProof(StrEnum):
    """One way to sign in at a station; with a dash: two things, one after the other."""

    CARD = "card"
    CARD_PIN = "card-pin"
    CARD_PASSWORD = "card-password"  # noqa: S105 - a way to sign in, no secret
    PIN = "pin"
    PASSWORD = "password"  # noqa: S105 - a way to sign in, no secret
    CODE = "code"

    @property
    def with_card(self) -> bool:
        return self.value.startswith("card")


class KioskMode(StrEnum):
    """What a station is for: people's own jobs, any job by its code alone, or the desk of the staff."""

    OWN = "own"
    CODE = "code"
    DESK = "desk"


ANY_PROOF = (KioskProof.CARD, KioskProof.PIN, KioskProof.PASSWORD, KioskProof.CODE)
SECOND = {KioskProof.CARD_PIN: KioskProof.PIN, KioskProof.CARD_PASSWORD: KioskProof.PASSWORD}
"""What is asked for after the card."""
_SHOWS = {
    KioskProof.CARD_PIN: {KioskProof.CARD, KioskProof.PIN, KioskProof.CARD_PIN},
    KioskProof.CARD_PASSWORD: {KioskProof.CARD, KioskProof.PASSWORD, KioskProof.CARD_PASSWORD},
}


def suffices(proof: KioskProof, rule: Iterable[KioskProof]) -> bool:
    """Whether `proof` is one of those that `rule` accepts, or more than one of them."""
    return not _SHOWS.get(proof, {proof}).isdisjoint(rule)


def accepted(rules: Iterable[tuple[KioskProof, ...]]) -> tuple[KioskProof, ...]:
    """The proofs that each of several rules accepts, without those that ask for more than is needed.

    Empty where the rules contradict each other: then nobody signs in, rather than somebody with too little.
    """
    known = list(rules)
    fitting = [proof for proof in KioskProof if all(suffices(proof, rule) for rule in known)]
    return tuple(p for p in fitting if not any(less != p and less in _SHOWS.get(p, ()) for less in fitting))
