"""What a release takes from its payer's credit: by the very plan that the device's order and the receipt come from."""

from gateway.domain.credit import Due
from gateway.domain.device import Device
from gateway.domain.job import Job
from gateway.domain.price import FREE
from gateway.domain.printer import Printer
from gateway.domain.user import is_guest
from gateway.errors import NotPossible
from gateway.services.delivery_plan import plan_for


class Dues:
    """`enabled`: whether the site works with credit. Without, nothing is ever due."""

    def __init__(self, *, enabled: bool = False) -> None:
        self.enabled = enabled

    def of(self, job: Job, printer: Printer, device: Device) -> Due | None:
        """Of the job as it is about to be released there; None where no credit pays.

        Guests and unclaimed jobs pay at the desk, as they always did.
        """
        if not self.enabled or printer.tariff.free or job.payer is None or is_guest(job.payer):
            return None
        try:
            plan = plan_for(job, printer, device)
        except NotPossible:  # its delivery will end it with the same sentence, and nothing comes out
            return Due(amount=FREE, currency=printer.tariff.currency)
        amount = plan.bill.amount(plan.counts.impressions, plan.counts.media_sheets)
        return Due(amount=amount, currency=printer.tariff.currency)


NO_DUES = Dues()
