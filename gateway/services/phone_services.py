"""Everything for the phone in the hand, in one place: the pages and the printers' addresses work with these services."""

from dataclasses import dataclass

from gateway.services.claims import Claims
from gateway.services.fresh_sign_in import FreshSignIn
from gateway.services.panel import Panel
from gateway.services.personal_queues import PersonalQueues
from gateway.services.place_numbers import PlaceNumbers
from gateway.services.places import Places
from gateway.services.presence import PresenceCodes
from gateway.services.push import Push
from gateway.services.staying import Staying
from gateway.services.stickers import Stickers


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneServices:
    numbers: PlaceNumbers
    places: Places
    stickers: Stickers
    codes: PresenceCodes
    panel: Panel
    claims: Claims
    queues: PersonalQueues
    staying: Staying
    push: Push | None
    fresh: FreshSignIn
