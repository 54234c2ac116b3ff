"""What a person may see and settle about themselves, in one hand: the account pages work with these services."""

from dataclasses import dataclass

from gateway.services.access_log import AccessLog
from gateway.services.addresses import Addresses
from gateway.services.cards import Cards
from gateway.services.credit import Credit
from gateway.services.notices import Notices
from gateway.services.ports import Mailer
from gateway.services.preferences import PreferenceBook
from gateway.services.privacy import Privacy


@dataclass(frozen=True, kw_only=True, slots=True)
class Personal:
    mailer: Mailer
    preferences: PreferenceBook
    addresses: Addresses
    cards: Cards
    notices: Notices
    access_log: AccessLog
    credit: Credit
    privacy: Privacy
