"""What waits for somebody, as a terminal shows it: what comes out here, what it costs, and why the rest does not."""

from collections.abc import Sequence
from decimal import Decimal

from gateway.domain.job import Job, JobState, Reason
from gateway.domain.user import Actor
from gateway.errors import NotFound
from gateway.services.credit import Credit
from gateway.services.kiosk import Kiosk
from gateway.services.kiosk_stations import Station
from gateway.services.pricing import Pricing
from gateway.services.printers import Printers
from gateway.services.terminal_answers import Chosen, Listed, WaitingJob


class TerminalJobs:
    def __init__(self, *, kiosk: Kiosk, printers: Printers, credit: Credit, currency: str) -> None:
        self._kiosk = kiosk
        self._printers = printers
        self._credit = credit
        self._currency = currency
        self._pricing = Pricing(currency=currency)

    async def listed(self, station: Station, actor: Actor) -> Listed:
        """All that waits for this person, and the price of what can come out here."""
        rows = tuple(self._row(job, station) for job in await self._kiosk.waiting(actor))
        prices = [row.price for row in rows if row.here and row.price is not None]
        standing = await self._credit.of(actor.user)
        return Listed(
            jobs=rows,
            currency=self._currency,
            total=sum(prices, Decimal(0)) if prices else None,
            credit=None if standing is None else standing.free,
        )

    async def chosen(self, station: Station, actor: Actor, jobs: Sequence[Job]) -> Chosen:
        """What these are together."""
        rows = [self._row(job, station) for job in jobs]
        prices = [row.price for row in rows if row.price is not None]
        standing, price = await self._credit.of(actor.user), sum(prices, Decimal(0))
        return Chosen(
            jobs=tuple(row.id for row in rows),
            sheets=sum(row.sheets or 0 for row in rows),
            price=price if prices else None,
            currency=self._currency,
            credit_after=None if standing is None else standing.free - price,
        )

    def _row(self, job: Job, station: Station) -> WaitingJob:
        here, why = self._here(job, station)
        return WaitingJob(
            id=job.id,
            name=job.name,
            sheets=job.media_sheets,
            impressions=job.impressions,
            color=bool(job.color),
            created_at=job.created_at,
            here=here,
            why=why,
            price=self._price(job, station) if here else None,
            project=job.project,
            needs_project=here and self._printers.get(job.printer).lacks_project(job),
        )

    def _here(self, job: Job, station: Station) -> tuple[bool, str]:
        if job.has(Reason.DOCUMENT_PASSWORD_ERROR):
            return False, "This document is protected: give its password first."
        if job.state is not JobState.PENDING_HELD or not job.prepared:
            return False, "This job is being prepared or printed."
        try:
            targets = self._printers.targets_of(self._printers.get(job.printer))
        except NotFound:  # deleted since
            return False, "Its printer is gone."
        if any(device in targets for device in station.devices):
            return True, ""
        return False, "It comes out at another printer."

    def _price(self, job: Job, station: Station) -> Decimal | None:
        printer = self._printers.get(job.printer)
        if printer.tariff.free:
            return None
        return self._pricing.of(job, printer, device=station.device).amount
