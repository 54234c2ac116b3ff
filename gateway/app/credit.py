"""Wires what credit calls for while nobody asks."""

from typing import TYPE_CHECKING

from gateway.services.credit_rounds import CreditRounds
from gateway.services.dues import Dues
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.app.build import Gateway


def dues_of(settings: Settings) -> Dues:
    return Dues(enabled=settings.credit.enabled)


def credit_rounds(gateway: "Gateway") -> CreditRounds:
    return CreditRounds(
        jobs=gateway.database.jobs,
        release=gateway.release,
        credit=gateway.database.credit,
        rules=gateway.personal.credit.rules,
        tell=gateway.personal.notices.low_balance,
        clock=gateway.clock,
        seconds=gateway.settings.credit.retry_seconds,
    )
